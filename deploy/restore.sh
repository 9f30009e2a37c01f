#!/bin/sh
# restore.sh FILE [--key LETTERS]: fill an empty DATA folder (and an empty PostgreSQL) from a backup. Stop the center
# first. A sealed backup asks for the letters on the recovery sheet (or takes BACKUP_PASSPHRASE). The center comes back
# with a new generation: tablets send again what the backup lacks.
set -eu
umask 077
file=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
case $file in
*.gpg)
  plain=$(mktemp)
  trap 'rm -f "$plain"' EXIT
  gpg --batch --yes --decrypt --output "$plain" "$file"
  file=$plain
  ;;
esac
.venv/bin/python manage.py restore "$file" "$@"
