"""werkzeug compiles, for each address of each application it builds, two functions: half of what building one costs.

A test builds an application of its own, always with the same addresses. The functions depend on the rule alone (they
find its converters through their `self`), so equal rules may share them.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


def compile_routes_once() -> None:
    """Have this process compile the functions of equal rules once; a rule with defaults is left to the library."""
    compile_anew: Callable[..., Any] = Rule._compile_builder
    compiled: dict[tuple[Any, ...], Any] = {}

    def compile_once(self: Rule, append_unknown: bool = True) -> Any:
        if self.defaults:
            return compile_anew(self, append_unknown)
        key = (self.rule, tuple(self._trace), append_unknown)
        if key not in compiled:
            compiled[key] = compile_anew(self, append_unknown)
        return compiled[key]

    Rule._compile_builder = compile_once  # type: ignore[method-assign]
