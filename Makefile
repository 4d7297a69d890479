# SPDX-FileCopyrightText: 2026 hardwire contributors
# SPDX-License-Identifier: Apache-2.0
#
# make demo      the bundled model, all the way to a story and its proof
# make quick     lint, and the tests that say at once whether a change holds; under a minute
# make check     lint, types, and the tests that need no tool; three minutes
# make test      every test that takes no more than minutes
# make notebooks executes notebooks/*.ipynb and writes their outputs; minutes
# make test-arm  the driver on the boards' processors, 32 bits and 64, under qemu; apt brings both; minutes, and part of test-all
# make test-all  every test, and the dated figures of models and speed in docs/results.md; two hours
# make gates     the figures of gates there: synthesis, routes and their proofs; two more
# make matrix    docs/matrix.md: architectures x exporters, integers, HLS, RTL, from the packed exports
# make exports   the exports themselves, by the real exporters, packed as fixtures
# make release   wheel and sdist in dist/, checked, and the wheel's demo run in an empty environment
# make docs      the documentation as a site in build/docs
# make smollm2   docs/smollm2.md: a 135M model from its package to one proved block; an hour, 10 GiB of memory
#
# Each sets itself up in .venv; PYTHON chooses the interpreter.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := --quiet --disable-pip-version-check
SHARE := --numprocesses 2 --dist loadfile  # a file's tests share what they build

# One or more for every folder of the package, none of them long.
QUICK := tests/test_imports.py tests/test_layout.py tests/test_api.py tests/test_chip.py tests/test_parts.py tests/test_words.py \
  tests/test_requests.py tests/test_driver.py tests/test_cli.py tests/ops tests/uart/test_registers.py tests/uart/test_board_top.py \
  tests/synth/test_project.py tests/vivado/test_boards.py

.PHONY: demo quick check test test-arm test-all gates slurm matrix exports smollm2 notebooks docs wheel release clean

# numpy 1.26 is what boards have; `check` runs under numpy 2 as well.
$(VENV)/ready: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install $(PIP) --upgrade pip
	$(BIN)/pip install $(PIP) -e '.[all]' 'numpy<2'
	touch $@

# With pynq, whose sdist of 208 MB takes one and a half minutes: the simulated board is the real package's.
$(VENV)/ready-check: $(VENV)/ready
	$(BIN)/pip install $(PIP) -e '.[all,check,pynq]' 'numpy<2'
	touch $@

# The pynq of PYNQ-Z1 and Z2, which a test puts in front of the one in $(VENV); its dependencies are the same.
$(VENV)-pynq31/ready: $(VENV)/ready-check
	$(BIN)/pip install $(PIP) --no-deps --upgrade --target $(VENV)-pynq31 'pynq==3.1.2'
	touch $@

# The oldest pynq that the driver knows: a test of the fabric's clock.
$(VENV)-pynq30/ready: $(VENV)/ready-check
	$(BIN)/pip install $(PIP) --no-deps --upgrade --target $(VENV)-pynq30 'pynq==3.0.1'
	touch $@

$(VENV)-numpy2/ready: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)-numpy2
	$(VENV)-numpy2/bin/pip install $(PIP) --upgrade pip
	$(VENV)-numpy2/bin/pip install $(PIP) -e '.[onnx,pytest,datasheet,serve,batch]' 'numpy>=2' 'pytest-timeout>=2.3' 'pytest-xdist>=3.6,<4'
	touch $@

demo: $(VENV)/ready
	$(BIN)/hardwire demo

check: $(VENV)/ready-check $(VENV)-numpy2/ready
	$(BIN)/ruff check toolkit tests hls boards examples
	$(BIN)/ruff format --check --quiet toolkit tests hls boards examples
	$(BIN)/mypy
	$(BIN)/pytest $(SHARE) -m 'not tools and not slow'
	$(VENV)-numpy2/bin/pytest $(SHARE) -m 'not tools and not slow'

quick: $(VENV)/ready-check
	$(BIN)/ruff check toolkit tests hls boards examples
	$(BIN)/pytest $(SHARE) -m 'not tools and not slow' $(QUICK)

# Debian's Slurm, of which tests run one of their own on loopback: installed where that is possible, as for root. Where it
# is not, their tests do not run, and `make test` ends by saying so.
SLURM := command -v slurmctld > /dev/null && command -v slurmd > /dev/null && command -v munged > /dev/null
slurm:
	@{ $(SLURM); } || { apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge; } > /dev/null 2>&1 || true

