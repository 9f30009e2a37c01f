#!/bin/sh
# node.sh COMMAND…: run it in frontend/ with Node 20.19 or newer: the system's, or else the one of the build lock.
set -eu
cd "$(dirname "$0")/.."

new_enough() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
    process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

if ! { command -v node >/dev/null && command -v npm >/dev/null && new_enough node; }; then
  [ -x .venv/bin/npm ] || requirements/install.sh build
  PATH="$PWD/.venv/bin:$PATH"
  export PATH
fi
# Node brings certificates of its own; an office network may need those of the system.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$bundle" ]; then
  NODE_EXTRA_CA_CERTS=$bundle
  export NODE_EXTRA_CA_CERTS
fi
cd frontend
exec "$@"
