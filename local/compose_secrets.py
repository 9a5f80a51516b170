"""`python -m local.compose_secrets`: the files in `secrets/` that docker-compose.yml mounts, made once.

The folder is closed to others; the files inside are readable, because a container's user has another number.
What is there is kept: bring your own certificate or provider's token by putting it in its file.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from local import keys
from local.databases import SERVICES, database_name
from local.places import ROOT
from local.secret_files import write_private

CERTIFICATE_DAYS = 397
# Enough for queues, publish/subscribe and scripts; nothing that reads or empties the whole server.
REDIS_RIGHTS = "~* &* +@all -@dangerous -@admin +info"


def write_secrets(folder: Path, hosts: list[str], sms_auth_token: str) -> list[str]:
    """Make what is missing in `folder`; returns the names of the files made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = {path.name for path in folder.iterdir()}
    _keep(folder, "postgres_password", token_urlsafe(32))
    for service in SERVICES:
        for role, name in (("owner", "owner_database_url"), ("app", "database_url")):
            password = _keep(folder, f"{service}_{role}_password", token_urlsafe(32))
            login = f"{service}_{role}:{quote(password, safe='')}"
            _keep(folder, f"{service}_{name}", f"postgresql://{login}@postgres:5432/{database_name(service)}")
        _keep(folder, f"{service}_signing_key", keys.new_signing_key())
        _keep(folder, f"{service}_data_keys", keys.new_data_keys())
    signing = {
        service: (folder / f"{service}_signing_key").read_text(encoding="utf-8") for service in SERVICES
    }
    _keep(folder, "service_keys", keys.public_key_set(signing))
    for name in ("intake_form_secret_key", "dashboard_form_secret_key", "password_salt"):
        _keep(folder, name, token_urlsafe(32))
    _keep(folder, "sms_auth_token", sms_auth_token)
    if not (folder / "redis_acl").exists():
        password = token_urlsafe(32)
        _keep(folder, "redis_url", f"redis://waymark:{password}@redis:6379/0")
        _keep(folder, "redis_acl", redis_acl(password))
    if not (folder / "tls_key").exists():
        key, certificate = self_signed(hosts)
        _keep(folder, "tls_key", key)
        _keep(folder, "tls_certificate", certificate)
    return sorted({path.name for path in folder.iterdir()} - before)


def redis_acl(password: str) -> str:
    """Return the ACL file: one user for the services, and nobody else."""
    return f"user default off\nuser waymark on #{sha256(password.encode()).hexdigest()} {REDIS_RIGHTS}\n"


def self_signed(hosts: list[str]) -> tuple[str, str]:
    """Return a private key and a certificate for `hosts`, both PEM: to try it out, until a real one is put there."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, certificate.public_bytes(Encoding.PEM).decode()


def main() -> int:
    """Write `secrets/`; returns the exit code."""
    hosts = [
        os.environ.get("PATIENT_HOST", "patients.localhost"),
        os.environ.get("STAFF_HOST", "staff.localhost"),
    ]
    made = write_secrets(ROOT / "secrets", hosts, os.environ.get("SMS_AUTH_TOKEN", ""))
    print(f"secrets/: {len(made)} files made, what was there is kept")
    if not (ROOT / "secrets" / "sms_auth_token").read_text(encoding="utf-8"):
        print("secrets/sms_auth_token is empty: put your SMS provider's token there before starting")
    return 0


def _keep(folder: Path, name: str, content: str) -> str:
    """Write `content` unless the file is there; return what the file holds."""
    path = folder / name
    if not path.exists():
        write_private(path, content)
        path.chmod(0o444)
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
