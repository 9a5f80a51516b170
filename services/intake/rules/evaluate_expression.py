"""What a FHIRPath expression finds in a response: three-valued logic, bounded work, nothing outside the answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, DecimalException
from typing import Any, Final

from services.intake.rules.asked_link_ids import goes_through_items, link_id_of
from services.intake.rules.expression_words import (
    FUNCTIONS,
    ExpressionFailed,
    Found,
    as_text,
    distinct,
    number,
    same,
    single,
    text,
    weight,
)
from services.intake.rules.link_ids import LinkIds
from services.intake.rules.move_moment import is_amount_of_time, move_moment
from services.intake.rules.read_expression import Node

#: Steps one expression may take, or one variable of a document: some hundredths of a second.
STEPS_MAX: Final = 100_000
#: Steps all the expressions of a form may take in one request, whatever it judges and works out: a third of a second.
ALL_STEPS_MAX: Final = 250_000
#: Letters of a text that a step may go through, and steps that a power or a logarithm costs.
LETTERS_A_STEP: Final = 64
_DEAR: Final = frozenset({"power", "sqrt", "exp", "ln", "log"})
_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "decimal": lambda value: isinstance(value, float | Decimal),
    "coding": lambda value: isinstance(value, Mapping) and ("code" in value or "display" in value),
    "quantity": lambda value: isinstance(value, Mapping) and "value" in value,
}


class StepsSpent(ExpressionFailed):
    """The steps there are did not suffice: nothing is known of what it would have found."""


@dataclass
class Purse:
    """Steps left to spend, out of a `common` purse when there is one.

    What was worked out for one set of answers is `kept` beside them: a request asks for the same again and again.
    """

    left: int = STEPS_MAX
    common: "Purse | None" = None
    kept: list[Any] = field(default_factory=list)

    def spend(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise StepsSpent
        if self.common is not None:
            self.common.spend(steps)


@dataclass(frozen=True, slots=True)
class Around:
    """Where an expression stands: what it is asked of, the variables it may name, and the steps it may spend.

    `link_ids` may be shared by all that is worked out on one response.
    """

    here: Found
    variables: Callable[[str], Found]
    purse: Purse
    index: int = 0
    total: Found | None = None
    link_ids: LinkIds = field(default_factory=LinkIds)

    def at(self, value: Any, index: int = 0, total: Found | None = None) -> "Around":
        total = self.total if total is None else total
        return Around([value], self.variables, self.purse, index, total, self.link_ids)


def evaluate_expression(node: Node, around: Around) -> Found:
    """The values found; raises `ExpressionFailed` when they cannot be told, or not in the steps there are."""
    try:
        return _find(node, around)
    except (DecimalException, RecursionError, TypeError, ValueError, OverflowError):
        raise ExpressionFailed from None


def truth(found: Found) -> bool | None:
    """FHIRPath's yes, no, or neither; one value that is no truth value counts as a yes."""
    value = single(found)
    return value if value is None or isinstance(value, bool) else True


def _find(node: Node, around: Around) -> Found:
    around.purse.spend(1)
    found = _KINDS[node.kind](node, around)
    around.purse.spend(len(found))
    return found


def _base(node: Node, around: Around) -> Found:
    base = node.parts[0]
    return around.here if base is None else _find(base, around)


def _part(node: Node, place: int) -> Node:
    part = node.parts[place]
    assert part is not None, "only a base may be left out"
    return part


def _special(node: Node, around: Around) -> Found:
    if node.value == "$this":
        return around.here
    return [Decimal(around.index)] if node.value == "$index" else around.total or []


def _path(node: Node, around: Around) -> Found:
    name = node.value
    base = _base(node, around)
    if node.parts[0] is None and [_kind(one) for one in base] == [name]:
        return base
    found: Found = []
    for one in base:
        if isinstance(one, Mapping):
            value = one.get(name)
            if value is None and name == "value":
                # value[x]: "answer.value" is whichever of them there is.
                value = next((one[key] for key in one if key.startswith("value")), None)
            found += value if isinstance(value, list) else [] if value is None else [value]
    return found


def _kind(value: Any) -> Any:
    return value.get("resourceType") if isinstance(value, Mapping) else None


