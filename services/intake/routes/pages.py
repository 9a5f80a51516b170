"""All patient pages of intake, and what they share."""

import gzip
from collections.abc import Callable
from functools import lru_cache

from flask import Flask, Response, redirect, request, url_for

from kernel.context import Actor
from kernel.database import Database
from kernel.service_client import ServiceClient
from services.intake.actions.refuse_link import refuse_link
from services.intake.model import PatientLink
from services.intake.routes.answering import AlreadySent, LinkRefused, address, use_up
from services.intake.routes.code_pages import code_pages
from services.intake.routes.entry_pages import entry_pages
from services.intake.routes.kiosk_pages import kiosk_facts, kiosk_pages
from services.intake.routes.later_pages import later_pages
from services.intake.routes.notice_pages import notice_pages
from services.intake.routes.offer_pages import offer_pages
from services.intake.routes.own_schedule import OwnSchedule
from services.intake.routes.page_facts import PageFacts
from services.intake.routes.preview_pages import preview_pages
from services.intake.routes.question_pages import question_pages
from services.intake.routes.refusals import error_page
from services.intake.routes.review_pages import review_pages
from services.intake.routes.sent_pages import sent_pages
from services.intake.routes.start_pages import start_pages
from services.intake.routes.status_pages import status_pages
from services.intake.routes.visit_pages import visit_pages
from services.intake.rules.answer_rows import faulty_row, row_of
from services.intake.rules.answer_words import answer_words
from services.intake.rules.form import field_name, in_language

__all__ = ["PageFacts", "add_page_routes"]


def add_page_routes(pages: Flask, database: Database, facts: PageFacts, others: ServiceClient) -> None:
    """Mount every page under /intake."""
    pages.config["CLINIC_PHONE"] = facts.phone_shown
    pages.jinja_env.filters.update(
        in_language=in_language,
        as_name=field_name,
        answer_words=answer_words,
        row_of=row_of,
        faulty_row=faulty_row,
    )
    pages.context_processor(kiosk_facts)
    pages.after_request(_compress_assets)
    pages.register_error_handler(AlreadySent, _show_what_came_of_it(database))
    pages.register_error_handler(LinkRefused, _refuse_alike(database))
    schedule = OwnSchedule(database, facts, others)
    for blueprint in (
        start_pages(database, facts),
        entry_pages(database, facts),
        later_pages(database, facts),
        notice_pages(database, facts),
        code_pages(database, facts),
        sent_pages(database, facts),
        kiosk_pages(facts),
        question_pages(database, facts),
        review_pages(database, facts),
        status_pages(database, facts, schedule),
        offer_pages(database, facts, schedule),
        visit_pages(facts, schedule),
        preview_pages(database, facts, str(pages.config["SECRET_KEY"])),
    ):
        pages.register_blueprint(blueprint, url_prefix="/intake")


def _show_what_came_of_it(database: Database) -> Callable[[AlreadySent], Response]:
    def handler(sent: AlreadySent) -> Response:
        with database.transaction() as session:
            link = session.get_one(PatientLink, sent.link_id)
            handle = use_up(session, Actor("patient", str(link.patient_id)), link)
        answer: Response = redirect(url_for("status.show", handle=handle), 303)  # type: ignore[assignment]
        return answer

    return handler


def _refuse_alike(database: Database) -> Callable[[LinkRefused], tuple[str, int, dict[str, str]]]:
    """One page for every link that does not open, and a count by which guessing is turned away."""

    def handler(_: LinkRefused) -> tuple[str, int, dict[str, str]]:
        with database.transaction() as session:
            too_many = refuse_link(session, address())
        return (error_page(429), 429, {"Retry-After": "60"}) if too_many else (error_page(404), 404, {})

    return handler


def _compress_assets(response: Response) -> Response:
    """Style sheets and scripts travel compressed; pages with a form token never do (BREACH)."""
    compressible = response.mimetype in (
        "text/css",
        "text/javascript",
        "application/javascript",
        "image/svg+xml",
    )
    if (
        not compressible
        or response.status_code != 200
        or "gzip" not in request.headers.get("Accept-Encoding", "")
    ):
        return response
    response.direct_passthrough = False
    etag = response.headers.get("ETag", "")
    response.set_data(_gzipped(etag, response.get_data()))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.add("Vary", "Accept-Encoding")
    if etag:
        response.headers["ETag"] = f'{etag.rstrip(chr(34))}-gz"'
    return response


@lru_cache(maxsize=32)
def _gzipped(etag: str, body: bytes) -> bytes:
    return gzip.compress(body, 9)
