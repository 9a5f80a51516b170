"""Before the services start: staff, the demo API client, the clinic's sites and providers, protocol, questionnaire."""

import json

from sqlalchemy import select

from kernel.assembly import assemble
from kernel.context import Actor
from kernel.settings import load
from local.demo.staff import STAFF, logins
from local.process_environment import Stack, service_environment

DEMO = Actor("system", "local.demo")
CLIENT_SCOPES = ("intake:read", "intake:write", "referral:evaluate", "referral:read")


def prepare_demo(stack: Stack) -> None:
    """Add what is missing; a second run changes nothing."""
    _prepare_dashboard(stack)
    _prepare_referral(stack)


def _prepare_dashboard(stack: Stack) -> None:
    from services.dashboard.actions.create_api_client import create_api_client
    from services.dashboard.actions.create_staff import create_staff
    from services.dashboard.model import ApiClient, Staff
    from services.dashboard.settings import DashboardSettings

    settings = load(DashboardSettings, "dashboard", service_environment(stack, "dashboard"))
    parts = assemble("dashboard", settings)
    accounts = logins(stack.places.secrets / "demo_logins.json")
    client = json.loads((stack.places.secrets / "demo_client.json").read_text(encoding="utf-8"))
    with parts.database.transaction() as session:
        if session.scalar(select(Staff.id).limit(1)) is None:
            for staff, account in zip(STAFF, accounts, strict=True):
                create_staff(
                    session,
                    DEMO,
                    email=staff.email,
                    name=staff.name,
                    role=staff.role,
                    password=account["password"],
                    salt=settings.password_salt.get_secret_value(),
                    sites=staff.sites,
                    provider_id=staff.provider_id,
                )
        if session.scalar(select(ApiClient.id).where(ApiClient.client_id == client["client_id"])) is None:
            create_api_client(
                session,
                DEMO,
                client_id=client["client_id"],
                name="The demo clinic's web site",
                secret=client["client_secret"],
                scopes=CLIENT_SCOPES,
            )
    parts.database.engine.dispose()


def _prepare_referral(stack: Stack) -> None:
    from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
    from services.referral.actions.seed_clinic import read_clinic, seed_clinic
    from services.referral.settings import ReferralSettings

    parts = assemble("referral", load(ReferralSettings, "referral", service_environment(stack, "referral")))
    with parts.database.transaction() as session:
        publish_shipped_protocol(session)
        seed_clinic(session, read_clinic())
    parts.database.engine.dispose()
