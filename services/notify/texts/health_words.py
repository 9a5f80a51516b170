"""The lint of text messages: a text may say when, where and whom to call, never why.

Anyone may read a phone over a shoulder, so a text names no diagnosis, symptom, treatment, specialty, way of care,
score, warning sign or questionnaire answer, in English or Spanish, and links only to a page that asks who is
there. Basis: minimum necessary for reminders; list of what a text must not hold in clinical/tables.yaml
(`reminders.sms_never_contains`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.notify.texts.folding import fold


class Level(StrEnum):
    """Whether a finding stops the text or only warns its author."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: the rule, the words as they stand in the text, and where."""

    rule: str
    level: Level
    words: str
    start: int
    end: int


# Written folded: no accents, lower case. A trailing `*` takes any ending.
_WORDS: dict[str, tuple[str, ...]] = {
    "diagnosis": (
        "headache*", "migrain*", "cluster", "tension type", "tension-type", "cervicogenic*", "neuralgia*", "diagnos*",
        "medication overuse", "whiplash", "herniat*", "stenosis", "radiculopath*", "myelopath*", "sciatica",
        "arthritis", "osteoarthritis", "disc", "disk", "pinched nerve*", "pregnan*", "depress*", "anxiet*", "anxious",
        "cefalea*", "dolor* de cabeza", "migran*", "jaqueca*", "cervicogenic*", "hernia*", "estenosis", "radiculopat*",
        "mielopat*", "ciatica", "artritis", "artrosis", "discos?", "latigazo", "embaraz*", "depresi*", "ansiedad",
    ),
    "symptom": (
        "pain(?:s|ful|kill[a-z]*)?", "ache*", "aching", "numb*", "tingl*", "nausea*", "vomit*", "dizz*", "aura",
        "spasm*", "weakness", "neck", "spine", "spinal", "low back", "lower back", "upper back", "bladder", "bowel*",
        "stiff*", "symptom*",
        "dolor*", "entumec*", "hormigue*", "nauseas", "mareo*", "cuello", "columna", "espalda", "vejiga", "intestin*",
        "cervical*", "lumbar*", "sintoma*", "rigidez",
        "hurt*", "fever*", "chills", "rash", "seizure*", "faint*", "vision", "eyesight", "blurred", "swollen",
        "sweats",
        "throw up", "blood", "weight loss", "immune", "arteritis", "aneurysm*", "osteoporosis", "kidney*", "ulcer*",
        "duele*", "fiebre", "escalofrio*", "convulsion*", "desmay*", "borroso", "hinchad[oa]s?", "sudor*", "debilidad",
        "presion arterial", "sangre", "aneurisma*", "rinon*", "ulcera*", "mandibula",
    ),
    "treatment": (
        "medication*", "medicine*", "prescri*", "opioid*", "triptan*", "sumatriptan", "ibuprofen*", "acetaminophen*",
        "aspirin*", "pills?", "meds", "steroid*", "botox", "injection*", "nerve block*", "infusion*", "surger*",
        "surgical*", "treatment*", "therap*",
        "rehab*", "mri", "ct scan*", "x-ray*", "x ray*", "imaging",
        "aspirina*", "pastillas?", "calmante*", "medicament*", "medicina*", "receta*", "opioide*", "inyeccion*",
        "infiltracion*", "bloqueo*", "cirug*",
        "quirurg*", "tratamiento*", "terapia*", "rehabilit*", "resonancia*", "tomografia*", "radiografia*",
    ),
    "route": (
        "physical therap*", "physiotherap*", "medication review", "surgical consult*", "triage*", "referral*",
        "referred to", "same day clinician", "urgent visit", "priority p[0-5]",
        "fisioterap*", "terapia fisica", "revision de medicament*", "consulta quirurgica", "triaje", "derivacion*",
        "remision*", "referido a", "referida a",
    ),
    "specialty": (
        "neurolog*", "neurosurg*", "surgeon*", "orthop*", "physiatr*", "psycholog*", "psychiatr*", "therapist*",
        "pain clinic*", "pain management", "specialist*", "chiropract*", "anesthesiolog*",
        "neurocirug*", "cirujan*", "ortoped*", "fisiatr*", "psicolog*", "psiquiatr*", "fisioterapeuta*",
        "terapeuta*", "especialista*", "quiropract*", "clinica del dolor",
    ),
    "score": (
        "score*", "phq-?[0-9]*", "gad-?[0-9]*", "hit-?6",
        "out of 10", "rating*", "severity", "severe(?! weather)", "results?",
        "puntaje*", "puntuacion*", "sobre 10", "gravedad", "severidad", "resultados?",
    ),
    "red_flag": (
        "red flag*", "warning sign*", "alarm sign*", "danger sign*", "cauda equina", "thunderclap", "stroke*",
        "suicid*", "self-harm", "self harm", "cancer*", "tumou?r*", "infection*", "fracture*", "emergency sign*",
        "bandera* roja*", "senal* de (?:alarma|alerta|peligro)", "cola de caballo", "derrame*", "ictus", "tumor*",
        "infeccion*", "fractura*", "autolesi*",
    ),
    "questionnaire": (
        "questionnaire*", "your answers?", "you answered", "you told us", "you reported", "screening*",
        "cuestionario*", "sus respuestas", "usted respondio", "usted indico", "usted reporto", "nos dijo", "tamizaje*",
    ),
}  # fmt: skip

