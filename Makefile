# Relais: what there is to do. `make` alone lists it. Every target works on a fresh clone: it makes .venv first.

SHELL := /bin/sh
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
ROLES ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check bench golden corpus crash fuzz messages screenshots

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv with everything in it, from the lock file

$(STAMP): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "try: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv sync --locked --quiet
	@touch $@

demo: $(STAMP) ## Show the main job on real mails; DEMO_EXIT=1 ends by itself
	@DEMO_EXIT=$(DEMO_EXIT) $(BIN)/python -m gateway.demo

run: $(STAMP) ## Start the gateway for real, with settings.toml
	@$(BIN)/relais init
	@$(BIN)/relais serve $(foreach role,$(ROLES),--role $(role))

test: $(STAMP) ## The tests; ARGS="-k route -x" goes to pytest
	@$(BIN)/python -m pytest $(ARGS)

check: $(STAMP) ## Format, lint, types, who may import whom, dead links
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tests.links

bench: $(STAMP) ## Print the figures
	@$(BIN)/python -m tests.bench

golden: $(STAMP) ## Write the whole mails of tests/golden anew; review the diff
	@$(BIN)/python -m pytest -q tests/golden --rewrite-golden
	@git --no-pager diff --stat -- tests/golden

corpus: $(STAMP) ## How the mails of tests/corpus are understood; NAMES="reply-outlook" shows some in colour
	@$(BIN)/python -m tests.corpus $(NAMES)

crash: $(STAMP) ## Kill it in the middle of everything, and count
	@$(BIN)/python -m pytest -q tests/crash $(ARGS)

fuzz: $(STAMP) ## The property tests with very many examples
	@$(BIN)/python -m pytest -q -m hypothesis --hypothesis-profile=fuzz $(ARGS)

messages: $(STAMP) ## Bring the catalogues up to date with code and templates
	@mkdir -p build
	@$(BIN)/pybabel --quiet extract -F templates/babel.cfg --no-location --no-wrap --sort-output -o build/relais.pot .
	@for language in fr en; do \
	    po=templates/locale/$$language/LC_MESSAGES/relais.po; \
	    sed '/^$$/q' $$po > build/head; \
	    $(BIN)/pybabel --quiet update -l $$language -D relais -i build/relais.pot -d templates/locale \
	        --no-wrap --omit-header --no-fuzzy-matching --ignore-obsolete || exit 1; \
	    cat build/head $$po > build/whole && cp build/whole $$po; \
	done
	@git --no-pager diff --stat -- templates/locale

screenshots: $(STAMP) ## Draw mails and pages with Chromium into docs/screenshots
	@$(BIN)/python -m tests.screenshots
