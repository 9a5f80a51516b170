"""The FHIRPath expressions of a form, for one set of answers: what is asked by them, and what they work out."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.intake.rules.evaluate_expression import Around, Purse, evaluate_expression, truth
from services.intake.rules.expression_words import ExpressionFailed, Found
from services.intake.rules.form import LOINC, Expression, Form, Items, Variable
from services.intake.rules.write_response import write_response

#: Names every expression may use, and the addresses some stand for.
ADDRESSES = {"ucum": "http://unitsofmeasure.org", "sct": "http://snomed.info/sct", "loinc": LOINC}
KNOWN_NAMES = frozenset({"resource", "rootResource", "context", "questionnaire", *ADDRESSES})


class FormExpressions:
    """Works expressions out on the response that `items` make; the response is written when the first one asks."""

    def __init__(self, form: Form, items: Items) -> None:
        self._form = form
        self._items = items
        self._response: Mapping[str, Any] | None = None
        self._known: dict[Variable, Found] = {}
        self._purse = Purse()

    def holds(self, expression: Expression) -> bool:
        """True when it says yes, and when it cannot be told: better asked in vain than not asked."""
        try:
            return truth(self.find(expression)) is True
        except ExpressionFailed:
            return True

    def find(self, expression: Expression) -> Found:
        """The values it finds; raises `ExpressionFailed`."""
        return self._find(expression.node, expression.owner, expression.variables)

    def _find(self, node: Any, owner: str, scope: tuple[Variable, ...]) -> Found:
        here = self._here(owner)

        def variable(name: str) -> Found:
            place = next((n for n in range(len(scope) - 1, -1, -1) if scope[n].name == name), None)
            if place is None:
                return self._standing(name, here)
            wanted = scope[place]
            if wanted not in self._known:
                # Only what was named before it: no variable can lead back to itself.
                self._known[wanted] = self._find(wanted.node, wanted.owner, scope[:place])
            return self._known[wanted]

        return evaluate_expression(node, Around(here, variable, self._purse))

    def _standing(self, name: str, here: Found) -> Found:
        if name in ("resource", "rootResource"):
            return [self._resource()]
        if name == "questionnaire":
            return [self._form.source]
        return here if name == "context" else [ADDRESSES[name]]

    def _resource(self) -> Mapping[str, Any]:
        if self._response is None:
            self._response = write_response(
                self._form,
                self._items,
                language="en",
                zone="UTC",
                status="in-progress",
                authored=None,
                with_points=True,
            )
        return self._response

    def _here(self, owner: str) -> Found:
        """Where an item's expressions stand: on what the response holds of the item, nothing when it holds none."""
        if not owner:
            return [self._resource()]
        return [one for one in _nodes(self._resource()) if one.get("linkId") == owner]


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for child in node.get("item") or ():
        yield child
        yield from _nodes(child)
        for answer in child.get("answer") or ():
            yield from _nodes(answer)
