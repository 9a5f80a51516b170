"""Black holes: packets to a port vanish, so nothing is refused and nothing answers."""

import os
import random
import shutil
import subprocess
import time

from chaos.clinic import Clinic
from chaos.faults.fault import Facts, Fault

COMMENT = "waymark-chaos"


def _black_hole(name: str, covers: tuple[str, ...], port: str, *, weight: float = 0.3) -> Fault:
    def strike(clinic: Clinic, dice: random.Random) -> Facts:
        number = str(clinic.stack.ports[port])
        _rule("-I", number)
        try:
            time.sleep(dice.uniform(3, 15))
        finally:
            _rule("-D", number)
        return {"victim": port, "hit": True}

    return Fault(name, "network", covers, strike, weight=weight, packages=("iptables",), cannot=_no_filter)


def _rule(action: str, port: str) -> None:
    match = f"INPUT -i lo -p tcp --dport {port} -m comment --comment {COMMENT} -j DROP"
    subprocess.run(["iptables", action, *match.split()], check=True, capture_output=True)


def _no_filter(_: Clinic) -> str:
    if shutil.which("iptables") is None:
        return "needs iptables (Debian: iptables)"
    if os.geteuid() != 0:
        return "needs root"
    tried = subprocess.run(["iptables", "-S", "INPUT"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "the kernel lets nobody filter packets here"


FAULTS = (
    _black_hole("black_hole_redis", ("F20",), "redis"),
    _black_hole("black_hole_carrier", ("F28", "F31"), "carrier"),
    _black_hole("black_hole_mail_server", ("F28",), "smtp"),
    _black_hole("black_hole_notify", ("F59", "F63"), "notify"),
)
