"""Everything that is asked of a template before it is saved: its placeholders, its words and what it costs."""

from dataclasses import dataclass

from services.notify.texts.health_words import blocking, lint_template
from services.notify.texts.placeholders import Language, TemplateError, check_template, worst_case
from services.notify.texts.segments import SegmentCount, count_segments, without_accents
from services.notify.texts.visit_placeholders import VISIT_PLACEHOLDERS

LONGEST_MAIL = 5_000
LONGEST_SUBJECT = 120


@dataclass(frozen=True, slots=True)
class WordingCheck:
    """`refusals` and `warnings` are (field, code, what) triples. `cost`: of the dearest text it can become (SMS only).

    `without_accents`: the same words in the cheap alphabet, when that would help.
    """

    refusals: tuple[tuple[str, str, str], ...]
    warnings: tuple[tuple[str, str, str], ...]
    cost: SegmentCount | None
    dearest: str
    without_accents: str


def check_wording(channel: str, language: Language, subject: str, body: str) -> WordingCheck:
    """Check a template of `channel`; it may be saved when there are no refusals."""
    refusals: list[tuple[str, str, str]] = []
    warnings: list[tuple[str, str, str]] = []
    parts = [("body", body)] + ([("subject", subject)] if channel == "email" else [])
    for field, words in parts:
        _check_part(field, words, refusals, warnings)
    if channel == "email":
        if len(body) > LONGEST_MAIL or len(subject) > LONGEST_SUBJECT:
            refusals.append(("body", "too_long", ""))
        return WordingCheck(tuple(refusals), tuple(warnings), None, "", "")
    if any(
        code in ("empty", "unknown_placeholder", "stray_brace", "control_character")
        for _, code, _ in refusals
    ):
        return WordingCheck(tuple(refusals), tuple(warnings), None, "", "")
    dearest = worst_case(body, language, VISIT_PLACEHOLDERS)
    cost = count_segments(dearest)
    cheaper = without_accents(body)
    if cost.encoding == "UCS-2":
        refusals.append(("body", "outside_gsm_alphabet", "".join(cost.outside_gsm)))
    if cost.segments > 1:
        refusals.append(("body", "more_than_one_segment", str(cost.units)))
    return WordingCheck(tuple(refusals), tuple(warnings), cost, dearest, cheaper if cheaper != body else "")


def _check_part(
    field: str,
    words: str,
    refusals: list[tuple[str, str, str]],
    warnings: list[tuple[str, str, str]],
) -> None:
    # An e-mail's paragraphs are line breaks, which a text must not have.
    try:
        check_template(words, VISIT_PLACEHOLDERS)
    except TemplateError as error:
        refusals.extend((field, code, what) for code, what in error.problems)
    findings = lint_template(words)
    blocked = blocking(findings)
    refusals.extend((field, f"health_{finding.rule}", finding.words) for finding in blocked)
    warnings.extend((field, finding.rule, finding.words) for finding in findings if finding not in blocked)
