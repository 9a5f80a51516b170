"""Draft, golden cases, replay, a second person, published, superseded: and what each step refuses."""

import copy
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from kernel.contracts.protocol import shipped_document
from kernel.contracts.questionnaire_published import QuestionnairePublished
from kernel.ids import parse_id
from kernel.tables import AuditEntry
from services.referral.tasks import replay_work
from tests.referral.calendar_steps import CHICAGO, slots
from tests.referral.conftest import FRONT_DESK, MANAGER, NECK_PAIN, NURSE, PROVIDER, Clinic

BACK_PAIN = {"age_years": 40, "regions": ["low_back"], "nprs_now": 2}


def post(clinic: Clinic, path: str, body: Any, actor: Any = NURSE, version: int | None = None) -> Any:
    return clinic.call("POST", f"/protocol{path}", body, actor=actor, version=version)


def rule(document: dict[str, Any], rule_id: str) -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(next(r for r in document["routes"]["rules"] if r["id"] == rule_id))
    return found


def draft_with(clinic: Clinic, *items: tuple[str, str, Any], actor: Any = NURSE) -> dict[str, Any]:
    draft: dict[str, Any] = post(clinic, "/drafts", {"title": "Summer"}, actor).json
    for section, item_id, item in items:
        answer = post(
            clinic,
            f"/drafts/{draft['id']}/items",
            {"section": section, "id": item_id, "item": item},
            actor,
            draft["version"],
        )
        assert answer.status_code == 200, answer.text
        draft = answer.json
    return draft


def back_pain_sooner() -> tuple[str, str, Any]:
    changed = rule(shipped_document(), "PT4")
    changed["priority"] = "P4"
    return ("rules", "PT4", changed)


def a_new_rule() -> tuple[str, str, Any]:
    new = rule(shipped_document(), "PT5")
    new |= {"id": "PT90", "name": "Pain in the face", "priority": "P5"}
    new["when"] = {"variable": "regions", "operator": "contains", "value": "other_msk"}
    return ("rules", "PT90", new)


@pytest.mark.capability("T1")
def test_clinicians_change_a_rule_and_it_is_in_force_at_once(clinic: Clinic) -> None:
    elsewhere = {"age_years": 40, "regions": ["other_msk"], "nprs_now": 2}
    assert clinic.submit(elsewhere)["route"] == "staff_triage"
    draft = draft_with(clinic, a_new_rule())
    assert draft["checks"]["ready"], draft["checks"]
    published = post(clinic, f"/drafts/{draft['id']}/publish", {}, PROVIDER, draft["version"])
    assert published.status_code == 201, published.text
    assert (published.json["number"], published.json["version"]) == (2, "2")
    after = clinic.submit(elsewhere)
    assert (after["route"], after["decision"]["protocol_version"]) == ("physical_therapy", "2")
    with clinic.session() as session:
        told = session.execute(text("SELECT count(*) FROM outbox_event WHERE type = 'protocol_published'"))
        assert told.scalar_one() == 2


@pytest.mark.capability("T5")
def test_publishing_leaves_old_decisions_untouched_and_openable(clinic: Clinic) -> None:
    before = clinic.submit(BACK_PAIN)
    draft = draft_with(clinic, a_new_rule())
    post(clinic, f"/drafts/{draft['id']}/publish", {}, PROVIDER, draft["version"])
    after = clinic.get(f"/referrals/{before['id']}")
    assert after["decision"] == before["decision"]
    assert after["decision"]["protocol_version"] == "1"
    old = clinic.get("/protocol/versions/1")
    assert (old["document"], old["in_force"]) == (shipped_document(), False)
    with pytest.raises(DBAPIError), clinic.session() as session:
        session.execute(text("UPDATE protocol_version SET version = 'x'"))
    changes = clinic.get("/protocol/versions/1/diff/2")["changes"]
    assert {c["path"]: c["change"] for c in changes} == {"version": "changed", "routes.rules[PT90]": "added"}


def test_nobody_who_had_a_hand_in_a_draft_can_approve_it(clinic: Clinic) -> None:
    draft = draft_with(clinic, a_new_rule())
    body = dict(zip(("section", "id", "item"), back_pain_sooner(), strict=True))
    for actor in (PROVIDER, NURSE):
        changed = post(clinic, f"/drafts/{draft['id']}/items", body, actor, draft["version"])
        assert changed.status_code == 200, changed.text
        draft = changed.json
    assert draft["editors"] == [NURSE.id, PROVIDER.id]
    override = {"override_reason": "The golden cases are to follow next week."}
    refused = post(clinic, f"/drafts/{draft['id']}/publish", override, PROVIDER, draft["version"])
    assert (refused.status_code, refused.json["code"]) == (409, "second_person")


