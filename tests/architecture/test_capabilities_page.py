"""The page of capabilities is what the marks on the tests say now."""

from pathlib import Path

import pytest

from local import capabilities_page


def test_the_committed_page_is_not_stale() -> None:
    said = capabilities_page.PAGE.read_text(encoding="utf-8")
    assert said == capabilities_page.page(), "run `make docs-capabilities` and commit docs/capabilities.md"


def test_marks_on_functions_classes_and_modules_are_found(tmp_path: Path) -> None:
    rows, tests = tmp_path / "rows.txt", tmp_path / "tests"
    rows.write_text("## One part\nS1 first\nS2 second\nS3 third\nS4 fourth\n")
    tests.mkdir()
    (tests / "test_some.py").write_text(
        '"""Module."""\nimport pytest\npytestmark = [pytest.mark.capability("S1")]\n\n'
        '@pytest.mark.capability("S2", "S3")\nclass TestIt:\n    """Class."""\n'
    )
    text = capabilities_page.page(rows, tests)
    assert "| S1 | first | `tests/test_some.py` – Module. |" in text
    assert "| S3 | third | `tests/test_some.py::TestIt` – Class. |" in text
    assert "| S4 | fourth | not yet |" in text
    assert "3 of 4 rows" in text


def test_a_row_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    rows, tests = tmp_path / "rows.txt", tmp_path / "tests"
    rows.write_text("## One part\nS1 first\n")
    tests.mkdir()
    (tests / "test_some.py").write_text(
        'import pytest\n@pytest.mark.capability("S9")\ndef test_a() -> None: ...\n'
    )
    with pytest.raises(capabilities_page.UnknownRow, match="S9"):
        capabilities_page.page(rows, tests)
