"""A jsonb column whose decimals keep their digits."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from kernel.exact_json import dumps, loads


class ExactJsonb(TypeDecorator[Any]):
    """A jsonb column read as text and parsed here: PostgreSQL's numeric has the digits, the driver's float has not."""

    impl = JSONB
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """What is selected: the text of the document."""
        return type_coerce(cast(column, Text), self)

    def compare_values(self, x: Any, y: Any) -> bool:
        """Are they the same document, written the same? 0.5 equals 0.50, and a column left as it is, is not written."""
        return bool(x == y) and dumps(x) == dumps(y)

    def bind_processor(self, dialect: Any) -> Callable[[Any], str | None]:
        """The document as text, in place of the driver's own writer."""
        return lambda value: None if value is None else dumps(value)

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], Any]:
        """The document as it was stored."""
        return lambda text: None if text is None else loads(text)
