"""The FHIRPath expressions of a form, for one set of answers: what is asked by them, and what they work out."""

import logging
from collections.abc import Mapping
from typing import Any

from services.intake.rules.evaluate_expression import (
    ALL_STEPS_MAX,
    Around,
    Purse,
    StepsSpent,
    evaluate_expression,
    truth,
)
from services.intake.rules.expression_words import ExpressionFailed, Found
from services.intake.rules.form import LOINC, Expression, Form, Items, Variable
from services.intake.rules.link_ids import LinkIds
from services.intake.rules.write_response import write_response

#: Names every expression may use, and the addresses some stand for.
ADDRESSES = {"ucum": "http://unitsofmeasure.org", "sct": "http://snomed.info/sct", "loinc": LOINC}
KNOWN_NAMES = frozenset({"resource", "rootResource", "context", "questionnaire", *ADDRESSES})
_log = logging.getLogger(__name__)


class FormExpressions:
    """Works expressions out on the response that `items` make; the response is written when the first one asks.

    Each expression, and each variable, has steps of its own, so that none goes without because another took them; all
    of them together have the steps of `common`. What ran out of steps is logged by form and linkId, with no answers.
    """

    def __init__(
        self,
        form: Form,
        items: Items,
        common: Purse | None = None,
        context: Mapping[str, Found] | None = None,
    ) -> None:
        """`context` has what may be asked for only when a draft is begun (`launch_context`)."""
        self._form = form
        self._items = items
        self._response: Mapping[str, Any] | None = None
        # By identity: a variable's hash would go through its whole tree. The form keeps all of them alive.
        self._variables: dict[int, Found | ExpressionFailed] = {}
        self._held: dict[int, bool] = {}
        self._common = common or Purse(ALL_STEPS_MAX)
        self._link_ids = LinkIds()
        self._context = context or {}

    def holds(self, expression: Expression) -> bool:
        """True when it says yes, and when it cannot be told: better asked in vain than not asked."""
        known = self._held.get(id(expression))
        if known is None:
            try:
                known = truth(self.find(expression)) is True
            except ExpressionFailed:
                known = True
            self._held[id(expression)] = known
        return known

    def find(self, expression: Expression) -> Found:
        """The values it finds; raises `ExpressionFailed`, and of that `StepsSpent` when its steps ran out."""
        nothing_left = self._common.left < 0
        try:
            return self._find(expression.node, expression.owner, expression.variables)
        except StepsSpent:
            if not nothing_left:
                # Whatever comes after has none either: one line tells of them all.
                which = "the last of all steps" if self._common.left < 0 else "more steps than there are"
                _log.warning(
                    "expression of %s in %s took %s", expression.owner, self._form.questionnaire, which
                )
            raise

    def _find(self, node: Any, owner: str, scope: tuple[Variable, ...]) -> Found:
        purse = Purse(common=self._common)
        here = self._here(owner, purse)

        def variable(name: str) -> Found:
            place = next((n for n in range(len(scope) - 1, -1, -1) if scope[n].name == name), None)
            return self._standing(name, here) if place is None else self._variable(scope, place)

        return evaluate_expression(node, Around(here, variable, purse, link_ids=self._link_ids))

    def _variable(self, scope: tuple[Variable, ...], place: int) -> Found:
        wanted = scope[place]
        known = self._variables.get(id(wanted))
        if known is None:
            try:
                # Only what was named before it: no variable can lead back to itself.
                known = self._find(wanted.node, wanted.owner, scope[:place])
            except ExpressionFailed as failed:
                # Tried once: all that name it would spend the same steps again, for nothing.
                known = failed
            self._variables[id(wanted)] = known
        if isinstance(known, ExpressionFailed):
            raise type(known)
        return known

    def _standing(self, name: str, here: Found) -> Found:
        if name in self._context:
            return self._context[name]
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
                for_expressions=True,
            )
        return self._response

    def _here(self, owner: str, purse: Purse) -> Found:
        """Where an item's expressions stand: on what the response holds of the item, nothing when it holds none."""
        root = self._resource()
        return self._link_ids.descendants(root, owner, purse.spend) if owner else [root]
