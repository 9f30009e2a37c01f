"""Databases with all tables, made once and copied: migrating takes most of a first start.

Once for `make test` on each database (in the folder DVC_TEMPLATES, where the suite sets it; for PostgreSQL a whole
cluster, tests.infra.postgres), else once for each run. They are made anew in each run and go with it, so none is older
than the code.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

_TEMPLATE = "migrated"


def new_database(server: str, template: str = "template1") -> str:
    """The URL of a new database beside the one of `server`: empty, or a copy of `template`."""
    name = f"center_{secrets.token_hex(6)}"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server, autocommit=True) as line:
        line.execute(copy)
    return _beside(server, name)


def template_postgres(server: str) -> str:
    """The name of a database with all tables beside the one of `server`, to be copied."""
    with psycopg.connect(server, autocommit=True) as line:
        line.execute("SELECT pg_advisory_lock(1)")  # until this connection ends
        if not line.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone():
            half_made = new_database(server)
            _migrate({"DATABASE_URL": half_made})
            names = sql.Identifier(urlsplit(half_made).path[1:]), sql.Identifier(_TEMPLATE)
            line.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))
    return _TEMPLATE


def migrated_postgres(server: str) -> str:
    """The URL of a new database with all tables beside the one of `server`."""
    return new_database(server, template_postgres(server))


def migrated_sqlite() -> Path:
    """An SQLite file with all tables, to be copied."""
    place = Path(os.environ.get("DVC_TEMPLATES") or os.environ["DVC_TEST_DATA"])
    data = place / "template"
    with alone(place / "template.lock"):
        if not data.exists():
            making = place / "template-in-the-making"
            _migrate({"DATA": str(making)})
            making.rename(data)
    return data / "db.sqlite3"


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """One process at a time."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _beside(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def _migrate(where: dict[str, str]) -> None:
    ours = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    subprocess.run(
        [sys.executable, "-m", "tests.infra.migrations"],
        cwd=Path(__file__).resolve().parents[2],
        env={**ours, "DJANGO_SETTINGS_MODULE": "dvc.settings", **where},
        check=True,
    )
