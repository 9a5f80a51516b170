"""The bench's figures on disk: a run of one leg, or one cut short, costs no other leg its figures."""

import json
from pathlib import Path

from bench.kept import Kept
from bench.result import Result


def test_each_leg_replaces_its_own_figures_only(tmp_path: Path) -> None:
    path = tmp_path / "results" / "latest.json"
    first = Kept(path, 1_000)
    first.keep("decisions", [Result("PERF-4", "decisions", 5_000.0, "/s")])
    first.keep("worklist", [Result("PERF-7", "worklist", 7.4, "ms")])
    again = Kept(path, 1_000_000)
    again.keep("worklist", [Result("PERF-7", "worklist", 2.0, "ms")])
    legs = json.loads(path.read_text())["legs"]
    assert {name: [one["figure"] for one in leg["results"]] for name, leg in legs.items()} == {
        "decisions": [5_000.0],
        "worklist": [2.0],
    }
    assert (legs["decisions"]["most_rows"], legs["worklist"]["most_rows"]) == (1_000, 1_000_000)
    assert [one.figure for one in again.results] == [2.0]
