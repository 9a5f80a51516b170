"""FHIRPath in a questionnaire: variables, what is asked by an expression, what is worked out; the rest is named."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from services.intake.rules import fhir_words as fhir
from services.intake.rules.evaluate_expression import Around, Purse, evaluate_expression
from services.intake.rules.expression_words import ExpressionFailed
from services.intake.rules.form import Expression, Variable
from services.intake.rules.form_expressions import KNOWN_NAMES
from services.intake.rules.read_expression import ExpressionNotRead, Node, read_expression

_LANGUAGE: Final = "text/fhirpath"


class Notes(Protocol):
    """What reading expressions needs of the reading of a whole document."""

    dropped: set[str]
    scope: tuple[Variable, ...]
    in_rows: bool
    purse: Purse
    asks_document: bool


def read_variables(raw: Mapping[str, Any], owner: str, place: str, reading: Notes) -> tuple[Variable, ...]:
    """The variables in force below `raw`: those around it, then its own; what cannot be honoured is named."""
    scope = reading.scope
    for given in _expressions(raw, fhir.VARIABLE):
        name = str(given.get("name") or "")
        node = _read(given, f"{place}: variable", scope, reading)
        if node is not None and name:
            scope = (*scope, Variable(name, node, owner))
    return scope


def read_expression_of(raw: Mapping[str, Any], url: str, reading: Notes) -> Expression | None:
    """The expression of an item under `url`; None when there is none, or it cannot be honoured and is named."""
    name = f"item: {fhir.short(url)}"
    for given in _expressions(raw, url):
        node = _read(given, name, reading.scope, reading)
        return None if node is None else Expression(node, str(raw["linkId"]), reading.scope)
    return None


def _expressions(raw: Mapping[str, Any], url: str) -> Iterator[Mapping[str, Any]]:
    for extension in raw.get("extension") or ():
        if extension.get("url") == url:
            given = extension.get("valueExpression")
            yield given if isinstance(given, Mapping) else {}


def _read(given: Mapping[str, Any], name: str, scope: tuple[Variable, ...], reading: Notes) -> Node | None:
    why = ""
    if reading.in_rows:
        why = "in a repeating group"
    elif given.get("language") != _LANGUAGE:
        why = str(given.get("language") or "no language")[:40]
    elif not isinstance(given.get("expression"), str):
        why = "no expression"
    else:
        names = KNOWN_NAMES | {one.name for one in scope}
        try:
            node = read_expression(given["expression"], names)
            evaluate_expression(node, Around([], lambda _: [], Purse(common=reading.purse)))
            reading.asks_document = reading.asks_document or _asks_document(node)
            return node
        except ExpressionNotRead as refused:
            why = refused.what
        except ExpressionFailed:
            why = "what it compares"
    reading.dropped.add(f"{name}: {why}")
    return None


def _asks_document(node: Node) -> bool:
    """Does it look something up in the document? Told by the tree: the name may be written in several ways."""
    pending: list[Node | None] = [node]
    while pending:
        one = pending.pop()
        if one is not None and (one.kind, one.value) == ("variable", "questionnaire"):
            return True
        pending += one.parts if one is not None else ()
    return False
