"""PERF-10 and PERF-11: how long a start takes, what the whole clinic holds in memory, what a page weighs."""

import gzip
import re

import httpx
import psutil

from bench.clinic import BenchClinic
from bench.result import Result

PAGES = ("/intake/", "/intake/start")
ASSET = re.compile(r'(?:href|src)="([^"]+\.(?:css|js|woff2|svg|png)(?:\?[^"]*)?)"')


def measure_machine(clinic: BenchClinic, _seconds: float) -> list[Result]:
    """Seconds from `waymark up` to ready (first start: files made, databases migrated), and MiB of all processes."""
    held = 0
    counted = 0
    supervisor = psutil.Process(clinic.running.process.pid)
    for process in [supervisor, *supervisor.children(recursive=True)]:
        try:
            held += process.memory_full_info().pss
            counted += 1
        except psutil.NoSuchProcess:
            # A short-lived child ended between the two looks.
            continue
    mebibytes = held / 2**20
    return [
        Result(
            "PERF-10",
            "first start to ready, after the install",
            clinic.started_in,
            "s",
            target="≤ 25",
            met=clinic.started_in <= 25,
        ),
        Result(
            "PERF-10b",
            "memory of the whole local clinic (shared pages counted once)",
            mebibytes,
            "MiB",
            target="≤ 1,500",
            met=mebibytes <= 1500,
            more={"processes": counted},
        ),
    ]


def measure_pages(clinic: BenchClinic, _seconds: float) -> list[Result]:
    """Kilobytes over the wire for a patient's first pages with all they link, as a browser that takes gzip asks."""
    results = []
    with httpx.Client(
        base_url=clinic.running.address, headers={"Accept-Encoding": "gzip"}, follow_redirects=True
    ) as client:
        for path in PAGES:
            sizes = {path: _over_the_wire(client, path)}
            for asset in set(ASSET.findall(client.get(path).text)):
                sizes[asset] = _over_the_wire(client, asset)
            total = sum(sizes.values()) / 1000
            largest = max(sizes, key=lambda name: sizes[name])
            results.append(
                Result(
                    "PERF-11",
                    f"weight of {path} with what it links",
                    total,
                    "kB",
                    target="≤ 150",
                    met=total <= 150,
                    more={"files": len(sizes), "largest": f"{largest} {sizes[largest] / 1000:.0f} kB"},
                )
            )
    return results


def _over_the_wire(client: httpx.Client, path: str) -> int:
    """Bytes of the body as sent; one the server left unpacked is counted unpacked."""
    with client.stream("GET", path) as answer:
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        sent = sum(len(part) for part in answer.iter_raw())
        packed = answer.headers.get("Content-Encoding") == "gzip"
    return sent if packed or sent else len(gzip.compress(b""))
