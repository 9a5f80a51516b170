"""The environment each process of the stack is started with. Secrets go by file: `ps e` shows no password."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from local import databases, keys
from local.databases import SERVICES, Role
from local.places import ROOT, Places
from local.secret_files import write_private
from local.supervisor import STACK_MARK

CLINIC_NAME = "Prairie Crossing Headache & Spine"
CLINIC_PHONE = "+18165550100"
SMS_FROM = "+18165550199"
SMTP_FROM = "visits@prairie-crossing.example.test"
SMS_ACCOUNT = "AC00000000000000000000000000000001"
DEMO_CLIENT_ID = "demo-clinic-website"
PASSED_ON = (
    "LOG_LEVEL",
    "FAILPOINTS",
    "FAILPOINT_SEED",
    "WEB_WORKERS",
    "WEB_THREADS",
    "SMS_PER_SECOND",
    "MAIL_PER_SECOND",
)

GATEWAY_CHOICES = ("GATEWAY_HOSTS", "GATEWAY_TRUSTED_PROXIES")


@dataclass(frozen=True)
class Stack:
    """What is decided once at a start: where things are, on which ports, at what time."""

    places: Places
    ports: dict[str, int]
    admin_url: str
    redis_url: str
    clock_offset_seconds: int

    @property
    def public_url(self) -> str:
        return f"http://localhost:{self.ports['gateway']}"

    def service_url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def roles(self, service: str) -> tuple[Role, Role]:
        """Return the owner and app role of `service`, with the passwords kept in `var/secrets`."""
        secrets = self.places.secrets
        owner, app = f"{service}_owner", f"{service}_app"
        return Role(owner, keys.secret(secrets, owner)), Role(app, keys.secret(secrets, app))

    def owner_url(self, service: str) -> str:
        return databases.address(self.admin_url, self.roles(service)[0], databases.database_name(service))

    def app_url(self, service: str) -> str:
        return databases.address(self.admin_url, self.roles(service)[1], databases.database_name(service))


def base_environment(places: Places) -> dict[str, str]:
    """Return what every process gets, and nothing of the terminal's own settings beyond it."""
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": os.environ.get("HOME", str(places.var)),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",  # `make up` has compiled everything already
        "MALLOC_ARENA_MAX": "2",  # threads share memory pools: a third less memory for eight of them
        STACK_MARK: str(places.var),
    }
    return environment | {name: os.environ[name] for name in PASSED_ON if name in os.environ}


def service_environment(stack: Stack, service: str) -> dict[str, str]:
    """Return the environment of any process of `service`: web, worker, relay or a command by hand."""
    secrets = stack.places.secrets
    environment = {
        **base_environment(stack.places),
        "ENV": "local",
        "SERVICE": service,
        f"{service.upper()}_DATABASE_URL_FILE": _kept(
            secrets, f"{service}.database_url", stack.app_url(service)
        ),
        "REDIS_URL_FILE": _kept(secrets, "redis_url", stack.redis_url),
        "DATA_KEYS_FILE": str(keys.data_keys_file(secrets, service)),
        "SIGNING_KEY_FILE": str(keys.signing_key_file(secrets, service)),
        "SERVICE_KEYS_FILE": str(keys.public_keys_file(secrets)),
        "SERVICE_URLS": json.dumps({name: stack.service_url(name) for name in SERVICES}),
        "PUBLIC_URL": stack.public_url,
        "CLOCK_OFFSET_SECONDS": str(stack.clock_offset_seconds),
        "ASSETS_DIR": str(ROOT / "node_modules"),
    }
    return environment | _own_settings(stack, service)


def _own_settings(stack: Stack, service: str) -> dict[str, str]:
    secrets = stack.places.secrets
    if service == "intake":
        return {"FORM_SECRET_KEY_FILE": _made(secrets, "intake_forms")}
    if service == "dashboard":
        client = {"client_id": DEMO_CLIENT_ID, "client_secret": keys.secret(secrets, "demo_client")}
        return {
            "FORM_SECRET_KEY_FILE": _made(secrets, "dashboard_forms"),
            "PASSWORD_SALT_FILE": _made(secrets, "password_salt"),
            "DEMO_CLIENT_FILE": _kept(secrets, "demo_client.json", json.dumps(client)),
        }
    if service == "notify":
        return {
            "SMS_PROVIDER_URL": f"http://127.0.0.1:{stack.ports['carrier']}",
            "SMS_ACCOUNT_SID": SMS_ACCOUNT,
            "SMS_AUTH_TOKEN_FILE": _made(secrets, "sms_auth_token"),
            "SMS_FROM": SMS_FROM,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(stack.ports["smtp"]),
            "SMTP_FROM": SMTP_FROM,
            "HOOKS_URL": stack.service_url("notify"),
            "CLINIC_PHONE": CLINIC_PHONE,
        }
    return {}


def carrier_environment(stack: Stack) -> dict[str, str]:
    """Return the environment of the SMS carrier's stand-in."""
    return {
        **base_environment(stack.places),
        "CARRIER_PORT": str(stack.ports["carrier"]),
        "CARRIER_ACCOUNT_SID": SMS_ACCOUNT,
        "CARRIER_AUTH_TOKEN": keys.secret(stack.places.secrets, "sms_auth_token"),
        "CARRIER_FROM": SMS_FROM,
        "CARRIER_LOG": str(stack.places.var / "carrier.jsonl"),
        "CARRIER_INBOUND_URL": f"{stack.service_url('notify')}/hooks/sms/inbound",
        "CLOCK_OFFSET_SECONDS": str(stack.clock_offset_seconds),
    }


def mailbox_environment(stack: Stack) -> dict[str, str]:
    """Return the environment of the mail server's stand-in."""
    return {
        **base_environment(stack.places),
        "MAILBOX_SMTP_PORT": str(stack.ports["smtp"]),
        "MAILBOX_HTTP_PORT": str(stack.ports["mailbox"]),
        "MAILBOX_DIR": str(stack.places.mail),
        "CLOCK_OFFSET_SECONDS": str(stack.clock_offset_seconds),
    }


def gateway_environment(stack: Stack) -> dict[str, str]:
    """Return the environment of the gateway."""
    upstreams = {name: stack.ports[name] for name in (*SERVICES, "carrier", "mailbox")}
    return {
        **base_environment(stack.places),
        "GATEWAY_PORT": str(stack.ports["gateway"]),
        "GATEWAY_UPSTREAMS": json.dumps(upstreams),
        "GATEWAY_FACTS": str(stack.places.run / "front_page.json"),
        "ASSETS_DIR": str(ROOT / "node_modules"),
        **{name: os.environ[name] for name in GATEWAY_CHOICES if name in os.environ},
    }


def _made(secrets: Path, name: str) -> str:
    keys.secret(secrets, name)
    return str(secrets / f"{name}.secret")


def _kept(secrets: Path, name: str, content: str) -> str:
    path = secrets / name
    if not path.exists() or path.read_text(encoding="utf-8") != content:
        write_private(path, content)
    return str(path)
