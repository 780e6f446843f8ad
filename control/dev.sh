#!/usr/bin/env bash
# Rebuilds and restarts the server whenever a source file changes.
set -u
cd "$(dirname "$0")/.."
binary=${CARGO_TARGET_DIR:-target}/release/shardcast
stamp=$(mktemp)
trap 'rm -f "$stamp"; [ -n "${server:-}" ] && kill "$server" 2>/dev/null; exit 0' INT TERM EXIT
sources=(Cargo.toml core ingest transcode delivery control migrations)
while true; do
  touch "$stamp"
  if cargo build --release -p server; then
    [ -n "${server:-}" ] && kill "$server" 2>/dev/null && wait "$server"
    "$binary" serve & server=$!
  fi
  until [ -n "$(find "${sources[@]}" -newer "$stamp" \( -name '*.rs' -o -name '*.toml' -o -name '*.sql' -o -path '*/dist/*' \) -print -quit)" ]; do
    sleep 1
  done
done
