"""Every fault the nemesis can do, by name, with the rows of the catalogue (reliability.md §2.3) it stands for."""

from chaos.faults import callbacks, carrier, clocks, disks, network, processes, stores
from chaos.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (
    *processes.FAULTS,
    *stores.FAULTS,
    *disks.FAULTS,
    *carrier.FAULTS,
    *callbacks.FAULTS,
    *network.FAULTS,
    *clocks.FAULTS,
)

__all__ = ["FAULTS", "Fault"]
