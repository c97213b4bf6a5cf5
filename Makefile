# Everything a newcomer types. Nothing is installed outside .venv; `make clean` takes it all away again.
# Another Python: make test PYTHON=python3.12

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo test coverage lint format audit fuzz bench soak mutants clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## dial a whole campaign against the built-in carrier stand-in (about a minute)
	@$(BIN)/dialer demo

# Who runs what: tests/conftest.py. The long ones, of acceptance, begin: so no core waits at the end.
ON_ALL_CORES := --numprocesses logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder
test: $(READY) ## all tests on all cores: unit, integration with a real Redis, acceptance
	@$(BIN)/pytest $(ON_ALL_CORES)

# Whoever is killed while it writes leaves a file that cannot be used; the others count.
coverage: $(READY) ## all tests, and how much of dialer/ and jobs/ they reach, branches included
	@$(BIN)/coverage erase
	@failed=0; $(BIN)/coverage run -m pytest $(ON_ALL_CORES) || failed=$$?; \
	  $(BIN)/coverage combine --quiet; $(BIN)/coverage report; exit $$failed

lint: $(READY) ## style, types and import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY) ## put the code into the project's layout
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

audit: $(READY) ## what is shipped: pinned, licences, bill of materials in dist/, known faults
	@$(BIN)/python -m tests.audit

MINUTES ?= 10
fuzz: $(READY) ## look for bytes that break what reads bytes of strangers: make fuzz MINUTES=10 (Linux)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-fuzz.lock
	@$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

bench: $(READY) ## measure, and print the figures as JSON
	@$(BIN)/python -m tests.bench $(BENCH)

SEEDS ?= 0:2000
soak: $(READY) ## simulate whole campaigns with seeded faults: make soak SEEDS=0:2000 (half an hour on two cores)
	@PYTHONHASHSEED=0 $(BIN)/python -m tests.simulation --jobs 2 $(SEEDS)

mutants: $(READY) ## put small faults into domain and scripts, and tell which no test notices: make mutants ONLY=dialer/states.py SAMPLE=40
	@$(BIN)/python -m tests.mutation $(addprefix --only ,$(ONLY)) $(addprefix --sample ,$(SAMPLE)) $(if $(KEEP),--keep)

clean: ## remove .venv and every cache
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .fuzz .hypothesis .coverage .coverage.* .import_linter_cache dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) here: install Python 3.11 or newer, or say make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed and $(PYTHON) is $$($(PYTHON) -V 2>&1); say make PYTHON=python3.11" >&2; exit 1; }
	@echo "Making .venv ..."
	@$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "No virtual environment could be made; on Debian: apt-get install python3-venv" >&2; exit 1; }

# uv, pinned and hashed by the lock file like everything else, installs in seconds what takes pip a minute.
$(READY): requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing the pinned packages into .venv ..."
	@awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements-dev.lock > .venv/uv-only.lock
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv-only.lock \
	    && $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.lock; then :; else \
	  echo "uv could not do it; pip takes a little longer ..."; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock; fi
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
