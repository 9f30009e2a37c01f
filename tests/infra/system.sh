#!/bin/sh
# What the tests need from the system. Installed by apt where that may be done without a question;
# otherwise the missing packages are named and the run stops.
set -eu

missing=""
need() { case " $missing " in *" $1 "*) ;; *) missing="$missing $1" ;; esac; }
library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1" || need "$2"; }
font() { fc-list 2>/dev/null | grep -qi "$1" || need "$2"; }

ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || need postgresql
if [ -z "${CHROMIUM:-}" ]; then
  if ! command -v chromium-headless-shell >/dev/null && ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
    # The same Chromium without windows, where it is packed: it costs a fifth less.
    if apt-cache show chromium-headless-shell >/dev/null 2>&1; then need chromium-headless-shell; else need chromium; fi
  fi
fi
command -v fc-list >/dev/null || need fontconfig
font 'noto.*cjk' fonts-noto-cjk
font 'biz ud' fonts-morisawa-bizud-gothic
library libpango-1.0 libpango-1.0-0
library libpangoft2-1.0 libpangoft2-1.0-0
library libharfbuzz-subset libharfbuzz-subset0
library libfontconfig libfontconfig1
# Installs the center's certificate into a browser profile, as a tablet's owner would (tests/e2e/test_island.py).
command -v certutil >/dev/null || need libnss3-tools
command -v setpriv >/dev/null || need util-linux
command -v pdftoppm >/dev/null || need poppler-utils  # reads printed sheets back

[ -n "$missing" ] || exit 0
echo "The tests need these packages:$missing" >&2
if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
  as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
  install() {
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null >&2
  }
  # Debian's package would start a server of its own on 5432; the tests bring their own.
  if [ ! -e /etc/postgresql-common/createcluster.conf ] && [ -d /etc ]; then
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  install || { as_root apt-get update -qq </dev/null >&2 && install; }
  fc-cache -f >/dev/null 2>&1 || true
else
  echo "Install them and run make test again:  sudo apt-get install$missing" >&2
  echo "次のパッケージを入れてから、もう一度 make test を実行してください:  sudo apt-get install$missing" >&2
  exit 1
fi
