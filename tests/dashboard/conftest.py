"""A dashboard on a real database, and the owners it talks to."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
    world: World

    def browser(self) -> "Browser":
        return Browser(Client(self.app, TestResponse))

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
        """Return a browser signed in as a new member of staff with that role."""
        browser = self.browser()
        answer = browser.sign_in(self.add_staff(role, **more))
        assert answer.status_code == 302, answer.text
        return browser


class Browser:
    """Follows forms as a browser does: with the form token of the page."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.token = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        answer = self.client.get(path, **more)
        self._keep(answer)
        return answer

    def post(self, path: str, form: dict[str, Any], **more: Any) -> TestResponse:
        answer = self.client.post(path, data={"csrf_token": self.token, **form}, **more)
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


@pytest.fixture
def owners(signing: tuple[dict[str, str], str]) -> Iterator[Owners]:
    private, public = signing
    server = Owners(public, private)
    yield server
    server.stop()


@pytest.fixture
def environment(
    database: DatabaseFactory, owners: Owners, signing: tuple[dict[str, str], str], repository: Path
) -> dict[str, str]:
    """The environment of a dashboard process."""
    private, public = signing
    return {
        "ENV": "test",
        "DASHBOARD_DATABASE_URL": database("dashboard").app_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATA_KEYS": new_data_keys(),
        "SIGNING_KEY": private["dashboard"],
        "SERVICE_KEYS": public,
        "SERVICE_URLS": json.dumps(owners.urls),
        "PUBLIC_URL": "http://localhost:8080",
        "FORM_SECRET_KEY": "a secret of the tests, long enough",
        "PASSWORD_SALT": SALT,
        "ASSETS_DIR": str(repository / "node_modules"),
    }


@pytest.fixture
def dashboard(environment: dict[str, str], owners: Owners) -> Iterator[Dashboard]:
    settings = load(DashboardSettings, "dashboard", environment)
    parts = assemble("dashboard", settings)
    yield Dashboard(join_parts(parts, settings), parts, owners.world)
    parts.database.engine.dispose()


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
