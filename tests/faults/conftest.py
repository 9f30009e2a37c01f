"""One table for all faults."""

from __future__ import annotations

import pytest

from tests.faults.ledger import Ledger

_LEDGER = Ledger()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/faults" in str(item.path):
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    return _LEDGER


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _LEDGER.rows:
        terminalreporter.section("faults")
        terminalreporter.write_line(_LEDGER.table())
