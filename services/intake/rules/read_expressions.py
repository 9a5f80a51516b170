"""FHIRPath in a questionnaire: variables, what is asked by an expression, what is worked out; the rest is named."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from services.intake.rules import fhir_words as fhir
from services.intake.rules.asked_link_ids import asked_link_ids
from services.intake.rules.evaluate_expression import Around, Purse, evaluate_expression
from services.intake.rules.expression_words import ExpressionFailed
from services.intake.rules.form import Expression, Variable
from services.intake.rules.form_expressions import KNOWN_NAMES
from services.intake.rules.launch_context import AT_START, PATIENT
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
        stands = _may_name(scope, at_start=False)
        node = _read(given, "", stands, reading)
        at_start = node is None
        if node is None:
            node = _read(given, f"{place}: variable", _may_name(scope, at_start=True), reading)
        if node is not None and name:
            scope = (
                *scope,
                Variable(name, node, owner, at_start, _is_personal(node, scope), _asks(node, scope)),
            )
    return scope


def read_launch(document: Mapping[str, Any], reading: Notes) -> None:
    """Name what a document asks its surroundings for, and they do not have."""
    for extension in document.get("extension") or ():
        if extension.get("url") == fhir.LAUNCH:
            parts = {part.get("url"): fhir.value_of(part) for part in extension.get("extension") or ()}
            if parts.get("name") != PATIENT:
                reading.dropped.add(
                    f"questionnaire: launchContext: {str(parts.get('name') or 'no name')[:60]}"
                )


def _may_name(scope: tuple[Variable, ...], *, at_start: bool) -> frozenset[str]:
    names = frozenset(one.name for one in scope if at_start or not one.at_start) | KNOWN_NAMES
    return names | AT_START if at_start else names


def read_expression_of(raw: Mapping[str, Any], url: str, reading: Notes) -> Expression | None:
    """The expression of an item under `url`; None when there is none, or it cannot be honoured and is named."""
    name, at_start = f"item: {fhir.short(url)}", url == fhir.INITIAL
    scope = tuple(one for one in reading.scope if at_start or not one.at_start)
    for given in _expressions(raw, url):
        node = _read(given, name, _may_name(scope, at_start=at_start), reading)
        if node is None:
            return None
        personal = at_start and _is_personal(node, scope)
        return Expression(node, str(raw["linkId"]), scope, personal, _asks(node, scope))
    return None


def _asks(node: Node, scope: tuple[Variable, ...]) -> frozenset[str] | None:
    return asked_link_ids(node, {one.name: one.asks for one in scope})


def _is_personal(node: Node, scope: tuple[Variable, ...]) -> bool:
    """Does it tell something of the patient, itself or by a variable?"""
    named = _variables_in(node)
    return PATIENT in named or any(one.personal for one in scope if one.name in named)


def _expressions(raw: Mapping[str, Any], url: str) -> Iterator[Mapping[str, Any]]:
    for extension in raw.get("extension") or ():
        if extension.get("url") == url:
            given = extension.get("valueExpression")
            yield given if isinstance(given, Mapping) else {}


def _read(given: Mapping[str, Any], name: str, names: frozenset[str], reading: Notes) -> Node | None:
    why = ""
    if reading.in_rows:
        why = "in a repeating group"
    elif given.get("language") != _LANGUAGE:
        why = str(given.get("language") or "no language")[:40]
    elif not isinstance(given.get("expression"), str):
        why = "no expression"
    else:
        try:
            node = read_expression(given["expression"], names)
            evaluate_expression(node, Around([], lambda _: [], Purse(common=reading.purse)))
            reading.asks_document = reading.asks_document or "questionnaire" in _variables_in(node)
            return node
        except ExpressionNotRead as refused:
            why = refused.what
        except ExpressionFailed:
            why = "what it compares"
    if name:
        reading.dropped.add(f"{name}: {why}")
    return None


def _variables_in(node: Node) -> set[str]:
    """Names of the variables it looks up, told by the tree: a name may be written in several ways."""
    found: set[str] = set()
    pending: list[Node | None] = [node]
    while pending:
        one = pending.pop()
        if one is not None and one.kind == "variable":
            found.add(str(one.value))
        pending += one.parts if one is not None else ()
    return found
