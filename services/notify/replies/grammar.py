"""Reads a patient's text by rules: what it means, which rule said so, and what must not happen next.

The order of the rules is the order of harm: an opt-out word first, then machines, then danger, then the codes.
What no rule knows goes to a person, and nothing more is texted until that person has read it.

Decided here, because the words leave it open:
- `CANCEL` is an opt-out word by law and a patient's word for the visit: it opts out **and** staff ask about the visit.
  `CANCEL my appointment` speaks of the visit only: cannot come, with a hold until staff have read it.
- `YES`, `SÍ`, `OK` confirm nothing: they answer a question we may not have asked. `CONFIRMO` and `CONFIRM` do.
- `PARA` and `FIN` alone opt out: a wrong opt-out is undone by START, a missed one is a breach.
- `STOP` as a clause of its own ("Stop. Who is this?") opts out, and staff read the rest.
- A plea in the person's own words ("please don't text me") is read by staff, with a hold, as is anything doubtful.
- A code counts when it stands first or after a yes: in "thanks, C" the letter may be a name.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from services.notify.replies import signs, words
from services.notify.replies.time_hint import Language, TimeHint, time_hint
from services.notify.texts.folding import fold

_LONGEST = 1600
_APOSTROPHES = re.compile(r"['’`´]")  # typed apart from their letters they would split a word
_NOT_A_WORD = re.compile(r"[^\w]+|_")
_CLAUSE_END = re.compile(r"[.!,;:\n]+")
_RATING = re.compile(r"(?:10|\d)(?:\s*/\s*10)?")


class Meaning(StrEnum):
    """What a reply asks for."""

    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    CANNOT_COME = "cannot_come"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"
    INBOX = "inbox"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply as read.

    rule: what decided, stored with the reply. hold: send this number nothing more (but an answer to this reply)
    until staff have read it. staff_task: someone must act on the visit. urgent: read before all others. answer:
    whether we may answer by ourselves; never a machine, so no two machines write to each other. time: a wish for
    another time. rating: a bare number from 0 to 10; while a 0-10 question is open it is the answer, and no hold.
    """

    meaning: Meaning
    rule: str
    hold: bool = False
    staff_task: bool = False
    urgent: bool = False
    answer: bool = False
    time: TimeHint | None = None
    rating: int | None = None


def parse_reply(text: str, language: Language) -> Parsed:
    """Read `text`; never raises. `language` is the patient's, used only where the two share a spelling."""
    plain = fold(_APOSTROPHES.sub("", text[:_LONGEST])).text
    tokens = _tokens(plain)
    if not tokens:
        return Parsed(Meaning.INBOX, "no_words", hold=bool(text.strip()))
    core = _without_fillers(tokens)
    phrase = " ".join(core)
    keyword = _keyword(tokens, core, language) or _opt_out_clause(plain)
    if keyword is not None:
        return keyword
    if signs.is_automatic(plain):
        return Parsed(Meaning.AUTOMATIC, "automatic_reply")
    if signs.is_reaction(plain):
        return Parsed(Meaning.INBOX, "reaction")
    if signs.is_urgent(plain):
        return Parsed(Meaning.INBOX, "urgent_words", hold=True, urgent=True)
    if signs.asks_to_stop(plain):
        return Parsed(Meaning.INBOX, "free_text_opt_out", hold=True)
    if signs.is_wrong_number(plain):
        return Parsed(Meaning.INBOX, "wrong_number", hold=True)
    hint = time_hint(plain, language)
    return (
        _about_visit(phrase)
        or _small_talk(tokens, phrase)
        or _code(tokens, hint)
        or _rating(plain)
        or Parsed(Meaning.INBOX, "free_text" if hint is None else "time_wish", hold=True, time=hint)
    )


def _tokens(plain: str) -> list[str]:
    return [token for token in _NOT_A_WORD.split(plain) if token]


def _without_fillers(tokens: list[str]) -> list[str]:
    """The message between its courtesies; a message of courtesies alone stays whole."""
    start, end = 0, len(tokens)
    while start < end and tokens[start] in words.FILLERS:
        start += 1
    while end > start and tokens[end - 1] in words.FILLERS:
        end -= 1
    return tokens[start:end] or tokens


def _keyword(tokens: list[str], core: list[str], language: Language) -> Parsed | None:
    """The words that act by themselves: opt-out, opt-in, help."""
    for phrase, how in _spellings(core):
        if phrase in words.OPT_OUT or (language == "es" and phrase in words.OPT_OUT_SPANISH_ONLY):
            return Parsed(Meaning.OPT_OUT, f"opt_out_{how}", answer=True)
        if phrase in words.OPT_OUT_AND_ASK:
            return Parsed(Meaning.OPT_OUT, f"cancel_{how}", staff_task=True, answer=True)
        if phrase in words.OPT_IN:
            return Parsed(Meaning.OPT_IN, f"opt_in_{how}", answer=True)
        if phrase in words.HELP:
            return Parsed(Meaning.HELP, f"help_{how}", answer=True)
    rest = core[1:]
    if core[0] in words.STOP_FIRST and any(token in words.ABOUT_TEXTS for token in rest):
        allowed = words.ABOUT_TEXTS | words.SMALL_WORDS | words.FILLERS
        if all(token in allowed for token in rest):
            return Parsed(Meaning.OPT_OUT, "opt_out_of_texts", answer=True)
    if " ".join(_without_wishes(core)) in words.STRONG_OPT_OUT:
        return Parsed(Meaning.OPT_OUT, "opt_out_softened", answer=True)
    if len(set(tokens)) == 1 and tokens[0] in words.OPT_OUT:
        return Parsed(Meaning.OPT_OUT, "opt_out_repeated", answer=True)
    return None


