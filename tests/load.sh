#!/usr/bin/env bash
# A load run of 60 seconds against a server of its own: 100 players each over RTMP, HTTP-FLV and LL-HLS of one
# stream. Prints a table for each and exits with 1 when anything was lost. SECONDS_EACH and PLAYERS change its size.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/release/shardcast
duration=${SECONDS_EACH:-60} players=${PLAYERS:-100}
data=$(mktemp -d)
# Ports beside the defaults, so that a server that runs already is left alone.
export DATA_DIR=$data LOG_DIR=$data/logs RTMP_PORT=21935 HTTP_PORT=28080 STREAMING_PORT=28088 THROTTLE_EXEMPT=loopback

finish() {
  kill $(jobs -p) 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$data"
}
trap finish EXIT

"$bin" serve >"$data/out" 2>&1 &
server=$!
for _ in $(seq 100); do
  curl -sf "http://localhost:$STREAMING_PORT/ready" >/dev/null && break
  kill -0 "$server" 2>/dev/null || { cat "$data/out" >&2; exit 1; }
  sleep 0.1
done
read -r id key < <("$bin" stream add "Load test" --max-viewers 0 --json | python3 -c 'import json, sys; s = json.load(sys.stdin); print(s["id"], s["streamKey"])')
"$bin" load publish "rtmp://localhost:$RTMP_PORT/live/$key" --source pattern --warmup 0 --duration $((duration + 30)) >"$data/publish" 2>&1 &

# The pattern is encoded first; an LL-HLS playlist begins with its first whole segment.
for _ in $(seq 300); do
  curl -sf "http://localhost:$HTTP_PORT/live/$id/index.m3u8" >/dev/null && break
  sleep 0.1
done
failed=0
runs=()
for url in "rtmp://localhost:$RTMP_PORT/live/$id" "http://localhost:$HTTP_PORT/live/$id.flv" "http://localhost:$HTTP_PORT/live/$id/index.m3u8"; do
  "$bin" load play "$url" --players "$players" --duration "$duration" --watch-pid "$server" \
    --expect lost=0 --expect failed=0 --expect refused=0 --expect doubled=0 >"$data/play-${#runs[@]}" 2>"$data/err-${#runs[@]}" &
  runs+=($!)
done
for index in "${!runs[@]}"; do
  wait "${runs[$index]}" || failed=1
  cat "$data/play-$index" || true
done
[ "$failed" = 0 ] || tail -n 3 "$data"/err-* >&2
exit "$failed"
