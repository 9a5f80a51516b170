"""Composition root of the web process: `gunicorn 'services.intake.app:create_app()'`."""

import os

from flask import request
from werkzeug.middleware.proxy_fix import ProxyFix

from kernel.assembly import Parts, assemble
from kernel.settings import load
from kernel.web.api import make_api
from kernel.web.exact_answers import ExactAnswers
from kernel.web.health import health_routes
from kernel.web.hearing import hearing_routes
from kernel.web.join import Joined, make_system
from kernel.web.pages import make_pages
from services.intake.reactions import REACTIONS
from services.intake.routes.api import PREFIX, add_api_routes
from services.intake.routes.pages import PageFacts, add_page_routes
from services.intake.routes.refusals import error_page
from services.intake.routes.style_pages import serve_styles
from services.intake.rules.open_fields import FIELDS_MOST
from services.intake.settings import IntakeSettings

#: Questionnaires that publishers share reach two megabytes.
LARGEST_QUESTIONNAIRE = 4 * 1024 * 1024
#: What the gateway lets through.
LARGEST_PAGE_BYTES = 30 * 1024 * 1024
LARGER_BODIES = dict.fromkeys(
    (
        f"{PREFIX}/questionnaires/check",
        f"{PREFIX}/questionnaire-drafts",
        f"{PREFIX}/questionnaire-drafts/<draft_id>",
    ),
    LARGEST_QUESTIONNAIRE,
)


def create_app() -> Joined:
    """Build the web application from the environment; raises `BadSettings` when it is not complete."""
    settings = load(IntakeSettings, "intake", os.environ)
    return join_parts(assemble("intake", settings), settings)


def _take_pages_in() -> None:
    """A page of hundreds of questions is read to its last field. One with files is read whole, as far as the gateway
    lets it come: one that is too large is then a mistake on the page, beside what the patient typed. Files go to the
    disk while they are read, not into memory.
    """
    if request.endpoint == "question.save":
        request.max_content_length = LARGEST_PAGE_BYTES
    if request.endpoint in ("question.save", "question.open_now"):
        request.max_form_parts = 2 * FIELDS_MOST


def join_parts(parts: Parts, settings: IntakeSettings) -> Joined:
    """Build the web application from parts already assembled."""
    api = make_api("intake", "Waymark intake", parts.gate, larger_bodies=LARGER_BODIES)
    api.json = ExactAnswers(api)
    add_api_routes(api, parts, settings.link_days, secret_key=settings.form_secret_key.get_secret_value())
    system = make_system("intake")
    system.register_blueprint(health_routes("intake", parts.database))
    system.register_blueprint(hearing_routes(parts.database, REACTIONS, parts.gate))
    pages = make_pages(
        "services.intake",
        "/intake",
        secret_key=settings.form_secret_key.get_secret_value(),
        cookie_name="waymark_intake",
        secure_cookies=settings.env == "production",
        assets_dir=settings.assets_dir,
        error_page=error_page,
    )
    # Before the form token is looked for, which reads the body.
    pages.before_request_funcs.setdefault(None, []).insert(0, _take_pages_in)
    # Exactly one proxy, the gateway, stands before this service; it strips what callers claim.
    pages.wsgi_app = ProxyFix(pages.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    serve_styles(pages, settings.assets_dir)
    facts = PageFacts(
        clinic_phone=settings.clinic_phone,
        link_days=settings.link_days,
        # On one machine every patient comes from one address: the limit would stop the demo, not an attack.
        starts_per_hour=settings.starts_per_hour if settings.env == "production" else 10_000,
        public_url=settings.public_url,
        with_demo_hint=settings.env == "local",
    )
    add_page_routes(pages, parts.database, facts, parts.client)
    return Joined("intake", api=api, system=system, pages=pages)
