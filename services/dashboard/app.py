"""Composition root of the web process: `gunicorn 'services.dashboard.app:create_app()'`."""

import json
import os
from typing import Any

from flask import Flask, render_template, request
from werkzeug.middleware.proxy_fix import ProxyFix

from kernel.assembly import Parts, assemble
from kernel.context import Actor
from kernel.service_client import ServiceClient
from kernel.settings import BadSettings, load
from kernel.web.api import make_api
from kernel.web.health import health_routes
from kernel.web.join import Joined, make_system
from kernel.web.pages import make_pages
from kernel.web.problems import Problem
from services.dashboard.actions.create_api_client import SCOPES, create_api_client
from services.dashboard.owners import Owners
from services.dashboard.routes import add_pages
from services.dashboard.routes.desk import Desk
from services.dashboard.routes.from_outside import LARGEST_LETTER_FORM
from services.dashboard.routes.home import home_routes
from services.dashboard.routes.looks import add_looks
from services.dashboard.routes.protocol_drafts import LARGEST_IMPORT as LARGEST_PROTOCOL
from services.dashboard.routes.sign_in import add_sign_in
from services.dashboard.routes.staff_accounts import staff_account_routes
from services.dashboard.routes.token import token_routes
from services.dashboard.routes.views_api import view_routes
from services.dashboard.rules.read_import import LARGEST as LARGEST_FORM
from services.dashboard.settings import DashboardSettings

PATIENCE_SECONDS = 25.0
# The pages that take a file, and how large it (or a field that carries it once more) may be in bytes. More is read, as
# far as the gateway lets it come: the page then says what is too large, and keeps what was typed beside it.
LARGEST_BODY = 30 * 1024 * 1024
LARGEST_FILES = {
    "forms.import_document": LARGEST_FORM,
    "protocol_drafts.start": LARGEST_PROTOCOL,
    "from_outside.receive": LARGEST_LETTER_FORM,
}


def create_app() -> Joined:
    """Build the web application from the environment; raises `BadSettings` when it is not complete."""
    settings = load(DashboardSettings, "dashboard", os.environ)
    parts = assemble("dashboard", settings)
    if settings.demo_client is not None:
        if settings.env == "production":
            raise BadSettings("dashboard cannot start. DEMO_CLIENT: is for local use only.")
        register_demo_client(parts, settings.demo_client.get_secret_value())
    return join_parts(parts, settings)


def register_demo_client(parts: Parts, given: str) -> None:
    """Make sure the local stack's demo client exists with the secret it prints."""
    try:
        client = json.loads(given)
        name, secret = str(client["client_id"]), str(client["client_secret"])
    except (ValueError, KeyError, TypeError):
        raise BadSettings("DEMO_CLIENT is not JSON with client_id and client_secret.") from None
    with parts.database.transaction() as session:
        create_api_client(
            session,
            Actor("system", "dashboard.start"),
            client_id=name,
            name="Demo client of this machine",
            secret=secret,
            scopes=SCOPES,
        )
    # gunicorn forks after this: processes that inherit one open connection read each other's answers from it.
    parts.database.engine.dispose()


def join_parts(parts: Parts, settings: DashboardSettings) -> Joined:
    """Build the web application from parts already assembled."""
    api = make_api("dashboard", "Waymark dashboard", parts.gate)
    api.register_blueprint(view_routes(parts.database))
    system = make_system("dashboard")
    system.register_blueprint(health_routes("dashboard", parts.database))
    return Joined("dashboard", api=api, system=system, pages=_staff_pages(parts, settings))


def _staff_pages(parts: Parts, settings: DashboardSettings) -> Flask:
    pages = make_pages(
        "services.dashboard",
        "/staff",
        secret_key=settings.form_secret_key.get_secret_value(),
        cookie_name="waymark_staff",
        secure_cookies=settings.env == "production",
        assets_dir=settings.assets_dir,
        error_page=lambda status: render_template("problem.html", status=status),
    )
    pages.register_error_handler(Problem, _refused)
    # Before the form token is looked for, which reads the body: two pages take a file.
    pages.before_request_funcs.setdefault(None, []).insert(0, _allow_larger_body)
    # Exactly one proxy, the gateway, stands before this service; it strips what callers claim.
    pages.wsgi_app = ProxyFix(pages.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    add_looks(pages, settings.clinic_name, show_clock=bool(settings.clock_offset_seconds))
    add_sign_in(pages, parts.database, settings.password_salt.get_secret_value())
    access = token_routes(parts.database, parts.tokens)
    pages.extensions["csrf"].exempt(access)
    pages.register_blueprint(access)
    pages.register_blueprint(home_routes())
    patient = ServiceClient(parts.tokens, settings.service_urls, timeout_seconds=PATIENCE_SECONDS)
    desk = Desk(parts.database, Owners(parts.client), Owners(patient), settings.public_url)
    pages.register_blueprint(staff_account_routes(desk, settings.password_salt.get_secret_value()))
    add_pages(pages, desk)
    return pages


def _allow_larger_body() -> None:
    largest = LARGEST_FILES.get(request.endpoint or "")
    if largest is not None:
        request.max_content_length = LARGEST_BODY
        request.max_form_memory_size = largest


def _refused(problem: Problem) -> Any:
    """What a form was refused for is in the problem's own words; every other status has one page."""
    words = problem.title if problem.status == 422 else ""
    return (
        render_template("problem.html", status=problem.status, words=words),
        problem.status,
        problem.headers,
    )
