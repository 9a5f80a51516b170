"""Composition root of the web process: `gunicorn 'services.referral.app:create_app()'`."""

import os

from kernel.assembly import Parts, assemble
from kernel.settings import load
from kernel.web.api import make_api
from kernel.web.health import health_routes
from kernel.web.hearing import hearing_routes
from kernel.web.join import Joined, make_system
from services.referral.reactions import REACTIONS
from services.referral.routes import add_routes
from services.referral.settings import ReferralSettings

# A letter of 2 MiB is 2.7 MiB in base64; a whole protocol is a few hundred kB.
LARGE_BODY_BYTES = 3 * 1024 * 1024
LARGER_BODIES = {
    f"/api/referral/v1/{path}": LARGE_BODY_BYTES
    for path in (
        "referrals",
        "referrals/<referral_id>/amend",
        "protocol/drafts",
        "protocol/drafts/<draft_id>/document",
    )
}


def create_app() -> Joined:
    """Build the web application from the environment; raises `BadSettings` when it is not complete."""
    settings = load(ReferralSettings, "referral", os.environ)
    return join_parts(assemble("referral", settings))


def join_parts(parts: Parts) -> Joined:
    """Build the web application from parts already assembled."""
    api = make_api("referral", "Waymark referral", parts.gate, larger_bodies=LARGER_BODIES)
    add_routes(api, parts)
    system = make_system("referral")
    system.register_blueprint(health_routes("referral", parts.database))
    system.register_blueprint(hearing_routes(parts.database, REACTIONS, parts.gate))
    return Joined("referral", api=api, system=system)
