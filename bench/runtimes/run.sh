#!/usr/bin/env bash
# Compares runtimes on the fan-out loop, interleaved, and prints the table. See docs/benchmarks.md.
#
#   bench/runtimes/run.sh     CONNECTIONS, RUNTIMES, ROUNDS, SECONDS, SERVER_CPU, CLIENT_CPU and REALTIME choose what
set -euo pipefail
# The shell counts this variable up by itself: what the caller gave is taken before that shows.
window=$SECONDS
((window > 0)) || window=10
cd "$(dirname "$0")"
read -ra connections <<<"${CONNECTIONS:-500 1000 2000}"
read -ra runtimes <<<"${RUNTIMES:-bare monoio-uring monoio-epoll glommio tokio}"
rounds=${ROUNDS:-3}

target=$(realpath -m "${CARGO_TARGET_DIR:-../../target}")/runtimes
CARGO_TARGET_DIR=$target cargo build --locked --release
results=$target/results.jsonl
: >"$results"

# Others on the machine take little from real-time processes, and the kernel keeps 5 % of each core for all others.
# Where that throttle is off they could freeze the machine.
priority=()
if [ "${REALTIME:-1}" = 1 ] && [ "$(cat /proc/sys/kernel/sched_rt_runtime_us)" -gt 0 ] && chrt -r 10 true 2>/dev/null; then
  priority=(chrt -r 10)
fi
echo "real-time priority: $([ ${#priority[@]} -gt 0 ] && echo yes || echo no); load average: $(cut -d' ' -f1-3 /proc/loadavg)"

for ((round = 1; round <= rounds; round++)); do
  for count in "${connections[@]}"; do
    for runtime in "${runtimes[@]}"; do
      if ! "${priority[@]}" "$target/release/runtimes" serve --runtime "$runtime" --connections "$count" \
        --seconds "$window" --server-cpu "${SERVER_CPU:-0}" --client-cpu "${CLIENT_CPU:-1}" | tee -a "$results"; then
        echo "$runtime with $count connections failed" >&2
      fi
    done
  done
  # The opposite order next time.
  mapfile -t runtimes < <(printf '%s\n' "${runtimes[@]}" | tac)
done
echo "load average: $(cut -d' ' -f1-3 /proc/loadavg)"
python3 -B table.py <"$results"
