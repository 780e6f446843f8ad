#!/usr/bin/env bash
# Installs what is missing and prepares a configuration. Safe to run again.
#
#   ./setup.sh           everything for running the server, and an .env
#   ./setup.sh --build   only what building needs
#   ./setup.sh --test    also what the tests need (FFmpeg, Chromium, MariaDB, Redis)
set -euo pipefail
cd "$(dirname "$0")"
mode=${1:-}

say() { printf '%s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    say "Not root and no sudo: please run as root: $*"
    exit 1
  fi
}

# install PACKAGE COMMAND [PACKAGE COMMAND ...]: installs the Debian packages whose commands are missing.
install_missing() {
  local missing=()
  while [ $# -gt 0 ]; do
    command -v "$2" >/dev/null || missing+=("$1")
    shift 2
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    say "Please install with your package manager: ${missing[*]}"
    exit 1
  fi
  say "Installing: ${missing[*]}"
  as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Rust, as https://rustup.rs would install it; rust-toolchain.toml says which version.
install_rust() {
  local from arch file
  arch=$(uname -m)-unknown-linux-gnu
  from=https://static.rust-lang.org/rustup/dist/$arch/rustup-init
  install_missing curl curl ca-certificates update-ca-certificates
  say "Installing Rust into ${CARGO_HOME:-$HOME/.cargo} ($from)"
  file=$(mktemp -d)/rustup-init
  curl -sSf --proto '=https' -o "$file" "$from"
  echo "$(curl -sSf --proto '=https' "$from.sha256" | cut -d' ' -f1)  $file" | sha256sum --check --quiet
  chmod +x "$file"
  "$file" -y --quiet --no-modify-path --profile minimal --default-toolchain none
  rm -r "$(dirname "$file")"
}

# The Makefile looks there too.
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
command -v cargo >/dev/null || install_rust
# openh264 without nasm would build silently without its assembler code, at less than half the speed.
install_missing nasm nasm g++ g++ make make

if [ "$mode" = --test ]; then
  # The package redis-server would start a service; its program is in redis-tools, under another name.
  install_missing ffmpeg ffmpeg chromium chromium nodejs node npm npm curl curl jq jq python3 python3 valgrind valgrind \
    mariadb-server-core mariadbd mariadb-client-core my_print_defaults \
    redis-tools redis-check-rdb
  # Debian has venv apart from python3.
  python3 -c 'import ensurepip' 2>/dev/null || install_missing python3-venv no-such-command
  # Debian 12's Node is too old for the pages' build; npm has newer ones.
  if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
    npm install --silent --no-audit --no-fund --prefix "${CARGO_TARGET_DIR:-target}/node" node@22
  fi
  if ! command -v cargo-nextest >/dev/null; then
    say "Installing cargo-nextest"
    cargo install --locked cargo-nextest >&2
  fi
fi

if [ -z "$mode" ]; then
  if [ ! -e .env ]; then
    cp .env.example .env
    say "Wrote .env from .env.example; every line of it is optional."
  fi
  cargo build --locked --release -p server
  "${CARGO_TARGET_DIR:-target}/release/shardcast" check
fi
