"""The supervisor: what dies comes back, what loops is said, what stops is gone with all its children."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local.child import ProcessSpec
from local.places import ROOT, Places
from local.supervisor import STACK_MARK, Supervisor, end_strays

PARENT = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); time.sleep(600)"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path / "var")
    made.make()
    return made


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(places: Places, said: list[str]) -> Iterator[Supervisor]:
    made = Supervisor(places, said.append)
    yield made
    made.stop_all()


def spec(places: Places, name: str, code: str, **more: object) -> ProcessSpec:
    environment = {"PATH": os.environ["PATH"], STACK_MARK: str(places.var)}
    return ProcessSpec(name, (sys.executable, "-c", code), environment, **more)  # type: ignore[arg-type]


def pid(places: Places, name: str) -> int | None:
    found: int | None = json.loads(places.state_file.read_text())["processes"][name]["pid"]
    return found


def until(supervisor: Supervisor, fact: Callable[[], bool], seconds: float = 20) -> None:
    assert supervisor.run_until(fact, seconds), "it did not come about in time"


@pytest.mark.fault("F4")
def test_a_killed_process_comes_back_at_once_and_its_leases_are_reported(
    supervisor: Supervisor, places: Places, said: list[str]
) -> None:
    lost: list[tuple[str, str]] = []
    supervisor.lost = lambda service, worker: lost.append((service, worker))
    supervisor.start([spec(places, "worker", "import time; time.sleep(600)", service="notify", leases=True)])
    first = pid(places, "worker")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    killed = time.monotonic()
    until(supervisor, lambda: pid(places, "worker") not in (first, None))
    assert time.monotonic() - killed < 2
    assert [service for service, _ in lost] == ["notify"]
    assert lost[0][1].startswith("worker.")
    assert said == ["worker ended (killed by SIGKILL); starting it again."]


def test_children_of_a_killed_process_do_not_live_on(supervisor: Supervisor, places: Places) -> None:
    supervisor.start([spec(places, "pool", PARENT)])
    first = pid(places, "pool")
    assert first is not None
    until(supervisor, lambda: len(psutil.Process(first).children()) == 1)
    child = psutil.Process(first).children()[0]
    os.kill(first, signal.SIGKILL)
    until(supervisor, lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_process_that_keeps_ending_is_said_once_and_tried_less_often(
    supervisor: Supervisor, places: Places, said: list[str]
) -> None:
    supervisor.start([spec(places, "broken", "raise SystemExit(3)")])
    until(supervisor, lambda: any("keeps ending" in line for line in said), 30)
    loops = [line for line in said if "keeps ending" in line]
    assert len(loops) == 1
    assert "exit code 3" in loops[0]
    assert "broken.log" in loops[0]
    assert "Traceback" not in "".join(said)


def test_stopping_goes_from_the_outside_in(supervisor: Supervisor, places: Places) -> None:
    note = places.var / "order"
    code = (
        "import signal, sys, time\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(note)!r}, 'a').write(sys.argv[0] + NAME), sys.exit(0)))\n"
        f"open({str(places.var)!r} + '/up' + NAME, 'w')\n"
        "time.sleep(600)"
    )
    specs = [
        spec(
            places,
            name,
            code.replace("sys.argv[0] + NAME", repr(name)).replace("NAME", repr(name)),
            stage=stage,
        )
        for name, stage in (("store", 0), ("door", 4), ("web", 3))
    ]
    supervisor.start(specs)
    until(supervisor, lambda: all((places.var / f"up{name}").exists() for name in ("store", "door", "web")))
    supervisor.stop_all()
    assert note.read_text() == "doorwebstore"
    assert not places.state_file.exists()


def test_a_process_that_ignores_sigterm_is_killed_when_its_time_is_up(
    supervisor: Supervisor, places: Places
) -> None:
    ready = places.var / "up"
    code = f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(ready)!r}, 'w'); time.sleep(600)"
    supervisor.start([spec(places, "deaf", code, stop_seconds=0.3)])
    until(supervisor, ready.exists)
    number = pid(places, "deaf")
    assert number is not None
    supervisor.stop_all()
    assert not psutil.pid_exists(number)


def test_a_restart_can_be_asked_for(supervisor: Supervisor, places: Places, said: list[str]) -> None:
    supervisor.start([spec(places, "worker", "import time; time.sleep(600)")])
    first = pid(places, "worker")
    supervisor.ask_restart("worker", "has consumed nothing for 61 s")
    until(supervisor, lambda: pid(places, "worker") not in (first, None))
    assert said[0] == "worker has consumed nothing for 61 s; restarting it."


RUN_AND_WAIT = """
import sys
from pathlib import Path
from local.child import ProcessSpec
from local.places import Places
from local.supervisor import STACK_MARK, Supervisor
places = Places(Path(sys.argv[1]))
made = Supervisor(places, print)
env = {"PATH": "/usr/bin:/bin", STACK_MARK: str(places.var)}
made.start([ProcessSpec("one", (sys.executable, "-c", "import time; time.sleep(600)"), env),
            ProcessSpec("two", (sys.executable, "-c", sys.argv[2]), env)])
made.run_forever()
"""


def test_nothing_outlives_a_killed_supervisor(places: Places) -> None:
    process = subprocess.Popen([sys.executable, "-c", RUN_AND_WAIT, str(places.var), PARENT], cwd=ROOT)
    deadline = time.monotonic() + 20
    while not places.state_file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    pids = [found["pid"] for found in json.loads(places.state_file.read_text())["processes"].values()]
    grandchildren: list[psutil.Process] = []
    while not grandchildren and time.monotonic() < deadline:
        grandchildren = psutil.Process(pids[1]).children()
    process.kill()
    process.wait()
    end_strays(places)  # what `up` and `down` do first: it finds the orphan that the signal did not reach
    gone, alive = psutil.wait_procs(
        [psutil.Process(p) for p in pids if psutil.pid_exists(p)] + grandchildren, 5
    )
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]
    del gone
