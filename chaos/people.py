"""The patients of a run: each number is one person, whose name, phone and answers follow from it."""

from typing import Any

from local.demo.stories import STORIES

# What no log, broker key or address may ever hold: every name and mailbox of a run starts with it.
CANARY = "Zzkanari"
STORY_TURN = (
    "cervicogenic",
    "neck_pain",
    "low_back",
    "migraine",
    "tension",
    "cauda_equina",
    "sciatica_early",
    "few_answers",
)
# The protocol finds no route for these, so there is none to accept and no visit to book.
NO_ROUTE = frozenset({"few_answers"})
RED = frozenset({"cauda_equina", "thunderclap"})
# "" is nobody knows: then every US clock must allow it. In Honolulu it is night when the clinic opens.
ZONES = (
    "America/Chicago",
    "America/Chicago",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "Pacific/Honolulu",
    "America/Chicago",
    "",
)
SUBMITTERS = 2_010_000
TOLD = 6_010_000


def story(number: int) -> str:
    """Which story patient `number` tells."""
    return STORY_TURN[number % len(STORY_TURN)]


def phone(number: int, base: int = SUBMITTERS) -> str:
    return f"+1816{base + number}"


def zone(number: int) -> str:
    return ZONES[(number // len(STORY_TURN)) % len(ZONES)]


def patient(number: int, base: int = SUBMITTERS) -> dict[str, Any]:
    """The person as the API and the events take them; no two share a name, a phone or a mailbox."""
    person: dict[str, Any] = {
        "given_name": "Testa",
        "family_name": f"{CANARY}{base + number}",
        "birth_date": f"19{50 + number % 40}-0{1 + number % 9}-1{number % 9}",
        "phone": phone(number, base),
        "email": f"{CANARY.lower()}{base + number}@example.test",
    }
    if zone(number):
        person["time_zone"] = zone(number)
    return person


def submission(number: int) -> dict[str, Any]:
    """The body of submission `number`."""
    return {
        "patient": patient(number),
        "language": "es" if number % 4 == 0 else "en",
        "answers": STORIES[story(number)],
        "consent": {"sms": True, "email": True},
    }
