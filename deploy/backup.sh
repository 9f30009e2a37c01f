#!/bin/sh
# backup.sh FOLDER [KEEP]: one dated backup more in FOLDER, the oldest beyond KEEP (48) removed. By hand or for a timer;
# the center itself writes a sealed one every ten minutes (BACKUP_MINUTES, BACKUP_TO in env.example).
# Encrypted to GPG_RECIPIENT when that is set; without it FOLDER has to lie on an encrypted disk.
set -eu
umask 077
folder=$(cd "$1" && pwd)
keep=${2:-48}
cd "$(dirname "$0")/.."
file="$folder/dvc-$(date +%Y%m%d-%H%M%S).backup"
.venv/bin/python manage.py backup --skip-checks "$file"
if [ -n "${GPG_RECIPIENT:-}" ]; then
  gpg --batch --yes --trust-model always --encrypt --recipient "$GPG_RECIPIENT" --output "$file.gpg" "$file"
  rm "$file"
fi
# shellcheck disable=SC2012
ls -1t "$folder"/dvc-*.backup* | tail -n +"$((keep + 1))" | while read -r old; do rm -f "$old"; done
