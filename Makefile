# Two commands do everything: `make demo` and `make test`. Each makes its own environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
NAME := fashion-cnn
RUN := runs/$(NAME)
ARTIFACTS := artifacts/$(NAME)
REPORT := report/$(NAME)

.DEFAULT_GOAL := help
.PHONY: help env demo test test-slow test-emulated test-wheel check format wheel clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

env: $(VENV)/.ready ## Make the development environment

$(VENV)/.ready: pyproject.toml constraints.txt
	@echo "Making the environment in $(VENV) (about 2.5 GB, a few minutes)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(VENV)/.ready ## Train, export, run and compare, on the real data
	$(BIN)/python -m train
	@if [ $(ARTIFACTS)/manifest.json -nt $(RUN)/spec.json ]; \
	then echo "$(ARTIFACTS) is newer than $(RUN): reused"; \
	else $(BIN)/python -m export --run $(RUN) --force; fi
	$(BIN)/python -m benchmarks --artifacts $(ARTIFACTS) --out $(REPORT) --quick --evaluation-images all --force

test: $(VENV)/.ready ## Run the tests (about 3 minutes on two cores)
	$(BIN)/python -m pytest

test-slow: $(VENV)/.ready ## Run the tests that take longer
	$(BIN)/python -m pytest -m slow

test-emulated: $(VENV)/.ready ## Run the tests on emulated processors (about 10 minutes on two cores)
	$(BIN)/python -m pytest -m emulated tests/emulator tests/raspberry_pi -n 2 --dist loadfile

test-wheel: $(VENV)/.ready ## Run the runtime's tests from the wheel, on an empty Python 3.13
	$(BIN)/python -m tests.try_wheel --python 3.13

check: $(VENV)/.ready ## Style, types and the rules of who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.ready ## Rewrite the sources in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: $(VENV)/.ready ## Build the wheel that goes to a device
	$(BIN)/python -m build --wheel --outdir dist

# Runs, artifacts and reports of one's own lie in the same folders, and stay.
clean: ## Remove what the other targets made, but not the environment
	rm -rf $(RUN) $(dir $(RUN)).$(NAME).unfinished $(ARTIFACTS) $(REPORT) build dist
