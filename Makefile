# The commands of this project. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup image lab lab-down lab-unlock check test bench

PYTHON := .venv/bin/python

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what is missing: packages, Python, engine
	@setup/packages.sh
	@setup/python.sh
	@mkdir -p build && dir=$$(setup/engine.sh) && echo "$$dir" > build/engine-dir

image: setup ## build the micro-OS image unless it is cached
	@bin/piston image build

lab: image ## a virtual rack from powered off to Ready, by `pulumi up`
	@setup/lab.sh

lab-down: ## leave nothing of the lab behind
	@[ ! -x $(PYTHON) ] || bin/piston lab down

lab-unlock: ## after a killed run: remove the stale state lock
	@setup/lab-unlock.sh

check: setup ## format, lint, types, import rules, unit tests
	@.venv/bin/ruff format --check -q .
	@.venv/bin/ruff check -q .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@shellcheck -x setup/*.sh bin/* .ci/run env.sh
	@$(PYTHON) -m pytest tests/unit -n 2

test: check image ## every test of the change gate
	@$(PYTHON) -m pytest tests/contract -p no:xdist
	@$(PYTHON) -m pytest tests/lab -p no:xdist

bench: image ## the performance table, also in build/bench.json
	@$(PYTHON) -m piston_iac.bench
