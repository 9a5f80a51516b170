"""What a line break in a template means, so that templates are laid out to be read and pages are sent without it.

The rule is JSX's: a line break beside a tag, a statement or a comment is nothing, with the indentation that follows
it; between words or values it is one space. A space that is meant beside a tag stands on the line itself.
"""

import re
from collections.abc import Iterator
from typing import Final

from jinja2.ext import Extension

_VALUE: Final = r"\{\{.*?\}\}"
_STATEMENT: Final = r"\{%.*?%\}|\{#.*?#\}"
#: Here line breaks are the author's own.
_VERBATIM: Final = r"<(?P<verbatim>pre|textarea|script|style)\b.*?</(?P=verbatim)\s*>"
_QUOTED: Final = "|".join(rf"{mark}(?:{_VALUE}|{_STATEMENT}|[^{mark}])*{mark}" for mark in "\"'")
_TAG: Final = rf"</?[a-zA-Z!](?:{_VALUE}|{_STATEMENT}|{_QUOTED}|[^>\"'])*>"
_MARKUP: Final = re.compile(
    rf"(?P<kept>{_VERBATIM})|(?P<statement>{_STATEMENT})|(?P<value>{_VALUE})|(?P<tag>{_TAG})", re.S
)
_BREAK: Final = re.compile(r"[ \t]*\n\s*")


class TemplateLines(Extension):
    """Applies the rule to every template as it is compiled; what a page costs to render does not change."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return `source` without the line breaks that mean nothing."""
        return joined_lines(source)


def joined_lines(source: str) -> str:
    """Return a template's source with its line breaks replaced by what they mean."""
    return "".join(_pieces(source))


def _pieces(source: str) -> Iterator[str]:
    end, beside = 0, True
    for found in _MARKUP.finditer(source):
        edge = found["value"] is None
        yield _words(source[end : found.start()], after_edge=beside, before_edge=edge)
        yield _BREAK.sub(" ", found[0]) if found["tag"] else found[0]
        end, beside = found.end(), edge
    yield _words(source[end:], after_edge=beside, before_edge=True)


def _words(text: str, *, after_edge: bool, before_edge: bool) -> str:
    if text.isspace() and "\n" in text:
        return "" if after_edge or before_edge else " "
    if after_edge:
        text = re.sub(r"^[ \t]*\n\s*", "", text)
    if before_edge:
        text = re.sub(r"[ \t]*\n\s*$", "", text)
    return _BREAK.sub(" ", text)
