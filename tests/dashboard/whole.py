"""The real intake and the real dashboard behind one address, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from kernel.assembly import assemble
from kernel.settings import load
from services.dashboard.app import join_parts
from services.dashboard.settings import DashboardSettings
from tests.dashboard.conftest import Dashboard, environment
from tests.intake.conftest import Clinic, make_clinic, new_keys
from tests.servers import LOOK_UP_SECONDS, free_port


@dataclass
class Whole:
    """Both services behind one address."""

    address: str
    intake: Clinic
    dashboard: Dashboard


@contextmanager
def running_whole(intake_url: str, dashboard_url: str, redis_url: str, assets: Path) -> Iterator[Whole]:
    """Run both on these databases; `redis_url` is what intake believes Redis to be."""
    keys, port = new_keys(), free_port()
    address = f"http://127.0.0.1:{port}"
    clinic = make_clinic(intake_url, redis_url, keys, assets_dir=assets)

    class Urls:
        urls = dict.fromkeys(("intake", "referral", "notify", "dashboard"), address)

    signing: Any = (keys.private, keys.public)
    given = environment(dashboard_url, Urls, signing, assets)  # type: ignore[arg-type]
    settings = load(DashboardSettings, "dashboard", {**given, "DATA_KEYS": keys.data})
    parts = assemble("dashboard", settings)
    dashboard = Dashboard(join_parts(parts, settings), parts, None)  # type: ignore[arg-type]

    def by_path(environ: Any, start: Any) -> Any:
        app = dashboard.app if environ["PATH_INFO"].startswith("/staff") else clinic.app
        return app(environ, start)

    server = make_server("127.0.0.1", port, by_path, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True)
    thread.start()
    yield Whole(address, clinic, dashboard)
    server.shutdown()
    thread.join(10)
    parts.database.engine.dispose()
    clinic.parts.database.engine.dispose()
