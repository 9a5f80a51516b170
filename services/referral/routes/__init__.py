"""HTTP in and out: each module builds one blueprint from the parts of the process."""

from apiflask import APIFlask

from kernel.assembly import Parts
from kernel.web.dead_events import dead_event_routes
from services.referral.routes.appointments import appointment_routes
from services.referral.routes.board import board_routes
from services.referral.routes.cases import case_routes
from services.referral.routes.closures import closure_routes
from services.referral.routes.deeds import deed_routes
from services.referral.routes.drafts import draft_routes
from services.referral.routes.evaluate import evaluate_routes
from services.referral.routes.holds import hold_routes
from services.referral.routes.notices import notice_routes
from services.referral.routes.outside import outside_routes
from services.referral.routes.overlays import overlay_routes
from services.referral.routes.packet import packet_routes
from services.referral.routes.proposals import proposal_routes
from services.referral.routes.protocol import protocol_routes
from services.referral.routes.self_service import self_service_routes
from services.referral.routes.series import series_routes
from services.referral.routes.sites import site_routes
from services.referral.routes.slots import slot_routes
from services.referral.routes.visit_deeds import visit_deed_routes
from services.referral.routes.visit_types import visit_type_routes
from services.referral.routes.waitlist import waitlist_routes
from services.referral.routes.watch import watch_routes
from services.referral.routes.worklist import worklist_routes

PREFIX = "/api/referral/v1"


def add_routes(api: APIFlask, parts: Parts) -> None:
    """Register every blueprint of the API."""
    for blueprint in (
        evaluate_routes(parts),
        worklist_routes(parts),
        case_routes(parts),
        packet_routes(parts),
        deed_routes(parts),
        protocol_routes(parts),
        draft_routes(parts),
        watch_routes(parts),
        outside_routes(parts),
        notice_routes(parts),
        overlay_routes(parts),
        site_routes(parts),
        visit_type_routes(parts),
        slot_routes(parts),
        appointment_routes(parts),
        visit_deed_routes(parts),
        hold_routes(parts),
        closure_routes(parts),
        self_service_routes(parts),
        waitlist_routes(parts),
        proposal_routes(parts),
        series_routes(parts),
        board_routes(parts),
        dead_event_routes(parts.database),
    ):
        api.register_blueprint(blueprint, url_prefix=PREFIX)
