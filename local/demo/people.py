"""Sixty people who do not exist, and how far each has come when the demo opens."""

from dataclasses import dataclass
from datetime import date

GIVEN = (
    "Ana Ben Carla Dev Elena Frank Grace Hugo Irene Jamal Kate Luis Mina Noah Olga Pedro Quinn Rosa Sam Tara "
    "Uma Victor Wendy Ximena Yusuf Zoe Abel Bea Cole Dana Emil Flor Gus Hana Ivan June Kofi Lena Marta Nils "
    "Opal Pablo Rita Saul Tess Ugo Vera Walt Xavi Yara Zed Alma Bram Cruz Dora Enzo Faye Gil Hope Iker"
).split()
FAMILY = (
    "Alder Brook Castro Dunn Espinoza Ford Gaines Herrera Ibarra Jensen Knoll Lozano Meyer Nolan Ortega Price "
    "Quiroz Reed Salas Tran Ulloa Vance Weaver Yates Zamora Archer Boone Cortez Drake Ellis Fuentes Grant Hale "
    "Ines Joyce Kemp Lara Moss Nieto Owens Pope Rios Stone Trejo Unger Vega Wolfe York Zavala Abbott Bishop "
    "Cano Dale Estes Flynn Gamez Hurst Innes Jarvis Keller"
).split()
SITES = ("lees_summit", "grandview", "leawood", "paola", "garnett")
POSTCODES = {
    "lees_summit": "64063",
    "grandview": "64030",
    "leawood": "66206",
    "paola": "66071",
    "garnett": "66032",
}

# (story, stage, how many): what the staff meet when they log in for the first time.
PLAN = (
    ("cervicogenic", "booked", 6),
    ("migraine", "booked", 4),
    ("low_back", "booked", 4),
    ("neck_pain", "confirmed", 5),
    ("chronic_migraine_overuse", "confirmed", 3),
    ("sciatica_early", "arrived", 2),
    ("sciatica_early", "today", 1),
    ("tension", "today", 2),
    ("tension", "attended", 1),
    ("cervicogenic", "to_book", 3),
    ("cluster", "to_book", 2),
    ("migraine", "needs_triage", 3),
    ("neck_pain", "needs_triage", 3),
    ("clumsy_hands", "needs_triage", 2),
    ("new_headache_at_70", "needs_triage", 2),
    ("old_surgery_worse", "needs_triage", 2),
    ("skipped_bladder_question", "needs_triage", 2),
    ("few_answers", "asked", 2),
    ("tension", "deferred", 2),
    ("low_back", "declined", 1),
    ("migraine", "cancelled", 2),
    ("worsening_daily", "needs_triage", 2),
    ("cauda_equina", "needs_triage", 1),
    ("thunderclap", "needs_triage", 1),
    ("neck_pain", "opted_out", 1),
    ("low_back", "question_by_text", 1),
)


@dataclass(frozen=True)
class Person:
    """An invented patient; phone numbers are from the range kept for fiction."""

    given_name: str
    family_name: str
    birth_date: date
    phone: str
    email: str
    language: str
    postcode: str
    site: str
    story: str
    stage: str


def people() -> list[Person]:
    """Return the sixty, always the same."""
    stages = [(story, stage) for story, stage, count in PLAN for _ in range(count)]
    found = []
    for number, (story, stage) in enumerate(stages):
        site = SITES[number % len(SITES)]
        age = 71 if story == "new_headache_at_70" else 24 + (number * 7) % 41
        given, family = GIVEN[number], FAMILY[(number * 7) % len(FAMILY)]
        found.append(
            Person(
                given,
                family,
                date(2027 - age, 1 + number % 12, 1 + (number * 5) % 28),
                f"+1816555{100 + number:04d}" if number % 2 else f"+1913555{100 + number:04d}",
                f"{given}.{family}@example.test".lower(),
                "es" if number % 3 == 0 else "en",
                POSTCODES[site],
                site,
                story,
                stage,
            )
        )
    return found
