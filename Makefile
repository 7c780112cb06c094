# Needs git, make and Python >= 3.11. Everything else is installed into .venv from pyproject.toml.
.POSIX:
.SUFFIXES:
.PHONY: help demo test lint test-covered test-exhaustive test-compiled test-compiled-most test-compiled-exhaustive \
	compiled commonmark browser bench clean

VENV = .venv
BIN = $(VENV)/bin
COMPILED = build/compiled
DEMO = build/demo
PYTHONS = python3 python3.14 python3.13 python3.12 python3.11 python
BENCH_DIR = samples
COMMONMARK = commonmark-spec@0.31.2

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.installed-dev ## convert samples/ into build/demo and show what came out
	@rm -rf $(DEMO)
	$(BIN)/archive2md 'samples/*/input.*' -o $(DEMO)
	@echo
	@echo "The first lines of $(DEMO)/rich-text/input.md, made from samples/rich-text/input.md:"
	@echo
	@sed -n '1,24s/^/    /p' $(DEMO)/rich-text/input.md
	@echo
	@echo "All outputs are in $(DEMO); samples/README.md says what each sample shows."

# Processes side by side: spread over the cores by pytest-xdist, such short tests took a third more time.
test: $(VENV)/.created ## ruff, mypy, the tests with coverage, and the tests again with compiled modules
	@if command -v cc >/dev/null; then \
	  $(MAKE) -j 4 test-covered test-exhaustive test-compiled; \
	else \
	  $(MAKE) -j 2 test-covered test-exhaustive && echo "no C compiler: the compiled modules are not tested"; \
	fi

lint: $(VENV)/.installed-dev ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

test-covered: lint ## the tests as the modules are, with their coverage
	$(BIN)/pytest --cov -m "not exhaustive"

# Measuring coverage makes these take two to three times as long, and finds next to nothing.
test-exhaustive: $(VENV)/.installed-dev ## the tests with very many or very large inputs
	$(BIN)/pytest -m exhaustive

test-compiled: test-compiled-most test-compiled-exhaustive ## the same tests with compiled modules

test-compiled-most: compiled
	$(COMPILED)/venv/bin/pytest -m "not exhaustive"

test-compiled-exhaustive: compiled
	$(COMPILED)/venv/bin/pytest -m exhaustive

browser: $(VENV)/.installed-dev ## test hostile pages and the report in a headless Chromium; apt-get installs it if it is missing
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
	  as=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$as apt-get update -qq && $$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; }
	$(BIN)/pytest tests/test_browser.py --browser

commonmark: $(VENV)/.installed-dev build/commonmark/package/spec.txt ## test with the CommonMark specification; needs npm
	$(BIN)/pytest tests/test_commonmark.py --commonmark-spec build/commonmark/package/spec.txt

build/commonmark/package/spec.txt:
	@mkdir -p build/commonmark
	cd build/commonmark && tar -xzf "$$(npm pack --silent $(COMMONMARK))"

compiled: $(VENV)/.created ## build a wheel with compiled modules (needs a C compiler) and install it into build/compiled/venv
	@rm -rf $(COMPILED) && mkdir -p $(COMPILED)/source
	@cp -R converter pyproject.toml README.md LICENSE $(COMPILED)/source
	@find $(COMPILED)/source \( -name __pycache__ -o -name '*.so' \) -prune -exec rm -rf {} +
	HATCH_BUILD_HOOKS_ENABLE=1 $(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps \
	  --wheel-dir $(COMPILED) ./$(COMPILED)/source
	$(BIN)/python -m venv $(COMPILED)/venv
	$(COMPILED)/venv/bin/python -m pip install --quiet --disable-pip-version-check "$$(ls $(COMPILED)/*.whl)[dev,bench]"

bench: compiled ## time each stage and the peers, compiled; BENCH_DIR=posts/ to use your own posts
	$(COMPILED)/venv/bin/python benchmarks/stages.py $(BENCH_DIR)
	$(COMPILED)/venv/bin/python benchmarks/peers.py $(BENCH_DIR)

clean: ## remove everything that the other targets made
	rm -rf $(VENV) build dist .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make the second call quick; a change of pyproject.toml installs again.
$(VENV)/.installed-dev: pyproject.toml $(VENV)/.created
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/.installed-bench: pyproject.toml $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@

$(VENV)/.created:
	@for python in $(PYTHONS); do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "creating $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv $(VENV) && touch $@ && exit 0; \
	    exit 1; \
	  fi; \
	done; \
	echo "error: no Python >= 3.11 with the venv module found (tried: $(PYTHONS))." >&2; \
	echo "Install one (on Debian and Ubuntu also python3-venv), or name it: make test PYTHONS=/path/to/python3" >&2; \
	exit 1
