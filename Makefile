# What can be done with this checkout; `make help` lists it. Everything that is fetched or built goes to .venv, .build and the cache.

ENV ?= local
# More arguments for what a target runs: make site ARGS="--tags bootstrap", make test ARGS="-k subnet"
ARGS ?=
# Work done side by side.
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

cache := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/presidential_digs
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.build/bin:$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# Gates and tests of one checkout use the checkout's own collections.
unexport ANSIBLE_COLLECTIONS_PATH

# One environment per lock, shared by all checkouts.
environment = $(cache)/environments/$(1)-$(shell sha256sum requirements/$(1).lock | cut -c1-12)
pytest = python -m pytest --numprocesses $(JOBS) --maxschedchunk 1

.DEFAULT_GOAL := help
.PHONY: help site-tools site check test lint bench soak conformance up down status teardown clean .venv tools gate-tools lock secrets-baseline

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

site: site-tools ## every phase of site.yml on ENV (default local: the local cloud, started when it does not run)
	@sh tools/play.sh $(ENV) site.yml $(ARGS)

check: site-tools ## what `make site` would change on ENV, with the differences, and nothing changed
	@sh tools/play.sh $(ENV) site.yml --check --diff $(ARGS)

teardown: site-tools ## destroy ENV in two passes; wants ARGS="-e teardown_confirm=PROJECT"
	@sh tools/play.sh $(ENV) playbooks/teardown.yml $(ARGS)

test: tools gate-tools ## lint, types, unit, integration, molecule: everything CI asks for
	@$(pytest) $(ARGS)

lint: tools gate-tools ## the gates over the whole tree, without the tests
	@$(pytest) tests/gates -k test_gate $(ARGS)

soak: tools gate-tools ## the long sweeps of which `make test` runs samples
	@$(pytest) --soak -m "soak or hypothesis" tests $(ARGS)

conformance: .venv ## replay recorded exchanges with Google against the emulator
	@python -m tests.conformance $(ARGS)

bench: tools ## our modules beside google.cloud, and the emulator's requests per second
	@sh tools/environment.sh $(call environment,bench) requirements/bench.lock
	@BENCH_ENVIRONMENT=$(call environment,bench) python -m tests.benchmarks $(ARGS)

up: tools ## start the local cloud, or attach to the one that runs
	@python -m local_cloud up $(ARGS)

down: .venv ## stop the local cloud; what it holds is kept
	@python -m local_cloud down $(ARGS)

status: .venv ## what the local cloud is doing
	@python -m local_cloud status $(ARGS)

clean: ## stop the local cloud and delete all that was made here: environment, cloud, runs
	@if [ -x .venv/bin/python ] && [ -d .local_cloud ]; then python -m local_cloud down; fi
	@rm -rf .venv .build .cache .ansible .local_cloud .runs

.venv:
	@sh tools/environment.sh .venv requirements/dev.lock

tools: .venv
	@python -m tools.toolchain .build/bin terraform local_cloud

# What a playbook cannot do without; tools/play.sh has the rest brought while the first phases run.
site-tools: .venv
	@python -m tools.toolchain .build/bin terraform kubectl

gate-tools: .venv
	@sh tools/environment.sh $(call environment,checkov) requirements/checkov.lock
	@mkdir -p .build/bin && ln -sfn $(call environment,checkov)/bin/checkov .build/bin/checkov
	@python -m tools.toolchain .build/bin actionlint chromium chromedriver

lock: .venv ## compile the hashed locks anew after a change of pyproject.toml or requirements/*.in
	@sh tools/lock.sh

secrets-baseline: .venv ## write what looks like a secret into the baseline, to be audited
	@git ls-files -z | xargs -0 python -m tools.secret_scan --renew
