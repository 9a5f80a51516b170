"""Derived values, review causes and the ranking by typed inputs: unchanged there and back, refused without loss."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from kernel.contracts.protocol import shipped_document
from kernel.evidence import compile_protocol
from kernel.ids import new_id
from services.dashboard.queries.protocol import find_item, items_of
from services.dashboard.rules.clause_form import rows_of
from services.dashboard.rules.derived_form import KINDS, derived_words, read_derived
from services.dashboard.rules.item_forms import fresh_item
from services.dashboard.rules.ranking_form import moved, read_ranking
from services.dashboard.rules.review_form import read_review, review_words
from services.referral.rules.item_places import with_item
from tests.dashboard.conftest import Browser, Dashboard
from tests.dashboard.open_draft import open_draft
from tests.dashboard.test_clause_form import posted

DRAFT = str(new_id())
DOCUMENT = shipped_document()
VARIABLES = {str(one["id"]): one for one in DOCUMENT["variables"]}
DERIVED = [one["id"] for one in items_of(DOCUMENT, "derived")]
REVIEWS = [one["id"] for one in items_of(DOCUMENT, "review_when")]
ORDERS = [one["id"] for one in items_of(DOCUMENT, "ranking")]
SAVE = {"version": "4", "key": "k1", "press": "save"}


def form_of(item: dict[str, Any], section: str) -> dict[str, list[str]]:
    """What a browser sends for the page of an item as it stands."""
    form = {name: [str(value)] for name, value in item.items() if isinstance(value, str | int | float)}
    if "when" in item:
        form |= posted(rows_of(item["when"], VARIABLES, "when"))
    if section == "derived":
        form |= {name: item[name] for name in ("groups", "weekdays") if item.get(name)}
        if item["kind"] == "business_days_between":
            form["closed_on"] = ["\n".join(item["closed_on"])]
    elif section == "review_when":
        form |= {name: item[name] for name in ("actions", "except", "never_primary") if item.get(name)}
        form["asked"] = ["bars" if item["kind"] == "flag_bars_route" else ""]
    elif item["id"] == "probable_order":
        form["ranked"] = [code for rank in item["order"] for code in rank]
        form |= {f"rank.{code}": [str(n)] for n, rank in enumerate(item["order"], 1) for code in rank}
    else:
        form["shown"] = item["order"]
    return form


@pytest.mark.parametrize("name", DERIVED + REVIEWS + ORDERS)
def test_an_item_comes_back_unchanged_and_is_said_in_words(name: str) -> None:
    section = "derived" if name in DERIVED else "review_when" if name in REVIEWS else "ranking"
    item = find_item(DOCUMENT, section, name)
    assert item
    form = form_of(item, section)
    if section == "derived":
        assert read_derived(form, item, VARIABLES) == item
        assert "cannot say" not in derived_words(item)
    elif section == "review_when":
        assert read_review(form, item, VARIABLES) == item
        assert "cannot say" not in review_words(item)
    else:
        assert read_ranking(form, item) == {"order": item["order"], "source": item["source"]}
        assert with_item(DOCUMENT, "ranking", name, item) == DOCUMENT


@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS])
def test_every_kind_chosen_starts_as_something_the_compiler_takes(kind: str) -> None:
    document = shipped_document()
    document["variables"].append({"id": "tried", "type": "int", "min": 0, "max": 5000})
    variables = {str(one["id"]): one for one in document["variables"]}
    form = {"id": ["tried"], "kind": [kind], "from": ["hx_attacks_lifetime"]}
    made = read_derived(form, fresh_item("derived", variables), variables)
    compile_protocol(with_item(document, "derived", "tried", made))
    assert "cannot say" not in derived_words(made)


def test_an_order_is_moved_a_step_and_to_the_top() -> None:
    assert moved(["a", "b", "c"], "up:c") == ["a", "c", "b"]
    assert moved(["a", "b", "c"], "down:a") == ["b", "a", "c"]
    assert moved(["a", "b", "c"], "top:c") == ["c", "a", "b"]
    assert moved(["a", "b", "c"], "up:a") == ["a", "b", "c"]
    assert moved(["a"], "up:z") is None


@pytest.fixture
def nurse(clinic: Dashboard) -> Browser:
    """A nurse at an open draft of the shipped protocol."""
    open_draft(clinic, DRAFT, "Try a window")
    browser = clinic.signed_in("nurse")
    browser.get(f"/staff/protocol/drafts/{DRAFT}")
    return browser


def path(section: str, item_id: str) -> str:
    return f"/staff/protocol/drafts/{DRAFT}/{section}/{item_id}"


@pytest.mark.capability("T1")
def test_a_derived_window_a_review_cause_and_the_ranking_are_changed_by_form(
    clinic: Dashboard, nurse: Browser
) -> None:
    page = nurse.get(path("derived", "answers_age_business_days")).text
    assert "Business days from answered on to visit date; open on Monday" in page
    form = {"kind": "business_days_between", "from": "answered_on", "to": "visit_date", "status": "design"}
    more = {"weekdays": ["mon", "sat"], "closed_on": "2026-12-25\n2027-01-01"}
    assert (
        nurse.post(path("derived", "answers_age_business_days"), {**form, **more, **SAVE}).status_code == 303
    )
    sent = clinic.world.calls[-1]["body"]
    assert (sent["section"], sent["item"]["weekdays"]) == ("derived", ["mon", "sat"])
    assert sent["item"]["closed_on"] == ["2026-12-25", "2027-01-01"]

    cause = {"id": "never_a_child", "name": "Under five", "kind": "condition", "status": "design"}
    drawn = nurse.post(path("review_when", "new"), {**cause, "press": "retype"}).text
    assert 'name="when.variable"' in drawn
    asks = {"when.kind": "leaf", "when.variable": "age_years", "when.operator": "lt", "when.value": "5"}
    assert nurse.post(path("review_when", "new"), {**cause, **asks, **SAVE}).status_code == 303
    sent = clinic.world.calls[-1]["body"]
    assert (sent["section"], sent["id"]) == ("review_when", "never_a_child")
    assert sent["item"]["when"] == {"variable": "age_years", "operator": "lt", "value": 5}

    page = nurse.get(path("ranking", "probable_order")).text
    assert re.search(
        r'name="rank.ICHD_3_5_1"><option value="1">1, stays first</option><option value="2" selected', page
    )
    ranked = ["ICHD_1_5_1", "ICHD_1_5_2", "ICHD_3_5_1", "ICHD_2_4_1", "ICHD_2_4_2", "ICHD_2_4_3"]
    ranks = {f"rank.{code}": "1" if code == "ICHD_3_5_1" else "2" for code in ranked[:5]}
    assert (
        nurse.post(path("ranking", "probable_order"), {"ranked": ranked, **ranks, **SAVE}).status_code == 303
    )
    sent = clinic.world.calls[-1]["body"]
    assert (sent["section"], sent["id"]) == ("ranking", "probable_order")
    assert sent["item"]["order"] == [["ICHD_3_5_1"], ["ICHD_1_5_1", "ICHD_1_5_2", "ICHD_2_4_1", "ICHD_2_4_2"]]
    assert nurse.get(path("ranking", "new")).status_code == 404, "there are two orders"
    assert nurse.post(path("ranking", "new"), {"shown": ranked, **SAVE}).status_code == 404
    shown = items_of(DOCUMENT, "ranking")[1]["order"]
    up = nurse.post(path("ranking", "display_order"), {"shown": shown, "press": f"up:{shown[1]}"}).text
    assert re.findall(r'name="shown" value="([^"]+)"', up)[:2] == [shown[1], shown[0]]


def test_trying_shows_faults_findings_and_golden_cases_and_stores_nothing(
    clinic: Dashboard, nurse: Browser
) -> None:
    checks = {
        "problems": [],
        "golden": {
            "total": 387,
            "passed": 386,
            "failing": [
                {"code": "GC1", "title": "A child", "differences": {"route": {"expected": "x", "found": "y"}}}
            ],
        },
        "findings": [
            {"code": "not_asked", "severity": "warning", "items": ["MR5"], "message": "Nobody asks it."},
            {"code": "overlap", "severity": "note", "items": ["SC1"], "message": "Of another rule."},
        ],
    }
    clinic.world.extra["referral", "POST", f"protocol/drafts/{DRAFT}/checks"] = checks
    form = {"id": "MR5", "name": "Many days", "when.kind": "leaf", "when.variable": "med_days_any_acute"}
    form |= {"when.operator": "ge", "when.value": "9", "part": "when", "press": "check"}
    page = nurse.post(path("rules", "MR5"), form).text
    assert "1 of 387 golden cases would fail" in page
    assert "expected x, would be <b>y</b>" in page
    assert "<b>No questionnaire asks it</b><br>Nobody asks it." in page
    assert "Of another rule." not in page
    assert 'name="when.value" value="9"' in page
    call = clinic.world.calls[-1]
    assert (call["path"], call["body"]["item"]["when"]["value"]) == (f"/protocol/drafts/{DRAFT}/checks", 9)
    for section, name, more in (
        ("ranking", "probable_order", {"ranked": ["ICHD_3_5_1"], "rank.ICHD_3_5_1": "1"}),
        ("ranking", "display_order", {"shown": ["ICHD_1_3"]}),
        ("review_when", "age_under_18", {"kind": "condition", "name": "Young"}),
        ("derived", "med_months", {"kind": "list_max", "at_most": "24"}),
        ("tie_breaks", "1", {"primary": "surgical_consult"}),
        ("variables", "fever", {"type": "bool", "label_en": "Fever", "label_es": "Fiebre"}),
    ):
        answer = nurse.post(path(section, name), {**more, "press": "check", "version": "4", "key": "k5"})
        assert "1 of 387 golden cases would fail" in answer.text, (section, name)
    posted_to = {call["path"] for call in clinic.world.calls if call["method"] == "POST"}
    assert posted_to == {f"/protocol/drafts/{DRAFT}/checks"}
    clinic.world.away.add("referral")
    away = nurse.post(path("rules", "MR5"), form)
    assert away.status_code == 503
    assert 'name="when.value" value="9"' in away.text, "what was typed is kept for the next press"


def test_what_cannot_be_saved_says_why_and_keeps_what_was_typed(clinic: Dashboard, nurse: Browser) -> None:
    limit = {
        "id": "med_days_triptan",
        "kind": "list_sum",
        "at_most": "thirty",
        "groups": ["triptan", "opioid"],
    }
    refused = nurse.post(path("derived", "med_days_triptan"), {**limit, **SAVE})
    assert refused.status_code == 422
    assert "A limit is not a number." in refused.text
    assert 'value="thirty"' in refused.text
    assert 'value="opioid" checked' in refused.text

    rule = {"id": "MR5", "name": "Kept as typed", "part": "when", "when.kind": "leaf"}
    rule |= {"when.variable": "med_days_any_acute", "when.operator": "ge", "when.value": ""}
    refused = nurse.post(path("rules", "MR5"), {**rule, **SAVE})
    assert refused.status_code == 422
    assert "Type the number." in refused.text
    assert 'value="Kept as typed"' in refused.text

    taken = nurse.post(path("rules", "new"), {**rule, "when.value": "9", "route": "physical_therapy", **SAVE})
    assert taken.status_code == 422
    assert "There is a MR5 already." in taken.text
    assert not [call for call in clinic.world.calls if call["method"] == "POST"]

    world = clinic.world
    world.refusals = {f"protocol/drafts/{DRAFT}/items": (412, {"code": "changed", "title": "It changed."})}
    draft = world.extra["referral", "GET", f"protocol/drafts/{DRAFT}"]
    draft["version"] = 5
    again = nurse.post(path("rules", "MR5"), {**rule, "when.value": "9", **SAVE})
    assert again.status_code == 412
    assert "What you typed is kept below" in again.text
    assert 'value="Kept as typed"' in again.text
    assert 'name="version" value="5"' in again.text
    assert json.dumps(draft["document"]) == json.dumps(shipped_document())

    class ThenSilent(dict[str, Any]):
        """The owner refuses, and does not answer when the draft is read anew."""

        def __getitem__(self, key: str) -> Any:
            world.away.add("referral")
            return super().__getitem__(key)

    world.refusals = ThenSilent(world.refusals)
    silent = nurse.post(path("rules", "MR5"), {**rule, "when.value": "9", **SAVE})
    assert silent.status_code == 503
    assert 'name="name" value="Kept as typed"' in silent.text


class SentForm(HTMLParser):
    """What a browser would send of the page's typed form if nothing were touched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.inside, self.select, self.area = False, "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "form":
            self.inside = "item-form" in said.get("class", "")
        if not self.inside:
            return
        if tag == "input" and (said.get("type") != "checkbox" or "checked" in said):
            self.sent[name] = said.get("value", "")
        elif tag == "select":
            self.select = name
        elif tag == "option" and (self.select not in self.sent or "selected" in said):
            self.sent[self.select] = said["value"]
        elif tag == "textarea":
            self.area = name
            self.sent[name] = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.sent[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""
        elif tag == "form":
            self.inside = False


def test_the_rows_of_a_question_are_edited_by_their_fields(clinic: Dashboard, nurse: Browser) -> None:
    """Medicines: each column with its answers and limits, and which answers are counted together."""
    at = path("variables", "meds")
    fields = SentForm(nurse.get(at).text).sent
    assert fields["column.1.max"] == "31"
    assert "ergotamine: ergot, ergotamine" in fields["grouping.0.groups"]
    nurse.post(at, {**fields, "press": "save"})
    same = clinic.world.calls[-1]["body"]["item"]
    assert same == VARIABLES["meds"], "what is not touched stays as it was"
    changed = {
        **fields,
        "column.1.max": "30",
        "column.2.id": "",
        "column.2.type": "float",
        "column.3.id": "since",
        "column.3.type": "date",
        "grouping.0.groups": "triptan: triptan\nopioid: opioid, combination",
        "key": "rows-2",
        "press": "save",
    }
    assert nurse.post(at, changed).status_code == 303
    item = clinic.world.calls[-1]["body"]["item"]
    assert [one["id"] for one in item["fields"]] == ["class", "days_per_month", "since"]
    assert (item["fields"][1]["max"], item["fields"][2]) == (30, {"id": "since", "type": "date"})
    assert item["groupings"]["acute_class"]["groups"] == {
        "triptan": ["triptan"],
        "opioid": ["opioid", "combination"],
    }
    for wrong, words in (
        ({"column.1.max": "a colon"}, "A limit is not a number."),
        ({"grouping.0.groups": "triptan"}, "Write each group as a code"),
    ):
        refused = nurse.post(at, {**changed, **wrong})
        assert refused.status_code == 422
        assert words in refused.text
    plain = nurse.post(at, {**fields, "type": "bool", "key": "rows-3", "press": "save"})
    assert plain.status_code == 303
    assert not {"fields", "groupings"} & set(clinic.world.calls[-1]["body"]["item"])
