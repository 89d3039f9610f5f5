# Requirements: Python 3.11 or newer, make and a package index. Nothing needs root.

PYTHON ?= $(shell .ci/pythons | head -n 1)
JOBS ?= auto
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench/bin
INSTALL = -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo generate test test-fast test-all coverage check bench bench-readme install clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-21s%s\n", $$1, $$2}'

demo: $(VENV)/for-demo ## install, generate, type-check, and run the tour of the bookstore on SQLite
	$(BIN)/tablewright generate
	PYTHONPATH=generated $(BIN)/python tests/demo/walkthrough.py

generate: $(VENV)/for-development ## generate the packages from specs/ and type-check them
	$(BIN)/tablewright generate

test: $(VENV)/for-development ## run the whole suite, on SQLite and on a real Postgres
	$(BIN)/python -m pytest -n $(JOBS)

test-fast: $(VENV)/for-development ## run the tests that need no Postgres and no other process, in half a minute
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow"

coverage: $(VENV)/for-development ## run the fast tests again, and print how much of codegen/tablewright they execute
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow" --cov --cov-report=
	@printf 'The fast tests execute %s %% of codegen/tablewright.\n' "$$($(BIN)/coverage report --format=total)"

test-all: ## run the suite on every Python from 3.11 on this machine
	@failed=""; \
	for python in $$(.ci/pythons); do \
	    version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	    echo "== Python $$version"; \
	    $(MAKE) --no-print-directory test PYTHON=$$python VENV=.venv-$$version || failed="$$failed $$version"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed on:$$failed"; exit 1; fi

check: $(VENV)/for-development ## lint, check spelling, types and imports, and compare generated/ with specs/
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/validate-pyproject pyproject.toml
	$(BIN)/mypy --python-version 3.11 codegen/tablewright generated tests
	$(BIN)/mypy --python-version 3.13 codegen/tablewright generated tests
	$(BIN)/basedpyright
	$(BIN)/basedpyright --pythonversion 3.13
	$(BIN)/lint-imports --no-logo
	$(BIN)/tablewright generate --check

bench: .venv-bench/for-benchmarks ## run the benchmarks (19 minutes), and write the README's figures and chart
	$(BENCH)/python -m tests.benchmarks --json tests/benchmarks/results.json
	$(MAKE) --no-print-directory bench-readme

bench-readme: .venv-bench/for-benchmarks ## write the README's figures and chart from the last results
	$(BENCH)/python -m tests.benchmarks.chart
	$(BENCH)/python -m tests.benchmarks.readme

install: $(VENV)/for-development ## create .venv with everything for development

clean: ## remove what the other commands created, except the generated packages
	rm -rf .venv .venv-* build dist .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .tablewright_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/for-demo: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python $(INSTALL) --editable '.[codegen]'
	@touch $@

$(VENV)/for-development: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python $(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/for-demo

# In an environment of their own: what one contender requires may be what development excludes.
.venv-bench/for-benchmarks: pyproject.toml constraints.txt | $(BENCH)/python
	$(BENCH)/python $(INSTALL) --editable '.[bench]'
	@touch $@

$(BENCH)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found. Name one: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv .venv-bench

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found. Name one: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
