"""A FHIRPath expression of a questionnaire, read into a tree: the part of FHIRPath that questionnaires use.

Only what can be worked out from the answers alone is read. Whatever asks for a server or a regular expression is
refused by name, so that an import can list it; a clock only where its value is given. Grammar and precedence:
FHIRPath 2.0.0, section 6.8 and annex A.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from services.intake.rules.expression_words import FUNCTIONS, WITH_EXPRESSION
from services.intake.rules.move_moment import CALENDAR

LETTERS_MAX: Final = 4_000
NESTED_MAX: Final = 40
_TOKEN: Final = re.compile(
    r"\s+|//[^\n]*|/\*.*?\*/"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<day>@\d{4}(?:-\d\d(?:-\d\d)?)?)"
    r"|(?P<variable>%(?:[A-Za-z_][\w-]*|`[^`]+`|'[^']+'|\"[^\"]+\"))"
    r"|(?P<special>\$(?:this|index|total))"
    r"|(?P<name>[A-Za-z_]\w*|`[^`]+`)"
    r"|(?P<sign><=|>=|!=|!~|[=~<>|&+\-*/.,()\[\]{}])",
    re.DOTALL,
)
_LEVELS: Final = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "~", "!=", "!~"),
    ("<=", "<", ">", ">="),
    ("|",),
    ("is", "as"),
    ("+", "-", "&"),
    ("*", "/", "div", "mod"),
)
_BINDS: Final = {word: level for level, words in enumerate(_LEVELS) for word in words}
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


class ExpressionNotRead(Exception):
    """The expression is no FHIRPath, or not of the part that is read; `what` says which word it stopped at."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what[:60]


@dataclass(frozen=True, slots=True)
class Node:
    """One step: its `kind`, a name or value, and the steps it is made of. A base of None is what stands around it."""

    kind: str
    value: Any = None
    parts: tuple["Node | None", ...] = ()


def read_expression(text: str, variables: frozenset[str]) -> Node:
    """The tree of `text`, which may name `variables` (without their percent sign). Raises `ExpressionNotRead`.

    "today()" and "now()" among them: the clock was read, and is a value like another.
    """
    if len(text) > LETTERS_MAX:
        raise ExpressionNotRead("its length")
    reader = _Reader(_tokens(text, variables), variables)
    tree = reader.expression(0)
    if reader.kind != "end":
        raise ExpressionNotRead(reader.word)
    return tree


def _tokens(text: str, variables: frozenset[str]) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionNotRead(text[at : at + 20])
        word = match.group()
        if match.lastgroup == "variable" and word[1] not in "`'\"":
            # Some write %has-fever for %`has-fever`: a name goes as far as it is one, the rest is a minus.
            while "-" in word and word[1:] not in variables:
                word = word.rpartition("-")[0]
        if match.lastgroup is not None:
            found.append((match.lastgroup, word))
        at += len(word)
    return [*found, ("end", "its end")]


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]], variables: frozenset[str]) -> None:
        self._tokens = tokens
        self._variables = variables
        self._at = 0
        self._depth = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def word(self) -> str:
        return self._tokens[self._at][1]

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _sign(self, sign: str) -> bool:
        if self.kind == "sign" and self.word == sign:
            self._at += 1
            return True
        return False

    def _want(self, sign: str) -> None:
        if not self._sign(sign):
            raise ExpressionNotRead(self.word)

    def expression(self, level: int) -> Node:
        self._depth += 1
        if self._depth > NESTED_MAX:
            raise ExpressionNotRead("its nesting")
        left = self._unary()
        while self.kind in ("sign", "name") and _BINDS.get(self.word, -1) >= level:
            word = self._take()
            if word in ("is", "as"):
                left = Node("type", word, (left, Node("literal", self._type())))
            else:
                left = Node("binary", word, (left, self.expression(_BINDS[word] + 1)))
        self._depth -= 1
        return left

    def _type(self) -> str:
        name = self._name()
        while self._sign("."):
            name = self._name()
        return name

    def _name(self) -> str:
        if self.kind != "name":
            raise ExpressionNotRead(self.word)
        return self._take().strip("`")

    def _unary(self) -> Node:
        if self.kind == "sign" and self.word in "+-":
            sign = self._take()
            self._depth += 1
            if self._depth > NESTED_MAX:
                raise ExpressionNotRead("its nesting")
            inner = self._unary()
            self._depth -= 1
            return Node("unary", sign, (inner,))
        node = self._term()
        while True:
            if self._sign("."):
                node = self._invocation(node)
            elif self._sign("["):
                node = Node("at", None, (node, self.expression(0)))
                self._want("]")
            else:
                return node

    def _term(self) -> Node:
        kind = self.kind
        if kind == "name" and self.word not in ("true", "false"):
            return self._invocation(None)
        word = self._take()
        if kind == "name":
            return Node("literal", word == "true")
        if kind == "number":
            if self.kind == "text":
                raise ExpressionNotRead("an amount with a unit")
            if self.kind == "name" and self.word.removesuffix("s") in CALENDAR:
                return Node("literal", {"value": Decimal(word), "unit": self._take()})
            return Node("literal", Decimal(word))
        if kind == "text":
            return Node("literal", _unescaped(word[1:-1]))
        if kind == "day":
            return Node("literal", word[1:])
        if kind == "special":
            return Node("special", word)
        if kind == "variable":
            name = word[1:].strip("`'\"")
            if name not in self._variables:
                raise ExpressionNotRead(word)
            return Node("variable", name)
        if word == "(":
            inner = self.expression(0)
            self._want(")")
            return inner
        if word == "{" and self._sign("}"):
            return Node("nothing")
        raise ExpressionNotRead(word)

    def _invocation(self, base: Node | None) -> Node:
        if self.kind == "special":
            return Node("special", self._take())
        name = self._name()
        if not self._sign("("):
            return Node("path", name, (base,))
        if base is None and f"{name}()" in self._variables and self._sign(")"):
            return Node("variable", f"{name}()")
        if name in ("ofType", "is", "as"):
            node = Node("type", name, (base, Node("literal", self._type())))
            self._want(")")
            return node
        wanted = WITH_EXPRESSION.get(name) or FUNCTIONS.get(name, (None, None))[0]
        if wanted is None:
            raise ExpressionNotRead(f"{name}()")
        given: list[Node] = []
        while not self._sign(")"):
            if given:
                self._want(",")
            given.append(self.expression(0))
        if len(given) not in wanted:
            raise ExpressionNotRead(f"{name}()")
        return Node("call", name, (base, *given))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", lambda found: _escaped(found.group(1)), text, flags=re.DOTALL)


def _escaped(mark: str) -> str:
    return chr(int(mark[1:], 16)) if len(mark) == 5 else _ESCAPES.get(mark, mark)
