# Every target works on a fresh machine: the first one to run makes .venv and installs the project in it.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin

.PHONY: release wheels demo test test-quick lint format check docs notebooks clean

demo: $(READY)
	$(BIN)/vidsharp demo --out demo

# Two processes: many tests wait for others of their own (Ray, Chromium), and each file's fixtures are made once.
test: lint
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# Format, lint and the tests of plain functions, which tests/quick.py finds.
test-quick: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pytest --quick -m "not slow" --numprocesses 2 --dist loadfile

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	@# What is called has to be there on Windows, too, where the fewest names are. (macOS has all but Linux's own.)
	$(BIN)/pyright --pythonplatform Windows package pipeline models training jobs reports

# One for each platform, in dist/. Needs no .venv.
wheels:
	PYTHON=$(PYTHON) deploy/wheels.sh

# All that is released of a tagged commit, in dist/, up to the upload.
release:
	PYTHON=$(PYTHON) deploy/release.sh

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: test

# The site: build/site/index.html opens from disk.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "build/site/index.html"

# Runs the notebooks and keeps their results in them.
notebooks: $(READY)
	$(BIN)/python docs/notebooks/run.py

$(READY): pyproject.toml setup.py $(wildcard models/fused/*.[ch]) $(wildcard reports/metrics/metrics.[ch])
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing: apt-get install python3 python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "torch==2.14.1" "torchvision==0.29.1"
	@# Until 0.1.0 the C libraries passed for extension modules, which an import of everything fails at.
	rm -f models/_blend.*.so reports/_metrics.*.so
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@# Pyright does not follow setuptools' import hook: it finds the package by these links.
	mkdir -p $(VENV)/typed/vidsharp
	ln -sfn $(CURDIR)/pipeline $(CURDIR)/models $(CURDIR)/training $(CURDIR)/jobs $(CURDIR)/reports $(VENV)/typed/vidsharp/
	ln -sfn $(CURDIR)/package/* $(VENV)/typed/vidsharp/
	@touch $(READY)

clean:
	rm -rf $(VENV) demo build dist *.egg-info models/fused/*.sharedlib reports/metrics/*.sharedlib
