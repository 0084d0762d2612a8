# Everything a developer runs. Each target sets up what it needs: the first run takes a minute or two, later ones do not.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help up test test-long check compile fmt proto golden docs bench bench-steps conformance lock clean set-up set-up-dev

PYTHON_IN := .venv/bin/python
export ARGS

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

set-up:
	@scripts/set_up.sh runtime

set-up-dev:
	@scripts/set_up.sh dev

up: set-up ## a whole gateway on this machine; ARGS="--port 8080" and others: isthmus up --help
	@exec .venv/bin/isthmus up $(ARGS)

# What is deployed has the request path compiled, so this is what is tested; the same sources interpreted come second.
COMPILED := $(CURDIR)/.isthmus/compiled
WITH_COMPILED := PYTHONSAFEPATH=1 PYTHONPATH=$(COMPILED):$(CURDIR) PYTEST_ADDOPTS="-o 'pythonpath=$(COMPILED) . proto'"
# Files in their order, not those with most tests first: the pages, which are few and take long, would be last.
PYTEST := .venv/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder -q

test: check compile ## everything a change must pass; ARGS="tests/contract -x" narrows it
	@$(WITH_COMPILED) $(PYTEST) -m "not long and not sources" $(ARGS)
	@exec $(PYTEST) -m "not long" $(or $(ARGS),tests/data_plane tests/golden)

test-long: check compile ## the same code with larger numbers; writes docs/results/
	@$(WITH_COMPILED) $(PYTHON_IN) -m scripts.test_long $(ARGS)

compile: set-up-dev ## the request path as C, in .isthmus/compiled: half the CPU time a request
	@exec $(PYTHON_IN) -m scripts.compile >/dev/null

check: set-up-dev ## format, lint, types, import rules, layout, generated files, chart; STEP=types runs one
	@exec $(PYTHON_IN) -m scripts.check $(STEP)

fmt: set-up-dev ## format, and mend what can be mended safely
	@.venv/bin/ruff check --fix-only -q . ; .venv/bin/ruff format .

proto: set-up-dev ## generate the messages of proto/**/*.proto
	@exec $(PYTHON_IN) -m scripts.generate proto

golden: set-up-dev ## write every generated file and golden file anew; review the diff
	@exec $(PYTHON_IN) -m scripts.generate all

docs: set-up-dev ## the documentation as a site in .isthmus/site; a broken link fails
	@$(PYTHON_IN) -m scripts.tools mkdocs >/dev/null
	@NO_MKDOCS_2_WARNING=1 .isthmus/tools/mkdocs build

bench: compile ## CPU time a request beside other gateways, in the same run; QUICK=1, ROUNDS=5, ARGS="--scenario sse_burst"
	@$(WITH_COMPILED) $(PYTHON_IN) -m benchmarks.run $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS)) $(ARGS)

bench-steps: compile ## CPU time a request of single steps, in process
	@$(WITH_COMPILED) $(PYTHON_IN) -m benchmarks.steps $(ARGS)

conformance: compile ## official SDKs through the gateway to fake providers; writes docs/conformance.md
	@$(WITH_COMPILED) $(PYTHON_IN) -m scripts.conformance $(ARGS)

lock: ## write requirements/*.txt anew; ARGS=--upgrade takes newer versions
	@scripts/lock.sh $(ARGS)

clean: ## remove what set-up and the tools made, but not the data of make up
	rm -rf .venv .isthmus/uv .isthmus/tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
