# `make demo` runs the platform on embedded parts, `make test` proves it right; both set everything up first.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH := platform
# Tests start some hundred processes: each starts sooner where modules are compiled already.
unexport PYTHONDONTWRITEBYTECODE
STARTED := $(shell date +%s.%N)
# Marks of tests: those of a target of their own, and those that start parts which take their time.
APART := demo or stack or cluster or survival or docker or clients
ON_KAFKA := broker or browser

help:  ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: .venv/runtime  ## make .venv, with all that the platform runs on
.venv/runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or later is needed, and {sys.executable} is {sys.version.split()[0]}: call make with PYTHON=/path/of/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/python -m native.broker --fetch
	@mkdir -p var; test -s var/secret-key || (umask 077; $(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))' > var/secret-key)
	@touch $@

.venv/development: requirements-dev.txt .venv/runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	$(BIN)/python -m tests.programs
	@touch $@

demo: setup  ## run the whole platform here, with real purchases; ONCE=1 compares every stage with the truth and ends
	@DEMO_BEGAN=$(STARTED) $(BIN)/python -m native.demo $(if $(ONCE),--once) $(DEMO_OPTIONS)

manage: setup  ## run a management command against what runs here: ARGS="reconcile"; NAME=cluster where several run
	@$(BIN)/python -m native.command $(if $(NAME),--name $(NAME)) $(ARGS)

cluster: setup  ## run the whole stack here: 3 brokers, MySQL, Connect, Elasticsearch …; CLUSTER_OPTIONS="--ports 29"
	@CLUSTER_BEGAN=$(STARTED) $(BIN)/python -m native.cluster up $(CLUSTER_OPTIONS)

cluster-status: setup  ## show how each part of the cluster is
	@$(BIN)/python -m native.cluster status $(CLUSTER_OPTIONS)

cluster-down: setup  ## stop the cluster; its data stay
	@$(BIN)/python -m native.cluster down $(CLUSTER_OPTIONS)

docker:  ## run the whole stack in Docker, which is all that it needs: checks, secrets, start, one order followed, addresses
	@sh compose/docker/start.sh

secrets:  ## make or renew the certificates and passwords that Docker mounts, in compose/secrets
	docker compose --file compose/docker-compose.yml run --rm --build secrets

lint: .venv/development  ## run every check but the tests: format, lint, types, imports, migrations, deployment, OpenAPI
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DATABASE_URL=sqlite:///:memory: $(BIN)/python manage.py makemigrations --check --dry-run
	HTTPS=on $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

test: lint  ## run every check: lint, then all tests but those of the targets below
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder -m "not ($(ON_KAFKA) or $(APART))"

test-kafka: .venv/development  ## try what only a real Kafka broker or a browser can prove, on embedded parts
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder -m "($(ON_KAFKA)) and not ($(APART))"

test-stack: .venv/development  ## try what only MySQL, the schema registry and Elasticsearch can prove, each started here
	$(BIN)/pytest tests/stack -m stack -q

test-clients: .venv/development  ## make clients from the OpenAPI document with other people's generators, and use them
	$(BIN)/pytest tests/clients -m clients -q

test-cluster: .venv/development  ## prove the platform on the real cluster: it agrees with the truth, whatever is killed
	$(BIN)/pytest tests/cluster -m cluster -x -s -q --ignore tests/cluster/test_alerts.py

test-docker: .venv/development  ## prove compose/docker-compose.yml on a Docker engine that is started here; skips where none can run
	$(BIN)/pytest tests/docker -m docker -x -s -q

survival: .venv/development  ## kill every worker over and over, also amid 10,000 orders and their refunds, poison them, and send 20,000 hostile records
	$(BIN)/pytest tests/survival -m survival -q

hostile: .venv/development  ## send a million hostile records among as many good orders; HOSTILE_RECORDS, HOSTILE_SEED
	HOSTILE_RECORDS=$(or $(HOSTILE_RECORDS),1000000) $(BIN)/pytest tests/survival/test_hostile_stream.py -m survival -s -q

drill: .venv/development  ## break the real cluster on purpose, seven minutes long: each alert must fire, reach operators, and clear
	$(BIN)/pytest tests/cluster/test_alerts.py -m cluster -s -q

bench: bench-workers  ## measure the workers beside Kafka Streams and Java's clients, exact to the cent; BENCH_OPTIONS="--quick"
bench-workers: .venv/development
	@$(BIN)/python -m bench.workers $(BENCH_OPTIONS)

bench-scaling: .venv/development  ## measure the workers' latency, memory, start, and what more processes bring; SCALING_OPTIONS="--events 50000000"
	@$(BIN)/python -m bench.scaling $(SCALING_OPTIONS)

bench-api: .venv/development  ## measure the API beside a Spring Boot application on the same tables; BENCH_OPTIONS="--rounds 5"
	@$(BIN)/python -m bench.api $(or $(BENCH_OPTIONS),--busy)

bench-growth: .venv/development  ## time every query, page and task with 10,000, 500,000 and 5,000,000 rows; GROWTH_OPTIONS="--plans"
	@$(BIN)/python -m bench.growth $(GROWTH_OPTIONS)

format:  ## put every file into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

dashboards: .venv/development  ## write Grafana's JSON anew, from the Python in grafana/boards
	$(BIN)/python -m grafana.generate

evidence: .venv/development  ## take down logs, figures and pictures of the running cluster in report/evidence; CLUSTER_OPTIONS
	@$(BIN)/python -m report.gather $(CLUSTER_OPTIONS)

report: .venv/development  ## build report/report.pdf from that; FRESH=1 first takes all anew, from a cluster that it starts and ends
	$(if $(FRESH),@$(BIN)/python -m report.gather --fresh)
	@$(BIN)/python -m report.build

lock: .venv/development  ## choose the versions of all packages anew
	@# For the oldest Python that is supported: what newer ones do without is needed there.
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11.0 --no-emit-index-url --custom-compile-command "make lock" --output-file requirements.txt requirements.in
	$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11.0 --no-emit-index-url --custom-compile-command "make lock" --output-file requirements-dev.txt requirements-dev.in
	cd tests/clients && ../../$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11.0 --no-emit-index-url --custom-compile-command "make lock" --output-file requirements.txt requirements.in
	$(BIN)/python -m native.broker --lock
	$(BIN)/python -m native.packages.libraries --lock
	$(BIN)/python -m native.packages.fetching --lock

clean:  ## forget all data of demos
	rm -rf var/demo var/once var/demo.env

.PHONY: help setup demo manage cluster cluster-status cluster-down docker secrets lint test test-kafka test-stack test-clients test-cluster test-docker survival hostile drill bench bench-workers bench-scaling bench-api bench-growth format dashboards evidence report lock clean
