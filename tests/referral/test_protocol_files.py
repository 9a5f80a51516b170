"""The protocol as a file: out, changed, in again; and what is refused before anything is stored."""

import json

import pytest

from kernel.contracts.protocol import shipped_document
from tests.referral.conftest import PROVIDER, Clinic
from tests.referral.test_protocol_life import a_new_rule, draft_with, post


@pytest.mark.capability("A3")
def test_export_change_import_and_a_stale_import_is_refused(clinic: Clinic) -> None:
    exported = clinic.get("/protocol")
    document = exported["document"]
    document["routes"]["rules"].append(a_new_rule()[2])
    body = {"title": "From a file", "document": document, "base_number": exported["number"]}
    imported = post(clinic, "/drafts", body).json
    opened = clinic.get(f"/protocol/drafts/{imported['id']}")
    assert [(c["kind"], c["path"]) for c in opened["changes"]] == [("added", "routes.rules[PT90]")]
    done = post(clinic, f"/drafts/{imported['id']}/publish", {}, PROVIDER, imported["version"])
    assert done.status_code == 201
    again = post(clinic, "/drafts", body)
    assert (again.status_code, again.json["code"]) == (409, "stale")


def test_a_faulty_or_hostile_import_is_refused_with_its_line_and_nothing_changes(clinic: Clinic) -> None:
    draft = draft_with(clinic, a_new_rule())
    before = clinic.get(f"/protocol/drafts/{draft['id']}")
    drafts = [one["id"] for one in clinic.get("/protocol/drafts")["items"]]
    faulty = shipped_document()
    faulty["routes"]["rules"][1]["when"] = {"variable": "fevr", "operator": "eq", "value": True}
    faulty["routes"]["rules"][2]["id"] = "SN04"
    written = json.dumps({"title": "From a file", "document": faulty, "base_number": 1}, indent=1)
    lines = written.splitlines()
    flood = "a: &a [x, x]\n" + "b: &b [*a, *a]\n" * 100
    deep = '{"title": "x", "document":\n' + '{"a": ' * 5_000 + "1" + "}" * 5_001
    large = json.dumps({"title": "x", "document": {"id": "y" * 10_000_000}})
    twice = '{"title": "x",\n"document": {"id": "a",\n"id": "b"}}'
    for path, version in (("/drafts", None), (f"/drafts/{draft['id']}/document", draft["version"])):
        body = written if version is None else json.dumps({"document": faulty}, indent=1)
        refused = post(clinic, path, body, version=version)
        assert (refused.status_code, refused.json["code"]) == (422, "invalid"), refused.text
        assert "in force stays as it was" in refused.json["title"]
        told = {error["field"]: error for error in refused.json["errors"]}
        assert told["document.routes.rules[2].id"]["code"] == "duplicate_id"
        if version is None:
            assert '"id": "SN04"' in lines[told["document.routes.rules[2].id"]["line"] - 1]
        assert all(error["line"] and error["message"] for error in told.values())
        for hostile, status in ((flood, 400), (deep, 400), (large, 413), (twice, 400)):
            answer = post(clinic, path, hostile, version=version)
            assert answer.status_code == status, answer.text
            assert answer.json["title"]
        unread = post(clinic, path, flood, version=version)
        assert unread.json["line"] == 1
        assert post(clinic, path, deep, version=version).json["line"] == 2
    faulty["routes"]["rules"][2]["id"] = "SC3"
    written = json.dumps({"title": "From a file", "document": faulty, "base_number": 1}, indent=1)
    refused = post(clinic, "/drafts", written)
    (fault,) = refused.json["errors"]
    assert (fault["code"], fault["message"]) == ("unknown_variable", "no variable 'fevr'")
    assert '"variable": "fevr"' in written.splitlines()[fault["line"] - 1]
    assert clinic.get("/protocol") == {**clinic.get("/protocol"), "number": 1, "document": shipped_document()}
    assert clinic.get(f"/protocol/drafts/{draft['id']}") == before
    assert [one["id"] for one in clinic.get("/protocol/drafts")["items"]] == drafts
