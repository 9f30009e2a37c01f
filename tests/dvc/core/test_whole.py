"""Services that decide together: no savepoint of their own, nothing left when one refuses, one statement for the log."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, record, together
from dvc.core.inserting import insert_unless_taken, new
from dvc.core.refused import Refused
from dvc.core.whole import as_a_whole, whole
from dvc.operations.models import Operation
from intake.help_requests.models import Need
from matching.teams.models import Team, TeamState
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@whole
def rename(need: Need, summary: str, *, refuse: bool = False) -> None:
    Need.objects.filter(pk=need.pk).update(summary=summary)
    if refuse:
        raise Refused("need.changed")


def both(need: Need) -> None:
    with as_a_whole():
        rename(need, "c")
        rename(need, "d", refuse=True)


def told_and_refused(operation: Operation) -> None:
    with transaction.atomic(), together():
        record("test.two", operation, by=SYSTEM, at=make.at(9), operation=operation)
        raise Refused("need.changed")


def savepoints(seen: CaptureQueriesContext) -> int:
    return sum(one["sql"].startswith("SAVEPOINT") for one in seen.captured_queries)


def test_a_service_by_itself_takes_back_what_it_refuses_and_its_caller_goes_on() -> None:
    need = make.need(make.operation())
    with transaction.atomic():
        with CaptureQueriesContext(connection) as seen, pytest.raises(Refused):
            rename(need, "x", refuse=True)
        rename(need, "y")
    need.refresh_from_db()
    assert (need.summary, savepoints(seen)) == ("y", 1)


def test_in_a_decision_services_open_no_savepoints_and_a_refusal_takes_back_all() -> None:
    need, other = make.need(make.operation()), make.need(make.operation())
    said = other.summary
    with CaptureQueriesContext(connection) as seen, as_a_whole():
        rename(need, "a")
        rename(need, "b")
    assert savepoints(seen) == 1  # the decision's, inside the test's own transaction
    with pytest.raises(Refused):
        both(other)
    need.refresh_from_db()
    other.refresh_from_db()
    assert (need.summary, other.summary) == ("b", said)


def test_the_log_is_appended_in_its_order_by_one_statement_or_not_at_all() -> None:
    operation = make.operation()
    with transaction.atomic(), CaptureQueriesContext(connection) as seen, together():
        for number in range(4):
            record("test.one", operation, by=SYSTEM, at=make.at(9), operation=operation, number=number)
    assert sum("audit_entry" in one["sql"] for one in seen.captured_queries) == 1
    told = Entry.objects.filter(action="test.one").order_by("id")
    assert [entry.details["number"] for entry in told] == [0, 1, 2, 3]
    with pytest.raises(Refused):
        told_and_refused(operation)
    assert not Entry.objects.filter(action="test.two").exists()
    with transaction.atomic():
        record("test.three", operation, by=SYSTEM, at=make.at(9), operation=operation)
    assert Entry.objects.filter(action="test.three").exists()


def test_rows_that_another_has_written_first_are_said_to_be_taken_and_the_transaction_goes_on() -> None:
    operation = make.operation()

    def team(number: int) -> Team:
        return new(
            Team, operation_id=operation.pk, number=number, state=TeamState.READY, formed_at=make.at(9)
        )

    with transaction.atomic():
        first = team(1)
        assert insert_unless_taken([first])
        assert not insert_unless_taken([team(1)])
        assert insert_unless_taken([team(2)])
    assert Team.objects.get(number=1) == first
    assert Team.objects.count() == 2
