"""A cursor that cannot skip a transaction that commits late."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction

from dvc.audit import places
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, newest_of, record, version_of
from tests import make


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_commits_late_is_not_skipped_where_an_id_would_skip_it() -> None:
    """PostgreSQL: entry A is written, entry B is written and committed, a reader reads, A is committed. On SQLite the
    second writer has to wait for the first, so there is no such order; what it reads is checked all the same."""
    center = make.center()
    start_place, start_id = places.place(), Entry.objects.order_by("-id")[0].pk
    written, go_on = threading.Event(), threading.Event()

    def late() -> None:
        try:
            with transaction.atomic():
                record("late", center, by=SYSTEM, at=make.at(9))
                written.set()
                if connection.vendor == "postgresql":
                    assert go_on.wait(20)
        finally:
            connections.close_all()

    writer = threading.Thread(target=late)
    writer.start()
    assert written.wait(20)
    if connection.vendor != "postgresql":
        writer.join(20)
    with transaction.atomic():
        record("early", center, by=SYSTEM, at=make.at(9))

    def read(place: int) -> tuple[int, set[str]]:
        after = places.place()
        return after, set(
            places.since(place).filter(action__in=["late", "early"]).values_list("action", flat=True)
        )

    def read_by_id(newest: int) -> tuple[int, set[str]]:
        found = Entry.objects.filter(id__gt=newest, action__in=["late", "early"])
        return max([newest, *found.values_list("id", flat=True)]), set(found.values_list("action", flat=True))

    place, first = read(start_place)
    newest, first_by_id = read_by_id(start_id)
    go_on.set()
    writer.join(20)
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
    written, go_on = threading.Event(), threading.Event()

    def late() -> None:
        try:
            with transaction.atomic():
                record("late", operation, by=SYSTEM, at=make.at(9), operation=operation)
                written.set()
                if connection.vendor == "postgresql":
                    assert go_on.wait(20)
        finally:
            connections.close_all()

    before = version_of(operation.pk)
    writer = threading.Thread(target=late)
    writer.start()
    assert written.wait(20)
    if connection.vendor != "postgresql":
        writer.join(20)
    with transaction.atomic():
        early = record("early", operation, by=SYSTEM, at=make.at(9), operation=operation)
    shown = version_of(operation.pk)
    go_on.set()
    writer.join(20)
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
