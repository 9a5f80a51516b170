"""HTTP in and out: each module builds one blueprint from the desk."""

from flask import Flask

from services.dashboard.routes.answered import answered_routes
from services.dashboard.routes.appointments import appointment_routes
from services.dashboard.routes.board import board_routes
from services.dashboard.routes.cadences import cadence_routes
from services.dashboard.routes.call_list import call_list_routes
from services.dashboard.routes.callbacks import callback_routes
from services.dashboard.routes.case import case_routes
from services.dashboard.routes.case_deeds import case_deed_routes
from services.dashboard.routes.desk import Desk
from services.dashboard.routes.drop_off import drop_off_routes
from services.dashboard.routes.findings import finding_routes
from services.dashboard.routes.form_drafts import form_draft_routes
from services.dashboard.routes.form_items import form_item_routes
from services.dashboard.routes.form_list import form_list_routes
from services.dashboard.routes.from_outside import from_outside_routes
from services.dashboard.routes.handoff import handoff_routes
from services.dashboard.routes.identifiers import identifier_routes
from services.dashboard.routes.inbox import inbox_routes
from services.dashboard.routes.instruments import instrument_routes
from services.dashboard.routes.matches import match_routes
from services.dashboard.routes.message_editor import message_editor_routes
from services.dashboard.routes.message_health import message_health_routes
from services.dashboard.routes.moves import move_routes
from services.dashboard.routes.new_caller import new_caller_routes
from services.dashboard.routes.new_message import new_message_routes
from services.dashboard.routes.on_call import on_call_routes
from services.dashboard.routes.overlays import overlay_routes
from services.dashboard.routes.papers import paper_routes
from services.dashboard.routes.patient_links import patient_link_routes
from services.dashboard.routes.patients import patient_routes
from services.dashboard.routes.protocol import protocol_routes
from services.dashboard.routes.protocol_drafts import protocol_draft_routes
from services.dashboard.routes.protocol_items import protocol_item_routes
from services.dashboard.routes.protocol_route import protocol_route_routes
from services.dashboard.routes.route_words import add_route_words
from services.dashboard.routes.series import series_routes
from services.dashboard.routes.simulator import simulator_routes
from services.dashboard.routes.slots import slot_routes
from services.dashboard.routes.today import today_routes
from services.dashboard.routes.triage import triage_routes
from services.dashboard.routes.visit_types import visit_type_routes
from services.dashboard.routes.waitlist import waitlist_routes
from services.dashboard.routes.watching import watching_routes
from services.dashboard.routes.wishes import wishes_routes
from services.dashboard.routes.worklists import worklist_routes


def add_pages(pages: Flask, desk: Desk) -> None:
    """Register every staff page."""
    for build in (
        triage_routes,
        case_routes,
        finding_routes,
        paper_routes,
        answered_routes,
        from_outside_routes,
        series_routes,
        case_deed_routes,
        slot_routes,
        move_routes,
        today_routes,
        board_routes,
        appointment_routes,
        callback_routes,
        on_call_routes,
        worklist_routes,
        patient_routes,
        patient_link_routes,
        identifier_routes,
        new_caller_routes,
        handoff_routes,
        inbox_routes,
        message_health_routes,
        call_list_routes,
        simulator_routes,
        new_message_routes,
        message_editor_routes,
        watching_routes,
        waitlist_routes,
        wishes_routes,
        match_routes,
        protocol_routes,
        protocol_draft_routes,
        protocol_item_routes,
        protocol_route_routes,
        overlay_routes,
        visit_type_routes,
        cadence_routes,
        drop_off_routes,
        form_list_routes,
        form_draft_routes,
        form_item_routes,
        instrument_routes,
    ):
        pages.register_blueprint(build(desk))
    add_route_words(pages, desk)
