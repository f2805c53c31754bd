# Corpus pipeline: `make` lists what there is to make.
PYTHON ?= python3
CONFIG ?= conf/sample.yaml
OUT    ?=
ARGS   ?=
JOBS   ?= 2
ONLY   ?= collect scrub dedup classify tokenizer serialize driver_memory end_to_end
DATA   ?= ../shared/data

VENV  := .venv
PY    := $(VENV)/bin/python
READY := $(VENV)/.ready
export PYTHONPATH := $(CURDIR)
# --output only where OUT= is given: the config has its own
JOB = $(PY) jobs/$(1).py --config "$(CONFIG)" $(if $(OUT),--output "$(OUT)") $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help setup java maven chromium corpus plan test test-fast test-cluster check docs dist dist-env cluster-up cluster-down standalone-up standalone-down clean lock report verify \
        collect scrub dedup classify tag mix drop_samples sample tokenizer train_tokenizer serialize classifier train_classifier provenance compare-tokenizers bench eval-pii eval-quality

help: ## this list
	@echo "usage: make TARGET [CONFIG=conf/sample.yaml] [OUT=folder] [ARGS='--set dedup.threshold=0.85 --force']"
	@grep -hE '^[a-z_-]+( [a-z_-]+)*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 28 | sed 's/^/  /'

corpus: setup ## the whole chain: token shards and a quality report
	@$(call JOB,pipeline)

plan: setup ## what `make corpus` would run, and why
	@$(call JOB,pipeline) --dry-run

verify: setup ## read a finished run again: checksums, contracts, conservation, shards, personal numbers
	@$(call JOB,verify)

collect scrub dedup classify tag mix drop_samples sample serialize: setup ## one stage alone
	@$(call JOB,$@)

report: setup ## the page of a finished run; BASE=out/other: what changed since that run
	@$(call JOB,$@) $(if $(BASE),--base "$(BASE)")

tokenizer train_tokenizer: setup ## train the tokenizer on the sample
	@$(call JOB,train_tokenizer)

classifier train_classifier: setup ## train the quality classifier on the run's documents
	@$(call JOB,train_classifier)

provenance: setup ## where a token comes from (SHARD= TOKEN=), or where a document's tokens stand (DOC=)
	@$(call JOB,provenance) $(if $(DOC),--doc $(DOC),--shard $(SHARD) --token $(TOKEN))

test: setup chromium ## every test, in two processes (JOBS=1: in one, with half the memory)
	@$(PY) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

test-fast: setup ## kernels only: no Java, seconds
	@$(PY) -m pytest tests/kernels corpus_pipeline/kernels

check: setup ## ruff, mypy --strict, direction of imports
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m pytest tests/test_imports.py

compare-tokenizers: setup ## three variants and three sizes of tokenizer, side by side on held-out text
	@$(call JOB,compare_tokenizers)

bench: setup ## beside the peers in one run, to out/bench and docs/benchmarks.md (two hours; ONLY=dedup for one)
	@$(PY) benchmarks/texts.py --input $(DATA) --out out/bench/data
	@failed=; for one in $(ONLY); do $(PY) benchmarks/$$one.py --data out/bench/data --out out/bench || failed="$$failed $$one"; done; \
	  $(PY) benchmarks/page.py; [ -z "$$failed" ] || { echo "not all that a run must show holds in:$$failed"; exit 1; }

eval-pii: setup ## how well scrub finds synthetic personal data (CLEAN="folders of untouched text" ARGS=--check)
	@$(PY) benchmarks/pii_evaluation.py $(if $(CLEAN),--clean $(CLEAN)) $(ARGS)

eval-quality: setup ## how well classify tells bad text from clean (CLEAN="folders of unpacked corpora" ARGS=--check)
	@$(PY) benchmarks/quality_evaluation.py $(if $(CLEAN),--clean $(CLEAN)) $(ARGS)

docs: setup ## docs/tables.md from the contracts, docs/settings.md from the models of the config
	@$(PY) -m corpus_pipeline.run.tables_page docs/tables.md
	@$(PY) -m corpus_pipeline.run.settings_page docs/settings.md

dist: setup ## dist/corpus_pipeline.zip for spark-submit --py-files
	@$(PY) -m corpus_pipeline.run.bundle dist/corpus_pipeline.zip

dist-env: setup ## dist/environment.tar.gz for spark-submit --archives (PYTHON_PREFIX= where nodes have Python)
	@$(PY) -m corpus_pipeline.run.environment dist/environment.tar.gz $(PYTHON_PREFIX)

cluster-up: setup maven ## HDFS and YARN on loopback: six small processes
	@$(PY) -m tests.cluster.hadoop up out/hadoop

cluster-down: setup ## end those processes
	@$(PY) -m tests.cluster.hadoop down out/hadoop

standalone-up: setup ## Spark standalone on loopback, two workers
	@$(PY) -m tests.cluster.standalone up out/standalone

standalone-down: setup ## end those processes
	@$(PY) -m tests.cluster.standalone down out/standalone

test-cluster: setup maven ## the chain on YARN with HDFS and on standalone, with faults (starts and ends its own)
	@$(PY) -m pytest tests/cluster --durations=0

setup: $(READY) java ## .venv from the lock, and Java 17, 21 or 25
	@$(PY) -m corpus_pipeline.run.class_archive

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: Python 3.11 to 3.13 is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "error: no venv module; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "setting up $(VENV) from requirements.lock (some minutes the first time)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

java: $(READY)
	@$(PY) -m corpus_pipeline.run.java >/dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	       && echo "installing Java" && apt-get update -qq \
	       && apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null; } \
	  || $(PY) -m corpus_pipeline.run.java

chromium:
	@command -v chromium >/dev/null || [ -n "$(CHROMIUM)" ] \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing Chromium" && apt-get update -qq \
	       && apt-get install -y -qq --no-install-recommends chromium fonts-nanum >/dev/null; } \
	  || echo "warning: no Chromium, which the tests of the report open it in; on Debian: apt-get install chromium"

maven:
	@command -v mvn >/dev/null || [ -n "$$(ls -d $(VENV)/share/corpus_pipeline/hadoop-* 2>/dev/null)" ] \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing Maven" && apt-get update -qq \
	       && apt-get install -y -qq --no-install-recommends maven >/dev/null; } \
	  || echo "warning: no Maven; on Debian: apt-get install maven"

lock: setup ## renew requirements.lock from setup.cfg
	@$(PY) -m pip install --quiet uv
	@$(VENV)/bin/uv pip compile setup.cfg --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --upgrade --quiet -o requirements.lock

clean: ## remove what was made (keeps .venv)
	@rm -rf out dist build spark-warehouse .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
