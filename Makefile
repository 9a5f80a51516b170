# Every command of the project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PORT ?= 8080
PYTHON := .venv/bin/python
CODE := kernel services local tests bench chaos deploy
export PORT

.PHONY: help setup up down status verify-audit reset test check lint types imports migrations format bench chaos fuzz shots \
	lock docs-capabilities docs-chaos docs-events compose-secrets clean

help: ## print every command with one line each
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | \
		awk -F'|' '{ printf "  make %-18s %s\n", $$1, $$2 }'

setup: ## make .venv and node_modules from the pinned, hashed lists (instant when nothing changed)
	@sh local/setup.sh

up: setup ## start the whole clinic on this machine and print one address (PORT= changes it)
	@$(PYTHON) -m local.cli up

down: setup ## stop what `make up` started
	@$(PYTHON) -m local.cli down

status: setup ## say which processes run, and since when
	@$(PYTHON) -m local.cli status || [ $$? -eq 3 ]

verify-audit: setup ## walk every audit trail of the clinic on this machine; name the first changed entry
	@$(PYTHON) -m local.cli verify-audit

reset: setup ## stop the clinic and clear its data (var/)
	@$(PYTHON) -m local.cli reset

# Byte code is kept: pytest rewrites each test's assertions, which is ten seconds of a worker when it starts.
test: setup ## run the tests in random order (ARGS= passes arguments to pytest)
	@PYTHONDONTWRITEBYTECODE= $(PYTHON) -m pytest -n 2 --dist loadgroup $(ARGS)

check: lint types imports migrations ## everything that reads the code: style, types, import rules, migrations, docs
	@$(PYTHON) -m kernel.evidence.coverage
	@$(PYTHON) -m pytest -q -p no:randomly tests/architecture

lint: setup ## ruff: style and formatting
	@.venv/bin/ruff check $(wildcard $(CODE))
	@.venv/bin/ruff format --check $(wildcard $(CODE))

types: setup ## mypy, strict
	@.venv/bin/mypy $(wildcard $(CODE))

imports: setup ## import-linter: who may import whom
	@.venv/bin/lint-imports --no-cache

migrations: setup ## every migration up, down and up again; the models agree with them
	@$(PYTHON) -m local.migrations_check

format: setup ## rewrite the code in the project's format
	@.venv/bin/ruff check --fix $(wildcard $(CODE))
	@.venv/bin/ruff format $(wildcard $(CODE))

bench: setup ## measure against bare limits in the same run; prints a table, writes JSON
	@$(PYTHON) -m bench $(ARGS)

chaos: setup ## break the running clinic by a seed, and say what was lost or sent twice (ARGS="--seed 7 --minutes 30")
	@$(PYTHON) -m chaos $(ARGS)

fuzz: setup ## malformed and hostile requests against every endpoint
	@$(PYTHON) -m pytest -q tests/contracts $(ARGS)

shots: setup ## pictures of every page into screenshots/
	@$(PYTHON) -m tests.browser.shots $(ARGS)

lock: setup ## compile requirements/*.in into hashed lists (one version of each package), and package-lock.json
	@for list in dev run service; do \
		.venv/bin/uv pip compile --system-certs --universal --python-version 3.11 --generate-hashes --no-header \
			$$(test $$list = dev || echo --constraint requirements/dev.txt) --quiet \
			requirements/$$list.in -o requirements/$$list.txt || exit 1; \
	done
	@npm install --package-lock-only

docs-capabilities: setup ## write docs/capabilities.md and docs/chaos.md from the marks on the tests
	@$(PYTHON) -m local.capabilities_page
	@$(PYTHON) -m chaos.page

docs-chaos: setup ## write docs/chaos.md from the runs kept and the marks on the tests
	@$(PYTHON) -m chaos.page

docs-events: setup ## write docs/events.md from the contracts
	@$(PYTHON) -m local.events_page

compose-secrets: setup ## make the files in secrets/ that docker-compose.yml mounts
	@$(PYTHON) -m local.compose_secrets

clean: ## remove caches (not the data, not the environment)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .schemathesis
	@find $(wildcard $(CODE)) -name __pycache__ -type d -prune -exec rm -rf {} +
