"""What a tablet says of itself rides with its ops, and costs nothing when it was said a minute ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dvc.accounts.models import Device
from dvc.devices import reports
from tests import make
from tests.dvc.sync.tablet import Tablet

pytestmark = pytest.mark.django_db

REPORT: dict[str, Any] = {
    "unsent": 12, "oldest_unsent": "2026-07-18T09:00:00+09:00", "storage": "best_effort", "quota": 2**40, "used": 5,
    "secure": True, "camera": False, "photos": 3, "drafts": 1,
}  # fmt: skip


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


def report(tablet: Tablet, said: Any, *, slow: timedelta = timedelta()) -> Device:
    body = {
        "epoch": 1, "sent_wall": (timezone.now() - slow).isoformat(), "app": "1.2.3", "report": said, "ops": [],
    }  # fmt: skip
    assert tablet.post(body).status_code == 200
    tablet.device.refresh_from_db()
    return tablet.device


def test_a_report_is_kept_on_the_device(tablet: Tablet) -> None:
    device = report(tablet, {**REPORT, "operator": tablet.operator.pk}, slow=timedelta(seconds=90))
    assert (device.unsent, device.storage, device.quota_bytes, device.camera) == (
        12,
        "best_effort",
        2**40,
        False,
    )
    assert (device.operator, device.app_version) == (tablet.operator, "1.2.3")
    assert (device.unsent_photos, device.open_drafts) == (3, 1)
    assert device.oldest_unsent_at is not None
    assert device.clock_error_ms is not None
    assert 90_000 <= device.clock_error_ms < 600_000  # a loaded machine is slow


def test_a_second_report_within_a_minute_writes_nothing(tablet: Tablet) -> None:
    first = report(tablet, REPORT)
    with CaptureQueriesContext(
        connection,
    ) as heard:
        second = report(tablet, {**REPORT, "unsent": 3})
    assert (second.unsent, second.last_seen_at) == (12, first.last_seen_at)
    assert not [query["sql"] for query in heard if query["sql"].startswith("UPDATE")]


def test_after_a_minute_the_next_report_is_kept(tablet: Tablet) -> None:
    report(tablet, REPORT)
    Device.objects.update(reported_at=timezone.now() - timedelta(seconds=61))
    assert report(tablet, {**REPORT, "unsent": 3}).unsent == 3


def test_after_the_servers_clock_was_put_right_a_report_is_kept_as_ever(tablet: Tablet) -> None:
    ahead = timezone.now() + timedelta(hours=26)
    Device.objects.filter(pk=tablet.device.pk).update(reported_at=ahead, last_seen_at=ahead, unsent=1)
    tablet.post({"epoch": 1, "report": {**REPORT, "unsent": 7}, "ops": []})
    tablet.device.refresh_from_db()
    assert tablet.device.unsent == 7
    assert tablet.device.last_seen_at is not None
    assert tablet.device.last_seen_at < ahead


def test_ops_without_a_report_do_not_keep_the_next_report_out(tablet: Tablet) -> None:
    tablet.send()
    assert report(tablet, REPORT).unsent == 12
    with CaptureQueriesContext(connection) as heard:
        tablet.send()
    assert not [query["sql"] for query in heard if query["sql"].startswith("UPDATE")]


@pytest.mark.parametrize(
    "said",
    ["12", 7, [1], None, {"unsent": -1}, {"unsent": 10**30}, {"storage": "\x00"}, {"oldest_unsent": "soon"},
     {"operator": 2**61}, {"storage": "x" * 1_000_000}],
)  # fmt: skip
def test_a_bad_report_never_stops_the_ops(tablet: Tablet, said: Any) -> None:
    person = make.volunteer(tablet.operation.center)
    body = {"epoch": 1, "report": said, "ops": [tablet.op(volunteer=person.pk)]}
    response = tablet.post(body)
    assert response.status_code == 200
    assert response.json()["results"][0]["code"] == "ok"  # type: ignore[attr-defined]
    tablet.device.refresh_from_db()
    assert tablet.device.last_seen_at is not None
    assert tablet.device.unsent is None


def test_somebody_of_another_center_is_no_operator(tablet: Tablet) -> None:
    stranger = make.user(make.center("別のセンター"))
    assert report(tablet, {**REPORT, "operator": stranger.pk}).operator is None


def test_a_clock_that_was_set_is_noted_at_once_and_doubted_backwards(tablet: Tablet) -> None:
    report(tablet, REPORT)
    device = report(tablet, REPORT, slow=timedelta(minutes=5))
    jumped = device.clock_jumped_at
    assert jumped is not None
    error = timedelta(minutes=5)
    assert reports.time_is_doubtful(device, error, happened=jumped - timedelta(hours=1))
    assert not reports.time_is_doubtful(device, error, happened=jumped + timedelta(seconds=1))
    assert reports.time_is_doubtful(device, timedelta(minutes=11), happened=jumped + timedelta(seconds=1))
