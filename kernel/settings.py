"""Typed settings from the environment; a process with a bad one says which, and does not start."""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator


class BadSettings(SystemExit):
    """Raised at start; the message is for the person reading the terminal, and never holds a value."""


class ServiceSettings(BaseModel):
    """What every service needs. A field `redis_url` is read from `REDIS_URL`, or from the file `REDIS_URL_FILE`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    env: Literal["local", "test", "production"] = "production"
    database_url: SecretStr
    redis_url: SecretStr
    data_keys: SecretStr = Field(description='JSON: {"current": 1, "keys": {"1": base64}, "index": base64}')
    signing_key: SecretStr = Field(description="this service's Ed25519 private key, PEM")
    service_keys: str = Field(description="JSON Web Key Set with every service's public key, kid = service")
    service_urls: dict[str, str] = Field(description="JSON: service name to base address")
    public_url: str = Field(description="the address patients and staff type, without a trailing slash")
    clock_offset_seconds: int = 0
    assets_dir: Path = Path("node_modules")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    failpoints: str = ""
    failpoint_seed: int = 0
    worker_id: str = ""

    @model_validator(mode="after")
    def _production_is_plain(self) -> Self:
        if self.env == "production" and self.clock_offset_seconds:
            raise ValueError("CLOCK_OFFSET_SECONDS must be 0 in production")
        if self.env == "production" and self.failpoints:
            raise ValueError("FAILPOINTS must be empty in production")
        return self

    @property
    def clock_offset(self) -> timedelta:
        return timedelta(seconds=self.clock_offset_seconds)


S = TypeVar("S", bound=ServiceSettings)


def load(cls: type[S], service: str, environ: Mapping[str, str]) -> S:
    """Build `cls` from `environ`, or raise `BadSettings` naming every setting that is missing or refused."""
    values: dict[str, Any] = {}
    for name, field in cls.model_fields.items():
        env_name = f"{service.upper()}_DATABASE_URL" if name == "database_url" else name.upper()
        raw = environ.get(env_name)
        path = environ.get(f"{env_name}_FILE")
        if raw is None and path is not None:
            raw = _read_file(env_name, path)
        if raw is None:
            continue
        wants_json = field.annotation in (dict[str, str], list[str], tuple[str, ...])
        values[name] = _parse_json(env_name, raw) if wants_json else raw
    try:
        return cls(**values)
    except ValidationError as error:
        raise BadSettings(f"{service} cannot start. " + " ".join(_sentences(service, error))) from None


def _read_file(env_name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSettings(f"{env_name}_FILE names a file that cannot be read ({error.strerror}).") from None


def _parse_json(env_name: str, raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise BadSettings(f"{env_name} is not valid JSON.") from None


def _sentences(service: str, error: ValidationError) -> list[str]:
    said = []
    for problem in error.errors(include_input=False, include_url=False):
        name = ".".join(str(part) for part in problem["loc"]) or "settings"
        env_name = f"{service}_DATABASE_URL" if name == "database_url" else name
        said.append(
            f"{env_name.upper()}: {'is missing' if problem['type'] == 'missing' else problem['msg']}."
        )
    return said


def decode_key(text: str) -> bytes:
    """Return the bytes of one base64 key; raises ValueError when it is not base64."""
    return base64.b64decode(text, validate=True)
