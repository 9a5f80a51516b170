"""Deeds, reactions, services: the names by which a stranger finds things."""

import ast
import re
from pathlib import Path

import pytest

from local.databases import SERVICES


def public_functions(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
    ]


def modules(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py"]


@pytest.mark.parametrize("service", SERVICES)
def test_an_action_file_holds_the_one_deed_it_is_named_for(service: str, repository: Path) -> None:
    for path in modules(repository / "services" / service / "actions"):
        assert path.stem in public_functions(path), f"{path.name} has no function {path.stem}"
        assert "_" in path.stem, f"{path.name} is not verb_noun"


@pytest.mark.parametrize("service", SERVICES)
def test_a_reaction_file_is_named_for_the_fact_it_hears(service: str, repository: Path) -> None:
    for path in modules(repository / "services" / service / "reactions"):
        assert path.stem.startswith("on_"), path.name
        assert path.stem in public_functions(path), path.name


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_are_numbered_and_named(service: str, repository: Path) -> None:
    names = [path.stem for path in modules(repository / "services" / service / "migrations")]
    assert names, f"{service} has no migrations"
    assert all(re.fullmatch(r"\d{4}_[a-z]+_[a-z_0-9]+", name) for name in names), names
    numbers = [name[:4] for name in names]
    assert len(set(numbers)) == len(numbers), "two migrations with one number"


@pytest.mark.parametrize("service", SERVICES)
def test_actions_never_commit(service: str, repository: Path) -> None:
    inner = [
        repository / "services" / service / part for part in ("actions", "reactions", "queries", "rules")
    ]
    for path in (found for folder in inner for found in folder.rglob("*.py")):
        assert not re.search(r"\.(commit|rollback)\(", path.read_text(encoding="utf-8")), path.name


def test_the_kernel_names_services_in_its_routing_table_only(repository: Path) -> None:
    naming = re.compile(r"[\"'](intake|referral|notify|dashboard)[\"']")
    found = [
        f"{path.relative_to(repository)}:{number}"
        for path in sorted((repository / "kernel").rglob("*.py"))
        if path.name != "routing.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if naming.search(line)
    ]
    assert not found


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_tells_about_itself_on_a_page(service: str, repository: Path) -> None:
    readme = repository / "services" / service / "README.md"
    assert readme.exists()
    assert len(readme.read_text(encoding="utf-8").splitlines()) <= 80
