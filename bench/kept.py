"""The figures on disk: each leg's own, written when it ends, beside those of legs run before."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench.result import Result


class Kept:
    """The file of figures by leg: a run cut short, or of one leg, costs no other leg its figures.

    Each leg says its commit, moment, most rows, and what per cent of the machine others used before the run.
    """

    def __init__(self, path: Path, rows: int) -> None:
        self.path = path
        self.results: list[Result] = []
        self.failed: list[str] = []
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
        )
        self._run = {
            "commit": commit.stdout.strip(),
            "most_rows": rows,
            "busy_before_percent": float(psutil.cpu_percent(interval=1.0)),
        }

    def keep(self, leg: str, results: list[Result]) -> None:
        """Write a leg's figures in the place of its earlier ones."""
        self.results += results
        told = self._told()
        told["legs"][leg] = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            **self._run,
            "results": [result.as_json() for result in results],
        }
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")

    def _told(self) -> dict[str, Any]:
        before: dict[str, Any] = (
            json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {}
        )
        machine = {
            "cores": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30),
            "python": platform.python_version(),
        }
        return {"machine": machine, "legs": before.get("legs", {})}
