# Two commands do everything: `make demo` and `make test`. Each makes its own environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
NAME := fashion-cnn
RUN := runs/$(NAME)
ARTIFACTS := artifacts/$(NAME)
REPORT := report/$(NAME)

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow check format wheel clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on \
		--constraint constraints.txt --editable '.[dev]'
	@touch $@

check: $(VENV)/.ready ## Style, types and the rules of who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/.ready ## Run the tests
	$(BIN)/python -m pytest

clean: ## Remove what demo and test made, but not the environment
	rm -rf runs artifacts report build dist
