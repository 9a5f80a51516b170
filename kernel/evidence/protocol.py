"""A compiled protocol: variables, the network of clauses, and what can fire. Immutable once compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from kernel.evidence.clauses import Clause, Network
from kernel.evidence.derived import declare_derived
from kernel.evidence.diagnoses import Diagnosis, DiagnosisCompiler, Entry
from kernel.evidence.document import Reader, check_shape
from kernel.evidence.errors import FieldError, ProtocolError
from kernel.evidence.items import Flag, Modifier, Routing, Rule
from kernel.evidence.operators import Slots
from kernel.evidence.reading import read_variables
from kernel.evidence.routing_document import read_routing
from kernel.evidence.straight_line import slots_only
from kernel.evidence.truth import UNKNOWN
from kernel.evidence.variables import Variable, check_answers

_NOTED: Final = frozenset({"source", "status", "note", "label", "signoff"})
_FLAG_KEYS: Final = _NOTED | {"action", "priority", "to", "blocks", "show", "ack_minutes", "never_auto_close"}
_RULE_KEYS: Final = _NOTED | {"raises", "recheck_weeks"}
_DIAGNOSIS_KEYS: Final = _NOTED | {
    "code",
    "probable",
    "suspected",
    "suppresses",
    "coexists",
    "display_over",
    "subtypes",
    "definite_requires_staff",
}


@dataclass(frozen=True, eq=False)
class Protocol:
    """What `compile_protocol` gives back. Read it, never change it; safe to share between threads.

    Equal only to itself, so that what is computed once for a protocol can be kept by it.
    """

    id: str
    version: str
    document: Mapping[str, Any]
    variables: Mapping[str, Variable]
    clauses: tuple[Clause, ...]
    inputs: Mapping[str, int]
    values: Mapping[str, int]
    flags: tuple[Flag, ...]
    diagnoses: tuple[Diagnosis, ...]
    entries: tuple[Entry, ...]
    rules: tuple[Rule, ...]
    modifiers: tuple[Modifier, ...]
    routing: Routing
    #: Per slot, the bits of the input variables it can depend on.
    reads: tuple[int, ...] = ()
    bits: Mapping[str, int] = field(default_factory=dict)
    #: Slots and truth values when nothing at all is answered.
    blank: tuple[Any, ...] = ()
    flag_slots: tuple[int, ...] = ()

    def check_answers(self, answers: object) -> tuple[dict[str, Any], list[FieldError]]:
        """Typed answers and refused fields; see `kernel.evidence.variables.check_answers`."""
        return check_answers(self.variables, answers)

    def fill(self, answers: Mapping[str, Any]) -> Slots:
        """All slots evaluated for typed answers."""
        return self._slots_of(answers)

    @cached_property
    def _slots_of(self) -> Callable[[Mapping[str, Any]], Slots]:
        return slots_only(self.clauses, self.inputs)


def compile_protocol(document: Mapping[str, Any]) -> Protocol:
    """Compile a protocol document; `ProtocolError` lists every problem found, each with its path.

    Refused: unknown variables, operators, references and diagnoses; values of the wrong type or not of
    the variable; references in a circle; an id used twice; missing or unknown keys; oversize documents.
    """
    problems = check_shape(document)
    if problems:
        raise ProtocolError(problems)
    reader = Reader(document)
    for key in ("id", "version"):
        if not isinstance(document.get(key), str):
            reader.refuse(key, "missing", "a text is needed")
    variables = read_variables(reader)
    diagnoses = _read_diagnoses(reader)
    flags = reader.objects(
        document, "red_flags", "red_flags", needs={"id": str, "name": str, "when": dict}, allows=_FLAG_KEYS
    )
    routes = reader.section("routes")
    rules = reader.objects(
        routes,
        "rules",
        "routes.rules",
        needs={"id": str, "name": str, "route": str, "priority": str, "when": dict},
        allows=_RULE_KEYS,
    )
    modifiers = reader.objects(
        routes,
        "modifiers",
        "routes.modifiers",
        needs={"id": str, "add": str, "when": dict},
        allows=_NOTED | {"name"},
    )
    if reader.problems:
        raise ProtocolError(reader.problems)
    network = Network(variables)
    declare_derived(
        network, document.get("derived", []) if isinstance(document.get("derived", []), list) else [None]
    )
    for listed in (flags, rules, modifiers):
        for item in listed:
            network.named[f"{item['id']}.when"] = _when(network, item)
    compiler = DiagnosisCompiler(network, diagnoses, reader.section("ranking"))
    routing = read_routing(reader, network, rules)
    compiled_flags = tuple(_flag(reader, network, routing, item) for item in flags)
    found, entries = compiler.finish()
    compiled_rules = tuple(_rule(reader, network, routing, item) for item in rules)
    compiled_modifiers = tuple(Modifier(m["id"], _slot(network, m), m["add"], m) for m in modifiers)
    for name in network.derivations:
        network.values[name] = network.value_of(name, f"derived {name}")
    if network.problems or reader.problems:
        raise ProtocolError([*reader.problems, *network.problems])
    bits = {name: 1 << place for place, name in enumerate(network.inputs)}
    reads = _reads(network.clauses, bits)
    return Protocol(
        id=document["id"],
        version=document["version"],
        document=document,
        variables=variables,
        clauses=tuple(network.clauses),
        inputs=dict(network.inputs),
        values=dict(network.values),
        flags=compiled_flags,
        diagnoses=found,
        entries=entries,
        rules=compiled_rules,
        modifiers=compiled_modifiers,
        routing=routing,
        reads=reads,
        bits=bits,
        blank=_blank(network.clauses),
        flag_slots=_below([flag.slot for flag in compiled_flags], network.clauses),
    )


def _read_diagnoses(reader: Reader) -> list[Any]:
    listed = reader.objects(
        reader.document,
        "diagnoses",
        "diagnoses",
        needs={"id": str, "name": str, "criteria": list, "definite": list},
        allows=_DIAGNOSIS_KEYS,
    )
    good = []
    for index, entry in enumerate(listed):
        path = f"diagnoses[{index}]"
        before = len(reader.problems)
        criteria = [c.get("id") if isinstance(c, Mapping) else None for c in entry["criteria"]]
        if not all(isinstance(one, str) for one in criteria) or len(set(criteria)) != len(criteria):
            reader.refuse(f"{path}.criteria", "wrong_value", "every criterion needs an id of its own")
        reader.texts(entry, "definite", path)
        reader.texts(entry, "suppresses", path)
        reader.objects(
            entry,
            "subtypes",
            f"{path}.subtypes",
            needs={"id": str, "when": dict},
            allows=_NOTED | {"name"},
        )
        for key, needs in (
            ("probable", {"id": str, "all_but_one_of": list}),
            ("suspected", {"id": str, "when": dict}),
        ):
            if key in entry:
                reader.objects(
                    {"one": [entry[key]]}, "one", f"{path}.{key}", needs=needs, allows=_NOTED | {"name"}
                )
        if len(reader.problems) == before:
            good.append(entry)
    return good


def _when(network: Network, item: Mapping[str, Any]) -> Any:
    return lambda: network.condition(item["when"], f"{item['id']}.when")


def _slot(network: Network, item: Mapping[str, Any]) -> int:
    name = f"{item['id']}.when"
    return network.resolve(name, network.named[name], name)


def _flag(reader: Reader, network: Network, routing: Routing, item: Mapping[str, Any]) -> Flag:
    action, name = item.get("action"), item["id"]
    if action is not None and (not isinstance(action, str) or action not in routing.action_route):
        reader.refuse(f"{name}.action", "wrong_value", f"no action {action!r}")
    priority = item.get("priority", routing.action_priority.get(action) if isinstance(action, str) else None)
    if priority is not None and priority not in routing.priorities:
        reader.refuse(f"{name}.priority", "wrong_value", f"no priority {priority!r}")
    to = item.get("to")
    if to is not None and to not in routing.order:
        reader.refuse(f"{name}.to", "wrong_value", f"no route {to!r}")
    return Flag(
        name, _slot(network, item), action, priority, to, tuple(reader.texts(item, "blocks", name)), item
    )


def _rule(reader: Reader, network: Network, routing: Routing, item: Mapping[str, Any]) -> Rule:
    name = item["id"]
    if item["route"] not in routing.order:
        reader.refuse(f"{name}.route", "wrong_value", f"no route {item['route']!r}")
    raises = []
    listed = reader.objects(
        item, "raises", f"{name}.raises", needs={"to": str, "when": dict}, allows=_NOTED, unique=False
    )
    for index, part in enumerate(listed):
        raises.append((part["to"], network.condition(part["when"], f"{name}.raises[{index}].when")))
    for priority in (item["priority"], *(to for to, _ in raises)):
        if priority not in routing.priorities:
            reader.refuse(f"{name}.priority", "wrong_value", f"no priority {priority!r}")
    return Rule(name, _slot(network, item), item["route"], item["priority"], tuple(raises), item)


def _reads(clauses: list[Clause], bits: Mapping[str, int]) -> tuple[int, ...]:
    reads: list[int] = []
    for clause in clauses:
        mask = bits[clause.says["variable"]] if clause.kind == "answer" else 0
        for child in clause.children:
            mask |= reads[child]
        reads.append(mask)
    return tuple(reads)


def _blank(clauses: list[Clause]) -> tuple[Any, ...]:
    slots: Slots = []
    for clause in clauses:
        slots.append(clause.test(slots))
    return tuple(slots)


def _below(slots: list[int], clauses: list[Clause]) -> tuple[int, ...]:
    """The slots needed to compute ``slots``, in order, answers left out."""
    needed: set[int] = set()
    pending = list(slots)
    while pending:
        slot = pending.pop()
        if slot not in needed:
            needed.add(slot)
            pending.extend(clauses[slot].children)
    return tuple(sorted(slot for slot in needed if clauses[slot].kind != "answer"))


__all__ = ["UNKNOWN", "Protocol", "compile_protocol"]
