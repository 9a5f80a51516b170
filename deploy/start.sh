#!/bin/sh
# Starts one part of the service this image holds: web, worker, relay or migrate.
set -eu
# Each container is its own holder of leases, so that scaled workers never free one another's.
WORKER_ID="$SERVICE-$1-$(hostname)"
export WORKER_ID

case "$1" in
web) exec python -m gunicorn -c gunicorn.conf.py -b 0.0.0.0:8000 "services.$SERVICE.app:create_app()" ;;
worker)
    # SIGTERM then means: put unstarted work back, give what runs 20 s, go.
    REMAP_SIGTERM=SIGQUIT
    export REMAP_SIGTERM
    exec python -m celery -A "services.$SERVICE.worker:celery_app" worker -Q "$SERVICE.jobs" \
        -c "${WORKER_CHILDREN:-2}" --without-mingle --without-gossip --without-heartbeat -l WARNING
    ;;
relay) exec python -m "services.$SERVICE.relay" ;;
migrate) exec python migrate.py ;;
*)
    echo "start.sh: say web, worker, relay or migrate, not '$1'" >&2
    exit 2
    ;;
esac
