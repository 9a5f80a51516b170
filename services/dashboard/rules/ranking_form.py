"""The two orders of diagnoses as a form and back: a rank for each probable one, a place for each that is shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from kernel.read_whole import read_whole
from services.dashboard.rules.clauses import code_words, diagnosis_name
from services.dashboard.rules.item_fields import one

Form = Mapping[str, list[str]]
Item = dict[str, Any]
PROBABLE = "probable_order"


def read_ranking(form: Form, before: Mapping[str, Any]) -> Item:
    """Return {order, source} of a posted form. Ranks are numbers from 1; the same number is the same rank."""
    order: list[Any] = list(before.get("order") or [])
    if before.get("id") == PROBABLE and "ranked" in form:
        ranks: dict[int, list[str]] = {}
        for code in _in_old_order(form["ranked"], order):
            rank = read_whole(one(form, f"rank.{code}"), 99)
            if rank:
                ranks.setdefault(rank, []).append(code)
        order = [ranks[rank] for rank in sorted(ranks)]
    elif "shown" in form:
        order = [code for code in form["shown"] if code]
    return {"order": order, "source": one(form, "source") or str(before.get("source") or "")}


def moved(order: Sequence[str], press: str) -> list[str] | None:
    """Return the order after `up:<id>`, `down:<id>` or `top:<id>`; None for any other press."""
    deed, _, code = press.partition(":")
    steps = {"up": -1, "down": 1, "top": -len(order)}
    if deed not in steps or code not in order:
        return None
    made = list(order)
    at = made.index(code)
    made.insert(max(0, min(at + steps[deed], len(made) - 1)), made.pop(at))
    return made


def ranks_of(order: Sequence[Sequence[str]], probable: Sequence[str]) -> list[tuple[str, int | None]]:
    """Every probable diagnosis with its rank from 1, the ranked first; None displaces nothing and nothing it."""
    ranked = [(code, rank) for rank, codes in enumerate(order, 1) for code in codes]
    known = {code for code, _ in ranked}
    return [*ranked, *((code, None) for code in probable if code not in known)]


def ranking_words(name: str, order: Any) -> str:
    """Return an order of diagnoses as a sentence."""
    if not isinstance(order, list):
        return str(order or "nothing yet")
    if name == PROBABLE or any(isinstance(rank, list) for rank in order):
        ranks = [", ".join(_word(code) for code in rank) for rank in order if isinstance(rank, list)]
        return (
            "; then ".join([*ranks[:1], *(rank[:1].lower() + rank[1:] for rank in ranks[1:])])
            or "No probable diagnosis displaces another"
        )
    return ", ".join(_word(code) for code in order) or "By certainty, then by code"


def _word(code: Any) -> str:
    return diagnosis_name(str(code)) or code_words(str(code))


def _in_old_order(codes: Sequence[str], order: Sequence[Any]) -> list[str]:
    """Codes of one rank keep the order they had: a page sent unchanged changes nothing."""
    old = [code for rank in order if isinstance(rank, list) for code in rank]
    return [code for code in old if code in codes] + [code for code in codes if code not in old]