@pytest.mark.capability("T6")
def test_a_failing_golden_case_blocks_publishing_unless_a_second_person_says_why(clinic: Clinic) -> None:
    draft = draft_with(clinic, back_pain_sooner())
    failing = draft["checks"]["golden"]["failing"]
    assert failing
    assert not draft["checks"]["ready"]
    path = f"/drafts/{draft['id']}/publish"
    own = post(clinic, path, {}, NURSE, draft["version"])
    assert (own.status_code, own.json["code"]) == (409, "second_person")
    blocked = post(clinic, path, {}, PROVIDER, draft["version"])
    assert (blocked.status_code, blocked.json["code"]) == (409, "golden_cases_fail")
    assert blocked.json["failing_count"] == len(failing)
    assert post(clinic, path, {"override_reason": "ok"}, PROVIDER, draft["version"]).status_code == 409
    assert clinic.get("/protocol")["number"] == 1
    reason = "Agreed at the spine conference of Monday."
    done = post(clinic, path, {"override_reason": reason}, PROVIDER, draft["version"])
    assert done.status_code == 201, done.text
    newest = clinic.get("/protocol/versions")["items"][0]
    assert (newest["override_reason"], newest["proposed_by"], newest["approved_by"]) == (
        reason,
        "nurse-1",
        "provider-1",
    )
    assert newest["failing_cases"] == [case["code"] for case in failing]
    alone = clinic.get(f"/protocol/versions/{newest['number']}")
    assert {name: alone[name] for name in newest} == newest, "a version by itself hides what the list tells"


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ({"variable": "no_such_thing", "operator": "eq", "value": True}, "unknown_variable"),
        ({"variable": "age_years", "operator": "ge", "value": "old"}, "wrong_value"),
        ({"ref": "PT90.when"}, "cycle"),
        ({"variable": "age_years", "operator": "around", "value": 3}, "unknown_operator"),
    ],
)
def test_a_broken_document_is_refused_and_the_protocol_in_force_stays(
    clinic: Clinic, damage: dict[str, Any], code: str
) -> None:
    section, item_id, item = a_new_rule()
    draft = draft_with(clinic, (section, item_id, {**item, "when": damage}))
    assert draft["checks"]["problems"], draft["checks"]
    assert all(problem["path"] and problem["message"] for problem in draft["checks"]["problems"])
    refused = post(clinic, f"/drafts/{draft['id']}/publish", {}, PROVIDER, draft["version"])
    assert refused.status_code == 422
    assert refused.json["errors"]
    assert clinic.get("/protocol")["number"] == 1


@pytest.mark.capability("T8")
def test_the_linter_refuses_a_rule_that_cannot_fire_and_shows_answers_for_the_rest(clinic: Clinic) -> None:
    asked = QuestionnairePublished(questionnaire="headache-spine|1", variables=["regions", "age_years"])
    clinic.tell("intake", "questionnaire_published", "q", asked)
    section, item_id, item = a_new_rule()
    never = {
        "all": [
            {"variable": "age_years", "operator": "ge", "value": 65},
            {"variable": "age_years", "operator": "lt", "value": 18},
        ]
    }
    overlapping = {**item, "id": "PT91", "route": "medication_review"}
    draft = draft_with(clinic, a_new_rule(), (section, item_id, {**item, "when": never}))
    findings = {(f["code"], *f["items"]): f for f in draft["checks"]["findings"]}
    assert findings[("unreachable", "PT90")]["severity"] == "error"
    refused = post(clinic, f"/drafts/{draft['id']}/publish", {}, PROVIDER, draft["version"])
    assert (refused.status_code, refused.json["code"]) == (409, "lint_errors")
    assert clinic.get("/protocol")["number"] == 1

    sound = draft_with(clinic, a_new_rule(), ("rules", "PT91", overlapping))
    notes = sound["checks"]["findings"]
    both = next(f for f in notes if f["code"] == "overlap" and set(f["items"]) == {"PT90", "PT91"})
    assert both["witness"] == {"regions": ["other_msk"]}
    with_new_rules = {frozenset(f["items"]) for f in notes if f["code"] == "overlap" and f["new"]}
    assert with_new_rules and all(items & {"PT90", "PT91"} for items in with_new_rules)
    assert {frozenset(f["items"]) for f in notes if not f["new"]} >= {frozenset({"SC1", "MR1"})}
    told = [f["message"] for f in notes if f["code"] == "not_asked"]
    unasked = {message.split(" asks ")[1].split(";")[0] for message in told}
    assert "fever" in unasked
    assert "age_years" not in unasked
    assert any(f["code"] == "uncovered" and f["witness"] for f in notes)


