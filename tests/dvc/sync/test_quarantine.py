"""A revoked device reads nothing more; what it still has to tell is stored and decided about by a person."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dvc.accounts import services as accounts
from dvc.accounts.models import Device
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.sync import marks, resolutions
from dvc.sync.inbox_queries import OP_WORDS, quarantined, refusals
from dvc.sync.kinds import KINDS
from dvc.sync.models import InboxItem, ItemKind, QuarantinedOp, Receipt
from intake.checkin.models import Visit, VisitFlag
from intake.volunteers import services as volunteers
from intake.volunteers.models import Volunteer
from tests import make
from tests.dvc.sync.tablet import Tablet

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


@pytest.fixture
def people(tablet: Tablet) -> list[Volunteer]:
    return [make.volunteer(tablet.operation.center) for _ in range(3)]


def revoke(tablet: Tablet) -> None:
    accounts.revoke_device(tablet.device, by=SYSTEM, at=make.at(12))


def arrivals(tablet: Tablet, people: list[Volunteer]) -> list[dict[str, Any]]:
    return [
        {**tablet.op(volunteer=person.pk), "t_wall": make.at(9, n).isoformat(), "mode": "offline"}
        for n, person in enumerate(people)
    ]


def test_a_revoked_devices_queue_is_stored_and_not_folded(tablet: Tablet, people: list[Volunteer]) -> None:
    revoke(tablet)
    ops = arrivals(tablet, people)
    answer = json.loads(tablet.post({"epoch": 1, "ops": ops}).content)
    assert (answer["device"], answer["text"]) == (
        "revoked", "この端末は使用停止です。記録はセンターに預けました。端末を班長に渡してください。",
    )  # fmt: skip
    assert {(r["status"], r["code"]) for r in answer["results"]} == {("held", "quarantined")}
    assert QuarantinedOp.objects.count() == 3
    assert not Visit.objects.exists()
    assert not Receipt.objects.exclude(kind="").exists()
    headers = {"authorization": f"Device {tablet.device.pk}.{tablet.secret}"}
    url = f"/api/v1/sync/snapshot?operation={tablet.operation.pk}"
    assert tablet.client.get(url, headers=headers).status_code == 403


def test_sent_again_it_is_stored_once_and_what_was_known_before_keeps_its_answer(
    tablet: Tablet, people: list[Volunteer]
) -> None:
    first, second, third = arrivals(tablet, people)
    tablet.send(first)
    revoke(tablet)
    for _ in range(2):
        results = tablet.send(first, second)
        assert [r["status"] for r in results] == ["replayed", "held"]
    twisted = {**second, "payload": {"volunteer": people[2].pk}}
    assert [r["status"] for r in tablet.send(twisted, third)] == ["mismatch", "held"]
    assert (QuarantinedOp.objects.count(), Visit.objects.count(), InboxItem.objects.count()) == (2, 1, 1)


def test_taken_in_it_is_folded_by_the_very_same_path_with_its_own_times(
    tablet: Tablet, people: list[Volunteer]
) -> None:
    revoke(tablet)
    ops = arrivals(tablet, people)
    tablet.post({"epoch": 1, "ops": ops})
    item, chief = InboxItem.objects.get(kind=ItemKind.QUARANTINE), make.user(tablet.operation.center)
    resolutions.choose(item, "take_in", reason="", told_at=None, by=make.by(chief), at=make.at(13))
    assert [visit.arrived_at for visit in Visit.objects.all()] == [make.at(9, n) for n in range(3)]
    assert {row.decided_by for row in QuarantinedOp.objects.all()} == {chief}
    assert Entry.objects.get(action="op.taken_in").actor == chief
    assert Entry.objects.filter(action="visit.arrived", device=tablet.device).count() == 3
    assert {r["status"] for r in tablet.send(*ops)} == {"replayed"}
    assert Visit.objects.count() == 3


def test_refused_it_stays_stored_counts_nowhere_and_needs_a_reason(
    tablet: Tablet, people: list[Volunteer]
) -> None:
    revoke(tablet)
    ops = arrivals(tablet, people)
    tablet.post({"epoch": 1, "ops": ops})
    item, by = InboxItem.objects.get(kind=ItemKind.QUARANTINE), make.by(make.user(tablet.operation.center))
    with pytest.raises(Refused, match="reason_needed"):
        resolutions.choose(item, "refuse", reason="", told_at=None, by=by, at=make.at(13))
    resolutions.choose(item, "refuse", reason="盗まれていた", told_at=None, by=by, at=make.at(13))
    assert {r["code"] for r in tablet.send(*ops)} == {"quarantine_refused"}
    assert not Visit.objects.exists()
    assert QuarantinedOp.objects.count() == 3


def registered_again(tablet: Tablet, ops: list[dict[str, Any]]) -> tuple[Tablet, list[dict[str, Any]]]:
    """The tablet was found: it has a new name, and what it holds new numbers."""
    again = Tablet(tablet.operation)
    return again, [{**op, "seq": seq} for seq, op in enumerate(ops, 1)]


def marked(tablet: Tablet) -> int:
    """Up to which number the tablet may forget, once what is there now lies in a backup."""
    marks.before_backup()()
    return marks.mark_of(Device.objects.get(pk=tablet.device.pk), 1)


def test_what_was_refused_does_not_count_when_the_tablet_is_registered_again(
    tablet: Tablet, people: list[Volunteer]
) -> None:
    revoke(tablet)
    ops = arrivals(tablet, people)
    tablet.post({"epoch": 1, "ops": ops})
    by = make.by(make.user(tablet.operation.center))
    resolutions.choose(
        InboxItem.objects.get(), "refuse", reason="盗まれていた", told_at=None, by=by, at=make.at(13)
    )
    found, queue = registered_again(tablet, ops)
    for _ in range(2):
        assert {r["code"] for r in found.send(*queue)} == {"quarantine_refused"}
    assert not Visit.objects.exists()
    assert not refusals(tablet.operation), "a person has decided that already"
    assert marked(found) == 3
    assert found.send({**queue[0], "payload": {"volunteer": people[1].pk}})[0]["status"] == "mismatch"


def test_what_nobody_has_decided_about_waits_on_when_the_tablet_is_registered_again(
    tablet: Tablet, people: list[Volunteer]
) -> None:
    revoke(tablet)
    ops = arrivals(tablet, people)
    tablet.post({"epoch": 1, "ops": ops})
    found, queue = registered_again(tablet, ops)
    new = found.op(volunteer=people[0].pk)
    for _ in range(2):
        results = found.send(*queue, {**new, "seq": 4})
        assert {(r["status"], r["code"]) for r in results[:3]} == {("held", "still_quarantined")}
    assert Visit.objects.get().volunteer == people[0]
    item, chief = InboxItem.objects.get(kind=ItemKind.QUARANTINE), make.user(tablet.operation.center)
    resolutions.choose(item, "take_in", reason="", told_at=None, by=make.by(chief), at=make.at(13))
    assert {visit.volunteer for visit in Visit.objects.all()} == set(people)
    assert marked(found) == 4
    undo = {**found.op("visit.undo", op=new["op_id"], of="visit.arrive"), "seq": 5}
    assert found.send(undo)[0]["code"] == "annulled"


def test_a_taking_back_in_quarantine_stays_the_tablets_own_when_it_is_registered_again(
    tablet: Tablet, people: list[Volunteer]
) -> None:
    revoke(tablet)
    came, *_ = arrivals(tablet, people)
    undo = tablet.op("visit.undo", op=came["op_id"], of="visit.arrive")
    ops = [came, {**undo, "t_wall": make.at(9, 2).isoformat(), "mode": "offline"}]
    tablet.post({"epoch": 1, "ops": ops})
    found, queue = registered_again(tablet, ops)
    found.send(*queue)
    item, chief = InboxItem.objects.get(kind=ItemKind.QUARANTINE), make.user(tablet.operation.center)
    resolutions.choose(item, "take_in", reason="", told_at=None, by=make.by(chief), at=make.at(13))
    assert Receipt.objects.get(op_id=undo["op_id"]).result["code"] == "annulled"
    assert {receipt.device for receipt in Receipt.objects.all()} == {found.device}
    assert Visit.objects.get().annulled_at is not None


def test_more_from_the_same_device_opens_the_matter_again(tablet: Tablet, people: list[Volunteer]) -> None:
    revoke(tablet)
    first, *rest = arrivals(tablet, people)
    tablet.post({"epoch": 1, "ops": [first]})
    item, by = InboxItem.objects.get(), make.by(make.user(tablet.operation.center))
    resolutions.choose(item, "refuse", reason="盗まれていた", told_at=None, by=by, at=make.at(13))
    tablet.post({"epoch": 1, "ops": rest})
    item.refresh_from_db()
    assert item.is_open


def test_a_group_that_waits_is_named_in_words(tablet: Tablet, people: list[Volunteer]) -> None:
    assert set(KINDS) == set(OP_WORDS)
    revoke(tablet)
    group = volunteers.register_group(tablet.operation.center, name="○○高校", by=SYSTEM, at=make.at(8))
    ops = [tablet.op(f"group.{way}", group=group.pk, members=[people[0].pk]) for way in ("arrive", "leave")]
    tablet.post({"epoch": 1, "ops": ops})
    assert [line.what for line in quarantined(InboxItem.objects.get())] == ["団体の到着", "団体の帰り"]


def test_what_an_ended_badge_recorded_is_flagged_when_it_is_taken_in(
    tablet: Tablet, people: list[Volunteer]
) -> None:
    revoke(tablet)
    tablet.post({"epoch": 1, "ops": [{**tablet.op(volunteer=people[0].pk), "badge": "0" * 16}]})
    item, chief = InboxItem.objects.get(), make.user(tablet.operation.center)
    resolutions.choose(item, "take_in", reason="", told_at=None, by=make.by(chief), at=make.at(13))
    assert VisitFlag.OPERATOR_ENDED in Visit.objects.get().flags
