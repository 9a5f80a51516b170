"""Picks faults by a seed, one after another, and writes down each strike and its end."""

import random
import threading
from collections import Counter
from collections.abc import Sequence

from chaos.clinic import Clinic
from chaos.faults import FAULTS, Fault
from chaos.faults import carrier as outside
from chaos.history import History


class Nemesis:
    """Strikes until stopped. `pause` is the shortest and longest wait between two faults, in seconds.

    Everything the run can do at all is struck once before the dice decide alone, so a short run is still a wide one;
    after `most` strikes it rests.
    """

    def __init__(
        self,
        clinic: Clinic,
        history: History,
        seed: int,
        *,
        pause: tuple[float, float] = (0.5, 3.0),
        faults: Sequence[Fault] = FAULTS,
        lasting: bool = True,
        lanes: int = 1,
        most: int | None = None,
    ) -> None:
        self.clinic = clinic
        self.history = history
        self.skipped = {fault.name: why for fault in faults if (why := fault.cannot(clinic))}
        self.faults = [f for f in faults if f.name not in self.skipped and (lasting or not f.lasts)]
        self.strikes: Counter[str] = Counter()
        self.errors: list[str] = []
        self._pause = pause
        self._left = most
        self._stopping = threading.Event()
        outside.drizzle(clinic, seed)
        first = list(self.faults)
        random.Random(seed).shuffle(first)
        # Taken from the end: receipts can be forged and repeated only when there have been some.
        first.sort(key=lambda fault: fault.kind != "callbacks")
        self._threads = [
            threading.Thread(target=self._run, args=(seed * 1000 + lane, first[lane::lanes]), daemon=True)
            for lane in range(lanes)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Strike no more, wait until the faults in hand are mended, and end the bad weather outside."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self.clinic.wait_for(lambda: outside.fair(self.clinic), 60)
        self.history.note("healed")

    @property
    def been_everywhere(self) -> bool:
        """Whether every fault has struck at least once."""
        return all(self.strikes[fault.name] for fault in self.faults)

    def _run(self, seed: int, first: Sequence[Fault]) -> None:
        dice = random.Random(seed)
        ahead = list(first)
        weights = [fault.weight for fault in self.faults]
        while not self._stopping.wait(dice.uniform(*self._pause)):
            if self._left is not None and sum(self.strikes.values()) >= self._left:
                return
            fault = ahead.pop() if ahead else dice.choices(self.faults, weights)[0]
            self._strike(fault, random.Random(dice.getrandbits(32)))

    def _strike(self, fault: Fault, dice: random.Random) -> None:
        self.history.note("strike", fault=fault.name, group=fault.kind)
        try:
            facts = fault.strike(self.clinic, dice)
        except Exception as error:  # the nemesis must go on; what it could not do is told in the report
            self.errors.append(f"{fault.name}: {type(error).__name__} {error}")
            facts = {"hit": False, "error": self.errors[-1]}
        self.strikes[fault.name] += 1
        self.history.note("struck", fault=fault.name, group=fault.kind, **facts)
