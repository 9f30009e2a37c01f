"""A pytest plugin (`-p tests.infra.statements`) that writes down which kinds of statements each test sends to the database.

A kind is a statement without its values, together with the name of the error it ended in. STATEMENTS names the file: JSON,
{test: {"seconds": how long it took, "kept": whether what it shows is more than its statements, "kinds": […]}}.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

_SENT: dict[str, dict[str, Any]] = {}
_kinds: set[str] = set()


def kind(statement: str) -> str:
    """Without numbers, names of savepoints, and the lengths of lists."""
    bare = re.sub(r'"s\d+_x\d+"', '"savepoint"', statement)
    bare = re.sub(r"%s(, %s)+", "%s…", bare)
    bare = re.sub(r"\(%s…\)(, \(%s…\))+", "(%s…)…", bare)
    return re.sub(r"\b\d+\b", "0", bare)


def _listen(execute: Callable[..., Any], statement: Any, *rest: Any) -> Any:
    ended = ""
    try:
        return execute(statement, *rest)
    except Exception as error:
        ended = type(error).__name__
        raise
    finally:
        _kinds.add(f"{kind(str(statement))} {ended}")


@pytest.fixture(scope="session", autouse=True)
def statements_are_written_down(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    connection.execute_wrappers.append(_listen)
    yield
    connection.execute_wrappers.remove(_listen)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _kinds.clear()
    begun = time.monotonic()
    result = yield
    _SENT[item.nodeid] = {
        "seconds": time.monotonic() - begun,
        "kept": _shows_more(item),
        "kinds": sorted(_kinds),
    }
    return result


def _shows_more(item: pytest.Item) -> bool:
    """Several at once, other processes, or by hand: what a database decides."""
    marked = item.get_closest_marker("django_db")
    at_once = "transactional_db" in getattr(item, "fixturenames", ())
    by_hand = item.get_closest_marker("database") or item.get_closest_marker("parts")
    return bool(at_once or by_hand or (marked and marked.kwargs.get("transaction")))


def pytest_sessionfinish() -> None:
    Path(os.environ["STATEMENTS"]).write_text(json.dumps(_SENT))
