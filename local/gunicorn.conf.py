"""How each service's web process is run; the address comes on the command line."""

import gc
import os
from typing import Any

worker_class = "gthread"
# Loaded once and forked: pages nobody writes are held once. Nothing connects before it is used (kernel/assembly.py).
preload_app = True
workers = int(os.environ.get("WEB_WORKERS", "1"))
# The commit dominates a request, so threads matter more than processes; the pool has as many connections.
threads = int(os.environ.get("WEB_THREADS", "8"))
if os.environ.get("SERVICE") == "notify":
    # A carrier reports on many texts at once, and receipts that wait together share one commit.
    threads *= 4
timeout = 30
graceful_timeout = 20
keepalive = 60  # longer than the gateway keeps an idle connection, so that the gateway is the one to close
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112
control_socket_disable = True
accesslog = None  # each service logs its own requests, without addresses
errorlog = "-"
loglevel = "warning"
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
limit_request_line = 8190
limit_request_fields = 110
proc_name = os.environ.get("SERVICE", "waymark")


def pre_fork(_server: Any, _worker: Any) -> None:
    """Keep the collector of every child from writing to what it shares with its parent."""
    gc.collect()
    gc.freeze()
