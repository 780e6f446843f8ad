#!/usr/bin/env bash
# The benchmarks beside other servers: installs them, builds ours, runs the cases. See docs/benchmarks.md.
#
#   bench/run.sh            runs; ROUNDS, CASES, PLAYERS, SECONDS, SOAK_MINUTES, REALTIME and RECORD choose what
#   bench/run.sh --report   shows the last results again
set -euo pipefail
# The shell counts this variable up by itself: what the caller gave is taken before that shows.
window=$SECONDS
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
folder=$target/bench
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    echo "Not root and no sudo: please run as root: $*" >&2
    exit 1
  fi
}

install_commands() {
  local missing=() name
  for name in "$@"; do command -v "${name#*=}" >/dev/null || missing+=("${name%=*}"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "Installing: ${missing[*]}"
  as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# nginx is unpacked, not installed: a package's installation would start a server on port 80.
unpack_nginx() {
  [ ! -x "$folder/debian/usr/sbin/nginx" ] || return 0
  echo "Fetching nginx and its RTMP module"
  local fetched
  fetched=$(mktemp -d)
  as_root apt-get update -qq
  (cd "$fetched" && apt-get download -qq nginx libnginx-mod-rtmp 2>/dev/null)
  rm -rf "$folder/debian"
  for package in "$fetched"/*.deb; do dpkg -x "$package" "$folder/debian.part"; done
  mv "$folder/debian.part" "$folder/debian"
  rm -r "$fetched"
}

install_nms() {
  [ ! -d "$folder/nms-$1/node_modules/node-media-server" ] || return 0
  echo "Installing node-media-server $2"
  npm install --silent --ignore-scripts --no-audit --no-fund --omit=dev --prefix "$folder/nms-$1" "node-media-server@$2"
}

# Node-media-server 4 needs Node 20, which Debian 12 does not have; npm has newer ones.
node_20() {
  [ -d "$target/node/node_modules/.bin" ] && PATH="$(cd "$target/node/node_modules/.bin" && pwd):$PATH"
  if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
    npm install --silent --no-audit --no-fund --prefix "$target/node" node@22
    PATH="$(cd "$target/node/node_modules/.bin" && pwd):$PATH"
  fi
}

if [ "${1:-}" != --report ]; then
  install_commands ffmpeg=ffmpeg nodejs=node npm=npm wrk=wrk python3=python3
  node_20
  unpack_nginx
  install_nms 2 2.7.4
  install_nms 4 4
  if [ -z "${SHARDCAST:-}" ]; then
    ./setup.sh --build
    cargo build --locked --release -p server
  fi
  if [[ ",${CASES:-h}," =~ ,(h|bare|monoio-uring|monoio-epoll|glommio|tokio), ]]; then
    (cd bench/runtimes && CARGO_TARGET_DIR=$(dirname "$folder")/runtimes cargo build --locked --release)
  fi
fi
binary=$(realpath -m "${SHARDCAST:-$target/release/shardcast}")
cd bench
exec env SECONDS="$window" python3 -B -m peers --folder "$folder" --shardcast "$binary" "$@"
