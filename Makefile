# The commands of this project. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help root setup image lab lab-down lab-unlock check test test-long bench

PYTHON := .venv/bin/python
GUEST := piston_iac/micro_os/guest/files
ON_NODES := piston_iac/micro_os/recipe/files/usr/lib/piston
SCRIPTS := setup/*.sh bin/* .ci/run env.sh tests/lab/*.sh $(GUEST)/init $(GUEST)/udhcpc.script \
	$(ON_NODES)/start-wsgi $(ON_NODES)/balancer-runs $(ON_NODES)/without-root/sudo
# Debian leaves /usr/sbin out of a plain user's PATH; tests start dnsmasq and chronyd.
export PATH := $(PATH):/usr/sbin:/sbin:$(CURDIR)/build/tools

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# First of its line: without root nothing is touched.
root:
	@[ "$$(id -u)" -eq 0 ] || { echo "piston: needs root for namespaces, mounts and disks: sudo make $(MAKECMDGOALS)" >&2; exit 1; }

setup: ## install what is missing: packages, Python, engine
	@setup/packages.sh
	@setup/python.sh
	@mkdir -p build && dir=$$(setup/engine.sh) && echo "$$dir" > build/engine-dir

image: root setup ## build the micro-OS image unless it is cached
	@bin/piston image build

lab: root image ## a virtual rack from powered off to Ready, by `pulumi up`
	@setup/lab.sh

lab-down: root ## leave nothing of the lab behind
	@# What a killed run left is ended first; an engine that still lives loses its rack, and says so itself.
	@[ ! -x $(PYTHON) ] || setup/lab-unlock.sh || true
	@[ ! -x $(PYTHON) ] || bin/piston lab down

lab-unlock: ## after a killed run: remove the stale state lock
	@setup/lab-unlock.sh

check: setup ## format, lint, types, import rules, unit tests
	@.venv/bin/ruff format --check -q .
	@.venv/bin/ruff check -q .
	@.venv/bin/mypy
	@.venv/bin/mypy policies
	@.venv/bin/lint-imports
	@shellcheck -x $(SCRIPTS)
	@$(PYTHON) -m pytest tests/unit -n 2

test: export PISTON_GATE_BEGAN := $(shell date +%s)
test: root check image ## every test of the change gate
	@$(PYTHON) -m pytest tests/contract -p no:xdist -rs
	@$(PYTHON) -m pytest tests/lab -p no:xdist -rs

test-long: root image ## kills, growth, deaths of nodes, 100 plans, seeded faults; takes some hours
	@$(PYTHON) -m pytest tests/long -p no:xdist -v -s --durations=0

bench: root image ## the performance table, also in build/bench.json
	@$(PYTHON) -m piston_iac.bench