@pytest.mark.capability("T1")
def test_tie_breaks_and_upgrades_are_changed_one_at_a_time_and_decide_at_once(clinic: Clinic) -> None:
    both = {"if_dx": ["ICHD_1_1", "ICHD_8_2"], "primary": "staff_triage", "status": "design"}
    pain = {"id": "UP_PAIN", "name": "Pain", "when": {"variable": "nprs_now", "operator": "ge", "value": 5}}
    draft = draft_with(
        clinic,
        ("tie_breaks", "new", {**both, "rank": 1}),
        (
            "tie_breaks",
            "3",
            {"if_dx": ["CGH_SUSPECTED", "ICHD_1_1"], "primary": "physical_therapy", "rank": 2},
        ),
        ("tie_breaks", "4", None),
        ("tie_breaks", "9", both),
        ("upgrades", "UP_PAIN", pain),
    )
    assert draft["checks"]["problems"] == []
    opened = clinic.get(f"/protocol/drafts/{draft['id']}")
    ties = opened["document"]["routes"]["tie_breaks"]
    assert [(one["if_dx"][1], one["primary"]) for one in ties] == [
        ("ICHD_8_2", "staff_triage"),
        ("ICHD_1_1", "physical_therapy"),
        ("ICHD_1_5_1", "physical_therapy"),
    ]
    told = {(one["section"], one["kind"], one["id"]) for one in opened["changes"]}
    assert told >= {
        ("tie_breaks", "added", "ICHD_1_1 + ICHD_8_2"),
        ("tie_breaks", "changed", "CGH_SUSPECTED + ICHD_1_1"),
        ("tie_breaks", "removed", "CGH_SUSPECTED + ICHD_8_2"),
        ("upgrades", "changed", "UP_PAIN"),
    }
    reason = {"override_reason": "The golden cases of the old order of routes do not fit."}
    done = post(clinic, f"/drafts/{draft['id']}/publish", reason, PROVIDER, draft["version"])
    assert done.status_code == 201, done.text
    assert clinic.submit({"age_years": 40, "regions": ["low_back"], "nprs_now": 5})["priority"] == "P4"


def test_a_draft_based_on_an_older_version_cannot_be_published(clinic: Clinic) -> None:
    first, second = draft_with(clinic, a_new_rule()), draft_with(clinic, a_new_rule())
    assert post(clinic, f"/drafts/{first['id']}/publish", {}, PROVIDER, first["version"]).status_code == 201
    late = post(clinic, f"/drafts/{second['id']}/publish", {}, PROVIDER, second["version"])
    assert (late.status_code, late.json["code"]) == (409, "stale")


@pytest.mark.capability("T7")
def test_a_replay_counts_before_and_after_and_never_writes_to_cases(clinic: Clinic) -> None:
    cases = [clinic.submit(answers, preferred_site="paola") for answers in (BACK_PAIN, NECK_PAIN, BACK_PAIN)]
    alarm = clinic.submit({**BACK_PAIN, "saddle_numbness": True}, preferred_site="garnett")
    flag = next(f for f in shipped_document()["red_flags"] if f["id"] == "RF_CES")
    draft = draft_with(clinic, back_pain_sooner(), ("red_flags", "RF_CES", {**flag, "action": "U"}))
    requested = post(clinic, f"/drafts/{draft['id']}/replays", {"days": 30})
    assert requested.status_code == 202
    assert (requested.json["total"], requested.json["done"]) == (4, 0)
    replay_id = parse_id(requested.json["id"])
    assert replay_id is not None
    replay_work(clinic.parts).run(replay_id)

    replay = clinic.get(f"/protocol/replays/{replay_id}")
    assert (replay["state"], replay["done"], replay["changed"]) == ("done", 4, 3)
    assert replay["before"]["physical_therapy P5"] == 3
    assert replay["after"]["physical_therapy P4"] == 2
    assert replay["lost_emergencies"] == 1
    first = replay["changes"][0]
    assert (first["referral_id"], first["lost_emergency"]) == (alarm["id"], True)
    assert first["from"]["route"] == "emergency"
    assert replay["sites"]["garnett"]["emergency"] == [1, 0]
    for case in cases:
        assert clinic.get(f"/referrals/{case['id']}")["version"] == case["version"]
    detail = clinic.get(f"/protocol/replays/{replay_id}/changes/{first['id']}")
    assert (detail["from"]["route"], detail["to"]["route"]) == ("emergency", "staff_triage")
    flag_says = next(one for one in detail["items"] if one["id"] == "RF_CES")
    assert (flag_says["was"], flag_says["is"]) == (
        {"action": "E", "priority": "P0"},
        {"action": "U", "priority": "P3"},
    )
    answered = [one for one in flag_says["after"]["any"] if one["answer"] is True]
    assert [one["variable"] for one in answered] == ["saddle_numbness"]
    assert clinic.call("GET", f"/protocol/replays/{replay_id}/changes/{replay_id}").status_code == 404


