# Thin shells over plain pip: `make run` sets up and runs the main job, `make test` sets up and passes the tests.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check lock benchmark clean

run: .venv/runs
	$(BIN)/liushui demo demo

test: .venv/tests
	$(BIN)/python -m pytest --numprocesses logical --dist worksteal

check: .venv/tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

benchmark: .venv/tests
	$(BIN)/python -m benchmarks

.venv/runs: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/tests: .venv/runs requirements-dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-dev.txt
	touch $@

# The lock files carry hashes and no index address; uv compiles them, pip installs them.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--group build pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--group build --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf .venv demo build dist
