"""Questions a patient's own answers made needless, told apart from those they left out."""

from services.intake.rules.branching import Branching, as_list
from services.intake.rules.evaluate_expression import Purse
from services.intake.rules.form import Form, Item, Items


def not_asked(form: Form, items: Items, purse: Purse | None = None) -> tuple[str, ...]:
    """Return the variables whose every question is closed by answers given, and marks the form sets itself; sorted.

    A question closed because the one before it was left out, or answered "not sure", is not among them: nobody knows
    whether it should have been asked.
    """
    found = _Closed(form, items, purse)
    by_variable: dict[str, list[str]] = {}
    for link_id, item in form.by_id.items():
        if item.variable and not form.row_groups(link_id):
            by_variable.setdefault(item.variable, []).append(link_id)
    return tuple(sorted(name for name, asked in by_variable.items() if all(map(found.by_answers, asked))))


class _Closed:
    def __init__(self, form: Form, items: Items, purse: Purse | None) -> None:
        self._form, self._items = form, items
        self._branching = Branching(form, items, purse=purse)

    def by_answers(self, link_id: str) -> bool:
        """True when the item is closed, and by something the patient did answer."""
        item = self._form.by_id[link_id]
        if item.hidden and item.kind == "boolean":
            # Set by the form itself, such as the alert for words of self-harm: no question to anybody.
            return True
        if self._branching.is_open(link_id):
            return False
        parent = self._form.parents.get(link_id)
        if parent is not None and self.by_answers(parent):
            return True
        return self._by_its_own_conditions(item)

    def _by_its_own_conditions(self, item: Item) -> bool:
        if not item.conditions:
            return False
        # Conditions that are not met, and stay so whatever is still answered.
        settled = [
            bool(as_list(self._items.get(condition.question))) or self.by_answers(condition.question)
            for condition in item.conditions
            if not self._branching.meets_condition(condition)
        ]
        if item.any_condition:
            return bool(settled) and all(settled)
        return any(settled)