@pytest.mark.capability("T7")
def test_a_replay_weighs_each_sites_free_visits_against_what_the_draft_asks(staffed: Clinic) -> None:
    for _ in range(3):
        staffed.submit(BACK_PAIN, preferred_site="garnett")
    sooner = back_pain_sooner()
    sooner[2]["priority"] = "P2"
    draft = draft_with(staffed, sooner)
    replay_id = parse_id(post(staffed, f"/drafts/{draft['id']}/replays", {"days": 1}).json["id"])
    assert replay_id is not None
    replay_work(staffed.parts).run(replay_id)
    rows = staffed.get(f"/protocol/replays/{replay_id}")["capacity"]
    rows = {
        row["priority"]: row for row in rows if (row["site"], row["route"]) == ("garnett", "physical_therapy")
    }
    assert set(rows) == {"P2", "P5"}
    # Tuesday ten o'clock: Devin Marsh works at Garnett today until five, and not tomorrow.
    offered = slots(staffed, visit_type="pt_evaluation", site="garnett", days=2, limit=100, **{"from": ""})
    day = staffed.now().astimezone(CHICAGO).date().isoformat()
    today = [slot for slot in offered if slot["local_start"].startswith(day)]
    one_after_the_other, busy = 0, ""
    for slot in today:
        if slot["starts_at"] >= busy:
            one_after_the_other, busy = one_after_the_other + 1, slot["ends_at"]
    assert rows["P2"]["free"] == one_after_the_other > 3
    assert rows["P5"]["free"] > rows["P2"]["free"]
    assert (rows["P2"]["needed_before"], rows["P2"]["needed_after"]) == (0, 3)
    assert (rows["P5"]["needed_before"], rows["P5"]["needed_after"]) == (84, 84)
    assert rows["P5"]["short_after"] == max(0, 84 - rows["P5"]["free"])


def test_a_replay_runs_each_sites_cases_under_the_draft_with_the_sites_own_changes(staffed: Clinic) -> None:
    here = staffed.submit(BACK_PAIN, preferred_site="paola")
    staffed.submit(BACK_PAIN, preferred_site="garnett")
    change = {"section": "routes.rules", "id": "PT4", "set": {"priority": "P3"}}
    body = {"site": "paola", "changes": [change], "reason": "short waits here"}
    proposed: Any = staffed.call("POST", "/protocol/overlays", body).json
    approved = staffed.call(
        "POST", f"/protocol/overlays/{proposed['id']}/approve", {}, actor=PROVIDER, version=1
    )
    assert approved.status_code == 200, approved.text
    draft = draft_with(staffed, a_new_rule())
    replay_id = parse_id(post(staffed, f"/drafts/{draft['id']}/replays", {"days": 30}).json["id"])
    assert replay_id is not None
    replay_work(staffed.parts).run(replay_id)
    replay = staffed.get(f"/protocol/replays/{replay_id}")
    assert [(one["referral_id"], one["to"]["priority"]) for one in replay["changes"]] == [(here["id"], "P3")]
    assert replay["overlays_left_out"] == []


