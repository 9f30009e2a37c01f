"""Fixtures every test may use."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.template import Template
from django.test import TransactionTestCase
from django.test.utils import _TestState

from tests.faults.ledger import Ledger
from tests.infra import alike
from tests.infra.emptying import empty_all
from tests.infra.scale import FULL
from tests.infra.template import migrated_sqlite, template_postgres

# Set by tests.infra.suite, whose steps share one template; a single run is sooner done without making one.
COPIED = "DVC_TEMPLATES" in os.environ

# `make test` gives one answer for one state of the code; the hunt for new examples is FULL=1.
# How long it takes to think of an example says how busy the machine is, not whether we are right.
hypothesis.settings.register_profile(
    "short", derandomize=True, max_examples=25, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("default" if FULL else "short")

_LEDGER = Ledger()


def pytest_configure(config: pytest.Config) -> None:
    """Three things that cost every test and are no part of what any of them shows: WhiteNoise lists all built files
    whenever a test client is made, argon2 takes its time on purpose for every password, and Python looks for garbage
    after every 700 new objects among all that pytest and Django keep."""
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    gc.set_threshold(100_000, 50, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests one database is enough for, unless they carry the mark `database`. What templates and forms show is the
    same on every one. A test that may not open it (pytest-django refuses) shows nothing about one, unless a process it
    starts does. And what sends only statements that other tests send as well is listed (tests.infra.alike)."""
    listed = alike.names()
    for item in items:
        if item.get_closest_marker("database"):
            continue
        if item.path.name.endswith("_pages.py") or not _opens_the_database(item):
            item.add_marker(pytest.mark.once)
        elif not listed.isdisjoint((item.nodeid, alike.function(item.nodeid))):
            item.add_marker(pytest.mark.alike)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What stays to the end is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


def _opens_the_database(item: pytest.Item) -> bool:
    unittests = getattr(getattr(item, "cls", None), "databases", None)
    fixtures = {"db", "transactional_db"}.intersection(getattr(item, "fixturenames", ()))
    marked = item.get_closest_marker("django_db") or item.get_closest_marker("parts")
    return bool(marked or fixtures or unittests)


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings_parallel_suffix: None) -> bool:
    """Put a copy of the template where the tests' database is to be; Django then finds nothing left to migrate.

    True where the file is there already (SQLite); PostgreSQL copies it itself.
    """
    from django.db import connection

    test = connection.settings_dict["TEST"]
    if COPIED and connection.vendor == "sqlite":
        Path(test["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(migrated_sqlite(), test["NAME"])
        return True
    if COPIED:
        test["TEMPLATE"] = template_postgres(os.environ["DATABASE_URL"])
    return False


@pytest.fixture(scope="session", autouse=True)
def transactional_tests_are_emptied_in_our_way() -> Iterator[None]:
    patch: Any = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", empty_all)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def pages_are_rendered_as_in_the_center(django_test_environment: None) -> None:
    """Django keeps a copy of everything each template saw, for tests that ask about it. Ours read the page: without
    the copies a page costs a sixth less."""
    state: Any = _TestState
    template: Any = Template
    template._render = state.saved_data.template_render


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    """One table for all faults, printed at the end."""
    return _LEDGER


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _LEDGER.rows:
        terminalreporter.section("faults")
        terminalreporter.write_line(_LEDGER.table())