# Clients of the API, as their makers publish them: dozens of packages, which only their tests need.
$(VENV)/ready-clients: $(VENV)/ready-check
	$(BIN)/pip install $(PIP) -e '.[all,check,pynq,clients]' 'numpy<2'
	touch $@

test: check $(VENV)-pynq31/ready $(VENV)-pynq30/ready slurm
	$(BIN)/pytest $(SHARE) -m "tools and not slow$$({ $(SLURM); } || echo ' and not slurm')" --durations=8
	$(MAKE) docs
	@{ $(SLURM); } || echo "NOT RUN: tests on Slurm; apt-get install slurm-wlm munge, then make test again"

notebooks: $(VENV)/ready-check
	$(BIN)/python tests/notebooks/execute.py

# Roots and valgrind in build/arm: apt fetches and dpkg-deb unpacks, nothing is installed. Versions and counts are printed.
test-arm: $(VENV)/ready-check
	$(BIN)/pytest -m slow tests/arm -rP --durations=8
	$(BIN)/python tests/driver/instructions.py

# The exporters' own packages are large; only this target needs them.
$(VENV)/ready-train: $(VENV)/ready-check
	$(BIN)/pip install $(PIP) -e '.[all,check,pynq,train,adapters]' 'numpy<2'
	touch $@

# OpenAI's client for node, which is the system's, as a Chromium, nginx and haproxy are for tests/serve.
build/node/node_modules/openai:
	npm install --silent --prefix build/node 'openai@>=6 <8'

test-all: test $(VENV)/ready-train $(VENV)/ready-clients build/node/node_modules/openai
	$(BIN)/pytest $(SHARE) -m slow --durations=8
	$(BIN)/python tests/results.py models large speed

gates: $(VENV)/ready-check
	$(BIN)/python tests/results.py gates

matrix: $(VENV)/ready-check
	$(BIN)/python tests/matrix.py

# Two environments: optimum wants transformers 4, the others transformers 5. What is there already is kept.
$(VENV)-exporters/ready: setup.cfg
	$(PYTHON) -m venv $(VENV)-exporters
	$(VENV)-exporters/bin/pip install $(PIP) -e '.[exporters]'
	touch $@

$(VENV)-exporters5/ready: setup.cfg
	$(PYTHON) -m venv $(VENV)-exporters5
	$(VENV)-exporters5/bin/pip install $(PIP) -e '.[exporters5]'
	touch $@

exports: $(VENV)-exporters/ready $(VENV)-exporters5/ready
	$(VENV)-exporters/bin/python tests/exporters/export.py build/exports 4
	$(VENV)-exporters5/bin/python tests/exporters/export.py build/exports 5
	$(VENV)-exporters/bin/python tests/exporters/pack.py build/exports

smollm2: $(VENV)/ready-check $(VENV)-exporters/ready
	$(BIN)/python tests/smollm2/run.py build/smollm2

# The site: pages and the reference that docstrings make. Warnings are errors.
$(VENV)/ready-docs: $(VENV)/ready
	$(BIN)/pip install $(PIP) -e '.[all,docs]' 'numpy<2'
	touch $@

docs: $(VENV)/ready-docs
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs
	@echo "build/docs/index.html"

wheel: $(VENV)/ready
	$(BIN)/pip wheel $(PIP) --no-deps -w dist .

$(VENV)-release/ready: $(VENV)/ready
	$(PYTHON) -m venv $(VENV)-release
	$(VENV)-release/bin/pip install $(PIP) --upgrade pip 'build>=1.2,<2' 'twine>=6,<8'
	touch $@

# What a user gets: built in isolation, its metadata checked, and installed where nothing else is.
release: $(VENV)-release/ready
	rm -rf dist build/release
	$(VENV)-release/bin/python -m build --outdir dist .
	$(VENV)-release/bin/twine check --strict dist/*
	$(PYTHON) -m venv build/release
	build/release/bin/pip install $(PIP) "$$(ls dist/*.whl)[onnx,hls]"
	cd build/release && bin/hardwire demo

clean:
	rm -rf $(VENV) $(VENV)-numpy2 $(VENV)-pynq31 $(VENV)-pynq30 $(VENV)-exporters $(VENV)-exporters5 $(VENV)-release build dist toolkit/*.egg-info
