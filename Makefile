# Every target makes .venv from the lock by itself: with uv when it is there, with venv and pip when it is not.
PYTHON ?= python3
ARGS ?=
# A quarter of the time of a test is waiting.
WORKERS ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) + 1 )))
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.locked
UV := $(shell command -v uv 2>/dev/null)
PIP_ENV := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

.PHONY: demo test long lint format bench lock clean

demo: $(STAMP)
	@$(BIN)/dify-ops demo $(ARGS)

test: lint
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not long" $(ARGS)

long: $(STAMP)
	$(BIN)/python -m pytest -n 3 --dist worksteal -m long --durations=0 --durations-min=1 $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python -m benchmarks $(ARGS)

$(STAMP): requirements/dev.txt pyproject.toml
ifneq ($(UV),)
	@$(UV) venv --quiet --allow-existing --python "$(PYTHON)" $(VENV)
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	@$(PYTHON) -c 'import sys; sys.exit("Dify Ops needs Python 3.11 or newer, this is %d.%d. Try: make PYTHON=python3.11" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP_ENV) $(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@$(PIP_ENV) $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
endif
	@touch $(STAMP)

LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet
lock:
	$(LOCK) -o requirements/run.txt
	$(LOCK) --group dev -o requirements/dev.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
