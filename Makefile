# Everything needs Python 3.11 or newer, make and a package index; nothing else, and no root.

PYTHON ?= $(shell .ci/pythons | head -n 1)
JOBS ?= auto
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench/bin
INSTALL = -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo generate test test-all check bench bench-readme install clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-21s%s\n", $$1, $$2}'

demo: $(VENV)/for-demo ## install, generate, type-check, and walk through the bookstore on SQLite
	$(BIN)/tablewright generate
	PYTHONPATH=generated $(BIN)/python tests/demo/walkthrough.py

generate: $(VENV)/for-development ## generate the packages from specs/, and type-check them
	$(BIN)/tablewright generate

test: $(VENV)/for-development ## run the whole suite, on SQLite and on a real Postgres
	$(BIN)/python -m pytest -n $(JOBS)

test-all: ## run the suite on every Python from 3.11 that this machine has
	@failed=""; \
	for python in $$(.ci/pythons); do \
	    version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "== Python $$version"; \
	    $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version || failed="$$failed $$version"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed on:$$failed"; exit 1; fi

check: $(VENV)/for-development ## lint, type-check under both checkers, hold the import laws, prove the output fresh
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --python-version 3.11 codegen/tablewright generated tests
	$(BIN)/mypy --python-version 3.13 codegen/tablewright generated tests
	$(BIN)/basedpyright
	$(BIN)/basedpyright --pythonversion 3.13
	$(BIN)/lint-imports --no-logo
	$(BIN)/tablewright generate --check

bench: .venv-bench/for-benchmarks ## compare with others, side by side (19 minutes); writes the README's figures and chart
	$(BENCH)/python -m tests.benchmarks --json tests/benchmarks/results.json
	$(MAKE) --no-print-directory bench-readme

bench-readme: .venv-bench/for-benchmarks ## write the README's figures and chart from the last results
	$(BENCH)/python -m tests.benchmarks.chart
	$(BENCH)/python -m tests.benchmarks.readme

install: $(VENV)/for-development ## make .venv with all that development needs

clean: ## remove what the other commands made, and leave the generated packages
	rm -rf .venv .venv-* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .tablewright_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/for-demo: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python $(INSTALL) --editable '.[codegen]'
	@touch $@

$(VENV)/for-development: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python $(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/for-demo

# The peers stay out of the way of development: one of them may want what another forbids.
.venv-bench/for-benchmarks: pyproject.toml constraints.txt | $(BENCH)/python
	$(BENCH)/python $(INSTALL) --editable '.[bench]'
	@touch $@

$(BENCH)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found; name one: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv .venv-bench

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found; name one: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
