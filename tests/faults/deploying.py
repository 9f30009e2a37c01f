"""The upgrade of a center's database, killed at any of its statements. Asked inside a center's environment
(tests.infra.shell); every try works on a copy of the old database."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection, connections
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

from dvc.runtime.management.commands.up import prepare
from tests import make
from tests.infra.template import new_database

Step = tuple[str, str]
NEEDS = 5
WRITES = ("ALTER", "CREATE", "DROP", "INSERT", "UPDATE", "DELETE")
_SQLITE = "SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%%'"
_POSTGRES = """
SELECT 'column', table_name || '.' || column_name,
       concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


def shape() -> str:
    """All tables, columns, indexes and constraints, and the steps that are said to be done; as a number."""
    with connection.cursor() as cursor:
        cursor.execute(_SQLITE if connection.vendor == "sqlite" else _POSTGRES)
        found = sorted(map(str, cursor.fetchall()))
        cursor.execute("SELECT app, name FROM django_migrations")
        found += sorted(map(str, cursor.fetchall()))
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def rows() -> dict[str, int]:
    """How many rows each table has."""
    with connection.cursor() as cursor:
        counted = {}
        for name in connection.introspection.table_names(cursor):
            cursor.execute("SELECT count(*) FROM " + connection.ops.quote_name(name))  # noqa: S608 - a table of ours
            counted[name] = int(cursor.fetchone()[0])
    return counted


class Upgrade:
    """From the release in which `since` were the newest steps to this one."""

    def __init__(self, since: list[Step]) -> None:
        operation = make.operation()
        for _ in range(NEEDS):
            make.need(operation)
        self.old = str(connection.settings_dict["NAME"])
        executor = MigrationExecutor(connection)
        self.steps = len(executor.migration_plan(since))
        executor.migrate(since)
        self.held = rows()
        self.copies = 0
        self.copy()
        self.wholes = {shape()}
        self._one_step_after_the_other()
        self.copy()
        self.statements = self._statements()
        self.new = shape(), rows()

    def copy(self) -> None:
        """From now on we work on a fresh copy of the old database."""
        connections.close_all()
        if connection.vendor == "sqlite":
            self.copies += 1
            place = Path(self.old).with_name(f"copy{self.copies}.sqlite3")
            shutil.copy(self.old, place)
            connection.settings_dict["NAME"] = str(place)
        else:
            url = new_database(os.environ["DATABASE_URL"], self.old)
            connection.settings_dict["NAME"] = url.partition("?")[0].rpartition("/")[2]

    def _one_step_after_the_other(self) -> None:
        def done(action: str, migration: Migration | None = None, fake: bool = False) -> None:
            if action == "apply_success":
                self.wholes.add(shape())

        executor = MigrationExecutor(connection, done)  # type: ignore[arg-type]  # it is called with less
        executor.migrate(executor.loader.graph.leaf_nodes())

    def _statements(self) -> list[str]:
        heard: list[str] = []

        def hear(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            heard.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(hear):
            prepare()
        return heard

    def writing(self) -> list[int]:
        """The numbers of those statements that change something."""
        return [number for number, sql in enumerate(self.statements) if sql.lstrip().startswith(WRITES)]

    def killed_before(self, statement: int, *, careless: bool = False) -> bool:
        """kill -9 just before this statement. Whether the database is of one release and the same upgrade then comes to
        its end, with everything in it. `careless`: as if no step were a transaction, which is the negative control."""
        self.copy()
        assert in_a_fork(partial(_die_before, statement, careless)) == signal.SIGKILL
        whole = shape() in self.wholes
        connections.close_all()
        return whole and in_a_fork(prepare) == 0 and (shape(), rows()) == self.new


def in_a_fork(run: Callable[[], None]) -> int:
    """What `os.waitpid` says of a fork that ran this: 0, or the signal that ended it."""
    connections.close_all()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            run()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1]


def _die_before(statement: int, careless: bool) -> None:
    number = iter(range(statement))

    def count(execute: Callable[..., Any], *what: Any) -> Any:
        if next(number, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*what)

    if careless:
        Migration.atomic = False
    with connection.execute_wrapper(count):
        prepare()


def report(since: list[Step], kills: int, seed: int) -> dict[str, Any]:
    """What became of so many killed upgrades, and of how many careless ones until the first was seen to be torn."""
    upgrade = Upgrade([(app, name) for app, name in since])
    writing = upgrade.writing()
    # Between the last change of a step and the word that it is done is where Django's own order tears it.
    records = [one for one in writing if '"django_migrations"' in upgrade.statements[one]]
    others = [one for one in writing if one not in records]
    chosen = [*records[::-1], *random.Random(seed).sample(others, len(others))][:kills]
    torn = [upgrade.statements[one] for one in chosen if not upgrade.killed_before(one)]
    controls = next(
        number for number, one in enumerate(writing[1:], 1) if not upgrade.killed_before(one, careless=True)
    )
    gone = {name for name, held in upgrade.held.items() if upgrade.new[1].get(name, 0) < held}
    return {
        "steps": upgrade.steps, "kills": len(chosen), "torn": torn, "controls": controls, "gone": sorted(gone),
        "needs": upgrade.new[1]["help_requests_need"],
    }  # fmt: skip
