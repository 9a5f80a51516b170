"""The web application of the notify service."""

import os

from kernel.assembly import assemble
from kernel.personal import Personal
from kernel.settings import load
from kernel.web.api import make_api
from kernel.web.dead_events import dead_event_routes
from kernel.web.health import health_routes
from kernel.web.hearing import hearing_routes
from kernel.web.join import Joined, make_system
from services.notify.reactions import REACTIONS
from services.notify.routes.cadences import cadence_routes
from services.notify.routes.call_list import call_list_routes
from services.notify.routes.contacts import contact_routes
from services.notify.routes.doubts import doubt_routes
from services.notify.routes.duty_turns import duty_turn_routes
from services.notify.routes.hooks import Hooks, hook_routes
from services.notify.routes.inbox import inbox_routes
from services.notify.routes.mail_stop import mail_stop_routes
from services.notify.routes.message_health import message_health_routes
from services.notify.routes.messages import message_routes
from services.notify.routes.new_templates import new_template_routes
from services.notify.routes.reconcile import reconcile_routes
from services.notify.routes.refusal_meter import RefusalMeter
from services.notify.routes.sending_gate import sending_gate_routes
from services.notify.routes.staff_alerts import staff_alert_routes
from services.notify.routes.staff_contacts import staff_contact_routes
from services.notify.routes.status_callback import STATUS_PATH, StatusCallback
from services.notify.routes.templates import template_routes
from services.notify.rules.compose import ClinicWords
from services.notify.sending.providers import make_recipients
from services.notify.settings import NotifySettings

PREFIX = "/api/notify/v1"


def create_app() -> Joined:
    """Return the service's WSGI application: API, events, webhooks and health."""
    settings = load(NotifySettings, "notify", os.environ)
    parts = assemble("notify", settings)
    clinic = ClinicWords(settings.clinic_name, settings.clinic_phone, settings.public_url, settings.smtp_from)
    api = make_api("notify", "Waymark notify", parts.gate)
    api.extensions["database"] = parts.database
    for routes in (
        message_routes(parts.database, clinic),
        inbox_routes(parts.database),
        template_routes(parts.database),
        new_template_routes(parts.database),
        cadence_routes(parts.database, clinic),
        reconcile_routes(parts.database, make_recipients(settings)),
        call_list_routes(parts.database),
        doubt_routes(parts.database),
        contact_routes(parts.database),
        staff_contact_routes(parts.database),
        duty_turn_routes(parts.database),
        staff_alert_routes(parts.database),
        message_health_routes(parts.database),
        sending_gate_routes(parts.database),
        dead_event_routes(parts.database),
    ):
        api.register_blueprint(routes, url_prefix=PREFIX)
    system = make_system("notify")
    system.register_blueprint(health_routes("notify", parts.database))
    system.register_blueprint(hearing_routes(parts.database, REACTIONS, parts.gate))
    hooks = Hooks(
        database=parts.database,
        base_url=settings.hooks_url,
        account=settings.sms_account_sid,
        token=Personal(settings.sms_auth_token.get_secret_value()),
        own_number=settings.sms_from,
        meter=RefusalMeter(parts.database),
    )
    system.register_blueprint(hook_routes(hooks))
    system.register_blueprint(mail_stop_routes(parts.database, clinic))
    return Joined("notify", api=api, system=system, direct={STATUS_PATH: StatusCallback(hooks)})
