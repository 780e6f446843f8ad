#!/usr/bin/env bash
# Fuzzes each target for so many seconds, then makes its corpus minimal and tells what came of it:
#   tests/fuzz/run.sh SECONDS [TARGET...]
# Without targets all of them, one after the other. What breaks a promise is put into regressions/TARGET,
# where the tests replay it, and makes the exit code 1.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:?usage: tests/fuzz/run.sh SECONDS [TARGET...]}
shift
targets=("$@")
if ((${#targets[@]} == 0)); then
  mapfile -t targets < <(basename -s .rs fuzz_targets/*.rs)
fi

# libFuzzer's flags are unstable options of the compiler, which the stable one has too.
export RUSTC_BOOTSTRAP=1
# What an input may take of bytes, memory and seconds. The sanitizer's own memory must fit in too, and
# what a process leaves behind at its end is no finding.
limits=(-max_len=4096 -rss_limit_mb=512 -timeout=10 -report_slow_units=2)
export ASAN_OPTIONS=quarantine_size_mb=16:detect_leaks=0
work=${CARGO_TARGET_DIR:-target}
host=$(rustc -vV | sed -n 's/^host: //p')
failed=0

cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
cargo fuzz build --fuzz-dir . --sanitizer "${SANITIZER:-address}"

# The first or last number that libFuzzer printed behind a label.
first() { grep -oE "$1 *[0-9]+" "$2" | sed -n '1s/.* //p'; }
last() { grep -oE "$1 *[0-9]+" "$2" | sed -n '$s/.* //p'; }

# The inputs that reach what no smaller one reaches, out of the corpus and what was found.
minimise() {
  local target=$1 found=$2 kept
  kept=$(mktemp -d)
  "$work/$host/release/$target" -merge=1 -set_cover_merge=1 -use_counters=0 "${limits[@]}" \
    "$kept" "corpus/$target" "$found" >/dev/null 2>&1
  rm -rf "corpus/$target"
  mv "$kept" "corpus/$target"
  chmod 755 "corpus/$target"
}

fuzz() {
  local target=$1 result=fine
  local found=$work/fuzz/$target log=$work/fuzz/$target.log options=("${limits[@]}")
  rm -rf "$found"
  mkdir -p "$found" "corpus/$target" "regressions/$target"
  if [[ -e dictionaries/$target.dict ]]; then
    options+=("-dict=dictionaries/$target.dict")
  fi
  if ! "$work/$host/release/$target" "$found" "corpus/$target" "regressions/$target" \
    -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="regressions/$target/" \
    "${options[@]}" >"$log" 2>&1; then
    result="FOUND SOMETHING: $log"
    failed=1
  fi
  minimise "$target" "$found"
  rmdir --ignore-fail-on-non-empty "regressions/$target"
  printf '%-16s %10s runs   coverage %5s to %5s   corpus %4s files %7s bytes   %s\n' "$target" \
    "$(last 'number_of_executed_units:' "$log")" "$(first 'INITED cov:' "$log")" "$(last 'cov:' "$log")" \
    "$(find "corpus/$target" -type f | wc -l)" "$(cat "corpus/$target"/* | wc -c)" "$result"
}

for target in "${targets[@]}"; do
  fuzz "$target"
done
exit "$failed"
