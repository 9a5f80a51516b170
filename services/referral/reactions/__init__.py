"""What this service does when it hears of something. One file per event; this table is all of it."""

from kernel.inbox import Reaction

REACTIONS: dict[str, Reaction] = {}
