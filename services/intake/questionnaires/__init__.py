"""The questionnaire and instruments this service ships, as data."""

import json
from functools import cache
from importlib import resources
from typing import Any, Final

SHIPPED: Final = "headache_spine_2.json"
#: As the document says it; a test holds them together.
SHIPPED_VERSION: Final = "2"
HEADACHE_SPINE: Final = "https://waymark.example/fhir/Questionnaire/headache-spine"


def shipped_questionnaire() -> dict[str, Any]:
    """A fresh copy of the shipped FHIR R4 Questionnaire."""
    loaded: dict[str, Any] = json.loads(resources.files(__package__).joinpath(SHIPPED).read_bytes())
    return loaded


@cache
def instruments() -> tuple[dict[str, Any], ...]:
    """The instruments known here: with items and formula when they may be asked, else only their licence."""
    found = json.loads(resources.files(__package__).joinpath("instruments.json").read_bytes())
    return tuple(found["instruments"])
