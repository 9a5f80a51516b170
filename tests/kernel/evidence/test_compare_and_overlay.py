"""Documents compared part by part, and site overlays merged the same way every time."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kernel.contracts.protocol import shipped_document
from kernel.evidence import ProtocolError, compile_protocol, evaluate
from kernel.evidence.compare import compare_documents
from kernel.evidence.overlay import merge_overlay

SHIPPED = shipped_document()
MADE_FOR = {"id": SHIPPED["id"], "version": SHIPPED["version"]}


def overlay(*changes: Any) -> dict[str, Any]:
    return {"site": "paola", "made_for": MADE_FOR, "changes": list(changes)}


LATER_PT = {"section": "routes.rules", "id": "PT2", "set": {"priority": "P4"}, "reason": "longer waits"}
NO_MR9 = {"section": "routes.rules", "id": "MR9", "remove": True}
KNEE = {
    "section": "routes.rules",
    "id": "LOCAL1",
    "add": {
        "name": "Other joints",
        "route": "physical_therapy",
        "priority": "P5",
        "when": {"variable": "regions", "operator": "contains", "value": "other_msk"},
    },
}
KNEE_2 = {**KNEE, "id": "LOCAL2"}


class TestCompare:
    def test_equal_documents_have_no_difference(self) -> None:
        assert compare_documents(SHIPPED, copy.deepcopy(SHIPPED)) == ()

    def test_a_changed_threshold_is_found_at_its_clause(self) -> None:
        changed = copy.deepcopy(SHIPPED)
        overuse = next(one for one in changed["diagnoses"] if one["id"] == "ICHD_8_2")
        overuse["criteria"][1]["all"][0]["value"] = 4
        (found,) = compare_documents(SHIPPED, changed)
        assert found.path == "diagnoses[ICHD_8_2].criteria[B].all[0].value"
        assert (found.change, found.before, found.after) == ("changed", 3, 4)

    def test_added_removed_and_moved_entries(self) -> None:
        changed = copy.deepcopy(SHIPPED)
        flags = changed["red_flags"]
        gone = flags.pop(0)
        flags.append({**gone, "id": "NEW"})
        flags[0], flags[1] = flags[1], flags[0]
        found = {(one.path, one.change) for one in compare_documents(SHIPPED, changed)}
        assert ("red_flags[NEW]", "added") in found
        assert ("red_flags[SN01E]", "removed") in found
        assert ("red_flags", "moved") in found
        assert len(found) == 3

    def test_true_is_not_one(self) -> None:
        assert len(compare_documents({"a": True}, {"a": 1})) == 1


class TestOverlay:
    def test_merge_changes_adds_and_removes_and_leaves_the_shared_document(self) -> None:
        before = copy.deepcopy(SHIPPED)
        merged = merge_overlay(SHIPPED, overlay(LATER_PT, NO_MR9, KNEE))
        assert before == SHIPPED
        paths = {(one.path, one.change) for one in compare_documents(SHIPPED, merged)}
        assert paths == {
            ("site", "added"),
            ("routes.rules[PT2].priority", "changed"),
            ("routes.rules[MR9]", "removed"),
            ("routes.rules[LOCAL1]", "added"),
        }
        protocol = compile_protocol(merged)
        neck, _ = protocol.check_answers({"regions": ["neck"], "requests_drug_or_injection": True})
        assert (evaluate(protocol, neck).route, evaluate(protocol, neck).priority) == (
            "physical_therapy",
            "P4",
        )
        other, _ = protocol.check_answers({"regions": ["other_msk"]})
        assert evaluate(protocol, other).route == "physical_therapy"

    def test_the_order_of_changes_does_not_matter(self) -> None:
        one = merge_overlay(SHIPPED, overlay(LATER_PT, NO_MR9, KNEE, KNEE_2))
        assert merge_overlay(SHIPPED, overlay(KNEE_2, KNEE, NO_MR9, LATER_PT)) == one
        assert merge_overlay(SHIPPED, overlay(LATER_PT, NO_MR9, KNEE, KNEE_2)) == one

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({**LATER_PT, "id": "PT99"}, "unknown_id"),
            ({**KNEE, "id": "PT2"}, "duplicate_id"),
            ({**LATER_PT, "section": "routes.order"}, "unknown_section"),
            ({**LATER_PT, "remove": True}, "wrong_value"),
            ({**NO_MR9, "remove": False}, "wrong_value"),
            ({**LATER_PT, "set": {"id": "PT3"}}, "wrong_value"),
            ({**LATER_PT, "set": []}, "wrong_type"),
            ({**LATER_PT, "id": 3}, "wrong_type"),
            ({**LATER_PT, "extra": 3}, "wrong_type"),
            ("PT2", "wrong_type"),
        ],
    )
    def test_a_broken_change_is_refused(self, change: Any, code: str) -> None:
        with pytest.raises(ProtocolError) as caught:
            merge_overlay(SHIPPED, overlay(change))
        assert [one.code for one in caught.value.problems] == [code]

    def test_one_entry_changed_twice_is_refused(self) -> None:
        with pytest.raises(ProtocolError, match="changed twice"):
            merge_overlay(SHIPPED, overlay(LATER_PT, NO_MR9, {**LATER_PT, "set": {"priority": "P3"}}))

    def test_an_overlay_for_another_version_is_stale(self) -> None:
        with pytest.raises(ProtocolError, match="stale"):
            merge_overlay({**SHIPPED, "version": "2"}, overlay(LATER_PT))

    def test_a_merge_that_breaks_a_reference_is_refused_when_compiled(self) -> None:
        merged = merge_overlay(SHIPPED, overlay({"section": "red_flags", "id": "RF_MYELO", "remove": True}))
        with pytest.raises(ProtocolError, match="RF_MYELO"):
            compile_protocol(merged)
