#!/usr/bin/env bash
# Installs what only the whole-server tests need: a current ffmpeg from PyPI into cargo's target directory
# (Debian's knows no Enhanced RTMP), schemathesis from PyPI, and playwright-core from npm. Does nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")"
target=${CARGO_TARGET_DIR:-../../target}
mkdir -p "$target/e2e"
target=$(cd "$target/e2e" && pwd)

if [ ! -x "$target/ffmpeg" ]; then
  # Anew: one that was copied with its folder points to where it came from.
  python3 -m venv --clear "$target/venv"
  "$target/venv/bin/python" -m pip install --quiet --disable-pip-version-check imageio-ffmpeg==0.8.1
  ln -sf "$("$target/venv/bin/python" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')" "$target/ffmpeg"
fi
# With the versions that it was installed with, so that another list is installed again.
if ! cmp -s schemathesis/requirements.txt "$target/schemathesis/requirements.txt"; then
  python3 -m venv "$target/schemathesis"
  "$target/schemathesis/bin/pip" install --quiet --disable-pip-version-check -r schemathesis/requirements.txt
  cp schemathesis/requirements.txt "$target/schemathesis/requirements.txt"
fi
if [ ! -d browser/node_modules/playwright-core ]; then
  (cd browser && npm ci --no-audit --no-fund --ignore-scripts)
fi
