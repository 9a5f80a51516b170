"""Three-valued rules as data: a document is compiled once, evaluated often, and shows every clause.

Knows no clinic: every variable, threshold, route and priority comes from the document.
"""

from __future__ import annotations

from kernel.evidence.bounds import Bounds
from kernel.evidence.decision import Decision, Outcome
from kernel.evidence.document import load_document
from kernel.evidence.errors import FieldError, Problem, ProtocolError
from kernel.evidence.evaluate import evaluate, fired_flags
from kernel.evidence.items import Flag
from kernel.evidence.protocol import Protocol, compile_protocol
from kernel.evidence.variables import Answers, Variable

__all__ = [
    "Answers",
    "Bounds",
    "Decision",
    "FieldError",
    "Flag",
    "Outcome",
    "Problem",
    "Protocol",
    "ProtocolError",
    "Variable",
    "compile_protocol",
    "evaluate",
    "fired_flags",
    "load_document",
]
