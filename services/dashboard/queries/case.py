"""One referral with everything its page shows, in the shape the page reads."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kernel.context import Actor
from kernel.ids import parse_id
from services.dashboard.owners import Owners


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
    labels: dict[str, str]
    answers: list[dict[str, Any]]
    flags: list[Fired] = field(default_factory=list)
    rules: list[Fired] = field(default_factory=list)
    diagnoses: list[Fired] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
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
    def may_book(self) -> bool:
        return "book" in self.allowed or self.raw.get("state") in {"accepted", "to_book"}


def read_case(owners: Owners, actor: Actor, referral_id: UUID) -> Case:
    """Return the case; raises `OwnerAway` or `OwnerRefused`."""
    raw = owners.get("referral", f"/referrals/{referral_id}", actor)
    decision = raw.get("decision") or {}
    evidence = decision.get("evidence") or {}
    answers = _answers(raw.get("answers"))
    labels = {str(k): str(v) for k, v in (raw.get("labels") or {}).items()}
    labels |= {str(one["variable"]): str(one["label"]) for one in answers if one.get("label")}
    return Case(
        raw=raw,
        patient_id=parse_id(str(raw.get("patient_id", ""))),
        allowed=allowed_deeds(raw.get("allowed_moves")),
        labels=labels,
        answers=answers,
        flags=_fired(decision.get("red_flags"), evidence.get("red_flags")),
        rules=_fired(decision.get("rules"), evidence.get("rules")),
        diagnoses=_diagnoses(decision.get("diagnoses"), evidence.get("diagnoses")),
        questions=_questions(decision, labels),
        near_misses=list(decision.get("near_misses") or raw.get("near_misses") or []),
        timeline=list(raw.get("timeline") or []),
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
    return [one for one in given or [] if isinstance(one, dict) and one.get("variable")]


def _fired(items: Any, trees: Any) -> list[Fired]:
    return [
        Fired(
            str(one.get("id")),
            str(one.get("name") or one.get("id")),
            one,
            (trees or {}).get(one.get("id")) or one.get("evidence"),
        )
        for one in items or []
        if isinstance(one, dict)
    ]


def _diagnoses(items: Any, trees: Any) -> list[Fired]:
    found = []
    for one in items or []:
        code = str(one.get("id"))
        tree = (trees or {}).get(code) or _family(code, trees or {})
        criteria = (tree or {}).get("criteria") or {}
        suspected = (tree or {}).get("suspected")
        whole = {"all": list(criteria.values()), "result": "true"} if criteria else suspected
        found.append(Fired(code, str(one.get("name") or ""), one, whole))
    return found


def _family(code: str, trees: dict[str, Any]) -> Any:
    """A probable diagnosis has no tree of its own: its evidence is that of the diagnosis it falls short of."""
    families = {"ICHD_1_5_1": "ICHD_1_1", "ICHD_1_5_2": "ICHD_1_2", "CGH_SUSPECTED": "ICHD_11_2_1"}
    return trees.get(families.get(code, ""))


def _questions(decision: dict[str, Any], labels: dict[str, str]) -> list[dict[str, Any]]:
    """Return what to ask, each variable once, red-flag questions first, with what it would settle."""
    told = decision.get("questions")
    if told:
        return [one if isinstance(one, dict) else {"variable": str(one)} for one in told]
    asked: dict[str, dict[str, Any]] = {}
    for kind in ("red_flag", "rule", "diagnosis"):
        for one in decision.get("unknown") or []:
            if not isinstance(one, dict) or one.get("kind") != kind:
                continue
            for variable in one.get("variables") or []:
                asked.setdefault(variable, {"variable": variable, "kind": kind, "settles": []})
                asked[variable]["settles"].append(one.get("id"))
    return list(asked.values())
