"""What a refused document and a refused answer say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a protocol document: where, which kind, and what to mend."""

    path: str
    code: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        where = self.path or "document"
        return f"{where}{f' (line {self.line})' if self.line else ''}: {self.code}: {self.message}"


class ProtocolError(ValueError):
    """The document was refused whole; whatever protocol was live stays as it was."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        shown = "; ".join(str(problem) for problem in self.problems[:5])
        more = len(self.problems) - 5
        super().__init__(shown + (f"; and {more} more" if more > 0 else ""))


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused answer. It names the field and the fault and never repeats the value.

    Codes: ``unknown_field``, ``wrong_type``, ``out_of_range``, ``not_in_values``, ``duplicate``,
    ``too_many``, ``required``.
    """

    field: str
    code: str
