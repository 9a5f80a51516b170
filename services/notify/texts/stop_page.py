"""The page behind an e-mail's stop link, in the reader's language: which e-mails they still want."""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment

from kernel.web.template_lines import TemplateLines

STYLE = resources.files(__package__).joinpath("stop.css").read_text(encoding="utf-8")
_WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "title": "Your e-mails from us",
        "which": "Which e-mails do you want?",
        "topics": {
            "visit": "Your visits: booked, changed, reminders",
            "follow_up": "How you are after a visit",
            "outreach": "When we missed you at a visit",
            "waitlist": "Times that come free",
        },
        "save": "Save",
        "all_title": "Stop all e-mails",
        "texts": "Stop text messages too",
        "all": "Stop all e-mails",
        "out": "We do not send you e-mails.",
        "again": "Send me e-mails again",
        "call": "Questions? Call us:",
        "done": {
            "topics": "Saved.",
            "all": "Done. We have stopped.",
            "again": "Done. We will e-mail you again.",
        },
    },
    "es": {
        "title": "Sus correos de nuestra parte",
        "which": "¿Qué correos quiere recibir?",
        "topics": {
            "visit": "Sus visitas: reservas, cambios, avisos",
            "follow_up": "Cómo está después de una visita",
            "outreach": "Cuando no pudo venir a una visita",
            "waitlist": "Horas que quedan libres",
        },
        "save": "Guardar",
        "all_title": "Parar todos los correos",
        "texts": "Parar también los mensajes de texto",
        "all": "Parar todos los correos",
        "out": "No le mandamos correos.",
        "again": "Mándenme correos otra vez",
        "call": "¿Preguntas? Llámenos:",
        "done": {
            "topics": "Guardado.",
            "all": "Listo. Ya paramos.",
            "again": "Listo. Le escribiremos otra vez.",
        },
    },
}
_TEMPLATE = Environment(autoescape=True, extensions=[TemplateLines]).from_string(
    resources.files(__package__).joinpath("stop_page.html").read_text(encoding="utf-8")
)


def stop_page(
    language: str,
    *,
    clinic: str,
    phone: str,
    wanted: Mapping[str, bool],
    out: bool,
    has_phone: bool,
    done: str = "",
) -> str:
    """Return the page. `wanted` per topic; `out`: the address is opted out; `done`: the deed that was just done."""
    chosen = language if language in _WORDS else "en"
    return _TEMPLATE.render(
        lang=chosen,
        t=_WORDS[chosen],
        clinic=clinic,
        phone=phone,
        wanted=wanted,
        out=out,
        has_phone=has_phone,
        done=done,
    )
