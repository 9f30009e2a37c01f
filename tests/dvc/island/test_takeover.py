"""The laptop died: another one, filled from the backup, is the same center to every tablet."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509

from dvc.backups import archive
from dvc.core.env import Env
from dvc.island.authority import Files, ensure, read_authority
from tests.dvc.island.test_authority import verify

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
CHOSEN = "tagajo-vc.local"


def database(data: Path) -> dict[str, object]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": data / "db.sqlite3"}


def test_the_second_laptop_has_the_same_authority_and_name_under_its_own_address(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    with closing(sqlite3.connect(old / "db.sqlite3")) as line:
        line.execute("CREATE TABLE kept (id)")
    ensure(Files(old / "keys" / "lan"), CHOSEN, [IPv4Address("192.168.1.10")], at=NOW)
    trusted = read_authority(Files(old / "keys" / "lan")).certificate
    archive.write(tmp_path / "backup", data=old, database=database(old), at=NOW)

    archive.restore(tmp_path / "backup", data=new, database=database(new))
    files = Files(new / "keys" / "lan")
    # Nobody has to remember the name: no setting is needed on the second laptop.
    name = Env({}).lan_name("LAN_NAME", files.name, "saigai.local")
    assert name == CHOSEN
    ensure(files, name, [IPv4Address("10.42.0.1")], at=NOW)
    served = x509.load_pem_x509_certificate(files.server.read_bytes())
    verify(trusted, served, CHOSEN, NOW)
    verify(trusted, served, "10.42.0.1", NOW)
    for key in (files.authority_key, files.server):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
