"""A cursor that cannot skip a transaction that commits late."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from dvc.audit import places
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, newest_of, record, version_of
from tests import make
from tests.infra.late import committed_late


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_commits_late_is_not_skipped_where_an_id_would_skip_it() -> None:
    """PostgreSQL: entry A is written, entry B is written and committed, a reader reads, A is committed. On SQLite the
    second writer has to wait for the first, so there is no such order; what it reads is checked all the same."""
    center = make.center()
    start_place, start_id = places.place(), Entry.objects.order_by("-id")[0].pk
    with committed_late(lambda: record("late", center, by=SYSTEM, at=make.at(9))):
        with transaction.atomic():
            record("early", center, by=SYSTEM, at=make.at(9))

        def read(place: int) -> tuple[int, set[str]]:
            after = places.place()
            return after, set(
                places.since(place).filter(action__in=["late", "early"]).values_list("action", flat=True)
            )

        def read_by_id(newest: int) -> tuple[int, set[str]]:
            found = Entry.objects.filter(id__gt=newest, action__in=["late", "early"])
            return max([newest, *found.values_list("id", flat=True)]), set(
                found.values_list("action", flat=True)
            )

        place, first = read(start_place)
        newest, first_by_id = read_by_id(start_id)
    _, second = read(place)
    _, second_by_id = read_by_id(newest)

    assert first | second == {"late", "early"}
    if connection.vendor == "postgresql":
        assert "late" not in first
        assert "late" in second
        # The negative control: who goes on from the newest id never hears of it.
        assert first_by_id | second_by_id == {"early"}


@pytest.mark.django_db(transaction=True)
def test_a_screen_hears_of_a_transaction_that_commits_late_without_waiting_for_the_next_change() -> None:
    """On a quiet evening the next change is tomorrow's, and this one may be a team that says it is safe."""
    operation = make.operation()
    before = version_of(operation.pk)
    with committed_late(lambda: record("late", operation, by=SYSTEM, at=make.at(9), operation=operation)):
        with transaction.atomic():
            early = record("early", operation, by=SYSTEM, at=make.at(9), operation=operation)
        shown = version_of(operation.pk)
    # The negative control: the newest entry is what it was.
    assert newest_of(operation.pk) == early.pk
    if connection.vendor == "postgresql":
        assert len({before, shown, version_of(operation.pk)}) == 3


@pytest.mark.django_db
def test_what_was_there_before_a_place_is_not_read_again() -> None:
    make.center()
    place = places.place()
    with transaction.atomic():
        entry = record("x", make.center("隣"), by=SYSTEM, at=make.at(9))
    assert entry in places.since(place)
    if connection.vendor == "sqlite":
        assert places.since(places.place()).count() == 0
