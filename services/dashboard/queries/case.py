"""One referral with everything its page shows, in the shape the page reads."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from kernel.context import Actor
from kernel.contracts.protocol import shipped_document
from kernel.ids import parse_id
from services.dashboard.owners import Owners
from services.dashboard.rules.clauses import diagnosis_name
from services.dashboard.rules.story import told_once

FALLS_SHORT_OF = {
    "ICHD_1_5_1": "ICHD_1_1",
    "ICHD_1_5_2": "ICHD_1_2",
    "ICHD_1_5_3": "ICHD_1_3",
    "ICHD_2_4_1": "ICHD_2_1",
    "ICHD_2_4_2": "ICHD_2_2",
    "ICHD_2_4_3": "ICHD_2_3",
    "ICHD_3_5_1": "ICHD_3_1",
    "CGH_SUSPECTED": "ICHD_11_2_1",
}


@dataclass(frozen=True)
class Fired:
    """A red flag, rule or diagnosis that is true, with the clause tree behind it."""

    id: str
    name: str
    says: dict[str, Any]
    evidence: dict[str, Any] | None


@dataclass(frozen=True)
class Case:
    """The referral as its owner told it (`raw`), with the decision taken apart for reading."""

    raw: dict[str, Any]
    patient_id: UUID | None
    allowed: list[str]
    asked: dict[str, str]
    answers: list[dict[str, Any]]
    flags: list[Fired] = field(default_factory=list)
    rules: list[Fired] = field(default_factory=list)
    diagnoses: list[Fired] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    unanswered: list[dict[str, Any]] = field(default_factory=list)
    near_misses: list[dict[str, Any]] = field(default_factory=list)
    timeline: list[dict[str, Any]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.raw.get("id", ""))

    @property
    def version(self) -> int:
        return int(self.raw.get("version") or 0)

    @property
    def decision(self) -> dict[str, Any]:
        return self.raw.get("decision") or {}

    @property
    def open_holds(self) -> list[dict[str, Any]]:
        return [hold for hold in self.raw.get("holds") or [] if not hold.get("cleared_at")]

    @property
    def open_warnings(self) -> list[dict[str, Any]]:
        """Warning signs the answers left open {id, name, asks}: until settled the patient may not book alone."""
        asks = {one.get("id"): one.get("variables") or [] for one in self.decision.get("unknown") or []}
        return [
            {
                "id": flag,
                "name": flag_name(flag),
                "asks": [self.asked.get(name, name) for name in asks.get(flag, [])],
            }
            for flag in self.raw.get("open_warnings") or []
        ]

    @property
    def ahead(self) -> list[dict[str, Any]]:
        """Its visits that can still be moved or cancelled, soonest first, those of a series aside."""
        visits = [one for one in self.raw.get("appointments") or [] if not one.get("series_id")]
        standing = [one for one in visits if one.get("state") in ("booked", "confirmed")]
        return sorted(standing, key=lambda one: str(one.get("starts_at")))

    @property
    def may_book(self) -> bool:
        return "book" in self.allowed or self.raw.get("state") in {"accepted", "to_book"}


def read_case(owners: Owners, actor: Actor, referral_id: UUID) -> Case:
    """Return the case; raises `OwnerAway` or `OwnerRefused`."""
    raw = owners.get("referral", f"/referrals/{referral_id}", actor)
    decision = raw.get("decision") or {}
    evidence = decision.get("evidence") or {}
    known = evidence.get("diagnoses") or {}
    answers = _answers(raw.get("answers"))
    asked = question_labels() | {
        name: _english(label, name)
        for name, label in (raw.get("labels") or {}).items()
        if _english(label, name)
    }
    return Case(
        raw=raw,
        patient_id=parse_id(str(raw.get("patient_id", ""))),
        allowed=allowed_deeds(raw.get("allowed_moves")),
        asked=asked,
        answers=answers,
        flags=_fired(decision.get("red_flags"), evidence.get("red_flags"), known),
        rules=_fired(decision.get("rules"), evidence.get("rules"), known),
        diagnoses=_diagnoses(decision.get("diagnoses"), evidence.get("diagnoses")),
        questions=_questions(decision),
        unanswered=_unanswered(decision),
        near_misses=list(decision.get("near_misses") or raw.get("near_misses") or []),
        timeline=told_once(raw.get("timeline") or []),
    )


def allowed_deeds(given: Any) -> list[str]:
    """Return deed names from a list of names or of objects that carry one."""
    deeds = []
    for one in given or []:
        name = (one.get("deed") or one.get("move") or "") if isinstance(one, dict) else one
        deeds.append(str(name).replace("-", "_"))
    return deeds


def _answers(given: Any) -> list[dict[str, Any]]:
    if isinstance(given, dict):
        return [{"variable": name, "value": value} for name, value in given.items()]
    rows = [one for one in given or [] if isinstance(one, dict) and one.get("variable")]
    return [{**one, "label": _english(one.get("label"), str(one["variable"]))} for one in rows]


def _english(label: Any, variable: str) -> str:
    """Return the English wording; a label that only repeats the variable's id is none."""
    words = str(label.get("en") or "") if isinstance(label, dict) else str(label or "")
    return "" if words == variable else words


