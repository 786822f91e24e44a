# Callboard. make demo: a whole call centre at work. make test: all tests. Both set themselves up first.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
SETUP := sh installer/setup.sh

# make demo SWITCH=asterisk DURATION=60 ...: each one given becomes an option of `callboard demo`; ARGS is passed as it is.
DEMO_OPTIONS := $(if $(SWITCH),--switch $(SWITCH)) $(if $(DURATION),--duration $(DURATION)) $(if $(SEED),--seed $(SEED)) \
	$(if $(AGENTS),--agents $(AGENTS)) $(if $(CALLERS),--callers $(CALLERS)) $(if $(REPORT),--report $(REPORT)) \
	$(if $(SCREENSHOTS),--screenshots $(SCREENSHOTS)) $(ARGS)

# make test TESTS=tests/routing JOBS=2 ARGS="-k rona". All tests go over two processes: what needs real calls, sound and
# programs stays in one of them, one test after the other, and so do the packages (tests/conftest.py). JOBS=1: one process.
TESTS ?=
JOBS ?= $(if $(TESTS),1,2)
PYTEST_JOBS := $(if $(filter-out 0 1,$(JOBS)),-n $(JOBS) --dist loadscope)

# Each check runs, whatever the others found.
CHECKS := check-format check-lint check-imports check-types check-dead check-deps check-house

.PHONY: help setup native native-off packages demo test check $(CHECKS) bench soak lock sounds clean

help:
	@echo "make demo    a whole call centre at work, set up first (SWITCH= DURATION= SEED= AGENTS= CALLERS= REPORT=)"
	@echo "make test    all tests, set up first (TESTS=tests/routing JOBS=2 ARGS='-k rona')"
	@echo "make check   format, lint, imports, types, dead code, dependencies, house rules"
	@echo "make bench   benchmarks (TESTS=tests/bench/bench_x.py)"
	@echo "make soak    the long tests"
	@echo "make setup   the set-up alone, for work on Callboard (PYTHON=python3.12 chooses the interpreter)"
	@echo "make native  our own build of pjsua2 in .venv instead of PyPI's (Opus, OpenSSL 3, ALSA); make native-off: back"
	@echo "make packages   .debs of desk and centre, an archive, SBOMs, sums in dist/ (KEY=minisign.key signs; OUT= VERSION=)"
	@echo "make lock    pin the newest versions pyproject.toml allows;  make clean  remove what was made here"

setup:
	@$(SETUP) test

native:
	@$(SETUP) native

native-off:
	@$(SETUP) native-off

packages:
	@$(SETUP) packages
	@$(PY) installer/packages/build.py --own-pjsua2 $(if $(KEY),--key $(KEY)) $(if $(OUT),--out $(OUT)) \
		$(if $(VERSION),--version $(VERSION)) $(ARGS)

demo:
	@$(SETUP) demo
	@.venv/bin/callboard demo $(DEMO_OPTIONS)

test:
	@$(SETUP) test
	@$(PY) -m pytest $(or $(TESTS),tests) -m "not soak and not bench" --verbosity=0 $(PYTEST_JOBS) $(ARGS)

check:
	@$(SETUP) test
	@$(MAKE) --keep-going $(CHECKS)

check-format:
	.venv/bin/ruff format --check

check-lint:
	.venv/bin/ruff check

check-imports:
	.venv/bin/lint-imports --no-logo

check-types:
	.venv/bin/mypy

check-dead:
	.venv/bin/vulture

check-deps:
	.venv/bin/deptry .

check-house:
	$(PY) -m pytest tests/test_house.py

bench:
	@$(SETUP) test
	@$(PY) -m pytest $(or $(TESTS),tests/bench) -s -m "not soak" $(ARGS)

soak:
	@$(SETUP) test
	@$(PY) -m pytest $(or $(TESTS),tests) -m soak $(ARGS)

lock:
	@$(SETUP) test
	@PATH="$(CURDIR)/.venv/bin:$$PATH" sh installer/lock.sh

sounds:
	@$(SETUP) test
	@$(PY) resources/sounds/make_sounds.py

clean:
	rm -rf .venv build dist demo-output .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
