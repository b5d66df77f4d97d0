# Auricle: `make run` and `make test` do all the set-up themselves. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PY := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export HF_HUB_OFFLINE := 1
export NO_MKDOCS_2_WARNING := 1

# Real daemons share two cores with their peers: what fails is tried once more, and that is said.
twice = $(PY) -m pytest -q -m real $(1) || { echo "Once more what failed."; $(PY) -m pytest -q -m real --last-failed --last-failed-no-failures none $(1); }

.PHONY: help run test check unit real bench docs lock call serve sweep clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: .venv/run.stamp console/dist/index.html  ## set up, then the demo: a practice, two patients, the console
	@$(PY) -m auricle demo

call: .venv/run.stamp  ## the demo without the console: exits 0 only if everything it claims was checked
	@$(PY) -m auricle demo --once

sweep: .venv/run.stamp  ## put made-up private things through a day, then search every byte it left
	@$(PY) -m auricle sweep

serve: .venv/run.stamp console/dist/index.html  ## run a practice from SETTINGS=path/to/settings.toml
	@$(PY) -m auricle serve $(SETTINGS)

test: .venv/dev.stamp console/dist/index.html  ## everything, from nothing
	@scripts/system.sh test
	@$(MAKE) --no-print-directory check
	@$(PY) -m mkdocs build --strict --quiet
	@$(call twice,-n 2 --dist worksteal tests/security tests/unit)
	@$(call twice,tests/real)

check: .venv/dev.stamp  ## lint, types, imports, unit tests
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo 2>&1 | tail -n 12
	@$(PY) -m pytest -q -m "not real" -n 2 --dist worksteal tests

bench: .venv/dev.stamp  ## call rate beside Asterisk, then keys, policies, log and store (bench/README.md)
	@scripts/system.sh bench
	@$(PY) bench/run.py
	@for part in vault access audit store vouched; do echo "bench/$$part.py"; $(PY) bench/$$part.py || exit 1; done

docs: .venv/dev.stamp  ## the documentation site, in site/
	@$(PY) -m mkdocs build --strict --quiet && echo "site/index.html"

lock: .venv/dev.stamp  ## pin all dependencies anew
	@$(PY) requirements/lock.py

clean:  ## remove what was built (not the demo's data)
	@rm -rf .venv console/dist console/node_modules site

.venv/run.stamp: requirements/run.txt pyproject.toml scripts/system.sh
	@scripts/system.sh run
	@test -x $(PY) || python3 -m venv .venv
	@echo "Installing Python packages …"
	@$(PY) -m pip install --quiet --require-hashes -r requirements/run.txt
	@$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	@$(PY) -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

console/dist/index.html: .venv/run.stamp $(shell find console/src console/index.html console/package.json console/package-lock.json console/vite.config.ts 2>/dev/null)
	@echo "Building the console …"
	@console/build.sh
