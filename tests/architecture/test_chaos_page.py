"""The page of faults is what the marks, the nemesis and the kept results say now."""

import pytest

from chaos import page
from chaos.faults import FAULTS


def test_the_committed_page_is_not_stale() -> None:
    said = page.PAGE.read_text(encoding="utf-8")
    assert said == page.page(), "run `make docs-chaos` and commit docs/chaos.md"


def test_a_mark_of_no_row_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "marked_tests", lambda _tests: iter([("F99", "tests/test_x.py::test_y")]))
    with pytest.raises(ValueError, match="F99"):
        page.page()


def test_faults_28_to_52_each_have_a_test_or_a_step() -> None:
    named = {row for row, _ in page.marked_tests(page.ROOT / "tests")} | set(page.BY_THE_RUN)
    named |= {row for fault in FAULTS for row in fault.covers}
    assert {f"F{number}" for number in range(28, 53)} <= named
