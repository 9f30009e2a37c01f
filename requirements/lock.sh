#!/bin/sh
# Write the hashed, host-free lock files anew: one for what runs, one for what tests, one for what builds.
set -eu
cd "$(dirname "$0")"
lock() {
  uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links "$@"
}
lock --quiet main.in -o main.lock
lock --quiet test.in main.in -o test.lock
lock --quiet build.in -o build.lock
if grep -nE 'https?://|file:' ./*.lock; then
  echo "a lock file names a host: do not commit it" >&2
  exit 1
fi
