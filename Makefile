# The hub's commands. `make` alone lists them. PYTHON=… picks the interpreter (3.11 or 3.12).
SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
RUN := $(BIN)/python
ONCE ?=
ARGS ?=

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: env
env: ## make the environment in .venv from the locked requirements
	@PYTHON="$(PYTHON)" sh .ci/environment

.PHONY: demo
demo: env ## start the hub, load three real account sources and show the result (ONCE=1: exit after the load)
	@$(RUN) -m mdmhub.demo $(if $(ONCE),--once,)

.PHONY: up
up: env ## run the hub: PostgreSQL, Redis, web, worker, beat; Ctrl-C stops all
	@$(RUN) -m mdmhub.stack up

.PHONY: down
down: env ## stop a running hub and its own PostgreSQL and Redis
	@$(RUN) -m mdmhub.stack down

.PHONY: test
test: env ## run the tests on PostgreSQL and Redis of their own (ARGS=… goes to pytest; -n 0: in one process)
	@sh .ci/chromium
	@$(RUN) -m pytest -n 2 --dist worksteal $(ARGS)

.PHONY: chaos
chaos: env ## race many writers and replay many random histories on PostgreSQL, an hour or two (ARGS=… goes to pytest)
	@$(RUN) -m pytest -n 2 --dist loadgroup -m chaos tests/concurrency $(ARGS)

.PHONY: check
check: env ## check style, types, layers and missing migrations
	@sh .ci/check

.PHONY: format
format: env ## put the code into the project's format
	@$(RUN) -m ruff check --fix --quiet . && $(RUN) -m ruff format --quiet .

.PHONY: spark
spark: env ## match samples on Spark, local[2], and hold the links to the local run's (ARGS=… goes to benchmarks.spark)
	@sh .ci/spark
	@$(RUN) -m benchmarks.spark $(ARGS)

ifneq ($(wildcard benchmarks/run.py),)
.PHONY: bench
bench: env ## measure quality and speed, beside peers (DATA=… folder of public sets, ARGS=… goes to benchmarks.run)
	@sh .ci/bench
	@$(RUN) -m benchmarks.run $(ARGS) $(if $(DATA),--data "$(DATA)")

.PHONY: bench-live
bench-live: env ## measure the running hub at 100,000 and 1,000,000 records: look-ups, intake, many clients (ARGS=…)
	@$(RUN) -m benchmarks.live $(ARGS)

.PHONY: e2e-full
e2e-full: env ## measure the steward's pages with 100,000 customers and 20,000 open cases, in a browser (ARGS=…)
	@sh .ci/chromium
	@$(RUN) -m benchmarks.desk $(ARGS)
endif
