"""Which questions an expression asks: told by its tree, before there is any answer."""

from collections.abc import Mapping

from services.intake.rules.read_expression import Node

_ROOTS = frozenset({"resource", "rootResource"})
#: Names that have nothing to do with answers.
_APART = frozenset({"questionnaire", "ucum", "sct", "loinc", "patient", "today()", "now()"})


def asked_link_ids(node: Node, variables: Mapping[str, frozenset[str] | None]) -> frozenset[str] | None:
    """The linkIds it looks up in the whole response; None when it may ask others too.

    `variables` says the same of each variable it may name.
    """
    found: set[str] = set()
    pending: list[tuple[Node, bool]] = [(node, False)]
    while pending:
        one, is_looked_up = pending.pop()
        asked = link_id_of(one)
        if asked is not None:
            base = one.parts[0]
            if base is None or not goes_through_items(base):
                return None
            found.add(asked)
            pending.append((base, True))
            continue
        if one.kind == "variable":
            inner = _of_variable(str(one.value), variables, is_looked_up=is_looked_up)
            if inner is None:
                return None
            found |= inner
        elif goes_through_items(one):
            if not is_looked_up or one.parts[0] is None:
                return None
            # What is looked up in: the whole response, or what was looked up before.
            pending.append((one.parts[0], True))
            continue
        elif is_looked_up and one.kind != "call":
            return None
        pending += [(part, False) for part in one.parts if part is not None]
    return frozenset(found)


def _of_variable(
    name: str, variables: Mapping[str, frozenset[str] | None], *, is_looked_up: bool
) -> frozenset[str] | None:
    if name in variables:
        return variables[name]
    if name in _APART or (name in _ROOTS and is_looked_up):
        return frozenset()
    return None


def link_id_of(node: Node) -> str | None:
    """Of `where(linkId = 'x')` the x."""
    test = node.parts[1] if node.kind == "call" and node.value == "where" else None
    if test is None or (test.kind, test.value) != ("binary", "="):
        return None
    name, wanted = test.parts
    is_name = name is not None and (name.kind, name.value, name.parts) == ("path", "linkId", (None,))
    is_text = wanted is not None and wanted.kind == "literal" and isinstance(wanted.value, str)
    return str(wanted.value) if is_name and is_text and wanted is not None else None


def goes_through_items(node: Node) -> bool:
    """`item`, `descendants()`, or `repeat(item)`, by which Smart Forms goes through a whole response."""
    if (node.kind, node.value) in (("path", "item"), ("call", "descendants")):
        return True
    inner = node.parts[1] if (node.kind, node.value) == ("call", "repeat") else None
    return inner is not None and (inner.kind, inner.value, inner.parts) == ("path", "item", (None,))
