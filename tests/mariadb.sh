#!/usr/bin/env bash
# Runs a command beside a MariaDB of its own, which is empty at the start and gone at the end:
# TEST_DATABASE=HOST:PORT, where root needs no password.
#
#   tests/mariadb.sh cargo nextest run -p store
set -euo pipefail
PATH=$PATH:/usr/sbin

folder=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then kill "$server" && wait "$server" || true; fi
  rm -rf "$folder"
}
trap finish EXIT

common=(--no-defaults "--datadir=$folder/data")
[ "$(id -u)" != 0 ] || common+=(--user=root)
if ! mariadb-install-db "${common[@]}" --auth-root-authentication-method=normal --skip-test-db >"$folder/log" 2>&1; then
  cat "$folder/log" >&2
  exit 1
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# Durability is not what is tested: a power cut may cost it all.
mariadbd "${common[@]}" "--socket=$folder/socket" --bind-address=127.0.0.1 "--port=$port" --skip-log-bin \
  --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --max-connections=500 >"$folder/log" 2>&1 &
server=$!
for ((tries = 0; ; tries++)); do
  if (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null; then break; fi
  if [ "$tries" = 300 ] || ! kill -0 "$server" 2>/dev/null; then
    cat "$folder/log" >&2
    exit 1
  fi
  sleep 0.1
done
TEST_DATABASE=127.0.0.1:$port "$@"
