"""What goes wrong at a start is said in a sentence, with exit code 1, without a traceback, and nothing is started."""

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
import redis as redis_client

from local import cli, databases, down, hold, postgres, redis
from local.databases import SERVICES
from local.places import ROOT, Places
from local.problem import Problem
from tests.servers import free_port


def waymark(var: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept: Mapping[str, str] = {
        key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")
    }
    return subprocess.run(
        [sys.executable, "-m", "local.cli", *arguments],
        cwd=ROOT,
        env={**kept, "WAYMARK_VAR": str(var), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_sentence(ran: "subprocess.CompletedProcess[str]", *parts: str) -> None:
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    for part in parts:
        assert part in ran.stderr


def test_a_busy_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_sentence(
            waymark(tmp_path / "var", "up", PORT=str(port)), f"Port {port} is taken", "Nothing was started"
        )


@pytest.mark.parametrize("port", ["eighty", "0", "70000"])
def test_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    assert_sentence(waymark(tmp_path / "var", "up", PORT=port), "PORT must be a number")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert_sentence(waymark(tmp_path / "file" / "var", "up", PORT=str(free_port())), "cannot be written")


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"The disk is nearly full: .* Nothing was started"):
        hold.check_room(tmp_path, 10**9)
    hold.check_room(tmp_path, 0)


def test_a_wheel_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Problem, match="Run `make setup`"):
        postgres.binaries()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Problem, match="No Redis was found"):
        redis.program()


def test_an_outside_postgresql_that_does_not_answer(tmp_path: Path) -> None:
    url = f"postgresql://postgres:secret-word@127.0.0.1:{free_port()}/postgres"
    ran = waymark(tmp_path / "var", "up", PORT=str(free_port()), DATABASE_URL=url)
    assert_sentence(ran, "DATABASE_URL does not answer")
    assert "secret-word" not in ran.stderr


def test_an_outside_postgresql_whose_user_may_make_nothing(tmp_path: Path, postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS onlooker")
        connection.execute("CREATE ROLE onlooker LOGIN PASSWORD 'see'")
    url = databases.address(postgres_url, databases.Role("onlooker", "see"), "postgres")
    ran = waymark(tmp_path / "var", "up", PORT=str(free_port()), DATABASE_URL=url)
    assert_sentence(ran, "may not create databases")


@pytest.mark.fault("F18")
def test_an_outside_redis_that_forgets(tmp_path: Path) -> None:
    server = redis.start(tmp_path / "redis", free_port())
    try:
        with redis_client.Redis.from_url(server.url) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
        ran = waymark(tmp_path / "var", "up", PORT=str(free_port()), REDIS_URL=server.url)
        assert_sentence(ran, "maxmemory-policy is allkeys-lru", "noeviction")
    finally:
        server.stop()


def test_a_second_start_says_where_the_first_one_is(tmp_path: Path) -> None:
    places = Places(tmp_path / "var")
    places.make()
    with places.lock_file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        places.state_file.write_text(json.dumps({"pid": 1, "address": "http://localhost:8765"}))
        ran = waymark(places.var, "up", PORT=str(free_port()))
    assert ran.returncode == 0
    assert "running already: http://localhost:8765" in ran.stdout


def test_a_stale_state_file_stops_nobody(tmp_path: Path) -> None:
    places = Places(tmp_path / "var")
    places.make()
    places.lock_file.touch()
    places.state_file.write_text(json.dumps({"pid": os.getpid(), "address": "http://localhost:8765"}))
    ran = waymark(places.var, "down")
    assert ran.returncode == 0
    assert "was not running" in ran.stdout
    assert waymark(places.var, "status").returncode == 3


def test_a_database_server_left_behind_is_ended(server_folder: Path) -> None:
    server = postgres.start(server_folder / "var" / "pg", fsync=False)
    assert waymark(server_folder / "var", "down").returncode == 0
    server.process.wait(20)
    assert not postgres.answers(server.url)


def test_a_pid_file_of_another_program_is_no_server(server_folder: Path) -> None:
    data = server_folder / "pg"
    server = postgres.start(data, fsync=False)
    server.stop()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    again = postgres.start(data, fsync=False)
    assert postgres.answers(again.url)
    again.stop()


def test_reset_clears_the_folder_and_nothing_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    places = Places(tmp_path / "var")
    places.make()
    assert down.reset(places) == 0
    assert not places.var.exists()
    with pytest.raises(Problem, match="Nothing was deleted"):
        down.reset(Places(ROOT.parent))
    assert ROOT.exists()


def test_databases_in_an_outside_server_are_made_by_an_administrator_and_dropped_by_reset(
    server_folder: Path,
) -> None:
    server = postgres.start(server_folder / "pg", fsync=False)
    try:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE ROLE keeper LOGIN CREATEDB CREATEROLE PASSWORD 'of-keys'")
        url = databases.address(server.url, databases.Role("keeper", "of-keys"), "postgres")
        databases.check_server(url)
        for service in SERVICES:
            pair = [databases.Role(f"{service}_{kind}", "word") for kind in ("owner", "app")]
            databases.create(url, databases.database_name(service), pair[0], pair[1])
            databases.create(url, databases.database_name(service), pair[0], pair[1])
        down.drop_databases(url)
        with psycopg.connect(server.url) as connection:
            left = connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE 'waymark%'"
            ).fetchall()
            roles = connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'intake%'").fetchall()
        assert (left, roles) == ([], [])
    finally:
        server.stop()


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["nonsense"])
    assert ended.value.code == 2
    assert "up" in capsys.readouterr().err
