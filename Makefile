# Everything a person types. A fresh clone needs only `make` and Python 3.11 to 3.13; PYTHON=... picks another one.
.PHONY: setup demo check test bench audit docs pictures words clean

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTHONS := $(or $(PYTHON),python3.11 python3.12 python3.13 python3)
CHROMIUMS := "$${BUDGETFUSION_CHROMIUM:-}" chromium chromium-browser google-chrome

setup: $(VENV)/.dev $(VENV)/.browser $(VENV)/.firefox

demo: $(VENV)/.all
	$(BIN)/budgetfusion demo --out demo $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# One thread for each process: small models gain nothing from more, and waiting threads stall a busy machine.
test: export OMP_NUM_THREADS ?= 1
test: setup check
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.run_all $(ARGS)

# An index without advisories skips every package and calls that clean; here it counts as no answer.
audit: $(VENV)/.dev
	@report=$$($(BIN)/pip-audit --progress-spinner off --timeout 10 --disable-pip --no-deps -r constraints.txt 2>&1) \
	&& status=0 || status=$$?; \
	skipped=$$(echo "$$report" | grep -c 'could not be audited'); \
	if [ "$$skipped" -ge "$$(grep -c == constraints.txt)" ] || { [ $$status -ne 0 ] \
	  && echo "$$report" | grep -qE 'ServiceError|ConnectionError|[Tt]imed out|Max retries|HTTPError'; }; \
	then echo "audit: the advisory service does not answer from here; nothing was checked."; \
	else echo "$$report"; exit $$status; fi

# The pictures of the documentation's pages; ARGS=participant only those.
pictures: setup
	$(BIN)/python -m tests.browser.pictures $(ARGS)

# Brings new words of the participant's pages into every catalogue, and drops those that are gone.
words: $(VENV)/.dev
	@mkdir -p build
	cd study_server && $(CURDIR)/$(BIN)/pybabel -q extract -F ../pyproject.toml -k say -k noted --no-wrap \
	  --add-location=file --sort-by-file -o ../build/words.pot .
	@for file in study_server/locale/*.po; do \
	  $(BIN)/pybabel -q update -i build/words.pot -o $$file -l $$(basename $$file .po) --no-fuzzy-matching \
	    --ignore-obsolete --ignore-pot-creation-date --width 120; \
	done

docs: $(VENV)/.dev
	$(BIN)/python -m pytest -q tests/test_links.py tests/test_docs.py

clean:
	rm -rf $(VENV) demo build dist *.egg-info .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first interpreter that really runs, is in range and can make an environment (a pyenv shim may do none of these).
$(BIN)/python:
	@for python in $(PYTHONS); do \
	  $$python -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
	  echo "setup: $$($$python --version) in $(VENV)"; exec $$python -m venv $(VENV); \
	done; \
	echo "setup: no Python 3.11 to 3.13 with venv among '$(PYTHONS)'; install one, or name it: make setup PYTHON=..." >&2; \
	exit 1

# torch first and alone: its CPU build is then kept by everything that asks for torch.
$(VENV)/.torch: constraints.txt | $(BIN)/python
	$(PIP) install "$$(grep '^torch==' constraints.txt)"
	@touch $@

$(VENV)/.all: pyproject.toml constraints.txt $(VENV)/.torch
	$(PIP) install -c constraints.txt -e '.[all]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(VENV)/.torch
	$(PIP) install -c constraints.txt -e '.[all,dev]'
	@touch $(VENV)/.all $@

# A Chromium for tests/browser: the one at hand, else Debian's, else Playwright's own.
$(VENV)/.browser: | $(VENV)/.dev
	@for name in $(CHROMIUMS); do \
	  [ -n "$$name" ] && "$$name" --version >/dev/null 2>&1 && touch $@ && exit 0; \
	done; \
	echo "setup: installing a Chromium for the browser tests"; \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
	|| $(BIN)/playwright install chromium \
	|| { echo "setup: no Chromium could be installed; the browser tests are skipped here."; exit 0; }; \
	touch $@

# A Firefox beside it: the one at hand, else Debian's.
$(VENV)/.firefox: | $(VENV)/.browser
	@command -v firefox-esr >/dev/null || command -v firefox >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "setup: installing Firefox for its browser tests" \
	  && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends firefox-esr >/dev/null; } \
	|| echo "setup: no Firefox could be installed; its browser tests are skipped here."
	@touch $@
