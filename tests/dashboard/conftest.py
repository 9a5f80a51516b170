"""A dashboard on a real database, and the owners it talks to."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from kernel.assembly import Parts, assemble
from kernel.context import Actor
from kernel.settings import load
from kernel.web.join import Joined
from local.keys import new_data_keys, new_signing_key, public_key
from services.dashboard.actions.create_api_client import create_api_client
from services.dashboard.actions.create_staff import create_staff
from services.dashboard.app import join_parts
from services.dashboard.queries.reference import forget_reference
from services.dashboard.settings import DashboardSettings
from tests.conftest import DatabaseFactory
from tests.dashboard.fake_owners import Owners
from tests.dashboard.fake_world import World

SALT = base64.b64encode(b"salt of the tests").decode()
PASSWORD = "cedar lantern umbrella 47"
SYSTEM = Actor("system", "tests")


@dataclass
class Dashboard:
    """The application under test and its surroundings."""

    app: Joined
    parts: Parts
    owners: Owners
    seats: dict[str, "Browser"] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.owners.world

    def browser(self, address: str = "192.0.2.1") -> "Browser":
        return Browser(Client(self.app, TestResponse), address)

    def add_staff(self, role: str, email: str = "", sites: tuple[str, ...] = ()) -> str:
        """Create an account with the tests' password; return its address."""
        address = email or f"{role.replace('_', '.')}@example.test"
        with self.parts.database.transaction() as session:
            create_staff(
                session,
                SYSTEM,
                email=address,
                name=f"{role.title()} Tester",
                role=role,
                password=PASSWORD,
                salt=SALT,
                sites=sites,
            )
        return address

    def signed_in(self, role: str, **more: Any) -> "Browser":
        """Return a browser signed in as a member of staff with that role; the same one when asked again."""
        seat = role + str(more or "")
        if seat not in self.seats:
            browser = self.browser(f"198.51.100.{len(self.seats) + 1}")
            answer = browser.sign_in(self.add_staff(role, **more))
            assert answer.status_code == 302, answer.text
            self.seats[seat] = browser
        return self.seats[seat]


class Browser:
    """Follows forms as a browser does: with the form token of the page."""

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        self.token = ""
        self._from = {"REMOTE_ADDR": address}

    def get(self, path: str, **more: Any) -> TestResponse:
        answer = self.client.get(path, environ_base=self._from, **more)
        self._keep(answer)
        return answer

    def post(self, path: str, form: dict[str, Any], **more: Any) -> TestResponse:
        sent = {"csrf_token": self.token, **form}
        answer = self.client.post(path, data=sent, environ_base=self._from, **more)
        self._keep(answer)
        return answer

    def sign_in(self, email: str, password: str = PASSWORD, **more: Any) -> TestResponse:
        if not self.token:
            self.get("/staff/login", **more)
        return self.post("/staff/login", {"email": email, "password": password}, **more)

    def form_fields(self, answer: TestResponse, action: str) -> dict[str, str]:
        """Return the hidden fields of the first form with that action."""
        form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', answer.text, re.S)
        assert form, f"no form for {action}"
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form.group()))

    def _keep(self, answer: TestResponse) -> None:
        found = (
            re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
            if answer.mimetype == "text/html"
            else None
        )
        if found:
            self.token = found.group(1)


@pytest.fixture(scope="session")
def signing() -> tuple[dict[str, str], str]:
    """Private keys by service, and the public key set."""
    private = {name: new_signing_key() for name in ("intake", "referral", "notify", "dashboard")}
    return private, json.dumps({"keys": [public_key(name, pem) for name, pem in private.items()]})


@pytest.fixture(scope="module")
def owners(signing: tuple[dict[str, str], str]) -> Iterator[Owners]:
    private, public = signing
    server = Owners(public, private)
    yield server
    server.stop()


def environment(
    url: str, owners: Owners, signing: tuple[dict[str, str], str], assets: Path
) -> dict[str, str]:
    """The environment of a dashboard process on the database at `url`."""
    private, public = signing
    return {
        "ENV": "test",
        "DASHBOARD_DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATA_KEYS": new_data_keys(),
        "SIGNING_KEY": private["dashboard"],
        "SERVICE_KEYS": public,
        "SERVICE_URLS": json.dumps(owners.urls),
        "PUBLIC_URL": "http://localhost:8080",
        "FORM_SECRET_KEY": "a secret of the tests, long enough",
        "PASSWORD_SALT": SALT,
        "ASSETS_DIR": str(assets),
    }


def running(
    url: str, owners: Owners, signing: tuple[dict[str, str], str], repository: Path
) -> Iterator[Dashboard]:
    settings = load(
        DashboardSettings, "dashboard", environment(url, owners, signing, repository / "node_modules")
    )
    parts = assemble("dashboard", settings)
    yield Dashboard(join_parts(parts, settings), parts, owners)
    parts.database.engine.dispose()


@pytest.fixture
def dashboard(
    database: DatabaseFactory, owners: Owners, signing: tuple[dict[str, str], str], repository: Path
) -> Iterator[Dashboard]:
    """A dashboard of this test's own, with nobody in it."""
    owners.world = World()
    yield from running(database("dashboard").app_url, owners, signing, repository)


@pytest.fixture(scope="module")
def shared_dashboard(
    module_database: DatabaseFactory, owners: Owners, signing: tuple[dict[str, str], str], repository: Path
) -> Iterator[Dashboard]:
    """One dashboard for all tests of the module: its staff stay signed in, which spares a hash a test."""
    yield from running(module_database("dashboard").app_url, owners, signing, repository)


@pytest.fixture
def clinic(shared_dashboard: Dashboard) -> Dashboard:
    """The module's dashboard, its owners emptied."""
    shared_dashboard.owners.world = World()
    forget_reference()
    return shared_dashboard


@pytest.fixture
def add_client(dashboard: Dashboard) -> Callable[..., None]:
    """Register an API client."""

    def add(
        client_id: str = "test-client",
        secret: str = "s3cret of the test client!",
        scopes: tuple[str, ...] = ("intake:write", "referral:evaluate"),
    ) -> None:
        with dashboard.parts.database.transaction() as session:
            create_api_client(
                session, SYSTEM, client_id=client_id, name="Tests", secret=secret, scopes=scopes
            )

    return add
