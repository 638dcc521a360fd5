# make demo   sets everything up and trains on the demo album: a few minutes, no model hub needed
# make test   sets everything up and runs the tests, the linter and the type checker
# make test-all   the same with the tests that make test leaves out for the time they take
# make bench  sets everything up and measures everything in short, with nothing else running
# Needs Python 3.11 or newer with venv, and make. PYTHON=python3.12 chooses another interpreter.

PYTHON ?= python3
VENV ?= .venv
# Each prints its table; without --short, python -m benchmarks.NAME takes up to ten minutes and keeps its figures.
BENCHMARKS := throughput time_to_quality generation memory startup growth
# The tests' tensors are small: two processes of one thread are quicker than one of two.
WORKERS ?= 2
PY := $(VENV)/bin/python
# torch comes first and pinned: a looser request could bring several gigabytes of another build.
TORCH := torch==2.13.0
PIP := $(PY) -m pip install --quiet --disable-pip-version-check

.PHONY: help demo test test-all bench lint format clean
help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.ready
	$(PY) -m lyric_lm.train experiment=quickstart
	@echo; echo "Two new songs by the trained model:"
	$(PY) -m lyric_lm.generate num_samples=2 max_new_tokens=200

test: PYTEST_OPTIONS := -m "not long"
test test-all: $(VENV)/.ready-dev lint
	OMP_NUM_THREADS=1 $(PY) -m pytest -q --durations=15 -n $(WORKERS) --dist loadfile $(PYTEST_OPTIONS)

bench: $(VENV)/.ready
	@for name in $(BENCHMARKS); do echo; echo "## $$name"; $(PY) -m benchmarks.$$name --short || exit 1; done

lint: $(VENV)/.ready-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(VENV)/.ready-dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

$(VENV)/.ready: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing; install Python 3.11 or newer, or give make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $$($(PYTHON) --version) is too old; Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "error: $(PYTHON) has no venv; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) (once; downloads about 300 MB to 3 GB, depending on the platform's torch) ..."
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PIP) $(TORCH) -c constraints.txt
	@$(PIP) -e . -c constraints.txt
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	@$(PIP) -e '.[dev]' -c constraints.txt
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
