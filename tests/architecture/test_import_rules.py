"""The import rules hold, and each of them bites: planted violations are found."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = {
    "services never import one another": ("services/intake/queries", "import services.referral"),
    "the kernel imports no service and nothing local": ("kernel", "import services.intake"),
    "services import nothing local": ("services/notify/queries", "import local.ports"),
    "inward only": ("services/referral/model", "import services.referral.actions"),
    "wire shapes are used by routes and reactions only": (
        "services/intake/actions",
        "import services.intake.schemas",
    ),
    "settings are read by the roots only": ("services/referral/queries", "import services.referral.settings"),
    "Flask stays in apps and routes": ("services/notify/rules", "import flask"),
    "Celery stays in workers, tasks and relays": ("services/intake/queries", "import celery"),
    "rules are pure": ("services/referral/rules", "import sqlalchemy"),
}


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def planted(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the code with one violation of each rule in it."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copy(repository / "pyproject.toml", copy)
    for package in ("kernel", "services", "local"):
        shutil.copytree(repository / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "services" / "intake" / "schemas.py").touch()
    for folder, line in PLANTED.values():
        (copy / folder).mkdir(exist_ok=True)
        (copy / folder / "__init__.py").touch()
        with (copy / folder / "planted.py").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    return lint(copy).stdout


def test_the_code_keeps_every_rule(repository: Path) -> None:
    said = lint(repository)
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("rule", PLANTED)
def test_each_rule_bites(rule: str, planted: str) -> None:
    assert f"{rule} BROKEN" in planted, planted
