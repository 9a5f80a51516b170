"""docker-compose.yml describes the same clinic as `make up`: every part, watched, with its secrets by file."""

import json
import re
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_client
import yaml
from cryptography import x509
from kombu.connection import Connection
from psycopg.conninfo import conninfo_to_dict

from kernel.keyring import Keyring
from kernel.tokens import Tokens
from local import compose_secrets, databases, postgres, redis
from local.databases import SERVICES, Role
from local.processes import has_part
from local.secret_files import write_private
from tests.servers import free_port

STORES = {"postgres", "redis"}


@pytest.fixture(scope="module")
def compose(repository: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((repository / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    compose_secrets.write_secrets(folder, ["patients.example.test", "staff.example.test"], "token")
    return folder


def parts(service: str) -> set[str]:
    return {
        f"{service}-{'web' if part == 'app' else part}"
        for part in ("app", "worker", "relay")
        if has_part(service, part)
    }


def test_every_part_of_every_service_is_there(compose: dict[str, Any]) -> None:
    wanted = {part for service in SERVICES for part in parts(service)} | {
        f"{service}-migrate" for service in SERVICES
    }
    assert set(compose["services"]) == wanted | STORES | {"gateway"}


def test_whatever_keeps_running_is_watched(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if not name.endswith("-migrate"):
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_nothing_starts_before_its_database_is_migrated(compose: dict[str, Any]) -> None:
    for service in SERVICES:
        for name in parts(service):
            waits = compose["services"][name]["depends_on"]
            assert waits[f"{service}-migrate"]["condition"] == "service_completed_successfully"
        assert (
            compose["services"][f"{service}-migrate"]["depends_on"]["postgres"]["condition"]
            == "service_healthy"
        )


def test_a_service_is_given_its_own_secrets_only(compose: dict[str, Any]) -> None:
    for service in SERVICES:
        for name in parts(service):
            given = set(compose["services"][name]["secrets"])
            others = [other for other in SERVICES if other != service]
            assert not [
                secret for secret in given if secret.startswith(tuple(f"{other}_" for other in others))
            ]
            assert not [secret for secret in given if "owner" in secret], "the owner role is for migrations"
            mounted = [
                value.removeprefix("/run/secrets/")
                for value in compose["services"][name]["environment"].values()
                if str(value).startswith("/run/secrets/")
            ]
            assert set(mounted) == given


def test_no_secret_is_written_in_the_file(compose: dict[str, Any], repository: Path) -> None:
    text = (repository / "docker-compose.yml").read_text(encoding="utf-8")
    assert not re.search(r"(?i)(password|token|secret_key|private)\s*:\s*[\"']?[A-Za-z0-9+/]{12,}", text)
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())


def test_the_secrets_made_are_the_secrets_mounted(compose: dict[str, Any], secrets: Path) -> None:
    assert {path.name for path in secrets.iterdir()} == set(compose["secrets"])
    assert all(secret["file"] == f"./secrets/{name}" for name, secret in compose["secrets"].items())
    used = {name for service in compose["services"].values() for name in service.get("secrets", [])}
    assert used == set(compose["secrets"])


def test_the_secrets_made_are_of_use(secrets: Path) -> None:
    for service in SERVICES:
        Keyring.from_json((secrets / f"{service}_data_keys").read_text())
        Tokens(
            service, (secrets / f"{service}_signing_key").read_text(), (secrets / "service_keys").read_text()
        )
    certificate = x509.load_pem_x509_certificate((secrets / "tls_certificate").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["patients.example.test", "staff.example.test"]
    assert secrets.stat().st_mode & 0o077 == 0


def test_making_the_secrets_again_keeps_them(secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    assert compose_secrets.write_secrets(secrets, ["other.example.test"], "other") == []
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before


def test_redis_keeps_its_queues_and_its_user_can_do_its_work_and_no_more(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    command = compose["services"]["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--appendonly"] == "yes"
    write_private(tmp_path / "acl", compose_secrets.redis_acl("a-password"))
    port = free_port()
    server = subprocess.Popen(
        [redis.program(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--save", "",
         "--aclfile", str(tmp_path / "acl")],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"redis://waymark:a-password@127.0.0.1:{port}/0"
        for _ in range(200):
            if redis.answers(url):
                break
        with Connection(url) as connection:  # type: ignore[no-untyped-call]
            queue = connection.SimpleQueue(f"jobs.{uuid.uuid4().hex}")
            queue.put({"id": "1"})
            message = queue.get(timeout=5)
            assert message.payload == {"id": "1"}
            message.ack()
            queue.close()
        client = redis_client.Redis.from_url(url)
        for forbidden in ("FLUSHALL", "CONFIG GET *", "KEYS *", "ACL LIST", "SHUTDOWN"):
            with pytest.raises(redis_client.exceptions.NoPermissionError):
                client.execute_command(*forbidden.split())  # type: ignore[no-untyped-call]
        with pytest.raises(redis_client.exceptions.AuthenticationError):
            redis_client.Redis(port=port).ping()
    finally:
        server.terminate()
        server.wait(10)


def test_data_is_on_volumes(compose: dict[str, Any]) -> None:
    for store in STORES:
        mounts = [mount.partition(":")[0] for mount in compose["services"][store]["volumes"]]
        assert set(mounts) & set(compose["volumes"]), store


def test_only_the_gateway_has_a_door_and_only_senders_reach_outside(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["gateway"]
    outside = {name for name, service in compose["services"].items() if "outside" in service["networks"]}
    assert outside == {"gateway", "notify-worker", "notify-relay"}
    assert compose["networks"]["inside"]["internal"] is True


def test_web_and_workers_can_be_scaled(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert "container_name" not in service, name


def test_whom_the_gateway_turns_away_is_told_so_and_not_written_down(repository: Path) -> None:
    """By nginx itself, which would log the address with the request line and answer with a page that says nothing."""
    text = (repository / "deploy/gateway/waymark.conf.template").read_text(encoding="utf-8")
    assert "\nlimit_conn_log_level info;\n" in text
    assert "\nerror_log /dev/stderr crit;\n" in text
    limited = [server for server in text.split("\nserver {")[1:] if "limit_conn in_hand" in server]
    assert len(limited) == 2
    assert (
        text.count("limit_conn in_hand 96;")
        == text.count("limit_conn in_hand 96; limit_conn by_address 48;")
        == 6
    )
    assert "\nset_real_ip_from ${TRUSTED_PROXY};\n" in text
    for server in limited:
        assert "error_page 503 $crowd;" in server
        kinds = {"page", "api"} if " /api/" in server else {"page"}
        assert set(re.findall(r"location @crowd_(\w+) \{ .*return 503 \$crowd_says; \}", server)) == kinds
    (says,) = re.findall(r"(?s)map \$uri \$crowd_says \{(.+?)\n\}", text)
    problem, page = re.findall(r"(?s) '(.+?)';", says)
    told = json.loads(problem)
    assert (told["status"], told["detail"][:29]) == (503, "Nothing you sent was stored. ")
    assert "Nothing you sent was stored." in page
    assert '<div lang="es">' in page


def test_every_setting_of_the_file_is_explained(repository: Path) -> None:
    text = (repository / "docker-compose.yml").read_text(encoding="utf-8")
    explained = (repository / ".env.example").read_text(encoding="utf-8")
    for name in set(re.findall(r"\$\{([A-Z_]+)", text)) - {"WAYMARK_VERSION"}:
        assert re.search(rf"(?m)^#?{name}=", explained), name


def test_the_image_holds_the_kernel_and_one_service(repository: Path) -> None:
    copied = re.findall(r"(?m)^COPY (?!--from)(.+)$", (repository / "Dockerfile").read_text(encoding="utf-8"))
    sources = {source for line in copied for source in line.split()[:-1]}
    folders = {source for source in sources if source.endswith("/")}
    assert folders == {"kernel/", "services/${SERVICE}/"}
    assert all((repository / source).exists() for source in sources - folders)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_beside_the_kernel_alone(service: str, repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "kernel", tmp_path / "kernel")
    shutil.copytree(repository / "services" / service, tmp_path / "services" / service)
    shutil.copy(repository / "services" / "__init__.py", tmp_path / "services")
    python = repository / ".venv" / "bin" / "python"
    # The environment's own link to the checkout is taken away: only what was copied can be found.
    code = f"import sys; sys.path = [p for p in sys.path if p.rstrip('/') != sys.argv[1]]; import services.{service}.app"
    ran = subprocess.run(
        [python, "-c", code, str(repository)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_the_first_start_makes_databases_with_separate_roles(
    repository: Path, secrets: Path, server_folder: Path
) -> None:
    server = postgres.start(server_folder / "pg", fsync=False)
    try:
        admin = conninfo_to_dict(server.url)
        environment = {
            "PATH": f"{postgres.binaries()}:/usr/bin:/bin",
            "SECRETS_DIR": str(secrets),
            "POSTGRES_USER": "postgres",
            "PGHOST": str(admin["host"]),
            "PGPASSWORD": str(admin["password"]),
        }
        subprocess.run(
            ["sh", repository / "deploy/postgres/10-create-databases.sh"], env=environment, check=True
        )
        app = (secrets / "intake_app_password").read_text()
        owner = (secrets / "intake_owner_password").read_text()
        url = databases.address(server.url, Role("intake_owner", owner), "waymark_intake")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE thing (id int)")
        url = databases.address(server.url, Role("intake_app", app), "waymark_intake")
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO thing VALUES (1)")
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(databases.address(server.url, Role("intake_app", app), "waymark_notify"))
    finally:
        server.stop()


def test_the_shell_scripts_are_sound(repository: Path) -> None:
    for script in ("deploy/start.sh", "deploy/postgres/10-create-databases.sh", "local/setup.sh", ".ci/run"):
        subprocess.run(["sh", "-n", repository / script], check=True)
    refused = subprocess.run(
        ["sh", repository / "deploy/start.sh", "nonsense"], env={"SERVICE": "intake", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 2


def test_docker_compose_accepts_the_file(repository: Path, compose: dict[str, Any]) -> None:
    """With docker-compose installed it reads the file itself; without, the checks above stand alone."""
    program = shutil.which("docker-compose")
    if program is None:
        assert json.dumps(compose)
        return
    ran = subprocess.run([program, "-f", repository / "docker-compose.yml", "config", "-q"],
                         capture_output=True, text=True, check=False)  # fmt: skip
    assert ran.returncode == 0, ran.stderr
