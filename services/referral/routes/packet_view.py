"""A case, cut to its reader as on the case page, as the outgoing packet says it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kernel.evidence import Protocol
from services.referral.model.referral import Referral
from services.referral.model.schedule import Site
from services.referral.rules.packet import Packet, answer_lines, found_lines, value_words, words

LANGUAGES = {"en": "English", "es": "Spanish"}
CONFIRMING = ("move_accept", "move_redirect")


def packet_of(
    case: Mapping[str, Any],
    referral: Referral,
    protocol: Protocol,
    sites: Sequence[Site],
    zone: ZoneInfo,
) -> Packet:
    """Return the packet of `case` (`case_json` for the reader, answers included). Times are shown in `zone`."""
    decision, evidence = case["decision"], case["decision"].get("evidence") or {}
    labels = case["labels"] or {}
    diagnoses = decision.get("diagnoses") or []
    said, rests_on = _diagnoses(protocol)
    criteria = evidence.get("diagnoses") or {}
    trees = {one["id"]: criteria.get(rests_on.get(one["id"], one["id"])) for one in diagnoses}
    flags = decision.get("red_flags") or []
    fired = {flag["id"] for flag in flags}
    names = {flag.id: str(flag.document["name"]) for flag in protocol.flags}
    unknown = [one["id"] for one in decision.get("unknown") or [] if one.get("kind") == "red_flag"]
    return Packet(
        title="Referral",
        patient=_patient(case, referral),
        contact=_contact(case, sites),
        route=words(case["route"]),
        priority=str(case["priority"]),
        standing=_standing(case, zone),
        facts=_facts(case, decision, zone),
        red_flags=found_lines(flags, evidence.get("red_flags") or {}, labels, said),
        rules=found_lines(decision.get("rules") or [], evidence.get("rules") or {}, labels, said),
        diagnoses=found_lines(diagnoses, trees, labels, said),
        open_questions=[_english(one, labels) for one in decision.get("questions") or []],
        answers=answer_lines(case["answers"] or []),
        visits=[_visit(one, sites, zone) for one in case["appointments"]],
        notes=[(_when(one["returned_at"], zone), str(one["text"])) for one in case["notes"] or []],
        unjudged=[names.get(one, one) for one in dict.fromkeys(unknown) if one not in fired],
    )


def _patient(case: Mapping[str, Any], referral: Referral) -> list[tuple[str, str]]:
    patient = referral.patient.reveal() if referral.patient else {}
    born = f"{patient.get('birth_date', '')} ({case['patient']['age']} years)"
    reach = [("Phone", patient.get("phone")), ("E-mail", patient.get("email"))]
    language = str(patient.get("language") or "")
    return [
        ("Name", str(case["patient"]["name"])),
        ("Born", born),
        ("Language", LANGUAGES.get(language, language)),
        *((label, str(value)) for label, value in reach if value),
    ]


def _contact(case: Mapping[str, Any], sites: Sequence[Site]) -> list[tuple[str, str]]:
    """The clinic's side: the referral's site, or every site's phone while none is chosen; and who answers for it."""
    chosen = [site for site in sites if site.id == (case["site"] or case["preferred_site"])]
    lines = [(site.name, f"{site.address}, {site.phone}") for site in chosen]
    if not chosen:
        lines = [(site.name, site.phone) for site in sites]
    owner = (case["owner"] or {}).get("name") or "nobody yet"
    return [*lines, ("Responsible", str(owner))]


def _standing(case: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Who confirmed the route, or that nobody has: a proposal must not be read as a clinician's word."""
    made = [one for one in case["timeline"] if one["text_code"] in CONFIRMING]
    if not made:
        return "Proposed by the protocol. No person has confirmed it yet."
    last = made[-1]
    who = last["actor"] or {}
    return f"Confirmed by {who.get('name') or who.get('id')} ({words(who.get('role'))}), {_when(last['at'], zone)}."


def _facts(case: Mapping[str, Any], decision: Mapping[str, Any], zone: ZoneInfo) -> list[tuple[str, str]]:
    secondary = ", ".join(words(one) for one in case["secondary_routes"])
    return [
        *([("Also", secondary)] if secondary else []),
        ("State", words(case["state"])),
        *([("Due", _when(case["due_at"], zone))] if case["due_at"] else []),
        ("Answered", _when(case["submitted_at"] or case["created_at"], zone)),
        ("Protocol", f"version {decision['protocol_version']}, decided {_when(decision['made_at'], zone)}"),
        *([("Outcome", words(case["outcome"]))] if case["outcome"] else []),
    ]


def _diagnoses(protocol: Protocol) -> tuple[dict[str, str], dict[str, str]]:
    """Return each diagnosis's name by id, and for a probable or suspected one the diagnosis whose criteria it nears."""
    names: dict[str, str] = {}
    rests_on: dict[str, str] = {}
    for one in protocol.document["diagnoses"]:
        names[one["id"]] = f"{one['name']} (ICHD-3 {one['code']})" if one.get("code") else str(one["name"])
        for lesser in (one.get("probable"), one.get("suspected")):
            if lesser and lesser.get("id"):
                names[lesser["id"]] = str(lesser.get("name") or lesser["id"])
                rests_on[lesser["id"]] = one["id"]
    return names, rests_on


def _english(question: Mapping[str, Any], labels: Mapping[str, Any]) -> str:
    label = question.get("label") or labels.get(question["variable"]) or {}
    return str(label.get("en") or words(question["variable"]))


def _visit(visit: Mapping[str, Any], sites: Sequence[Site], zone: ZoneInfo) -> tuple[str, str]:
    site = next((one for one in sites if one.id == visit["site"]), None)
    at = _when(visit["starts_at"], zone if site is None else ZoneInfo(site.time_zone))
    where = visit["site"] if site is None else site.name
    return at, f"{value_words(visit['visit_type'])}, {where}, {words(visit['state'])}"


def _when(given: str | None, zone: ZoneInfo) -> str:
    if not given:
        return ""
    return f"{datetime.fromisoformat(given).astimezone(zone):%Y-%m-%d %H:%M %Z}"
