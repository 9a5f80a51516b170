"""What patients read, in English and Spanish: one file a language, the same keys in each."""

import json
from functools import cache
from importlib import resources
from typing import Any, Final

LANGUAGES: Final = ("en", "es")


@cache
def texts(language: str) -> dict[str, Any]:
    """Every text of `language`, English for a language there is not."""
    name = language if language in LANGUAGES else "en"
    loaded: dict[str, Any] = json.loads(resources.files(__package__).joinpath(f"{name}.json").read_bytes())
    return loaded


def say(key: str, language: str, **values: str) -> str:
    """The text `key` (dotted) with its `{placeholders}` filled; raises KeyError for one that is not there."""
    found: Any = texts(language)
    for part in key.split("."):
        found = found[part]
    return str(found).format(**values) if values else str(found)


def safety_text(kind: str, language: str, clinic_phone: str = "") -> str:
    """The whole safety text of `kind` (emergency, self_harm, same_day) as one string, as it is stored."""
    body = texts(language)["safety"][kind]
    return "\n".join([body["title"], *body["lines"]]).replace("{clinic_phone}", clinic_phone)
