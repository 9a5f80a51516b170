"""`python -m local.capabilities_page`: write docs/capabilities.md from the marks on the tests.

A row is claimed by `@pytest.mark.capability("S2")` on a test function or class, or by the module's `pytestmark`;
nothing is run or imported to find them.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.places import ROOT

ROWS = ROOT / "docs" / "capability_rows.txt"
PAGE = ROOT / "docs" / "capabilities.md"
ROW = re.compile(r"([A-Z][0-9]{1,2}) (.+)\Z")


@dataclass(frozen=True)
class Proof:
    """A test that proves a row; `says` is the first line of its docstring."""

    row: str
    test: str
    says: str


class UnknownRow(Exception):
    """A test claims a row that is not in docs/capability_rows.txt."""


def page(rows_file: Path = ROWS, tests: Path = ROOT / "tests") -> str:
    """Return the page's text; raises `UnknownRow`."""
    sections = read_rows(rows_file)
    known = {row for _, rows in sections for row in rows}
    proofs: dict[str, list[Proof]] = {}
    for proof in find_proofs(tests):
        if proof.row not in known:
            raise UnknownRow(f"{proof.test} claims the row {proof.row}, which {rows_file.name} does not have")
        proofs.setdefault(proof.row, []).append(proof)
    lines = [
        "# Capabilities",
        "",
        "Written by `make docs-capabilities` from the marks on the tests; do not edit. A row is here when a test",
        f"fails without it: {len(proofs)} of {len(known)} rows so far.",
    ]
    for title, rows in sections:
        lines += ["", f"## {title}", "", "| Row | What holds | Proved by |", "|---|---|---|"]
        lines += [_line(row, says, proofs.get(row, [])) for row, says in rows.items()]
    return "\n".join(lines) + "\n"


def read_rows(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Return the sections of the row list: title, and what holds for each row id."""
    sections: list[tuple[str, dict[str, str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        found = ROW.match(line)
        if line.startswith("## "):
            sections.append((line[3:], {}))
        elif found:
            sections[-1][1][found[1]] = found[2]
    return sections


def find_proofs(tests: Path) -> Iterator[Proof]:
    """Yield every claim in the test files below `tests`, in the order of files and lines."""
    for path in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(tests.parent).as_posix()
        for row in _module_rows(tree):
            yield Proof(row, name, _first_line(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for row in _rows(node.decorator_list):
                    yield Proof(row, f"{name}::{node.name}", _first_line(node))


def main() -> int:
    """Write the page; returns the exit code."""
    try:
        text = page()
    except UnknownRow as error:
        print(error, file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


def _line(row: str, says: str, proofs: list[Proof]) -> str:
    shown = [f"`{proof.test}`" + (f" – {proof.says}" if proof.says else "") for proof in proofs]
    cell = "<br>".join(text.replace("|", "\\|") for text in shown) or "not yet"
    return f"| {row} | {says} | {cell} |"


def _module_rows(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(_is_name(target, "pytestmark") for target in node.targets):
            marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            return _rows(marks)
    return []


def _rows(marks: list[ast.expr]) -> list[str]:
    rows: list[str] = []
    for mark in marks:
        if (
            isinstance(mark, ast.Call)
            and isinstance(mark.func, ast.Attribute)
            and mark.func.attr == "capability"
        ):
            rows += [str(arg.value) for arg in mark.args if isinstance(arg, ast.Constant)]
    return rows


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _first_line(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
