from kernel import timings
from kernel.tasks import make_celery


def test_each_limit_ends_before_the_one_that_would_repeat_its_work() -> None:
    assert timings.PROVIDER_CONNECT_SECONDS < timings.PROVIDER_TOTAL_SECONDS
    assert timings.PROVIDER_TOTAL_SECONDS < timings.TASK_SOFT_LIMIT_SECONDS < timings.TASK_LIMIT_SECONDS
    assert timings.TASK_LIMIT_SECONDS < timings.LEASE_SECONDS < timings.VISIBILITY_TIMEOUT_SECONDS
    assert timings.CANARY_EVERY_SECONDS * 2 < timings.CANARY_STALE_SECONDS


def test_celery_is_set_as_measured() -> None:
    conf = make_celery("alpha", "redis://localhost:1/0").conf
    assert conf.task_acks_late and conf.task_reject_on_worker_lost and conf.task_ignore_result
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.task_time_limit == timings.TASK_LIMIT_SECONDS
    options = conf.broker_transport_options
    assert options["visibility_timeout"] == timings.VISIBILITY_TIMEOUT_SECONDS
    assert options["unacked_restore_interval"] == options["unacked_restore_throttle"] == 1
