"""The row is the truth: claimed once, fenced, tried again, parked, swept."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from dvc.outbox import services
from dvc.outbox.management.commands import sweep
from dvc.outbox.models import Row, State
from tests import make
from tests.dvc.outbox.handlers import break_as_a_check, find_a_lock, leave_a_row

pytestmark = pytest.mark.django_db
NOW = make.at(9)


@pytest.fixture(autouse=True)
def handlers(settings: pytest.FixtureRequest) -> None:
    settings.OUTBOX_HANDLERS = {  # type: ignore[attr-defined]
        "test.ok": ("tests.dvc.outbox.handlers.finish", "default"),
        "test.fail": ("tests.dvc.outbox.handlers.break_down", "default"),
        "test.slow": ("tests.dvc.outbox.handlers.lose_the_lease", "default"),
    }


def _same(moment: datetime) -> datetime:
    return moment


def put(kind: str = "test.ok", key: str = "1") -> Row:
    return services.put(kind, 1, dedupe_key=key)


def state(row: Row) -> str:
    return Row.objects.get(pk=row.pk).state


def test_the_same_work_put_twice_is_one_row() -> None:
    assert put().pk == put().pk
    assert Row.objects.count() == 1


def test_work_of_an_unknown_kind_is_not_accepted() -> None:
    with pytest.raises(KeyError):
        put("no.such.kind")


def test_work_is_done_once_however_often_the_hint_arrives() -> None:
    row = put()
    assert services.work(row.pk, now=lambda: NOW)
    assert not services.work(row.pk, now=lambda: NOW)
    assert state(row) == State.DONE
    assert Row.objects.get(pk=row.pk).attempts == 1


def test_a_claimed_row_is_nobody_elses_until_the_lease_ends() -> None:
    row = put()
    assert services.claim(row.pk, at=NOW) is not None
    assert services.claim(row.pk, at=NOW + timedelta(seconds=5)) is None
    again = services.claim(row.pk, at=NOW + services.LEASE + timedelta(seconds=1))
    assert again is not None
    assert again.epoch == 2


def test_work_that_is_too_early_waits_and_has_not_been_tried() -> None:
    row = put()
    held = services.claim(row.pk, at=NOW)
    assert held is not None
    services.postpone(held, until=NOW + timedelta(seconds=5))
    assert services.claim(row.pk, at=NOW + timedelta(seconds=4)) is None
    assert services.sweep(at=NOW + timedelta(seconds=4)) == 0
    again = services.claim(row.pk, at=NOW + timedelta(seconds=5))
    assert again is not None
    assert again.row.attempts == 1
    with pytest.raises(services.LeaseLost):
        services.postpone(held, until=NOW)
    assert state(row) == State.RUNNING, "who came late took it from nobody"


def test_a_worker_that_slept_past_its_lease_commits_nothing() -> None:
    row = put()
    first = services.claim(row.pk, at=NOW)
    services.claim(row.pk, at=NOW + services.LEASE + timedelta(seconds=1))
    assert first is not None
    with pytest.raises(services.LeaseLost):
        _write_and_finish(row, first)
    assert Row.objects.get(pk=row.pk).last_error == ""


@transaction.atomic
def _write_and_finish(row: Row, held: services.Claim) -> None:
    Row.objects.filter(pk=row.pk).update(last_error="an effect that must not stay")
    services.finish(held, at=NOW)


def test_a_lost_lease_in_the_middle_of_the_handler_is_not_a_failure() -> None:
    row = put("test.slow")
    assert not services.work(row.pk, now=lambda: NOW)
    assert Row.objects.get(pk=row.pk).lease_epoch == 2
    assert state(row) == State.RUNNING


def test_broken_work_waits_longer_each_time_and_is_parked_after_eight_tries() -> None:
    row, now, waits = put("test.fail"), NOW, []
    for _ in range(services.MAX_ATTEMPTS):
        assert not services.work(row.pk, now=partial(_same, now))
        ripe = Row.objects.get(pk=row.pk).run_after
        assert ripe is not None
        waits.append((ripe - now).total_seconds())
        now = ripe
    assert waits == sorted(waits)
    assert state(row) == State.PARKED
    why = Row.objects.get(pk=row.pk).last_error
    assert why.startswith("RuntimeError (tests.dvc.outbox.handlers:")
    assert "break_down" in why
    assert "out of order" not in why, "what an error quotes may be somebody's name"
    assert services.retry(Row.objects.get(pk=row.pk), at=now)
    assert state(row) == State.PENDING


def test_work_is_not_done_before_its_time() -> None:
    row = services.put("test.ok", 1, dedupe_key="later", run_after=NOW + timedelta(minutes=5))
    assert not services.work(row.pk, now=lambda: NOW)
    assert services.work(row.pk, now=lambda: NOW + timedelta(minutes=5))


def test_a_dead_broker_loses_nothing_and_stops_nobody(settings: pytest.FixtureRequest) -> None:
    row = put()
    assert services.publish(row) is False
    assert state(row) == State.PENDING


def test_a_lease_that_was_taken_while_the_clock_was_ahead_does_not_last_until_then() -> None:
    row = put()
    first = services.claim(row.pk, at=NOW + timedelta(hours=26))
    assert services.claim(row.pk, at=NOW) is not None
    assert first is not None
    with pytest.raises(services.LeaseLost):
        services.finish(first, at=NOW)


def test_a_clock_that_is_put_right_by_seconds_takes_a_lease_from_nobody() -> None:
    row = put()
    assert services.claim(row.pk, at=NOW) is not None
    assert services.claim(row.pk, at=NOW - timedelta(seconds=30)) is None


def test_of_work_that_failed_or_is_let_try_again_no_hint_is_on_its_way() -> None:
    row = put("test.fail")
    assert Row.objects.get(pk=row.pk).published_at is not None
    services.work(row.pk, now=lambda: NOW)
    assert Row.objects.get(pk=row.pk).published_at is None
    Row.objects.filter(pk=row.pk).update(state=State.PARKED, published_at=NOW)
    services.retry(Row.objects.get(pk=row.pk), at=NOW)
    assert Row.objects.get(pk=row.pk).published_at is None


def test_a_check_of_the_sweeper_that_breaks_keeps_no_other_from_its_work(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert sweep.run([break_as_a_check, leave_a_row]) is None
    assert Row.objects.get().dedupe_key == "check"
    assert "break_as_a_check failed" in caplog.text


def test_a_check_of_the_sweeper_that_finds_a_lock_keeps_no_other_from_its_work_and_is_told() -> None:
    trouble = sweep.run([find_a_lock, leave_a_row])
    assert Row.objects.get().dedupe_key == "check"
    assert str(trouble) == "database is locked"
