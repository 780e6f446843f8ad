# What people type. Logic lives in setup.sh, in cargo and in the tests, not here.
SHELL := /bin/bash
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
BINARY := $(abspath $(TARGET))/release/shardcast
# Where setup.sh puts a Rust that was missing.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

.PHONY: help build run dev start test test-unit test-integration test-load check fuzz sim bench web

help: ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

build: ## build the server; the last line is the path of the binary
	@./setup.sh --build
	@echo "Building the release (the first time takes some minutes: codecs, crypto and SQLite are built from source)..."
	@cargo build --locked --release -p server
	@echo $(BINARY)

run: build ## install what is missing, build, start the server with a demo stream
	@$(BINARY) serve --demo

start: build ## the release build in the foreground
	@$(BINARY) serve

dev: ## rebuild and restart when a source file changes
	@./setup.sh --build
	@./control/dev.sh

test: ## install what the tests need and run every test
	@./setup.sh --test
	@./tests/run.sh all

test-unit: ## unit, property and replayed fuzz tests
	@./setup.sh --build
	@./tests/run.sh unit

test-integration: ## whole-server tests with real clients, on io_uring and on epoll
	@./setup.sh --test
	@./tests/run.sh integration

test-load: build ## a load run of 60 seconds against a server of its own; fails when anything is lost
	@./tests/load.sh

check: ## formatting, lints, the repository's own rules
	@./setup.sh --build
	@./tests/run.sh check

fuzz: ## fuzz every parser without end, one after the other (TIME=600 seconds each)
	@./setup.sh --test
	@./tests/fuzz/run.sh $(or $(TIME),600)

sim: ## simulate without end, seed after seed (SEED=1 STEPS=1000: one of them again)
	@./setup.sh --build
	@cargo run --locked --release --quiet -p sim

bench: ## the benchmarks beside other servers: says first how long they take (docs/benchmarks.md)
	@./bench/run.sh

web: ## rebuild the committed pages
	@cd delivery/web && npm ci --no-audit --no-fund && npm run build
