"""Parts of the kernel over a real database; the referral service's is as good as any, its kernel tables are the same."""

import base64
import json
from collections.abc import Iterator

import pytest
from joserfc.jwk import OKPKey

from kernel.database import Database
from kernel.keyring import Keyring, use_keyring
from kernel.tokens import Tokens
from kernel.web.principal import Gate
from tests.conftest import DatabaseFactory


def a_key(fill: int) -> str:
    return base64.b64encode(bytes([fill]) * 32).decode()


@pytest.fixture(autouse=True)
def kernel_keys() -> Keyring:
    keys = Keyring.from_json(json.dumps({"current": 1, "keys": {"1": a_key(1)}, "index": a_key(9)}))
    use_keyring(keys)
    return keys


@pytest.fixture
def kernel_database(database: DatabaseFactory) -> Iterator[Database]:
    store = Database(database("referral").app_url, name="kernel-test")
    yield store
    store.engine.dispose()


@pytest.fixture(scope="session")
def two_services() -> dict[str, Tokens]:
    """Tokens of services `alpha` and `beta`, each knowing the other's public key."""
    keys = {name: OKPKey.generate_key("Ed25519", {"kid": name}) for name in ("alpha", "beta")}
    public = json.dumps({"keys": [key.as_dict(private=False) for key in keys.values()]})
    return {name: Tokens(name, key.as_pem(private=True).decode(), public) for name, key in keys.items()}


@pytest.fixture
def beta_gate(two_services: dict[str, Tokens], kernel_database: Database) -> Gate:
    return Gate(two_services["beta"], kernel_database)
