# The commands of this project: `make` lists them. Each does all the set-up it needs.
#
#   PYTHON  the Python that .venv is made with (3.11 or newer)
#   ARGS    more arguments for demo, test, mutants, fuzz, bench-check and lock: make demo ARGS=--check

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# What runs twice: in the newest Starlette, FastAPI and pydantic, and in the oldest that are supported.
FRAMEWORK_TESTS := tests/unit/adapters/asgi/test_frameworks.py tests/cases/recipes tests/unit/settings tests/unit/adapters/starlette
export PYTHON

.PHONY: help demo docs test mutants fuzz check bench bench-check format lock clean chromium test-packages bench-packages

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r t d; do printf '%-16s%s\n' "$$t" "$$d"; done

demo: $(if $(findstring --check,$(ARGS)),chromium) .venv/.demo ## show two origins on this machine, live (ARGS=--check: judged in a headless browser)
	@$(BIN)/python -m demo $(ARGS)

docs: .venv-docs/.docs ## build the site of the documents into site/, and hold its links
	@.venv-docs/bin/python scripts/build_site.py
	@echo 'Read it: python3 -m http.server --bind 127.0.0.1 --directory site'

test: test-packages .venv/.dev .venv-docs/.docs $(if $(ARGS),,.venv-oldest/.oldest) ## run the tests and hold their coverage (ARGS=tests/unit/policy: run those only)
	$(if $(ARGS),$(BIN)/python -m pytest $(ARGS),$(BIN)/coverage run -m pytest)
	$(if $(ARGS),,$(BIN)/python scripts/check_coverage.py)
	$(if $(ARGS),,.venv-oldest/bin/python -m pytest $(FRAMEWORK_TESTS))

mutants: .venv/.dev ## change fetch, policy and browser in thousands of ways, and see that the unit tests tell (ARGS=fetch.host)
	HYPOTHESIS_PROFILE=mutants PYTHONHASHSEED=0 nice $(BIN)/python scripts/mutants.py $(ARGS)

fuzz: .venv-fuzz/.fuzz ## fuzz each target for a minute (ARGS="exchange -max_total_time=600": one of them for ten)
	@.venv-fuzz/bin/python -m tests.properties.fuzz $(ARGS)

# Asked for together, both tell at once what a user without root has to have installed.
check: $(if $(filter test,$(MAKECMDGOALS)),test-packages) .venv/.dev ## check style, types, the house, and the lock files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/lock.sh --check

bench: bench-packages .venv-bench/.bench ## measure what a request costs, beside others, and write docs/performance.md anew
	@.venv-bench/bin/python -m bench $(ARGS)

bench-check: bench-packages .venv-bench/.bench ## fail if a request has become slower (ARGS=--update: write the baselines anew)
	@.venv-bench/bin/python -m bench.guard $(ARGS)

format: .venv/.dev ## format the code and mend what can be mended safely
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.dev ## compile the lock files (ARGS=--upgrade: take the newest versions)
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/lock.sh $(ARGS)

clean: ## remove everything that these commands made
	rm -rf .venv .venv-bench .venv-docs .venv-fuzz .venv-oldest build dist site .cache .coverage .coverage.* coverage.json htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests scripts bench -name __pycache__ -type d -prune -exec rm -rf {} +

# With all that the environment needs, so that who may not install is told one command, not two.
chromium:
	@scripts/install-system-packages.sh venv chromium

test-packages:
	@scripts/install-system-packages.sh venv chromium firefox webkit openssl valgrind nginx

bench-packages:
	@scripts/install-system-packages.sh venv valgrind

.venv/.demo: requirements/demo.txt pyproject.toml scripts/setup-venv.sh
	@scripts/setup-venv.sh demo
	@touch $@

# The peers have their own, so that what is measured is what was locked, and nothing else is loaded.
.venv-bench/.bench: requirements/bench.txt scripts/setup-venv.sh
	@scripts/setup-venv.sh bench
	@touch $@

# One environment, and the larger lock holds all of the smaller one.
.venv/.dev: requirements/dev.txt pyproject.toml scripts/setup-venv.sh
	@scripts/setup-venv.sh dev
	@touch .venv/.demo $@

# It holds half of MkDocs, and nothing that the library or its tests import.
.venv-docs/.docs: requirements/docs.txt scripts/setup-venv.sh
	@scripts/setup-venv.sh docs
	@touch $@

.venv-fuzz/.fuzz: requirements/fuzz.txt pyproject.toml scripts/setup-venv.sh
	@scripts/setup-venv.sh fuzz
	@touch $@

# The oldest frameworks and the newest cannot stand beside each other.
.venv-oldest/.oldest: requirements/oldest.txt pyproject.toml scripts/setup-venv.sh
	@scripts/setup-venv.sh oldest
	@touch $@
