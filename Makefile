# Two commands matter: `make demo` shows the program at work, `make test` proves it. Both need only Python >= 3.11.

PYTHON ?= python3
UV_VERSION := 0.13.9
DATA_DIR ?= .amends
JOBS ?= 3

BIN := .venv/bin
LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"

# Every process of a run has servers of its own; the tests of a file share them. Files come as tests/conftest.py orders
# them. Tests wait as well as compute, so there is one process more than two cores have work for.
IN_PARALLEL := -n $(JOBS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo up check lint browser test chaos fuzz bench secrets lock clean

help: ## Explain the targets (this text)
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "make demo ONCE=1 runs the demonstration to its end; DATA_DIR=… says where make up keeps its data; JOBS=… how many test processes."

demo: .venv/.installed ## Run everything here with sample complaints and simulated people (ONCE=1: to the end, then exit)
	$(BIN)/amends demo $(if $(ONCE),--once)

up: .venv/.installed ## Run everything on this machine for real use, data in DATA_DIR (.amends)
	$(BIN)/amends up --data-dir $(DATA_DIR)

check: lint ## Format, lint, types, import rules and the fast tests: under a minute
	$(BIN)/pytest -m "not slow and not services and not long" $(IN_PARALLEL) -n auto

lint: .venv/.installed ## Format, lint, types and import rules only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser: ## Find Chromium for the tests of the console, or install it where that is possible
	@command -v chromium || command -v chromium-browser || command -v google-chrome || { \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } \
		|| { echo "The tests of the console need Chromium, and it could not be installed: apt-get install chromium" >&2; exit 1; }

test: lint browser ## Everything that CI runs: lint and the whole test-suite, on real PostgreSQL and Temporal
	$(BIN)/pytest -m "not long" $(IN_PARALLEL) tests/properties
	$(BIN)/pytest -m "not long" $(IN_PARALLEL) --ignore tests/properties

chaos: .venv/.installed ## The long tier of faults and crowds: half an hour or more; prints its rows for docs/reliability.md
	rm -f .chaos-figures.jsonl
	status=0; export AMENDS_FIGURES=$(CURDIR)/.chaos-figures.jsonl; \
	$(BIN)/pytest tests/chaos || status=$$?; \
	$(BIN)/pytest -m long tests/surveys tests/workflows tests/unit || status=$$?; \
	$(BIN)/python -m tests.chaos.figures $$AMENDS_FIGURES; exit $$status

bench: .venv/.installed ## What docs/benchmarks.md says, measured anew on real PostgreSQL and Temporal (an hour)
	@set -e; for each in standard_case intake throughput due_times case_lists survey_selection survey_weighting path_model \
		importance report dispatch webhooks board bulk_retry importing \
		survey_field respondents periodic_analysis; do echo "== $$each"; $(BIN)/python -m benchmarks.$$each; done

fuzz: .venv/.installed ## The long tier of made-up requests and tamperings: half an hour or more; prints its rows
	rm -f .fuzz-figures.jsonl
	status=0; export AMENDS_FIGURES=$(CURDIR)/.fuzz-figures.jsonl; \
	$(BIN)/pytest -m long tests/security tests/storage || status=$$?; \
	$(BIN)/python -m tests.security.figures $$AMENDS_FIGURES; exit $$status

secrets: ## Make the secrets that docker-compose.yml needs and that do not exist yet, in ./secrets
	@mkdir -p -m 750 secrets
	@set -eu; umask 027; cd secrets; \
	for name in postgres_password amends_password api_password worker_password reader_password temporal_password; do \
		test -s $$name || $(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(32))' > $$name; \
	done; \
	test -s database_url || echo "postgresql://amends:$$(cat amends_password)@postgres:5432/amends" > database_url; \
	for role in api worker; do \
		test -s $${role}_database_url || echo "postgresql://amends_$$role:$$(cat $${role}_password)@postgres:5432/amends" \
			> $${role}_database_url; \
	done; \
	test -s master_key \
		|| $(PYTHON) -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())' > master_key
	@test -s secrets/smtp_url || echo "Now write secrets/smtp_url yourself: see .env.example."

lock: | $(BIN)/uv ## Resolve pyproject.toml into the two requirement files (UPGRADE=1: to the newest versions)
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra reports --output-file requirements.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) --all-extras --constraint requirements.txt --output-file requirements-dev.txt

clean: ## Remove the environment and all caches; data stays
	rm -rf .venv build dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.installed: requirements-dev.txt pyproject.toml | $(BIN)/uv
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; say which with make PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
