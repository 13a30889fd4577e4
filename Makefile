# One verb, one line in `make help`; CI and laptops run the same ones.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UP_ARGS ?=
NAME ?=

# The compiled twins, the lock and the package's own settings decide whether set-up runs again.
TWINS := $(shell find src -name '*_fast.pyx' -o -name '*.pxd')
# The console lands inside the package; without Node the one that is there stays.
CONSOLE := src/tapewatch/console/index.html
CONSOLE_SOURCES := $(shell find web -name node_modules -prune -o -type f -print)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help up test test-all check fix bench console shots docs lock wheel clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(VENV)/ready $(CONSOLE) ## Set up everything and run Tapewatch here, with a sample floor (UP_ARGS="--pack hft").
	@exec $(BIN)/tapewatch up --floor $(UP_ARGS)

test: $(VENV)/ready $(CONSOLE) ## Set up everything and run the tests, slow ones left out.
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow and not smoke"

test-all: $(VENV)/ready $(CONSOLE) ## Run every test, the slow ones too.
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not smoke"

check: $(VENV)/ready ## Lint, check the format, the types and the tidiness of the house.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint src
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_tidy.py

fix: $(VENV)/ready ## Format, and mend what the linter can mend.
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(VENV)/ready ## Run the benchmarks in full, or one with NAME=….
	$(BIN)/python -m bench $(NAME)

console: $(CONSOLE) ## Build the console, where Node is at hand.

shots: $(VENV)/ready $(CONSOLE) ## Photograph every page of the console into docs/img/.
	$(BIN)/python -m tools.shots

docs: $(VENV)/ready ## Write the generated reference pages again.
	$(BIN)/python -m tools.reference

lock: ## Resolve the dependencies anew into locks/.
	tools/lock.sh

wheel: $(VENV)/ready $(CONSOLE) ## Build the wheel and the source package into dist/.
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .

clean: ## Remove everything that the other verbs made.
	rm -rf web/node_modules src/tapewatch/console
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .hypothesis src/*.egg-info
	find src tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} +
	find src \( -name '*.so' -o -name '*_fast.c' \) -delete

$(VENV)/bin/python:
	@tools/venv.sh $(PYTHON) $(VENV)

$(VENV)/locked: locks/dev.txt $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes --requirement locks/dev.txt
	@touch $@

$(CONSOLE): $(CONSOLE_SOURCES) tools/console.sh
	@tools/console.sh

$(VENV)/ready: $(VENV)/locked pyproject.toml setup.py $(TWINS)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@# Else the first `make up` of a fresh clone compiles while somebody waits.
	$(BIN)/python -m compileall -q src
	@touch $@