# Only capitals carry these meanings: "pt" is also a measure, and Peg a person.
_CAPITALS = {
    "route": re.compile(r"(?<![A-Za-z])(?:PT|EMG|CT)(?![A-Za-z])"),
    "diagnosis": re.compile(r"(?<![A-Za-z])(?:MOH|CGH)(?![A-Za-z])"),
    "score": re.compile(r"(?<![A-Za-z])(?:MIDAS|NDI|ODI|NPRS|PEG|PROMIS|RMDQ)(?![A-Za-z])"),
}
_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|www\.)\S+|(?<![\w@.-])(?:[a-z0-9-]{1,63}\.){1,8}(?:com|org|net|health|care|us|io|co|info|link|ly|me|"
    r"app|dev|test|clinic|gov|edu)(?:/\S*)?(?![\w@])",
    re.IGNORECASE,
)
_GATE_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,}")
_END_OF_SENTENCE = ".,;:!?)»\"'"


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    alternatives = []
    for word in words:
        # Plain words and small patterns are mixed; only a trailing or inner `*` after a letter means any ending.
        alternatives.append(re.sub(r"(?<=[a-z])\*", "[a-z]*", word).replace(" ", r"[\s_-]+"))
    return re.compile(
        r"(?<![a-z0-9])(?:" + "|".join(sorted(alternatives, key=len, reverse=True)) + r")(?![a-z0-9])"
    )


_RULES = {rule: _pattern(words) for rule, words in _WORDS.items()}


def lint_text(
    text: str, *, gate_prefixes: Sequence[str] = (), names: Sequence[str] = (), sites: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """What `text` must not say, in the order it stands there.

    `gate_prefixes` are the beginnings of our links that end in a token and ask who is there; any other link is
    blocked. When one of `names` and one of `sites` both occur, that is a warning: together they tell who is a
    patient where. Names and sites are not read as words (Dolores is a person). Works on templates and on
    rendered texts alike: placeholders are skipped.
    """
    bare = re.sub(r"\{[a-z_]+\}", lambda match: " " * len(match[0]), text)
    for start, end in _places_of((*names, *sites), bare):
        bare = bare[:start] + " " * (end - start) + bare[end:]
    links = _links(bare, gate_prefixes)
    # A token is random letters, and some would read as a word.
    findings = [*links, *_forbidden(without_gates(bare, gate_prefixes)), *_who_and_where(text, names, sites)]
    return tuple(sorted(findings, key=lambda finding: (finding.start, finding.rule)))


def lint_template(template: str, *, gate_prefixes: Sequence[str] = ()) -> tuple[Finding, ...]:
    """`lint_text`, and a warning when the template puts a person's name beside a site."""
    name = re.search(r"\{(?:first_name|patient_name)\}", template)
    site = re.search(r"\{site_(?:name|address)\}", template)
    findings = list(lint_text(template, gate_prefixes=gate_prefixes))
    if name and site:
        findings.append(Finding("name_with_site", Level.WARN, name[0], name.start(), name.end()))
    return tuple(sorted(findings, key=lambda finding: (finding.start, finding.rule)))


def blocking(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those findings that forbid saving or sending."""
    return tuple(finding for finding in findings if finding.level is Level.BLOCK)


def _forbidden(text: str) -> list[Finding]:
    folded = fold(text)
    findings = []
    for rule, pattern in _RULES.items():
        for match in pattern.finditer(folded.text):
            start, end = folded.original_span(match.start(), match.end())
            findings.append(Finding(rule, Level.BLOCK, text[start:end], start, end))
    for rule, pattern in _CAPITALS.items():
        for match in pattern.finditer(text):
            findings.append(Finding(rule, Level.BLOCK, match[0], match.start(), match.end()))
    return findings


def _is_gate(link: str, gate_prefixes: Sequence[str]) -> bool:
    prefix = next((prefix for prefix in gate_prefixes if link.startswith(prefix)), None)
    return prefix is not None and _GATE_TOKEN.fullmatch(link[len(prefix) :]) is not None


def without_gates(text: str, gate_prefixes: Sequence[str]) -> str:
    """`text` with spaces where our own links stood, those that end in a token behind one of `gate_prefixes`."""

    def blank(match: re.Match[str]) -> str:
        link = match[0].rstrip(_END_OF_SENTENCE)
        return " " * len(link) + match[0][len(link) :] if _is_gate(link, gate_prefixes) else match[0]

    return _LINK.sub(blank, text)


def _links(text: str, gate_prefixes: Sequence[str]) -> list[Finding]:
    findings = []
    for match in _LINK.finditer(text):
        link = match[0].rstrip(_END_OF_SENTENCE)
        if not _is_gate(link, gate_prefixes):
            findings.append(
                Finding("link_without_gate", Level.BLOCK, link, match.start(), match.start() + len(link))
            )
    return findings


def _who_and_where(text: str, names: Sequence[str], sites: Sequence[str]) -> list[Finding]:
    who, where = _places_of(names, text), _places_of(sites, text)
    if not who or not where:
        return []
    start, end = who[0]
    return [Finding("name_with_site", Level.WARN, text[start:end], start, end)]


def _places_of(words: Sequence[str], text: str) -> list[tuple[int, int]]:
    """Where any of `words` stands in `text` as a whole word, whatever its accents and capitals."""
    folded = fold(text)
    places: list[tuple[int, int]] = []
    for word in words:
        plain = fold(word).text.strip()
        if plain:
            found = re.finditer(rf"(?<!\w){re.escape(plain)}(?!\w)", folded.text)
            places.extend(folded.original_span(*match.span()) for match in found)
    return sorted(places)