def _opt_out_clause(plain: str) -> Parsed | None:
    """An opt-out word that is a whole clause of a longer message; staff read the rest."""
    for clause in _CLAUSE_END.split(plain):
        if " ".join(_without_wishes(_without_fillers(_tokens(clause)))) in words.STRONG_OPT_OUT:
            return Parsed(Meaning.OPT_OUT, "opt_out_clause", hold=True, answer=True)
    return None


def _without_wishes(core: list[str]) -> list[str]:
    """`I want to stop`, `ok stop now`: the words between."""
    start, end = 0, len(core)
    while start < end and core[start] in words.SOFT_WORDS:
        start += 1
    while end > start and core[end - 1] in words.SOFT_WORDS:
        end -= 1
    for wish in words.WISHES:
        if tuple(core[start : start + len(wish)]) == wish:
            start += len(wish)
    return core[start:end]


def _spellings(core: list[str]) -> list[tuple[str, str]]:
    """The phrase as written, then as it may have been meant: spaced, digits for letters, letters held down."""
    phrase = " ".join(core)
    spellings = [(phrase, "word")]
    if len(core) > 2 and all(len(token) == 1 for token in core):
        spellings.append(("".join(core), "spaced"))
    if re.search(r"[a-z]", phrase) and re.search(r"[05]", phrase):
        spellings.append((phrase.translate(str.maketrans("05", "os")), "digits"))
    single = re.sub(r"([a-z])\1+", r"\1", phrase)
    if single != phrase:
        spellings.append((single, "stretched"))
    return spellings


def _about_visit(phrase: str) -> Parsed | None:
    """Whole phrases that say what a code would say."""
    if phrase in words.CONFIRM:
        return Parsed(Meaning.CONFIRM, "confirm_phrase", answer=True)
    if phrase in words.RESCHEDULE:
        return Parsed(Meaning.RESCHEDULE, "reschedule_phrase", staff_task=True, answer=True)
    if phrase in words.CANNOT_COME:
        return Parsed(Meaning.CANNOT_COME, "cannot_come_phrase", staff_task=True, answer=True)
    if phrase in words.CANCEL_VISIT:
        return Parsed(Meaning.CANNOT_COME, "cancel_visit_phrase", hold=True, staff_task=True)
    return None


def _code(tokens: list[str], hint: TimeHint | None) -> Parsed | None:
    """C, R or X, first or after a yes, with nothing but courtesies behind it; R may carry a time."""
    codes = {token for token in tokens if token in words.CODES}
    if not codes:
        return None
    if len(codes) > 1:
        return Parsed(Meaning.INBOX, "two_codes", hold=True, time=hint)
    (code,) = codes
    place = tokens.index(code)
    before = words.BEFORE_C if code == "c" else words.BEFORE_CODE
    stands_first = all(token in before for token in tokens[:place])
    behind = [token for token in tokens[place:] if token != code]
    see_you = code == "c" and tokens[place + 1 : place + 2] in (["u"], ["ya"], ["you"])
    if stands_first and not see_you and all(token in words.AFTER_CODE for token in behind):
        if code == "c":
            return Parsed(Meaning.CONFIRM, "code_c", answer=True)
        meaning = Meaning.RESCHEDULE if code == "r" else Meaning.CANNOT_COME
        return Parsed(meaning, f"code_{code}", staff_task=True, answer=True)
    if stands_first and code == "r" and hint is not None:
        return Parsed(Meaning.RESCHEDULE, "code_r_with_time", staff_task=True, answer=True, time=hint)
    return Parsed(Meaning.INBOX, "code_in_text", hold=True, time=hint)


def _small_talk(tokens: list[str], phrase: str) -> Parsed | None:
    """A yes without a question, and thanks: reminders go on. A no may mean the visit: nothing more goes out."""
    whole = " ".join(tokens)
    if phrase in words.AFFIRMATIONS or whole in words.AFFIRMATIONS:
        return Parsed(Meaning.INBOX, "yes_alone")
    if phrase in words.NEGATIONS or whole in words.NEGATIONS:
        return Parsed(Meaning.INBOX, "no_alone", hold=True)
    if whole in words.COURTESIES or all(token in words.FILLERS for token in tokens):
        return Parsed(Meaning.INBOX, "courtesy")
    return None


def _rating(plain: str) -> Parsed | None:
    stripped = plain.strip(" .!")
    if not _RATING.fullmatch(stripped):
        return None
    return Parsed(Meaning.INBOX, "number", hold=True, rating=int(stripped.split("/")[0]))
