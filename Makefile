# The commands of this project; `make` lists them. Each command sets up everything that it needs.
#
#   PYTHON     the Python for the virtual environments (3.11 or newer)
#   FRAMEWORK  the framework of the demo: make demo FRAMEWORK=flask
#   ARGS       more arguments for demo, test, mutants, fuzz, bench-check and lock: make demo ARGS=--check

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
ARGS ?=
FRAMEWORK ?= fastapi
BIN := .venv/bin
# One worker for each core; tests/conftest.py decides what stays on one worker.
WORKERS := --numprocesses auto
# These tests run twice: with the newest and with the oldest supported versions of Starlette, FastAPI and pydantic.
FRAMEWORK_TESTS := tests/unit/adapters/asgi/test_frameworks.py tests/unit/adapters/asgi/test_outermost.py \
    tests/unit/adapters/asgi/test_failed_startup.py tests/unit/adapters/asgi/test_mounted_layers.py \
    tests/unit/adapters/starlette tests/unit/test_starlette_explain.py tests/unit/test_starlette_install.py \
    tests/unit/adapters/wsgi tests/unit/adapters/flask tests/unit/adapters/aiohttp tests/unit/adapters/django \
    tests/real/django \
    tests/unit/settings tests/real/recipes tests/properties/test_route_tables.py tests/properties/test_route_walks.py
export PYTHON

.PHONY: help demo screenshot diagram docs test test-nightly test-pythons mutants fuzz check bench bench-check format lock clean chromium test-packages bench-packages

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r t d; do printf '%-20s%s\n' "$$t" "$$d"; done

demo: $(if $(findstring --check,$(ARGS)),chromium) .venv/.demo ## show a page and an API on two origins, live (FRAMEWORK=aiohttp, django, flask: with another framework; ARGS=--check: check the results in a headless browser; ARGS=--live: two processes with one database)
	@$(BIN)/python -m demo --framework $(FRAMEWORK) $(ARGS)

screenshot: chromium .venv/.demo ## update the screenshot of the demo in the README, docs/demo.png
	@$(BIN)/python -W ignore -m demo.screenshot

diagram: ## update the picture of the import layers, docs/architecture.svg
	@$(PYTHON) scripts/draw_architecture.py

docs: .venv-docs/.docs ## build the documentation site into site/ and check its links
	@.venv-docs/bin/python scripts/build_site.py
	@echo 'To read it, run: python3 -m http.server --bind 127.0.0.1 --directory site'

# The unit tests cover the library. The others are not measured, because measuring doubles their time.
test: test-packages .venv/.dev .venv-docs/.docs build/wheels/.extras $(if $(ARGS),,.venv-oldest/.oldest) ## run all tests and check their coverage (ARGS=tests/unit: run only those)
ifdef ARGS
	$(BIN)/python -m pytest $(if $(findstring .py,$(ARGS)),,$(WORKERS)) $(ARGS)
else
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(WORKERS) tests/unit
	$(BIN)/coverage combine --quiet
	$(BIN)/python scripts/check_coverage.py
	$(BIN)/python -m pytest $(WORKERS) --ignore tests/unit
	.venv-oldest/bin/python -m pytest $(WORKERS) $(FRAMEWORK_TESTS)
endif

test-nightly: test-packages .venv/.dev ## run the property tests and the browser engines with many more examples
	HYPOTHESIS_PROFILE=nightly ENGINE_EXCHANGES=5000 $(BIN)/python -m pytest $(WORKERS) tests/properties tests/unit tests/real/engines

# An interpreter that is not installed is named and left out. One environment at a time, because each is large.
test-pythons: ## run the unit tests with the other supported releases of Python that are installed
	@for version in 3.12 3.13 3.14; do \
	    if ! python$$version -c '' 2>/dev/null; then echo "python$$version is not installed"; continue; fi; \
	    PYTHON=python$$version scripts/setup-venv.sh python || exit; \
	    .venv-python/bin/python -m pytest $(WORKERS) tests/unit || exit; \
	    rm -rf .venv-python; \
	done

mutants: .venv/.dev ## check that the unit tests detect thousands of small changes to fetch, policy and browser (ARGS=fetch.host)
	HYPOTHESIS_PROFILE=mutants PYTHONHASHSEED=0 nice $(BIN)/python scripts/mutants.py $(ARGS)

fuzz: .venv-fuzz/.fuzz ## fuzz each target for one minute (ARGS="exchange -max_total_time=600": one target for ten minutes)
	@.venv-fuzz/bin/python -m tests.properties.fuzz $(ARGS)

# `make check test` checks all required system packages first, so that users without root see one command.
check: $(if $(filter test,$(MAKECMDGOALS)),test-packages) .venv/.dev ## check style, types, import rules and lock files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/lock.sh --check

bench: bench-packages .venv-bench/.bench ## measure the cost per request, compared with other libraries, and update docs/performance.md
	@.venv-bench/bin/python -m bench $(ARGS)

bench-check: bench-packages .venv-bench/.bench ## fail if requests have become slower (ARGS=--update: update the baselines)
	@.venv-bench/bin/python -m bench.guard $(ARGS)

format: .venv/.dev ## format the code and apply safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.dev ## compile the lock files (ARGS=--upgrade: use the newest versions)
	PATH="$(CURDIR)/$(BIN):$$PATH" scripts/lock.sh $(ARGS)

clean: ## remove everything that these commands created
	rm -rf .venv .venv-bench .venv-docs .venv-fuzz .venv-oldest .venv-python build dist site .cache .coverage .coverage.* coverage.json htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests scripts bench -name __pycache__ -type d -prune -exec rm -rf {} +

# The packages for the virtual environment are included, so that users without root see one command.
chromium:
	@scripts/install-system-packages.sh venv chromium

test-packages:
	@scripts/install-system-packages.sh venv chromium firefox webkit openssl valgrind nginx express postgresql

bench-packages:
	@scripts/install-system-packages.sh venv valgrind

.venv/.demo: requirements/demo.txt pyproject.toml scripts/setup-venv.sh
	@scripts/setup-venv.sh demo
	@touch $@

# The tests install the wheel of the project from these wheels, without a network.
build/wheels/.extras: requirements/extras.txt .venv/.dev
	@echo "Downloading requirements/extras.txt into build/wheels"
	@rm -rf build/wheels
	@$(BIN)/python -m pip download --disable-pip-version-check --quiet --require-hashes --no-deps --only-binary :all: --dest build/wheels --requirement requirements/extras.txt
	@touch $@

# The benchmarks have their own environment, so that they load only the locked versions of the compared libraries.
.venv-bench/.bench: requirements/bench.txt scripts/setup-venv.sh
	@scripts/setup-venv.sh bench
	@touch $@

# Both use .venv; the packages of dev.txt include those of demo.txt.
.venv/.dev: requirements/dev.txt pyproject.toml scripts/setup-venv.sh
	@scripts/setup-venv.sh dev
	@touch .venv/.demo $@

# The site builder has its own environment because it requires many packages that the library and its tests do not.
.venv-docs/.docs: requirements/docs.txt scripts/setup-venv.sh
	@scripts/setup-venv.sh docs
	@touch $@

.venv-fuzz/.fuzz: requirements/fuzz.txt pyproject.toml scripts/setup-venv.sh
	@scripts/setup-venv.sh fuzz
	@touch $@

# The oldest frameworks have their own environment because they conflict with the newest.
.venv-oldest/.oldest: requirements/oldest.txt pyproject.toml scripts/setup-venv.sh
	@scripts/setup-venv.sh oldest
	@touch $@
