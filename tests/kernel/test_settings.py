from pathlib import Path

import pytest

from kernel.settings import BadSettings, ServiceSettings, load

GOOD = {
    "ENV": "test",
    "ALPHA_DATABASE_URL": "postgresql:///alpha",
    "REDIS_URL": "redis://localhost:6379/0",
    "DATA_KEYS": "{}",
    "SIGNING_KEY": "pem",
    "SERVICE_KEYS": "{}",
    "SERVICE_URLS": '{"beta": "http://127.0.0.1:1"}',
    "PUBLIC_URL": "http://localhost:8080",
}


def test_settings_are_read_and_frozen() -> None:
    settings = load(ServiceSettings, "alpha", GOOD)
    assert settings.service_urls == {"beta": "http://127.0.0.1:1"}
    with pytest.raises(Exception, match="frozen"):
        setattr(settings, "public_url", "elsewhere")  # noqa: B010 - mypy forbids the plain spelling


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(BadSettings) as refused:
        load(ServiceSettings, "alpha", {})
    for name in ("ALPHA_DATABASE_URL", "REDIS_URL", "DATA_KEYS", "SIGNING_KEY", "PUBLIC_URL"):
        assert f"{name}: is missing" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CLOCK_OFFSET_SECONDS", "60", "must be 0 in production"),
        ("FAILPOINTS", "x=kill", "must be empty in production"),
    ],
)
def test_production_refuses_test_switches(name: str, value: str, said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        load(ServiceSettings, "alpha", GOOD | {"ENV": "production", name: value})


def test_a_refusal_never_shows_the_value() -> None:
    with pytest.raises(BadSettings) as refused:
        load(ServiceSettings, "alpha", GOOD | {"CLOCK_OFFSET_SECONDS": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from file\n", encoding="utf-8")
    environ = {name: value for name, value in GOOD.items() if name != "SIGNING_KEY"}
    settings = load(ServiceSettings, "alpha", environ | {"SIGNING_KEY_FILE": str(tmp_path / "key")})
    assert settings.signing_key.get_secret_value() == "from file"
    with pytest.raises(BadSettings, match="SIGNING_KEY_FILE names a file that cannot be read"):
        load(ServiceSettings, "alpha", environ | {"SIGNING_KEY_FILE": str(tmp_path / "no")})
