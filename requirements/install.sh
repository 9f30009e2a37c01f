#!/bin/sh
# install.sh NAME: put requirements/NAME.lock into .venv, which is made when it is not there.
# Needs Python 3.11 or newer and nothing else; asks nothing.
set -eu
cd "$(dirname "$0")/.."
name=$1

say() { echo "$*" >&2; }
can_install() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 /usr/bin/python3; do
    if new_enough "$python"; then echo "$python"; return; fi
  done
  say "Python 3.11 or newer is needed and was not found."
  say "Python 3.11 以上が必要です。入れてから、もう一度実行してください。"
  exit 1
}

make_venv() {
  python=$(find_python)
  say "making .venv with $("$python" --version)"
  "$python" -m venv .venv 2>/dev/null && return
  rm -rf .venv
  # Debian keeps venv in a package of its own.
  if command -v uv >/dev/null; then uv venv --quiet --seed --python "$python" .venv && return; fi
  if command -v apt-get >/dev/null && can_install; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2 ||
      { as_root apt-get update -qq >&2 && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2; }
    "$python" -m venv .venv && return
  fi
  say "Python's venv is missing: run  apt-get install python3-venv  and try again."
  say "venv がありません。apt-get install python3-venv を実行してから、もう一度試してください。"
  exit 1
}

# A folder that was moved or copied has a .venv that points elsewhere.
.venv/bin/python -c '' 2>/dev/null || { rm -rf .venv; make_venv; }

say "installing requirements/$name.lock"
if ! { command -v uv >/dev/null && uv pip install --quiet --python .venv/bin/python --require-hashes -r "requirements/$name.lock"; }; then
  .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check \
    --require-hashes -r "requirements/$name.lock"
fi
