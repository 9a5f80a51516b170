"""What each application compiles anew when it is built or shows its first page: nine tenths of what building one costs.

A test builds an application of its own, always with the same addresses and templates.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


def compile_once() -> None:
    """Have this process compile equal routes and equal templates once."""
    _compile_routes_once()
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _KeptInMemory()}


class _KeptInMemory(BytecodeCache):
    """Jinja's own cache: it compares a digest of the template's text before it takes what is kept."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        kept = self._kept.get(bucket.key)
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


def _compile_routes_once() -> None:
    """The two functions of a rule depend on it alone (they find its converters through their `self`)."""
    compile_anew: Callable[..., Any] = Rule._compile_builder
    compiled: dict[tuple[Any, ...], Any] = {}

    def compile_builder(self: Rule, append_unknown: bool = True) -> Any:
        if self.defaults:
            return compile_anew(self, append_unknown)
        key = (self.rule, tuple(self._trace), append_unknown)
        if key not in compiled:
            compiled[key] = compile_anew(self, append_unknown)
        return compiled[key]

    Rule._compile_builder = compile_builder  # type: ignore[method-assign]