@lru_cache(maxsize=1)
def question_labels() -> dict[str, str]:
    """Return variable to question in English, from the shipped protocol: what staff ask when an answer is missing."""
    return {
        str(one["id"]): _english(one.get("label"), str(one["id"]))
        for one in shipped_document()["variables"]
        if _english(one.get("label"), str(one["id"]))
    }


def _fired(items: Any, trees: Any, diagnoses: dict[str, Any]) -> list[Fired]:
    return [
        Fired(
            str(one.get("id")),
            str(one.get("name") or one.get("id")),
            one,
            _with_diagnoses((trees or {}).get(one.get("id")) or one.get("evidence"), diagnoses),
        )
        for one in items or []
        if isinstance(one, dict)
    ]


def _diagnoses(items: Any, trees: Any) -> list[Fired]:
    return [
        Fired(
            str(one.get("id")),
            str(one.get("name") or diagnosis_name(str(one.get("id")))),
            one,
            _criteria(str(one.get("id")), trees or {}),
        )
        for one in items or []
        if isinstance(one, dict)
    ]


def _criteria(code: str, trees: dict[str, Any]) -> dict[str, Any] | None:
    """Return the criteria behind a diagnosis; a probable or suspected one shows those of the diagnosis it nears."""
    tree = trees.get(FALLS_SHORT_OF.get(code, code)) or {}
    if code.endswith("_SUSPECTED") and tree.get("suspected"):
        suspected: dict[str, Any] = tree["suspected"]
        return suspected
    criteria = tree.get("criteria") or {}
    return {"all": list(criteria.values()), "result": "true"} if criteria else None


def _with_diagnoses(node: Any, diagnoses: dict[str, Any]) -> Any:
    """Return the tree with the criteria of each diagnosis found put under the clause that asks for it."""
    if not isinstance(node, dict):
        return node
    if "dx_any" in node:
        found = [_criteria(code, diagnoses) for code in node.get("found") or []]
        return {**node, "criteria": [one for one in found if one]}
    for group in ("all", "any", "of"):
        if group in node:
            return {**node, group: [_with_diagnoses(one, diagnoses) for one in node[group]]}
    for one in ("is", "not"):
        if one in node:
            return {**node, one: _with_diagnoses(node[one], diagnoses)}
    return node


def _questions(decision: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what to ask, each variable once, red-flag questions first, with what it would settle."""
    told = decision.get("questions")
    if told is not None:
        return [{**one, "settles": [str(item) for item in one.get("for") or []]} for one in told]
    return _unanswered(decision)


def _unanswered(decision: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every unanswered variable that keeps a flag, rule or diagnosis open, red flags first."""
    asked: dict[str, dict[str, Any]] = {}
    for kind in ("red_flag", "rule", "diagnosis"):
        for one in decision.get("unknown") or []:
            if not isinstance(one, dict) or one.get("kind") != kind:
                continue
            for variable in one.get("variables") or []:
                asked.setdefault(variable, {"variable": variable, "kind": kind, "settles": []})
                asked[variable]["settles"].append(one.get("id"))
    return list(asked.values())


@lru_cache(maxsize=1)
def _flag_names() -> dict[str, str]:
    return {str(one["id"]): str(one["name"]) for one in shipped_document()["red_flags"]}


def flag_name(flag_id: object) -> str:
    """Return a red flag's name as the shipped protocol has it, or its id."""
    if flag_id == "earlier":
        return "Questions open since before warning signs were listed"
    return _flag_names().get(str(flag_id), str(flag_id))
