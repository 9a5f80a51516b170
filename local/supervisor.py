"""Runs every process of the stack, starts again what dies, and leaves nothing behind.

One thread and one loop: the kernel ties a child's life to the thread that started it, so only this one starts
children. What may block (the database) is asked by `local.watchdog` in a thread of its own.
"""

import json
import os
import select
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

import psutil

from local.child import Child, ProcessSpec, turn_log
from local.places import Places
from local.problem import Problem

FIRST_DELAY = 0.2
LONGEST_DELAY = 10.0
STEADY_SECONDS = 10.0
LOOP_DEATHS = 5
LOOP_SECONDS = 60.0
STACK_MARK = "WAYMARK_STACK"


@dataclass
class Watched:
    """A spec and what has become of it so far."""

    spec: ProcessSpec
    child: Child | None = None
    starts: int = 0
    delay: float = FIRST_DELAY
    due: float | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=LOOP_DEATHS))
    last_end: str = ""
    looping: bool = False


class Supervisor:
    """Keeps processes running until asked to stop. `say` prints a line.

    `facts` go into the state file beside the processes; `lost(service, worker id)` hears of a dead holder of leases.
    """

    def __init__(self, places: Places, say: Callable[[str], None]) -> None:
        self.places = places
        self.facts: dict[str, Any] = {}
        self.lost: Callable[[str, str], None] = lambda _service, _worker_id: None
        self._say = say
        self._watched: dict[str, Watched] = {}
        self._wanted_restarts: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self._stop_asked = 0
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)

    def take_signals(self) -> None:
        """From now on SIGTERM, SIGINT and SIGHUP mean stop (twice: at once), and a child's end wakes the loop."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)

    @property
    def stopping(self) -> bool:
        return self._stop_asked > 0

    def start(self, specs: Sequence[ProcessSpec]) -> None:
        """Start `specs` now."""
        for spec in specs:
            self._watched[spec.name] = Watched(spec)
            self._spawn(self._watched[spec.name])
        self.write_state()

    def seconds_up(self, name: str) -> float:
        """Return how long `name` has been running; 0 when it is not."""
        watched = self._watched.get(name)
        return watched.child.seconds_up if watched and watched.child else 0.0

    def ask_restart(self, name: str, why: str) -> None:
        """Ask (from any thread) that `name` be ended and started again."""
        self._wanted_restarts.put((name, why))
        with suppress(OSError):
            os.write(self._waker, b"r")

    def run_until(self, finished: Callable[[], bool], seconds: float | None = None) -> bool:
        """Watch until `finished()` (asked often), a stop, or `seconds` have gone by; True when it finished."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self.stopping:
            if finished():
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False
            self.turn(0.1)
        return False

    def run_forever(self) -> None:
        """Watch until asked to stop."""
        self.run_until(lambda: False)

    def turn(self, longest: float) -> None:
        """One round: sleep until something happens, at most `longest` seconds; then see to it."""
        now = time.monotonic()
        due = [watched.due - now for watched in self._watched.values() if watched.due is not None]
        select.select([self._wake], [], [], max(0.0, min([longest, *due])))
        with suppress(BlockingIOError):
            while os.read(self._wake, 4096):
                pass
        changed = False
        for watched in self._watched.values():
            if watched.child and watched.child.ended():
                self._on_death(watched, watched.child)
                changed = True
            elif watched.due is not None and time.monotonic() >= watched.due and not self.stopping:
                self._spawn(watched)
                changed = True
            elif watched.child and watched.child.seconds_up > STEADY_SECONDS:
                watched.delay, watched.looping = FIRST_DELAY, False
        changed |= self._restart_wanted()
        if changed:
            self.write_state()

    def stop_all(self) -> None:
        """Stop every process, the outermost stage first, databases last; a second signal kills at once."""
        for stage in sorted({watched.spec.stage for watched in self._watched.values()}, reverse=True):
            children = [w.child for w in self._watched.values() if w.spec.stage == stage and w.child]
            for child in children:
                child.ask_to_stop()
            for child in children:
                self._wait_for_end(child)
                child.end_group()
        for watched in self._watched.values():
            watched.child, watched.due = None, None
        end_strays(self.places)
        self.places.state_file.unlink(missing_ok=True)

    def write_state(self) -> None:
        """Write `var/run/stack.json`: what runs, for `waymark down`, the tests and the curious."""
        processes = {
            name: {
                "pid": watched.child.pid if watched.child else None,
                "state": "running" if watched.child else "restarting",
                "starts": watched.starts,
                "last_end": watched.last_end,
            }
            for name, watched in self._watched.items()
        }
        state = {"pid": os.getpid(), **self.facts, "processes": processes}
        part = self.places.state_file.with_suffix(".part")
        with suppress(OSError):  # a full disk must not take the clinic down
            part.write_text(json.dumps(state, indent=1), encoding="utf-8")
            part.replace(self.places.state_file)

    def _spawn(self, watched: Watched) -> None:
        spec = watched.spec
        watched.due = None
        worker_id = f"{spec.name}.{os.getpid()}.{watched.starts}.{int(time.time())}"
        log_path = self.places.logs / f"{spec.name}.log"
        try:
            turn_log(log_path)
            if spec.prepare:
                spec.prepare()
            watched.child = Child(spec, log_path, worker_id)
            watched.starts += 1
        except (OSError, Problem) as error:
            watched.last_end = str(error)
            self._say(f"{spec.name} could not be started ({error}); trying again.")
            self._plan_restart(watched)

    def _on_death(self, watched: Watched, child: Child) -> None:
        child.end_group()
        watched.child = None
        watched.last_end = child.how_it_ended()
        watched.deaths.append(time.monotonic())
        if self.stopping:
            return
        if watched.spec.leases:
            self.lost(watched.spec.service, child.worker_id)
        self._plan_restart(watched)
        if len(watched.deaths) == LOOP_DEATHS and watched.deaths[-1] - watched.deaths[0] < LOOP_SECONDS:
            if not watched.looping:
                watched.looping = True
                self._say(
                    f"{watched.spec.name} keeps ending ({LOOP_DEATHS} times within a minute; {watched.last_end}). "
                    f"It is tried again every {LONGEST_DELAY:.0f} s; its log is "
                    f"{self.places.logs / watched.spec.name}.log"
                )
        else:
            self._say(f"{watched.spec.name} ended ({watched.last_end}); starting it again.")

    def _plan_restart(self, watched: Watched) -> None:
        watched.due = time.monotonic() + watched.delay
        watched.delay = min(watched.delay * 2, LONGEST_DELAY)

    def _restart_wanted(self) -> bool:
        any_wanted = False
        with suppress(Empty):
            while True:
                name, why = self._wanted_restarts.get_nowait()
                watched = self._watched.get(name)
                if watched and watched.child:
                    self._say(f"{name} {why}; restarting it.")
                    watched.child.end_group()  # its death is then noticed and handled like any other
                    any_wanted = True
        return any_wanted

    def _wait_for_end(self, child: Child) -> None:
        deadline = time.monotonic() + child.spec.stop_seconds
        while not child.ended() and time.monotonic() < deadline and self._stop_asked < 2:
            time.sleep(0.02)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_asked += 1


def end_strays(places: Places) -> None:
    """Kill what an earlier, killed supervisor of this same `var` folder left running; known by its environment."""
    mark = str(places.var)
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(STACK_MARK) == mark:
                process.kill()
