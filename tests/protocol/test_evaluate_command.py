"""`waymark evaluate`: one line in, one line out; bad lines answered in their place; agreement with labels."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from kernel.evidence.agreement import cohen_kappa, wilson
from local.evaluate import run
from tests.protocol.cases import MIGRAINE, NECK_HEADACHE


def evaluated(tmp_path: Path, text: str | bytes, against: str | None = None) -> tuple[int, str]:
    cases = tmp_path / "cases.jsonl"
    cases.write_bytes(text if isinstance(text, bytes) else text.encode())
    out = io.StringIO()
    return run(str(cases), against, out), out.getvalue()


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_one_decision_a_line(tmp_path: Path) -> None:
    text = "\n".join(json.dumps(case) for case in ({"thunderclap": True}, MIGRAINE, NECK_HEADACHE)) + "\n"
    status, output = evaluated(tmp_path, text)
    first, second, third = lines(output)
    assert status == 0
    assert (first["route"], first["priority"]) == ("emergency", "P0")
    assert first["red_flags"] == [{"id": "SN04", "action": "E"}]
    assert second["diagnoses"] == [{"id": "ICHD_1_1", "certainty": "definite"}]
    assert second["rules"] == ["MR1"]
    assert third["route"] == "physical_therapy"
    assert third["secondary"] == []
    assert third["insufficient_data"] is False
    assert "RF_CES" in third["unknown"]


def test_bad_lines_are_answered_in_their_place(tmp_path: Path) -> None:
    status, output = evaluated(
        tmp_path,
        b'{"fever": true}\n\nnot json\n[1]\n{"age_years": "Jane", "shoe_size": 9}\n\xff\n'
        b'{"fever": true, "fever": false}\n{"age_years": NaN}\n' + b"[" * 100_000 + b'\n{"regions": ["neck"]}\n\n \n',
    )  # fmt: skip
    found = lines(output)
    assert status == 1
    assert found[0]["route"] == "same_day_clinician"
    codes = [one["errors"][0]["code"] for one in found[1:9]]
    assert codes == [
        "blank_line",
        "not_json",
        "wrong_type",
        "wrong_type",
        "not_text",
        "not_json",
        "not_json",
        "not_json",
    ]
    assert [one["line"] for one in found[1:9]] == list(range(2, 10))
    assert found[4]["errors"] == [
        {"field": "age_years", "code": "wrong_type"},
        {"field": "shoe_size", "code": "unknown_field"},
    ]
    assert "Jane" not in output
    assert found[9]["route"] == "physical_therapy"
    assert len(found) == 10


def test_an_empty_file_is_no_case(tmp_path: Path) -> None:
    assert evaluated(tmp_path, "") == (0, "")


def test_a_missing_file_is_said_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path / "none.jsonl"), None, io.StringIO()) == 2
    assert "Cannot read" in capsys.readouterr().err


def test_agreement_with_labels(tmp_path: Path) -> None:
    cases = [MIGRAINE, MIGRAINE, NECK_HEADACHE, {"thunderclap": True}]
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "line,route,priority,diagnoses,red_flags\n"
        "1,medication_review,P5,ICHD_1_1,\n"
        "2,medication_review,P5,ICHD_1_1 CGH_SUSPECTED,\n"
        "3,medication_review,P4,CGH_SUSPECTED,\n"
        "4,emergency,P0,,SN04\n"
    )
    status, output = evaluated(tmp_path, "\n".join(json.dumps(case) for case in cases), str(labels))
    assert status == 0
    rows = {line.split()[0]: line for line in output.splitlines() if line}
    assert "0.667 (0.208-0.939)" in rows["medication_review"]
    assert rows["ICHD_1_1"].split()[1] == "2"
    assert "1.000" in rows["SN04"]
    assert "the same in 3 of 4" in output


@pytest.mark.parametrize(
    "text",
    [
        "",
        "patient,age\n1,2\n",
        "line,route\n9,emergency\n",
        "line,route\nx,emergency\n",
        f"line,route\n{'9' * 5000},emergency\n",
        "line,route\n1,emergency\n1,staff_triage\n",
        "route\nemergency,P0\n",
        "route,priority\nemergency\n",
        "route,priority,route\nemergency,P0,emergency\n",
        "route,diagnoses\n",
    ],
)
def test_unusable_labels_are_refused(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(text)
    status, output = evaluated(tmp_path, '{"thunderclap": true}\n', str(labels))
    assert (status, output) == (2, "")
    assert "Nothing was changed" in capsys.readouterr().err


def test_a_file_as_spreadsheets_write_it_is_read(tmp_path: Path) -> None:
    cases = "\n".join(json.dumps(case) for case in (MIGRAINE, {"age_years": 40}, {"thunderclap": True}))
    labels = tmp_path / "labels.csv"
    odd = (
        b"\xef\xbb\xbfPatient;Route;Priority;Diagnoses;Red flags\r\n"
        b"1;Medication review;p5;ICHD-3 1.1, none;\r\n2;staff-triage;P5;none;-\r\n3;Emergency;P0;;sn04\r\n\r\n"
    )
    labels.write_bytes(odd)
    status, output = evaluated(tmp_path, cases, str(labels))
    assert status == 0
    assert "columns not read: patient" in output
    assert "never met" not in output
    assert output.count("the same in 3 of 3") == 2
    rows = {line.split()[0]: line.split() for line in output.splitlines() if line}
    assert (rows["ICHD_1_1"][1], rows["SN04"][1]) == ("1", "1")


def test_an_empty_row_of_one_column_says_none_and_moves_no_other(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("diagnoses\n\n1.1\n")
    cases = "\n".join(json.dumps(case) for case in ({"age_years": 40}, MIGRAINE))
    status, output = evaluated(tmp_path, cases, str(labels))
    assert status == 0
    rows = {line.split()[0]: line for line in output.splitlines() if line}
    assert rows["ICHD_1_1"].split()[1:3] == ["1", "1.000"]
    assert "2 labelled cases" in output


def test_a_column_nearly_right_is_asked_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("diagnosis\n1.1\n")
    assert evaluated(tmp_path, '{"thunderclap": true}\n', str(labels))[0] == 2
    assert "Is diagnosis meant as diagnoses?" in capsys.readouterr().err


def test_a_label_of_no_class_and_a_case_without_a_label_are_told(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("route,diagnoses\nemergancy,ICHD_1_1;ICHD_9\n")
    status, output = evaluated(tmp_path, '{"thunderclap": true}\n{"age_years": 3}\n', str(labels))
    assert status == 0
    assert "1 of the 2 cases have no label and were left out" in output
    assert "so never met: ICHD_9 (diagnoses), emergancy (route); check the spelling" in output


def test_published_figures_are_reproduced() -> None:
    """Cowan 2022 reports 118 of 131 and 68 of 71, kappa 0.83 with 0.75 to 0.91 over the same table."""
    sensitivity, specificity = wilson(118, 131), wilson(68, 71)
    assert sensitivity is not None
    assert specificity is not None
    assert round(sensitivity[0], 3) == 0.901
    assert round(specificity[0], 3) == 0.958
    pairs = [("m", "m")] * 118 + [("m", "o")] * 13 + [("o", "o")] * 68 + [("o", "m")] * 3
    kappa = cohen_kappa(pairs)
    assert kappa is not None
    assert [round(one, 2) for one in kappa] == [0.83, 0.75, 0.91]


def test_agreement_without_cases_is_not_a_number() -> None:
    assert wilson(0, 0) is None
    assert cohen_kappa([]) is None
    assert cohen_kappa([("a", "a")]) is None
