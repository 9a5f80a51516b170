"""The rules of a style sheet that some pages can use: the rest costs a slow phone seconds and changes nothing."""

import re
from collections.abc import Collection, Iterator
from typing import Final

_STRUCTURE: Final = re.compile(
    r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|url\([^)"\']*\)|/\*.*?\*/|[{};]', re.DOTALL
)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
#: What a page need not have for the selector to match: exclusions, alternatives, attributes and states.
_BESIDE: Final = re.compile(r":[a-z-]+\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\]|::?[a-z-]+")
_NAME: Final = re.compile(r"(?<![\w\\-])[.#]?[A-Za-z](?:[\w-]|\\.)*")
_FAMILY: Final = re.compile(r"font-family:\s*([^;}]+)")
#: Selectors of these stand for any page, and headings are numbered by the templates.
EVERYWHERE: Final = frozenset(("html", "body", "h1", "h2", "h3", "h4", "h5", "h6"))
_WITH_RULES: Final = ("@media", "@supports", "@layer", "@container")


def used_styles(css: str, words: Collection[str]) -> str:
    """Return `css` without the rules that name a tag, class or id not among `words`, nor fonts nobody then asks for.

    `words` is every word that stands in the pages' sources, so a class put together from two words must be written
    out somewhere. The order of what stays is the order it had.
    """
    known = EVERYWHERE | frozenset(words)
    kept = list(_kept(_COMMENT.sub("", css), known))
    rules = "".join(one for one in kept if not one.startswith("@font-face"))
    return "".join(one for one in kept if not one.startswith("@font-face") or _is_asked_for(one, rules))


def _kept(css: str, known: Collection[str]) -> Iterator[str]:
    for prelude, body in _statements(css):
        if body is None or prelude.startswith(("@font-face", "@page", "@property")):
            yield prelude + (";" if body is None else "{" + body + "}")
        elif prelude.startswith(_WITH_RULES):
            inner = "".join(_kept(body, known))
            if inner:
                yield prelude + "{" + inner + "}"
        elif prelude.startswith("@"):
            yield prelude + "{" + body + "}"
        else:
            selectors = [one for one in _split(prelude) if _may_match(one, known)]
            if selectors:
                yield ",".join(selectors) + "{" + body + "}"


def _statements(css: str) -> Iterator[tuple[str, str | None]]:
    """Each statement of one level: what stands before its braces, and what in them (None without braces)."""
    depth, start, opened = 0, 0, 0
    for found in _STRUCTURE.finditer(css):
        mark = found[0]
        if mark == "{":
            depth += 1
            if depth == 1:
                opened = found.start()
        elif mark == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened + 1 : found.start()]
                start = found.end()
        elif mark == ";" and depth == 0:
            yield css[start : found.start()].strip(), None
            start = found.end()


def _split(selectors: str) -> Iterator[str]:
    """The selectors of a list; commas inside brackets part nothing."""
    depth, start = 0, 0
    for place, mark in enumerate(selectors):
        if mark in "([":
            depth += 1
        elif mark in ")]":
            depth -= 1
        elif mark == "," and depth == 0:
            yield selectors[start:place].strip()
            start = place + 1
    yield selectors[start:].strip()


def _may_match(selector: str, known: Collection[str]) -> bool:
    names = _NAME.findall(_BESIDE.sub("", selector))
    return all(name.lstrip(".#") in known for name in names)


def _is_asked_for(face: str, rules: str) -> bool:
    family = _FAMILY.search(face)
    return family is not None and family[1].strip("\"' ") in rules
