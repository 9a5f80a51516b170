"""One seed of the nemesis over a whole clinic: nothing lost, nothing twice, and a checker that finds planted lies."""

from collections.abc import Iterator

import psycopg
import pytest

from chaos.disk import small_disk
from chaos.faults import FAULTS
from chaos.faults.disks import lasts
from chaos.faults.processes import KILL_EACH
from chaos.invariants import INVARIANTS, check
from chaos.run import Outcome, Plan, chaos_run, clinic_in
from tests.conftest import DatabaseFactory
from tests.failures.plants import PLANTS, Plant
from tests.servers import free_port

SEED = 20261123
QUICK = {
    "kill_worker",
    "kill_worker_child",
    "kill_postgres",
    "kill_redis",
    "lose_redis",
    "flush_redis",
    "kill_carrier",
    "kill_mail_server",
    "end_politely",
    "forged_callbacks",
    "late_callbacks",
    "strange_callbacks",
    "repeated_callbacks",
    "poison_the_queue",
}
FAULTS_HERE = (*KILL_EACH, *(fault for fault in FAULTS if fault.name in QUICK))
PLAN = Plan(
    seed=SEED,
    submissions=120,
    messages=300,
    minutes=8,
    days=0,
    clients=3,
    book_every=4,
    pause=(0.4, 0.9),
    faults=FAULTS_HERE,
    most_strikes=len(FAULTS_HERE),
)

pytestmark = pytest.mark.xdist_group("chaos")


@pytest.fixture(scope="module")
def outcome() -> Iterator[Outcome]:
    """What came of the run; the clinic goes with the module's last test."""
    with small_disk(3000) as folder, chaos_run(PLAN, clinic_in(folder, free_port(), SEED)) as ended:
        yield ended


@pytest.mark.capability("P6")
def test_faults_lose_nothing_and_repeat_nothing(outcome: Outcome) -> None:
    assert outcome.findings == []
    assert outcome.errors == []
    assert set(outcome.strikes) == {fault.name for fault in PLAN.faults}
    assert len(outcome.evidence.acknowledged) == PLAN.submissions
    texts = sum(post.accepted and post.channel == "sms" for post in outcome.evidence.posts)
    assert texts >= 100, texts
    assert len(outcome.evidence.opted_out) >= 3
    assert len(outcome.evidence.void_since) >= 5
    assert len(outcome.evidence.board_sights) >= 10


@pytest.mark.parametrize(
    ("invariant", "plant", "words"),
    [(name, plant, words) for name, plants in PLANTS.items() for plant, words in plants.items()],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_each_planted_lie_is_named_by_its_invariant(
    outcome: Outcome, invariant: str, plant: Plant, words: str
) -> None:
    before = set(check(outcome.evidence))
    new = [finding for finding in check(plant(outcome.evidence)) if finding not in before]
    assert any(finding.startswith(f"{invariant} ") and words in finding for finding in new), new


def test_every_invariant_has_a_planted_lie() -> None:
    assert set(PLANTS) == set(INVARIANTS)


@pytest.mark.fault("F27")
def test_a_failing_disk_counts_as_hit_by_processes_that_end_with_the_server_alone(
    database: DatabaseFactory,
) -> None:
    with psycopg.connect(database("notify").admin_url) as session:
        running = session.execute("SELECT pid, backend_type FROM pg_stat_activity").fetchall()
    assert "client backend" in {kind for _, kind in running}
    assert {kind for pid, kind in running if lasts(pid)} == {"checkpointer", "walwriter"}
