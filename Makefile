# One command for one intent: `make` alone lists them.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# An environment that is there keeps its interpreter: make setup PYTHON=python3.13 chooses another.
PYTHON ?= $(shell .venv/bin/python -c '' 2>/dev/null && echo .venv/bin/python || echo python3)

# make demo FOR=60s JSON=1
FOR ?=
JSON ?=
STAGES ?=
KILLS ?= 25
SEED ?= 1
ROUNDS ?= 10
# A build of this behaviour number, and the first one: streams/log/behaviour.py
SAME_BEHAVIOUR ?= 4f73684
FIRST_BUILD ?= c8a02ac
ZOMBIES ?= 20
MINUTES ?= 60
REAL ?=
REPORT ?=
CASES ?=
CORPUS ?=
FORMAT ?= hl7v2
RUNS ?= 200000
DATA ?= recordings
LAB_REPORTS ?= .cache/lab
DEMO_OPTIONS = $(if $(FOR),--for $(FOR)) $(if $(JSON),--json)

.PHONY: help setup setup-dev demo learn evaluate test chaos gates zombies soak upgrade field dashboards interop check compile wheel format lock clean

help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: ## make .venv with the command at .venv/bin/vigilward
	@$(PYTHON) deploy/make/environment.py 1>&2
	@$(PYTHON) deploy/make/page.py 1>&2

setup-dev: ## the same, with what tests and checks need
	@$(PYTHON) deploy/make/environment.py --dev 1>&2
	@$(PYTHON) deploy/make/page.py 1>&2

demo: setup ## a whole ward on this machine: make demo FOR=60s JSON=1
	@.venv/bin/vigilward demo $(DEMO_OPTIONS)

test: ## set everything up and run the whole suite, stage by stage: make test STAGES="pure kafka"
	@$(PYTHON) deploy/make/suite.py $(STAGES)

chaos: setup-dev ## break a running installation on purpose and judge it: make chaos KILLS=25 SEED=1 REPORT=file
	@.venv/bin/python -m tests.chaos.run --kills $(KILLS) --seed $(SEED) $(if $(CLOCK),--clock $(CLOCK)) $(if $(THREE),--three-brokers $(THREE)) $(if $(REPORT),--report $(REPORT))

gates: setup-dev ## kill each gateway under load and judge what it acknowledged: make gates KILLS=20 REPORT=file
	@test -z "$(REPORT)" || echo "make gates KILLS=$(KILLS), $$(date -u +%F), $$(git rev-parse --short HEAD)" > "$(REPORT)"
	@GATEWAY_KILLS=$(KILLS) GATEWAY_REPORT=$(REPORT) .venv/bin/python -m pytest -q -p no:cacheprovider tests/integration/test_gateway_kills.py

zombies: setup-dev ## the same with stopped workers only: make zombies ZOMBIES=20 REAL=1 (real: session 8 s, stop 20 s)
	@.venv/bin/python -m tests.chaos.run --zombies $(ZOMBIES) --seed $(SEED) $(if $(REAL),--real-times) $(if $(REPORT),--report $(REPORT))

soak: setup-dev ## let two workers run for an hour and watch their memory: make soak MINUTES=60 REPORT=file
	@.venv/bin/python -m tests.chaos.soak --minutes $(MINUTES) --seed $(SEED) $(if $(REPORT),--report $(REPORT))

upgrade: setup-dev ## two builds in one group under load and back, and the first build by drain: make upgrade ROUNDS=10 REPORT=file
	@.venv/bin/python -m tests.chaos.upgrade --from $(SAME_BEHAVIOUR) --rounds $(ROUNDS) --drain $(FIRST_BUILD) $(if $(REPORT),--report $(REPORT))

field: setup-dev ## try every promise on a real broker with default settings: make field CASES="who_watches" REPORT=file
	@.venv/bin/python -m tests.field.run $(CASES) $(if $(REPORT),--report $(REPORT))

learn: setup ## learn every head anew (the same sets and code give the same bytes; those shipped are of the watch of rules 4): make learn DATA=folder of the recorded sets
	@.venv/bin/python -m streams.lab.learning.shipped $(DATA)

evaluate: setup-dev ## the whole quality lab over folders of recordings: make evaluate DATA=dir LAB_REPORTS=.cache/lab
	@test -d "$(DATA)" || { echo "make evaluate DATA=dir: a folder that holds folders of recordings"; exit 2; }
	@mkdir -p $(LAB_REPORTS); for one in $(DATA)/*/; do test -f $$one/labels.parquet || continue; name=$$(basename $$one); \
	  .venv/bin/vigilward evaluate $$one --json --report $(LAB_REPORTS)/$$name.html > $(LAB_REPORTS)/$$name.json \
	  && .venv/bin/python -m streams.lab.evaluation.figures_table $(LAB_REPORTS)/$$name.json | tee $(LAB_REPORTS)/$$name.txt; done
	@test ! -d $(DATA)/bidmc || .venv/bin/vigilward evaluate $(DATA)/bidmc --injected | tee $(LAB_REPORTS)/planted.txt

dashboards: setup-dev ## a whole ward under a real Prometheus for some minutes, and each dashboard drawn from it: make dashboards MINUTES=6
	@.venv/bin/python -m tests.integration.dashboard_pictures --minutes $(if $(filter 60,$(MINUTES)),6,$(MINUTES))

interop: setup-dev ## hold convert to an answer key over a folder of others' messages: make interop CORPUS=folder
	@test -f "$(CORPUS)/expect.json" || { echo "make interop CORPUS=folder: a folder with expect.json"; exit 2; }
	@.venv/bin/python -m tests.interop.answer_key $(CORPUS)

fuzz: setup-dev ## bytes that were never meant for a converter: make fuzz FORMAT=hl7v2 RUNS=200000
	@.venv/bin/python -m tests.fuzz.run $(FORMAT) $(RUNS)

check: setup-dev ## only the house's own rules: style, imports, words
	@.venv/bin/python -m pytest -q tests/deploy/test_house.py

compile: setup ## compile the hot core by mypyc: the same bytes, less time; it runs while its sources stay as they are
	@.venv/bin/python deploy/make/native.py --strict 1>&2

wheel: setup ## the package in dist/; after `make compile` with the compiled core
	@.venv/bin/hatchling build -t wheel -d dist 1>&2

format: setup-dev ## put the code into the house's form
	@.venv/bin/ruff check -q --fix . ; .venv/bin/ruff format -q .

lock: setup-dev ## resolve the lock files anew from pyproject.toml and the page's package.json
	@.venv/bin/python deploy/make/environment.py --lock 1>&2
	@.venv/bin/python deploy/make/page.py --lock 1>&2

clean: ## remove the environment and every cache
	@rm -rf .venv .cache .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis build dist streams/board/page/dist streams/board/page/node_modules
