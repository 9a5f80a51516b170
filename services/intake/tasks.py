"""The kinds of work this service's workers and relay do."""

from kernel.assembly import Parts
from kernel.work import WorkKind


def work_kinds(parts: Parts) -> tuple[WorkKind, ...]:
    """Return every kind of work of this service."""
    return (parts.deliveries,)
