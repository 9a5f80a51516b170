"""Where a local stack keeps things: one folder, `var/` unless `WAYMARK_VAR` names another."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# A UNIX socket's path holds at most 107 bytes on Linux and 103 elsewhere; PostgreSQL adds ".s.PGSQL.5432".
SOCKET_DIR_BYTES = 103 - len("/.s.PGSQL.5432")


@dataclass(frozen=True)
class Places:
    """The folders of one stack. Two stacks on one machine have two `var` folders and share nothing."""

    var: Path

    @classmethod
    def from_environ(cls) -> "Places":
        """Return the stack named by `WAYMARK_VAR`, or the checkout's own `var/`."""
        return cls(Path(os.environ.get("WAYMARK_VAR") or ROOT / "var").resolve())

    @property
    def postgres(self) -> Path:
        return self.var / "pg"

    @property
    def redis(self) -> Path:
        return self.var / "redis"

    @property
    def secrets(self) -> Path:
        return self.var / "secrets"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def mail(self) -> Path:
        return self.var / "mail"

    @property
    def run(self) -> Path:
        """What holds only while the stack runs: the lock, process numbers, ports."""
        return self.var / "run"

    @property
    def state_file(self) -> Path:
        return self.run / "stack.json"

    @property
    def lock_file(self) -> Path:
        return self.run / "supervisor.lock"

    @property
    def clock_file(self) -> Path:
        return self.var / "clock.json"

    def make(self) -> None:
        """Create the folders; secrets are readable by their owner alone."""
        for folder in (self.var, self.redis, self.logs, self.mail, self.run):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)


def socket_dir(data_dir: Path) -> Path:
    """Return a folder for `data_dir`'s socket whose path is short enough for the operating system."""
    if len(os.fsencode(data_dir)) <= SOCKET_DIR_BYTES:
        return data_dir
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"waymark-{digest}"