def _at(node: Node, around: Around) -> Found:
    place = single(_find(_part(node, 1), around))
    base = _base(node, around)
    index = -1 if place is None else int(number(place))
    return base[index : index + 1] if index >= 0 else []


def _type(node: Node, around: Around) -> Found:
    fits = _TYPES.get(str(_part(node, 1).value).lower())
    if fits is None:
        raise ExpressionFailed
    base = _base(node, around)
    return [fits(single(base))] if node.value == "is" and base else [one for one in base if fits(one)]


def _unary(node: Node, around: Around) -> Found:
    value = single(_base(node, around))
    return [] if value is None else [-number(value) if node.value == "-" else number(value)]


def _call(node: Node, around: Around) -> Found:
    name = node.value
    link_id = link_id_of(node)
    named = None if link_id is None else _named(node.parts[0], link_id, around)
    if named is not None:
        return named
    base = _base(node, around)
    around.purse.spend(len(base))
    if name in _LOOPS:
        return _LOOPS[name](base, node, around)
    given = [_find(_part(node, place), around) for place in range(1, len(node.parts))]
    if name in ("distinct", "isDistinct", "union", "intersect", "exclude"):
        pairs = len(base) * (len(base) + sum(map(len, given)))
        around.purse.spend(pairs + sum(map(weight, (base, *given))))
    if letters := sum(len(one) for values in (base, *given) for one in values if isinstance(one, str)):
        around.purse.spend(letters // LETTERS_A_STEP)
    if name in _DEAR:
        around.purse.spend(10)
    return FUNCTIONS[name][1](base, *given)


def _named(base: Node | None, link_id: str, around: Around) -> Found | None:
    """`item.where(linkId = 'x')` and its like; None when it is looked up in something else."""
    if base is None or not goes_through_items(base):
        return None
    roots, spend = _base(base, around), around.purse.spend
    if base.kind == "path":
        spend(len(roots))
        maps = (one for one in roots if isinstance(one, Mapping))
        return [found for one in maps for found in around.link_ids.items(one, link_id, spend)]
    if len(roots) != 1 or not isinstance(roots[0], Mapping):
        return None
    find = around.link_ids.repeated if base.value == "repeat" else around.link_ids.descendants
    return list(find(roots[0], link_id, spend))


def _where(base: Found, node: Node, around: Around) -> Found:
    wanted = _part(node, 1)
    return [one for index, one in enumerate(base) if truth(_find(wanted, around.at(one, index))) is True]


def _select(base: Found, node: Node, around: Around) -> Found:
    wanted = _part(node, 1)
    return [value for index, one in enumerate(base) for value in _find(wanted, around.at(one, index))]


def _exists(base: Found, node: Node, around: Around) -> Found:
    return [bool(base if len(node.parts) == 1 else _where(base, node, around))]


def _all(base: Found, node: Node, around: Around) -> Found:
    return [len(_where(base, node, around)) == len(base)]


def _repeat(base: Found, node: Node, around: Around) -> Found:
    """A response is a tree, so what is found again and again comes to an end; the steps see to it otherwise."""
    found: Found = []
    level = base
    while level:
        level = _select(level, node, around)
        found += level
    return found


def _iif(base: Found, node: Node, around: Around) -> Found:
    if node.parts[0] is not None:
        around = replace(around, here=base)
    if truth(_find(_part(node, 1), around)) is True:
        return _find(_part(node, 2), around)
    return _find(_part(node, 3), around) if len(node.parts) > 3 else []


def _aggregate(base: Found, node: Node, around: Around) -> Found:
    total = _find(_part(node, 2), around) if len(node.parts) > 2 else []
    for index, one in enumerate(base):
        total = _find(_part(node, 1), around.at(one, index, total))
    return total


def _binary(node: Node, around: Around) -> Found:
    sign, left = node.value, _base(node, around)
    if sign in _LOGIC:
        made = _LOGIC[sign](truth(left), truth(_find(_part(node, 1), around)))
        return [] if made is None else [made]
    right = _find(_part(node, 1), around)
    if sign == "|":
        around.purse.spend((len(left) + len(right)) ** 2 + weight(left) + weight(right))
        return distinct([*left, *right])
    if sign in ("=", "!=", "~", "!~"):
        return _equal(sign, left, right, around.purse)
    if sign in ("in", "contains"):
        one, many = (left, right) if sign == "in" else (right, left)
        value = single(one)
        around.purse.spend(weight(one) + len(many))
        return [] if value is None else [any(same(value, other) for other in many)]
    if sign in ("&", "+"):
        around.purse.spend(sum(len(one) for one in (*left, *right) if isinstance(one, str)) // LETTERS_A_STEP)
    if sign == "&":
        return [text("".join(as_text(single(one)) if one else "" for one in (left, right)))]
    first, second = single(left), single(right)
    if first is None or second is None:
        return []
    return _compare(sign, first, second) if sign in ("<", ">", "<=", ">=") else _reckon(sign, first, second)


def _equal(sign: str, left: Found, right: Found, purse: Purse) -> Found:
    if sign in ("=", "!=") and not (left and right):
        return []
    purse.spend(weight(left) + weight(right))
    if "~" in sign:
        left, right = [_loose(one) for one in left], [_loose(one) for one in right]
    equal = len(left) == len(right) and all(same(*pair) for pair in zip(left, right, strict=True))
    return [equal is not sign.startswith("!")]


def _loose(value: Any) -> Any:
    """What counts for "~": a text whatever its case, a coding by its system and code."""
    if isinstance(value, str):
        return " ".join(value.lower().split())
    if isinstance(value, Mapping) and "code" in value:
        return {"system": value.get("system"), "code": value["code"]}
    return value


def _compare(sign: str, first: Any, second: Any) -> Found:
    first, second = _amounts(first, second)
    if isinstance(first, str) and isinstance(second, str):
        # Days and times are compared as they are written; with another precision it cannot be told.
        if first[:4].isdigit() and second[:4].isdigit() and len(first) != len(second):
            return []
    else:
        first, second = number(first), number(second)
    return [{"<": first < second, ">": first > second, "<=": first <= second, ">=": first >= second}[sign]]


def _amounts(first: Any, second: Any) -> tuple[Any, Any]:
    """Two amounts in one unit as their numbers; anything else as it is."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        units = {one.get("code") or one.get("unit") for one in (first, second)}
        if len(units) != 1:
            raise ExpressionFailed
        return first.get("value"), second.get("value")
    return first, second


def _reckon(sign: str, first: Any, second: Any) -> Found:
    if sign in ("+", "-") and isinstance(first, str) and is_amount_of_time(second):
        amount = number(second["value"])
        if amount != int(amount):
            raise ExpressionFailed
        return [move_moment(first, int(amount) if sign == "+" else -int(amount), second["unit"])]
    if sign == "+" and isinstance(first, str):
        return [text(text(first) + text(second))]
    one, other = number(first), number(second)
    if sign in ("/", "div", "mod") and other == 0:
        return []
    if sign == "mod":
        return [number(one % other)]
    made = {"+": one + other, "-": one - other, "*": one * other}.get(sign)
    if made is None:
        made = one / other if sign == "/" else Decimal(int(one / other))
    return [number(made)]


def _and(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _or(one: bool | None, other: bool | None) -> bool | None:
    if one is True or other is True:
        return True
    return None if one is None or other is None else False


def _xor(one: bool | None, other: bool | None) -> bool | None:
    return None if one is None or other is None else one is not other


def _implies(one: bool | None, other: bool | None) -> bool | None:
    return _or(None if one is None else not one, other)


_LOGIC: Final = {"and": _and, "or": _or, "xor": _xor, "implies": _implies}
_LOOPS: Final = {
    "where": _where,
    "select": _select,
    "exists": _exists,
    "all": _all,
    "repeat": _repeat,
    "iif": _iif,
    "aggregate": _aggregate,
}
_KINDS: Final[Mapping[str, Callable[[Node, Around], Found]]] = {
    "literal": lambda node, around: [node.value],
    "nothing": lambda node, around: [],
    "special": _special,
    "variable": lambda node, around: around.variables(node.value),
    "path": _path,
    "at": _at,
    "type": _type,
    "unary": _unary,
    "call": _call,
    "binary": _binary,
}
