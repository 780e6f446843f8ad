#!/usr/bin/env bash
# Runs the tests: `all`, or one of `check`, `unit`, `integration`. Prints what it does and how long it took.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
# A Node that setup.sh installed because the system's is too old.
[ -d "$target/node/node_modules/.bin" ] && PATH="$(cd "$target/node/node_modules/.bin" && pwd):$PATH"

step() {
  local name=$1 start=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  "$@"
  printf '== %s: %d s\n' "$name" $((SECONDS - start))
}

# Everything is built in the one profile that servers run in, so that nothing is built twice.
nextest=(cargo nextest run --locked --release --no-fail-fast)

pages_are_current() {
  (cd delivery/web && npm ci --no-audit --no-fund --loglevel=error && npm test --silent && npm run build --silent)
  if [ -n "$(git status --porcelain -- delivery/web/dist)" ]; then
    echo "delivery/web/dist is not what its sources build: run 'make web' and commit it" >&2
    return 1
  fi
}

check() {
  step "format" cargo fmt --all --check
  step "build the server" cargo build --locked --release -p server
  step "lints" cargo clippy --locked --release --workspace --all-targets -- -D warnings
  step "the pages' bundle" pages_are_current
}
unit() {
  step "unit tests, replayed fuzz inputs, the repository's own rules" "${nextest[@]}" --workspace --exclude e2e --exclude micro
  step "the store's and the API's tests on MariaDB and Redis" \
    env TEST_REDIS=1 ./tests/mariadb.sh "${nextest[@]}" -p store -p api
  step "tests of the benchmarks' arithmetic" bench_arithmetic
}
bench_arithmetic() {
  (cd bench && python3 -B -m unittest --quiet)
}
integration() {
  step "build the server" cargo build --locked --release -p server
  step "instruction counts" "${nextest[@]}" -p micro
  step "clients of the whole-server tests" ./tests/e2e/setup.sh
  step "whole-server tests on io_uring" env RUNTIME=io_uring ./tests/mariadb.sh "${nextest[@]}" --profile e2e -p e2e
  step "whole-server tests on epoll" env RUNTIME=epoll ./tests/mariadb.sh "${nextest[@]}" --profile e2e -p e2e
}

case ${1:-all} in
  check) check ;;
  unit) unit ;;
  integration) integration ;;
  all) check; unit; integration ;;
  *) echo "usage: tests/run.sh [all|check|unit|integration]" >&2; exit 2 ;;
esac
