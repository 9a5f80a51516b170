"""Keys and passwords of one stack, made once into `var/secrets` and never shown."""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from local.databases import SERVICES
from local.secret_files import password_in, write_private

PUBLIC_KEYS = "services.jwks.json"


def make_keys(secrets: Path) -> None:
    """Make what is missing in `secrets`: signing and data keys of each service, and the public key set."""
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    for service in SERVICES:
        signing, data = signing_key_file(secrets, service), data_keys_file(secrets, service)
        if not signing.exists():
            write_private(signing, new_signing_key())
        if not data.exists():
            write_private(data, new_data_keys())
    public = public_key_set({service: signing_key_file(secrets, service).read_text() for service in SERVICES})
    path = public_keys_file(secrets)
    if not path.exists() or path.read_text(encoding="utf-8") != public:
        write_private(path, public)


def signing_key_file(secrets: Path, service: str) -> Path:
    return secrets / f"{service}.ed25519.pem"


def data_keys_file(secrets: Path, service: str) -> Path:
    return secrets / f"{service}.data_keys.json"


def public_keys_file(secrets: Path) -> Path:
    return secrets / PUBLIC_KEYS


def new_signing_key() -> str:
    """Return a fresh Ed25519 private key, PEM (PKCS #8)."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def new_data_keys() -> str:
    """Return a fresh AES-256 data key and blind-index key in the shape `kernel.keyring` reads."""
    first, index = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    return json.dumps({"current": 1, "keys": {"1": first}, "index": index})


def public_key(service: str, private_pem: str) -> dict[str, str]:
    """Return the public half of a signing key as a JSON Web Key whose `kid` is the service's name."""
    private = load_pem_private_key(private_pem.encode(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError(f"the signing key of {service} is not an Ed25519 key")
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "kid": service, "use": "sig", "alg": "Ed25519", "x": x}


def public_key_set(signing_keys: Mapping[str, str]) -> str:
    """Return the JSON Web Key Set with the public half of each service's signing key (PEM)."""
    found = [public_key(service, private_pem) for service, private_pem in signing_keys.items()]
    return json.dumps({"keys": found}, indent=1)


def secret(secrets: Path, name: str) -> str:
    """Return the random secret called `name`, made on first use: a session key, a client's secret, a password."""
    return password_in(secrets / f"{name}.secret")
