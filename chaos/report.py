"""A run's outcome: on the terminal, and as a JSON file a table can be made of."""

import json
import platform
import time
from pathlib import Path
from typing import Any

from chaos.faults import FAULTS
from chaos.invariants import INVARIANTS
from chaos.run import Outcome

RESULTS = Path(__file__).parent / "results"
SHOWN = 20


def figures(outcome: Outcome) -> dict[str, Any]:
    """The figures of a run."""
    evidence = outcome.evidence
    accepted = [post for post in evidence.posts if post.accepted]
    violations = {name: sum(f.startswith(name + " ") for f in outcome.findings) for name in INVARIANTS}
    return {
        "seed": outcome.plan.seed,
        "day": time.strftime("%Y-%m-%d"),
        "minutes": round(outcome.seconds / 60, 1),
        "asked for": f"{outcome.plan.submissions} submissions, {outcome.plan.messages} messages",
        "traffic of at most, minutes": outcome.plan.minutes,
        "submissions acknowledged": len(evidence.acknowledged),
        "visits booked": len(evidence.booked),
        "messages planned": len(evidence.messages),
        "texts accepted": sum(post.channel == "sms" for post in accepted),
        "letters accepted": sum(post.channel == "email" for post in accepted),
        "texts posted": sum(post.channel == "sms" for post in evidence.posts),
        "opt-outs": len(evidence.opted_out),
        "versions void": len(evidence.void_since),
        "states": _count(message.state for message in evidence.messages),
        "in doubt for staff": {
            channel: sum(m.state == "unknown" and m.key[3] == channel for m in evidence.messages)
            for channel in ("sms", "email")
        },
        "strikes": dict(sorted(outcome.strikes.items())),
        "strikes by kind": dict(sorted(outcome.by_kind.items())),
        "killed": outcome.deaths,
        "recovered (median, worst, seconds)": {
            name: [round(sorted(times)[len(times) // 2], 1), round(max(times), 1)]
            for name, times in sorted(outcome.recovered.items())
        },
        "at rest after": None if evidence.drained_in is None else round(evidence.drained_in, 1),
        "ready after": None if evidence.ready_in is None else round(evidence.ready_in, 1),
        "violations": violations,
        "skipped": outcome.skipped,
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }


def print_outcome(outcome: Outcome) -> None:
    """Print the figures, what was skipped and why, and the findings (the first of each invariant in full)."""
    for name, value in figures(outcome).items():
        if name not in ("skipped", "violations"):
            print(f"{name:>34}  {value}")
    for name, why in outcome.skipped.items():
        print(f"!! SKIPPED {name}: {why}")
    packages = sorted({package for fault in FAULTS for package in fault.packages})
    if outcome.skipped:
        print(f"!! Debian packages the nemesis uses: {' '.join(packages)}")
    for error in outcome.errors:
        print(f"!! the nemesis could not: {error}")
    for finding in outcome.findings[:SHOWN]:
        print(f"VIOLATED {finding}")
    if len(outcome.findings) > SHOWN:
        print(f"... and {len(outcome.findings) - SHOWN} more")
    if not outcome.findings:
        print(f"all {len(INVARIANTS)} invariants hold (seed {outcome.plan.seed})")


def write_outcome(outcome: Outcome) -> Path:
    """Write the figures and findings beside those of earlier runs; returns the file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}-seed{outcome.plan.seed}.json"
    content = figures(outcome) | {"findings": outcome.findings[:200]}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _count(words: Any) -> dict[str, int]:
    counted: dict[str, int] = {}
    for word in words:
        counted[word] = counted.get(word, 0) + 1
    return counted
