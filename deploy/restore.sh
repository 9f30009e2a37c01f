#!/bin/sh
# restore.sh FILE: fill an empty DATA folder (and an empty PostgreSQL) from a backup. Stop the center first.
set -eu
umask 077
file=$(realpath "$1")
cd "$(dirname "$0")/.."
case $file in
*.gpg)
  plain=$(mktemp)
  trap 'rm -f "$plain"' EXIT
  gpg --batch --yes --decrypt --output "$plain" "$file"
  file=$plain
  ;;
esac
.venv/bin/python manage.py restore "$file"
