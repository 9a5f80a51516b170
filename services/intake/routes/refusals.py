"""Refused and failed requests in plain words; every refusal of a link looks the same."""

from flask import current_app, render_template

from services.intake.routes.visitor import language
from services.intake.texts import texts

KNOWN = {403: "403", 413: "413", 429: "429"}


def error_page(status: int) -> str:
    """The body for `status`: what happened, what was kept, what to do."""
    chosen = language()
    words = texts(chosen)["refused"]
    name = KNOWN.get(status, "404" if status < 500 else "500")
    phone = current_app.config.get("CLINIC_PHONE", "")
    return render_template(
        "refused.html",
        lang=chosen,
        t=texts(chosen),
        title=words[f"title_{name}"],
        body=words[f"body_{name}"],
        clinic_phone=phone,
    )
