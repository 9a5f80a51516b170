"""Seconds that must agree with one another; `tests/kernel/test_timings.py` holds them to it.

A call to a provider ends before the task is killed, the task before its lease runs out, and the lease
before Redis would hand the doorbell out again (measured in docs/decisions/0002-celery-is-a-doorbell.md).
"""

PROVIDER_CONNECT_SECONDS = 3.0
PROVIDER_TOTAL_SECONDS = 10.0
TASK_SOFT_LIMIT_SECONDS = 25
TASK_LIMIT_SECONDS = 30
LEASE_SECONDS = 40
VISIBILITY_TIMEOUT_SECONDS = 45
SOFT_SHUTDOWN_SECONDS = 20
PUBLISH_TIMEOUT_SECONDS = 0.2

RELAY_POLL_SECONDS = 1.0
RELAY_GATHER_SECONDS = 0.01
RELAY_TICK_SECONDS = 0.1
UNANSWERED_RING_SECONDS = 3.0
CANARY_EVERY_SECONDS = 15
CANARY_STALE_SECONDS = 60
# Less than a sender waits for its answer: what is not reached by then is left for the next request.
HEARING_SECONDS = 3.0
SERVICE_TOKEN_SECONDS = 60
