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
from django.db import connection
from django.template import Template
from django.test import TransactionTestCase
from django.test.utils import _TestState

from tests.faults.ledger import Ledger
from tests.infra.emptying import empty_all
from tests.infra.scale import ALL, FULL, share_of
from tests.infra.template import migrated_sqlite, template_postgres

# Set by tests.infra.suite, whose steps share one template; a single run is sooner done without making one.
COPIED = "DVC_TEMPLATES" in os.environ
# Set by `make test` (tests.infra.suite): which share of the long tests is run. A part that is run by hand runs all.
SHARE = os.environ.get("SHARE", "")

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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        _mark_if_one_database_is_enough(item)
    if SHARE in {"", ALL}:
        return
    others = {item for item in items if _takes_turns(item) and share_of(item.nodeid) != SHARE}
    config.hook.pytest_deselected(items=[item for item in items if item in others])
    items[:] = [item for item in items if item not in others]


def _mark_if_one_database_is_enough(item: pytest.Item) -> None:
    """What templates and forms show is the same on every database; what a page stores and finds is not. A test that
    may not open the database (pytest-django refuses it) shows nothing about one, unless a process it starts does."""
    shown = item.path.name.endswith("_pages.py") or not _opens_the_database(item)
    if shown and not item.get_closest_marker("database"):
        item.add_marker(pytest.mark.once)


def _takes_turns(item: pytest.Item) -> bool:
    """Whether it is one of the long tests: with a browser, of killed parts, of the engine alone, on the second database
    what is not about several at once, and what is marked so."""
    if item.get_closest_marker("always"):
        return False
    tests = item.config.rootpath / "tests"
    long = any(item.path.is_relative_to(tests / folder) for folder in ("e2e", "faults", "matching/solver"))
    again = connection.vendor == "postgresql" and not _is_of_several_at_once(item)
    return long or again or any(item.get_closest_marker(name) for name in ("center", "long"))


def _is_of_several_at_once(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("django_db")
    return "transactional_db" in getattr(item, "fixturenames", ()) or bool(
        marked and marked.kwargs.get("transaction")
    )


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
