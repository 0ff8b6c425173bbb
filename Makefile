# make demo     the December 2025 scenario, article and official side by side
# make test     every test that fits into a few minutes
# make test-slow       the rest: notebooks, figures, site, pages in a Chromium (skipped where none is), killed sweeps
# make lint     style, formatting and strict types
# make bench    engine, Mesa twin and other libraries side by side, some ten minutes
# make docs     the documentation site in results/site, warnings are errors
# make calibrate       the posterior again, about half an hour on two processors
# make explore-data    the states of the page of `carryflow explore` again, about half an hour on two processors
# make structure       figure and table of docs/architecture.md again, from the code's own imports
# make facts-history   historical facts again from the official series, DATA=../shared/data
# Another interpreter or another environment: make test PYTHON=python3.13 VENV=.venv-new

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PYTEST := $(BIN)/python -m pytest -n 2

FACTS := configs/facts/usdjpy_1990_2024.yaml
DATA ?= ../shared/data
ROUNDS ?= 7

.PHONY: demo test test-slow lint format docs bench calibrate explore-data structure facts-history clean
.DEFAULT_GOAL := demo

# One stamp per set of packages: a second `make` starts at once, a changed pyproject.toml installs again.
# The install is editable, so that a change in the checkout counts without installing.
$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	$(INSTALL) --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(INSTALL) --editable '.[test]'
	touch $@

# What the slow tests look at besides: the site, the pages in a browser (a Chromium of the system's own), Mesa's page.
$(VENV)/.installed-slow: $(VENV)/.installed-test
	$(INSTALL) --editable '.[test,docs,browser,viz]'
	touch $@

$(VENV)/.installed-lint: $(VENV)/.installed-test
	$(INSTALL) --editable '.[test,lint]'
	touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(INSTALL) --editable '.[docs]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/carryflow demo

# Neighbours stay together, and with them what they compute once; whoever is ready early takes over from the other.
test: $(VENV)/.installed-test
	$(PYTEST) --dist worksteal -m "not slow"

test-slow: $(VENV)/.installed-slow
	$(PYTEST) -m slow

lint: $(VENV)/.installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

format: $(VENV)/.installed-lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The compiled kernel of the benchmark needs numba; where numba cannot be installed, the table says that the kernel is skipped.
$(VENV)/.installed-bench: $(VENV)/.installed
	-$(INSTALL) --only-binary :all: numba
	touch $@

# ROUNDS=2 for a quick look; figures that are quoted need seven rounds or more.
bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks --rounds $(ROUNDS)

docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx -W --keep-going --quiet -b html -d $(VENV)/doctrees docs results/site
	@echo "written: results/site/index.html"

# Written elsewhere and moved, so that a missing folder leaves the file as it was.
# The same seed gives the same bytes; after an interruption `carryflow calibrate --resume` goes on, if the engine is unchanged.
calibrate: $(VENV)/.installed
	$(BIN)/carryflow calibrate --out results/calibration --force
	cp results/calibration/august_2024.csv configs/calibration/august_2024.csv

# Interrupted, it goes on where it was.
explore-data: $(VENV)/.installed
	$(BIN)/python -m simulation.pages.explore.sliders > configs/sweeps/explore.csv
	$(BIN)/carryflow sweep explore --out results/explore
	$(BIN)/carryflow explore --store results/explore --out configs/explore/december_2025.json

structure: $(VENV)/.installed
	$(BIN)/python -m tools.structure

facts-history: $(VENV)/.installed
	$(BIN)/python -m simulation.studies.facts.historical $(DATA) > $(VENV)/facts.yaml
	mv $(VENV)/facts.yaml $(FACTS)

clean:
	rm -rf .venv .venv-new build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find simulation tests -name __pycache__ -type d -prune -exec rm -rf {} +
