"""What every test may ask for: the session's servers, and copies of a service's database."""

import gc
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import psycopg
import pytest
import redis
from playwright.sync_api import Browser
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

from tests import servers
from tests.chromium import running_chromium
from tests.compile_once import compile_once
from tests.order import ByModule, seconds_of
from tests.servers import ServiceDatabase
from tests.stack import RunningStack, running_stack

DatabaseFactory = Callable[[str], ServiceDatabase]
SHARED_STACK = pytest.StashKey[ExitStack]()
STACK_TESTS = pytest.StashKey[int]()
# What a library proves by examples does not depend on how busy the machine is.
hypothesis.settings.register_profile("waymark", deadline=None)
hypothesis.settings.load_profile("waymark")
compile_once()


def pytest_configure(config: pytest.Config) -> None:
    """Name the session's folder and controller once; xdist's workers inherit both."""
    if not hasattr(config, "workerinput"):
        os.environ[servers.SESSION_DIR] = tempfile.mkdtemp(prefix="wm-test-", dir=servers.folder_in_memory())
        os.environ[servers.SESSION_PID] = str(os.getpid())
    config.stash[SHARED_STACK] = ExitStack()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to go on when groups were asked for and not heard: every worker would start every group's clinic."""
    grouped = [item.nodeid for item in session.items if item.get_closest_marker("xdist_group")]
    if getattr(session.config.option, "loadgroup", False) and not all("@" in nodeid for nodeid in grouped):
        pytest.exit("this pytest does not let pytest-xdist name its groups: see requirements/dev.in", 4)
    session.config.stash[STACK_TESTS] = sum("stack" in _fixtures(item) for item in session.items)
    # Four thousand tests and all they import stay: the collector need not walk them again and again.
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadGroupScheduling | None:
    """With `--dist loadgroup`: units are groups and whole modules, the longest first."""
    return ByModule(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """xdist hands units out in this order; within a unit, and among short ones, it stays random."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: -seconds_of(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """After the last test of the shared clinic stop it: its idle processes slow down all that is left to run."""
    yield
    if "stack" in _fixtures(item):
        item.config.stash[STACK_TESTS] -= 1
        if item.config.stash[STACK_TESTS] == 0:
            item.config.stash[SHARED_STACK].close()


def _fixtures(item: pytest.Item) -> list[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else []


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        servers.dismiss_keeper()


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The administrator's address of the session's PostgreSQL."""
    return servers.addresses()["postgres"]


@pytest.fixture(scope="session")
def session_redis_url() -> str:
    """The session's Redis, shared by all workers: use keys of your own."""
    return servers.addresses()["redis"]


@pytest.fixture
def redis_url(session_redis_url: str, worker_number: int) -> str:
    """A Redis database number of this xdist worker's own, empty at the start of each test."""
    base = session_redis_url.rpartition("/")[0]
    url = f"{base}/{worker_number + 1}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="session")
def worker_number() -> int:
    """0 without xdist, else this worker's number."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def database_copies(templates: Mapping[str, str] | None = None) -> Iterator[DatabaseFactory]:
    """Yield what gives one copy of a service's database, of its template where one is named, and drop them after."""
    made: dict[str, ServiceDatabase] = {}

    def database(service: str) -> ServiceDatabase:
        if service not in made:
            made[service] = servers.copy_database(service, (templates or {}).get(service, ""))
        return made[service]

    yield database
    for copy in made.values():
        servers.drop_database(copy.name)


@pytest.fixture
def database() -> Iterator[DatabaseFactory]:
    """`database("intake")`: a fresh copy for this test; asked again in the same test, the same copy."""
    yield from database_copies()


@pytest.fixture(scope="module")
def module_database() -> Iterator[DatabaseFactory]:
    """As `database`, but one copy for all tests of the module."""
    yield from database_copies()


@pytest.fixture
def admin_connection(postgres_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A superuser's connection, in autocommit."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A folder for a PostgreSQL of the test's own.

    Not `tmp_path`: as root the server is another user, and each pytest that starts closes that folder's parent.
    """
    with tempfile.TemporaryDirectory(prefix="wm-server-") as name:
        yield Path(name)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout's root."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Iterator[RunningStack]:
    """A whole running clinic with its demo data, one a worker: mark its tests `xdist_group("stack")` to share it."""
    with pytestconfig.stash[SHARED_STACK] as held:
        yield held.enter_context(running_stack())


@pytest.fixture(scope="module")
def own_stack() -> Iterator[RunningStack]:
    """A whole running clinic for one module alone: for tests that kill parts of it."""
    with running_stack() as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for the session; use a context of your own in it."""
    with running_chromium() as browser:
        yield browser
