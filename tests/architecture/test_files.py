"""What every committed file must be: ours, short, named for what it does, finished."""

import re
import subprocess
from pathlib import Path

import pytest

LONGEST = 400
#: Characters of a template's or a style's line: 120, and room for one value that is not to be cut.
WIDEST = 175
LARGEST_KILOBYTES = 500
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "base_utils"}


@pytest.fixture(scope="module")
def committed(repository: Path) -> list[Path]:
    """Every file git knows or would add: what is about to be committed counts too."""
    said = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for name in said.split("\0") if name and (path := repository / name).is_file()]


def python(files: list[Path]) -> list[Path]:
    return [path for path in files if path.suffix == ".py"]


def texts(files: list[Path]) -> list[tuple[Path, str]]:
    found = []
    for path in files:
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_no_python_file_is_long(committed: list[Path], repository: Path) -> None:
    long = {
        str(path.relative_to(repository)): lines
        for path in python(committed)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long


def test_no_line_of_a_page_is_wide(committed: list[Path], repository: Path) -> None:
    wide = [
        f"{path.relative_to(repository)}:{number}"
        for path, text in texts([path for path in committed if path.suffix in {".html", ".css"}])
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > WIDEST
    ]
    assert not wide


def test_names_say_what_is_inside(committed: list[Path], repository: Path) -> None:
    vague = [
        str(path.relative_to(repository))
        for path in python(committed)
        if NAMES_THAT_SAY_NOTHING & {part.removesuffix(".py") for part in path.relative_to(repository).parts}
    ]
    assert not vague


def test_nothing_is_left_unfinished(committed: list[Path], repository: Path) -> None:
    marks = re.compile("TO" + "DO|FIX" + "ME|NotImplemented" + r"Error|\bX" + "XX\b")
    left = [
        f"{path.relative_to(repository)}:{number}"
        for path, text in texts(python(committed))
        for number, line in enumerate(text.splitlines(), 1)
        if marks.search(line)
    ]
    assert not left


def test_every_test_runs(committed: list[Path], repository: Path) -> None:
    passed_over = re.compile(
        r"pytest\.(mark\.)?(ski" + r"p|xfai" + r"l)|unittest\.ski" + "p|importorski" + "p"
    )
    tests = [path for path in python(committed) if "tests" in path.relative_to(repository).parts]
    found = [
        f"{path.relative_to(repository)}:{number}"
        for path, text in texts(tests)
        for number, line in enumerate(text.splitlines(), 1)
        if passed_over.search(line)
    ]
    assert not found


def test_no_package_registry_is_named(committed: list[Path], repository: Path) -> None:
    """Addresses of registries die or move; each machine's own configuration knows them."""
    hosts = re.compile("|".join(("pypi" + r"\.org", "python" + r"hosted\.org", "registry\\.npm" + r"js\.org",
                                 "registry\\.yarn" + "pkg", "deb" + r"\.debian\.org", "jsdel" + r"ivr\.net",
                                 "unp" + r"kg\.com", "cdn" + "js\\.")))  # fmt: skip
    naming = [str(path.relative_to(repository)) for path, text in texts(committed) if hosts.search(text)]
    assert not naming


def test_no_third_party_file_is_committed(committed: list[Path], repository: Path) -> None:
    foreign = [
        str(path.relative_to(repository))
        for path in committed
        if re.search(
            r"\.min\.(js|css)$|(^|/)(node_modules|vendor)/|\.whl$|\.tgz$", str(path.relative_to(repository))
        )
    ]
    assert not foreign


def test_no_large_file_is_committed(committed: list[Path], repository: Path) -> None:
    large = {
        str(path.relative_to(repository)): path.stat().st_size // 1000
        for path in committed
        if path.stat().st_size > LARGEST_KILOBYTES * 1000
    }
    assert not large


def test_no_secret_is_committed(committed: list[Path], repository: Path) -> None:
    private = re.compile("BEGIN (EC |RSA |OPENSSH )?PRIVATE" + " KEY")
    holding = [str(path.relative_to(repository)) for path, text in texts(committed) if private.search(text)]
    assert not holding


def test_requirements_are_pinned_with_hashes(repository: Path) -> None:
    for name in ("run.txt", "dev.txt"):
        text = (repository / "requirements" / name).read_text(encoding="utf-8")
        pins = re.findall(
            r"^([a-z0-9][\w.\-]*(?:\[[^\]]*\])?)==[^\s\\]+.*?(?=^[a-z0-9]|\Z)", text, re.M | re.S
        )
        assert len(pins) > 50
        for block in re.split(r"(?m)^(?=[a-z0-9])", text):
            if block and not block.startswith("#"):
                assert "==" in block.splitlines()[0], block.splitlines()[0]
                assert "--hash=sha256:" in block, block.splitlines()[0]
        assert "://" not in text


def test_browser_packages_are_pinned_without_addresses(repository: Path) -> None:
    lock = (repository / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
    packages = (repository / "package.json").read_text(encoding="utf-8")
    assert not re.search(r'"[\^~>]', packages), "versions are exact"


def test_every_decision_has_its_number_and_stands_in_the_list(repository: Path) -> None:
    folder = repository / "docs" / "decisions"
    listed = re.findall(r"^- \[(.+)\]\((\d{4}-.+\.md)\)$", (folder / "README.md").read_text(), re.MULTILINE)
    pages = {path.name: path.read_text().splitlines()[0] for path in folder.glob("[0-9]*.md")}
    assert {name: f"# {title}" for title, name in listed} == pages
    assert len(listed) == len(pages), "each once"
    assert [name for name, title in pages.items() if not title.startswith(f"# {int(name[:4])}. ")] == []