def test_a_replay_goes_on_after_its_worker_died(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.referral.actions.replay_draft.BATCH", 2)
    monkeypatch.setattr("services.referral.actions.replay_draft.LONGEST_RUN_SECONDS", 0.0)
    for _ in range(5):
        clinic.submit(BACK_PAIN)
    draft = draft_with(clinic, back_pain_sooner())
    replay_id = parse_id(post(clinic, f"/drafts/{draft['id']}/replays", {}).json["id"])
    assert replay_id is not None
    work = replay_work(clinic.parts)
    progress = []
    for _ in range(3):
        work.run(replay_id)
        progress.append(clinic.get(f"/protocol/replays/{replay_id}")["done"])
    assert progress == [2, 4, 5]
    assert clinic.get(f"/protocol/replays/{replay_id}")["state"] == "done"
    assert len(clinic.get(f"/protocol/replays/{replay_id}")["changes"]) == 5


def test_an_override_becomes_a_golden_case_that_guards_the_next_version(clinic: Clinic) -> None:
    case = clinic.submit(BACK_PAIN)
    redirected = clinic.do(
        case, "redirect", {"route": "medication_review", "priority": "P4", "reason_code": "patient_prefers"}
    )
    made = post(clinic, "/golden-cases", {"title": "Prefers medicine", "referral_id": redirected["id"]})
    assert made.status_code == 201
    assert (made.json["origin"], made.json["expected"]["route"]) == ("override", "medication_review")
    assert made.json["answers"] == BACK_PAIN
    checks = draft_with(clinic)
    failing = clinic.get(f"/protocol/drafts/{checks['id']}")["checks"]["golden"]["failing"]
    assert [(f["code"], f["differences"]["route"]["expected"]) for f in failing] == [
        ("CLINIC0001", "medication_review")
    ]
    # It is asked no more only for a listed reason and in words, by a clinician, and whoever publishes next is told.
    retire, why = (
        "/golden-cases/CLINIC0001/retire",
        {"reason_code": "practice_changed", "note": "Agreed in May."},
    )
    for refused in ({}, {**why, "note": " "}, {**why, "reason_code": "because"}, {**why, "note": "x" * 2001}):
        assert post(clinic, retire, refused, version=1).status_code == 422, refused
    assert post(clinic, retire, why, MANAGER, version=1).status_code == 403
    assert post(clinic, "/golden-cases/GC001/retire", why, version=1).status_code == 404, "shipped cases stay"
    assert post(clinic, retire, why, version=1).status_code == 200
    left = clinic.get("/protocol/golden-cases")
    assert "CLINIC0001" not in [one["code"] for one in left["items"]]
    (gone,) = left["retired"]
    assert (gone["retired_reason"], gone["retired_note"]) == ("practice_changed", "Agreed in May.")
    now_is = clinic.get(f"/protocol/drafts/{checks['id']}")["checks"]
    assert now_is["ready"]
    assert [(one["code"], one["retired_by"]) for one in now_is["golden"]["retired"]] == [
        ("CLINIC0001", NURSE.id)
    ]
    published = post(clinic, f"/drafts/{checks['id']}/publish", {}, PROVIDER, version=checks["version"])
    assert published.status_code == 201, published.text
    newest = clinic.get("/protocol/versions")["items"][0]
    assert (newest["failing_cases"], newest["retired_cases"]) == ([], ["CLINIC0001"])
    # The version after it was never asked: nothing is said of it again.
    assert clinic.get(f"/protocol/drafts/{draft_with(clinic)['id']}")["checks"]["golden"]["retired"] == []
    with clinic.session() as session:
        told = select(AuditEntry.reason, AuditEntry.details).where(AuditEntry.action == "retire_golden_case")
        assert session.execute(told).one() == ("practice_changed", {"code": "CLINIC0001"})


def test_who_may_not_and_what_is_refused(clinic: Clinic) -> None:
    assert post(clinic, "/drafts", {"title": "x"}, FRONT_DESK).status_code == 403
    draft = draft_with(clinic)
    items = f"/drafts/{draft['id']}/items"
    body = {"section": "rules", "id": "PT4", "item": None}
    assert post(clinic, items, body).status_code == 428
    assert post(clinic, items, body, version=99).status_code == 412
    assert post(clinic, items, {**body, "section": "secrets"}, version=1).status_code == 422
    assert clinic.call("GET", "/protocol/versions/0").status_code == 404
    assert clinic.call("GET", "/protocol/versions/x").status_code == 404
    assert (
        post(clinic, "/golden-cases", {"title": "x", "answers": {"nope": 1}, "expected": {}}).status_code
        == 422
    )
    ended = post(clinic, f"/drafts/{draft['id']}/discard", {}, version=1)
    assert ended.json["state"] == "discarded"
    assert post(clinic, items, body, version=2).json["code"] == "draft_ended"
