"""Every row of sync.md §6: what happens by itself, and what a person is asked."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, record
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from dvc.sync import gather, inbox, merging, resolutions
from dvc.sync.models import HeldOp, InboxItem, InboxSweep, ItemKind, Receipt
from intake.checkin import services as checkin
from intake.checkin.models import FailedScan, Visit
from intake.volunteers import cards, groups
from intake.volunteers import services as volunteers
from intake.volunteers.models import Card, Group, Volunteer
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of, said, tell
from tests.infra.late import committed_late

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def person(operation: Operation) -> Volunteer:
    return make.volunteer(operation.center)


def arrivals(
    operation: Operation, person: Volunteer, minutes: list[int], *, sites: list[int | None] | None = None
) -> list[tuple[Tablet, dict[str, Any]]]:
    """The same person in at as many gates."""
    told = []
    for n, minute in enumerate(minutes):
        tablet = Tablet(operation)
        site = sites[n] if sites else None
        told.append(
            (tablet, said(tablet, "visit.arrive", make.at(9, minute), volunteer=person.pk, site=site))
        )
    return told


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_conflict_01_same_person_in_at_two_gates_is_one_item_in_any_order(
    operation: Operation, person: Volunteer, order: tuple[int, ...]
) -> None:
    told = arrivals(operation, person, [0, 8, 16])
    for n in order:
        tablet, op = told[n]
        tell(tablet, op)
        tell(tablet, op)
    visit = Visit.objects.get()
    assert (visit.arrived_at, len(visit.facts), visit.flags) == (make.at(9), 3, ["two_gates"])
    item = InboxItem.objects.get()
    assert (item.kind, item.subjects["visit"], item.fix) == (ItemKind.TWO_GATES, [visit.pk], "same_person")
    assert [view["op"] for view in item.views] == [op["op_id"] for _, op in told]
    assert Entry.objects.filter(action="inbox.opened").count() == 1


def test_conflict_01_two_gates_within_ten_minutes_ask_nobody(operation: Operation, person: Volunteer) -> None:
    for tablet, op in arrivals(operation, person, [0, 9]):
        assert tell(tablet, op)[0]["status"] in ("applied", "merged")
    assert Visit.objects.count() == 1
    assert not InboxItem.objects.exists()


def test_conflict_01_two_sites_are_asked_about_and_the_earlier_one_stands(
    operation: Operation, person: Volunteer
) -> None:
    first, second = (
        operations.add_site(operation.center, name=name, lat=38.3, lng=141.0, by=SYSTEM, at=make.at(8))
        for name in ("本部", "南")
    )
    (one, early), (other, late) = arrivals(operation, person, [0, 2], sites=[first.pk, second.pk])
    tell(other, late)
    [result] = tell(one, early)
    assert (result["status"], result["code"]) == ("review", "already_present")
    assert result["data"]["inbox"] == InboxItem.objects.get().pk
    assert Visit.objects.get().site == first


def test_conflict_02_out_before_in_is_folded_by_corrected_time(
    operation: Operation, person: Volunteer
) -> None:
    tablet = Tablet(operation)
    [result] = tell(tablet, said(tablet, "visit.leave", make.at(15), volunteer=person.pk))
    assert result["code"] == "not_present"
    tell(tablet, said(tablet, "visit.arrive", make.at(9), volunteer=person.pk))
    visit = Visit.objects.get()
    assert (visit.arrived_at, visit.left_at, visit.flags) == (make.at(9), make.at(15), [])


def test_conflict_04_a_card_that_was_still_good_at_the_scan_lets_in_and_is_flagged(
    operation: Operation, person: Volunteer
) -> None:
    card = card_of(person)
    cards.lose(card, by=SYSTEM, at=make.at(10))
    tablet = Tablet(operation)
    [result] = tell(tablet, said(tablet, "visit.arrive", make.at(9), card=card.token))
    assert (result["status"], result["code"]) == ("review", "ok")
    visit = Visit.objects.get()
    assert (visit.volunteer, visit.arrived_at, visit.flags) == (person, make.at(9), ["old_card"])
    item = InboxItem.objects.get()
    assert [view["what"] for view in item.views] == ["scanned", "card_ended"]
    assert not FailedScan.objects.exists()


def test_conflict_04_an_ended_card_scanned_off_line_later_is_kept_and_flagged(
    operation: Operation, person: Volunteer
) -> None:
    card = card_of(person)
    stock = cards.issue_stock(operation.center, count=1, by=SYSTEM, at=make.at(8))
    cards.reissue(
        person, Card.objects.get(stock=stock), lost=True, by=SYSTEM, at=make.at(10), on=make.day(make.at(10))
    )
    tablet = Tablet(operation)
    tell(tablet, said(tablet, "visit.arrive", make.at(11), card=card.token))
    assert Visit.objects.get().flags == ["old_card"]
    assert InboxItem.objects.get().kind == ItemKind.OLD_CARD


def test_conflict_04_an_ended_card_at_a_tablet_that_knew_it_is_a_failed_scan(
    operation: Operation, person: Volunteer
) -> None:
    card = card_of(person)
    cards.lose(card, by=SYSTEM, at=make.at(10))
    tablet = Tablet(operation)
    [result] = tell(tablet, said(tablet, "visit.arrive", make.at(11), mode="online", card=card.token))
    assert (result["status"], result["code"]) == ("merged", "revoked")
    assert FailedScan.objects.get().code == "revoked"
    assert not Visit.objects.exists()


def test_conflict_05_a_card_nobody_holds_yet_waits_for_its_binding(
    operation: Operation, person: Volunteer
) -> None:
    card = Card.objects.get(stock=cards.issue_stock(operation.center, count=1, by=SYSTEM, at=make.at(8)))
    first, second = Tablet(operation), Tablet(operation)
    scan = said(first, "visit.arrive", make.at(9), card=card.token)
    [result] = tell(first, scan)
    assert (result["status"], result["code"]) == ("held", "unbound_card")
    assert not Visit.objects.exists()
    assert tell(first, scan)[0]["status"] == "replayed"
    bind = said(second, "card.bind", make.at(9, 5), card=card.token, volunteer=person.pk)
    tell(second, bind)
    tell(second, bind)
    visit = Visit.objects.get()
    assert (visit.volunteer, visit.arrived_at) == (person, make.at(9))
    assert HeldOp.objects.get().state == "folded"
    assert Entry.objects.get(action="visit.arrived").device == first.device
    assert not InboxItem.objects.exists()


def test_conflict_05_a_waiting_scan_that_breaks_us_keeps_no_card_and_no_other_scan_back(
    operation: Operation, person: Volunteer
) -> None:
    card = Card.objects.get(stock=cards.issue_stock(operation.center, count=1, by=SYSTEM, at=make.at(8)))
    tablet = Tablet(operation)
    for minute in (0, 1):
        tell(tablet, said(tablet, "visit.arrive", make.at(9, minute), card=card.token))
    poisoned = HeldOp.objects.earliest("pk")
    HeldOp.objects.filter(pk=poisoned.pk).update(op={"kind": "of another world"})
    bind = said(tablet, "card.bind", make.at(9, 5), card=card.token, volunteer=person.pk)
    assert tell(tablet, bind)[0]["status"] == "applied"
    assert Visit.objects.get().arrived_at == make.at(9, 1)
    gather.look_through(operation, at=make.at(33))
    poisoned.refresh_from_db()
    assert poisoned.state == "waiting"
    assert InboxItem.objects.filter(kind=ItemKind.CARD_NEVER_BOUND, key=str(poisoned.pk)).exists()


def test_conflict_05_a_card_tried_out_the_day_before_lets_nobody_in(
    operation: Operation, person: Volunteer
) -> None:
    card = Card.objects.get(stock=cards.issue_stock(operation.center, count=1, by=SYSTEM, at=make.at(8)))
    tablet = Tablet(operation)
    tell(tablet, said(tablet, "visit.arrive", make.at(9), card=card.token))
    tell(
        tablet,
        said(tablet, "card.bind", make.at(9) + timedelta(days=1), card=card.token, volunteer=person.pk),
    )
    assert HeldOp.objects.get().state == "waiting"
    assert not Visit.objects.exists()


def evening(operation: Operation, hour: int = 26) -> None:
    """The sweeper looks after midnight (hour 24 of the test's day)."""
    gather.look_through(operation, at=make.at(hour))
    gather.look_through(operation, at=make.at(hour))


def test_many_who_were_never_seen_leaving_are_asked_about_in_the_statements_of_one() -> None:
    asked = []
    for count in (1, 12):
        operation = make.operation()
        for _ in range(count):
            checkin.arrive(operation, make.volunteer(operation.center), site=None, by=SYSTEM, at=make.at(9))
        gather.look_through(operation, at=make.at(10))
        for hour, open_items in ((26, count), (27, count)):
            with CaptureQueriesContext(connection) as statements:
                gather.look_through(operation, at=make.at(hour))
            items = InboxItem.objects.filter(operation=operation, kind=ItemKind.UNRETURNED)
            assert len(items) == open_items
            asked.append(len(statements))
        assert Entry.objects.filter(operation=operation, action="visit.unreturned").count() == count
        assert Entry.objects.filter(operation=operation, action="inbox.opened").count() == count
        assert {item.views[0]["what"] for item in items} == {"in"}
        assert {item.fix for item in items} == {"phoned_home"}
    assert asked[:2] == asked[2:]


def test_conflict_02_an_out_whose_in_never_comes_is_asked_about_at_the_days_end_and_settled_by_a_late_in(
    operation: Operation, person: Volunteer
) -> None:
    tablet = Tablet(operation)
    tell(tablet, said(tablet, "visit.leave", make.at(15), volunteer=person.pk))
    gather.look_through(operation, at=make.at(20))
    assert not InboxItem.objects.exclude(kind=ItemKind.LATE_FACTS).exists()
    evening(operation)
    assert InboxItem.objects.get(kind=ItemKind.NO_ARRIVAL).is_open
    tell(tablet, said(tablet, "visit.arrive", make.at(9), volunteer=person.pk))
    evening(operation, 27)
    item = InboxItem.objects.get(kind=ItemKind.NO_ARRIVAL)
    assert (item.is_open, item.choice) == (False, "settled")


def test_conflict_02_a_person_says_when_they_came(operation: Operation, person: Volunteer) -> None:
    tablet = Tablet(operation)
    tell(tablet, said(tablet, "visit.leave", make.at(15), volunteer=person.pk))
    evening(operation)
    item, by = InboxItem.objects.get(kind=ItemKind.NO_ARRIVAL), make.by(make.user(operation.center))
    with pytest.raises(Refused, match="time_needed"):
        resolutions.choose(item, "came_at", reason="", told_at=None, by=by, at=make.at(27))
    with pytest.raises(Refused, match="came_after_leaving"):
        resolutions.choose(item, "came_at", reason="", told_at=make.at(16), by=by, at=make.at(27))
    resolutions.choose(item, "came_at", reason="本人に聞いた", told_at=make.at(9), by=by, at=make.at(27))
    visit = Visit.objects.get()
    assert (visit.arrived_at, visit.left_at) == (make.at(9), make.at(15))


def test_conflict_03_never_checked_out_waits_for_a_person_and_is_never_closed_silently(
    operation: Operation, person: Volunteer
) -> None:
    tablet = Tablet(operation)
    tell(tablet, said(tablet, "visit.arrive", make.at(9), volunteer=person.pk))
    evening(operation)
    visit = Visit.objects.get()
    assert (visit.state, visit.left_at) == ("unreturned", None)
    item, user = InboxItem.objects.get(kind=ItemKind.UNRETURNED), make.user(operation.center)
    with pytest.raises(Refused, match="reason_needed"):
        resolutions.choose(item, "phoned_home", reason=" ", told_at=None, by=make.by(user), at=make.at(27))
    resolutions.choose(
        item, "phoned_home", reason="本人に電話した", told_at=None, by=make.by(user), at=make.at(27)
    )
    visit.refresh_from_db()
    assert (visit.state, visit.left_at) == ("closed", make.at(15, 30))
    assert "capped" in visit.flags
    item.refresh_from_db()
    assert (item.resolved_by, item.reason, item.resolved_at) == (user, "本人に電話した", make.at(27))
    with pytest.raises(Refused, match=r"inbox\.resolved"):
        resolutions.choose(item, "annul", reason="人違い", told_at=None, by=make.by(user), at=make.at(27))
    visit.refresh_from_db()
    assert visit.annulled_at is None


def test_conflict_03_a_leaving_told_late_settles_it(operation: Operation, person: Volunteer) -> None:
    tablet = Tablet(operation)
    tell(tablet, said(tablet, "visit.arrive", make.at(9), volunteer=person.pk))
    evening(operation)
    tell(tablet, said(tablet, "visit.leave", make.at(15), volunteer=person.pk))
    evening(operation, 27)
    assert Visit.objects.get().left_at == make.at(15)
    assert InboxItem.objects.get(kind=ItemKind.UNRETURNED).choice == "settled"


def test_conflict_05_a_card_bound_at_the_desk_takes_its_scans_along(
    operation: Operation, person: Volunteer
) -> None:
    card = Card.objects.get(stock=cards.issue_stock(operation.center, count=1, by=SYSTEM, at=make.at(8)))
    tablet = Tablet(operation)
    tell(tablet, said(tablet, "visit.arrive", make.at(9), card=card.token))
    cards.bind(card, person, by=SYSTEM, at=make.at(10), on=make.day(make.at(10)))
    gather.look_through(operation, at=make.at(10))
    assert Visit.objects.get().arrived_at == make.at(9)


def test_conflict_05_a_card_that_gets_no_name_by_the_days_end_goes_to_a_person(
    operation: Operation, person: Volunteer
) -> None:
    card = Card.objects.get(stock=cards.issue_stock(operation.center, count=1, by=SYSTEM, at=make.at(8)))
    tablet = Tablet(operation)
    tell(tablet, said(tablet, "visit.arrive", make.at(9), card=card.token))
    gather.look_through(operation, at=make.at(20))
    assert not InboxItem.objects.exclude(kind=ItemKind.LATE_FACTS).exists()
    evening(operation)
    item, by = InboxItem.objects.get(kind=ItemKind.CARD_NEVER_BOUND), make.by(make.user(operation.center))
    with pytest.raises(Refused, match="nobody_holds_it"):
        resolutions.choose(item, "fold", reason="佐藤さん", told_at=None, by=by, at=make.at(27))
    cards.bind(card, person, by=SYSTEM, at=make.at(33), on=make.day(make.at(33)))
    resolutions.choose(item, "fold", reason="佐藤さん", told_at=None, by=by, at=make.at(33))
    assert Visit.objects.get().arrived_at == make.at(9)


def test_conflict_12_facts_of_a_day_that_is_over_count_for_it_and_are_one_digest(
    operation: Operation,
) -> None:
    tablet = Tablet(operation)
    people = [make.volunteer(operation.center) for _ in range(3)]
    tell(tablet, *(said(tablet, "visit.arrive", make.at(9), volunteer=person.pk) for person in people[:2]))
    now = timezone.now()
    gather.look_through(operation, at=now)
    item = InboxItem.objects.get(kind=ItemKind.LATE_FACTS)
    assert item.key == f"{timezone.localdate(make.at(9))}:{timezone.localdate(now)}"
    assert {tuple(visit.flags) for visit in Visit.objects.all()} == {("late",)}
    assert {visit.day for visit in Visit.objects.all()} == {timezone.localdate(make.at(9))}
    inbox.resolve(item, choice="seen", reason="", by=make.by(make.user(operation.center)), at=now)
    gather.look_through(operation, at=now)
    item.refresh_from_db()
    assert item.state == "resolved"
    tell(tablet, said(tablet, "visit.arrive", make.at(9), volunteer=people[2].pk))
    gather.look_through(operation, at=timezone.now())
    item.refresh_from_db()
    assert InboxItem.objects.get(pk=item.pk).is_open
    assert InboxItem.objects.filter(kind=ItemKind.LATE_FACTS).count() == 1


def a_busy_hour(tablet: Tablet, ops: int) -> None:
    """The receipts of so many facts of this very moment."""
    now = timezone.now()
    Receipt.objects.bulk_create(
        Receipt(
            op_id=uuid.uuid4(), device=tablet.device, epoch=9, seq=seq, operation=tablet.operation, kind="scan.failed",
            mode="online", payload={}, digest="", happened_at=now, received_at=now, result={},
        )
        for seq in range(1, ops + 1)
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_conflict_12_a_late_fact_that_is_committed_late_is_listed_as_well() -> None:
    """PostgreSQL: one tablet's batch is still being written while the sweeper reads another's, whose numbers are higher.
    SQLite has one writer: there is no such order, and what the sweeper reads is checked all the same."""
    operation = make.operation()
    slow, quick = Tablet(operation), Tablet(operation)
    people = [make.volunteer(operation.center) for _ in range(2)]
    with committed_late(lambda: tell(slow, said(slow, "visit.arrive", make.at(9), volunteer=people[0].pk))):
        tell(quick, said(quick, "visit.arrive", make.at(9), volunteer=people[1].pk))
        a_busy_hour(quick, 600)
        for _ in range(4):
            gather.look_through(operation, at=timezone.now())
    gather.look_through(operation, at=timezone.now())
    assert {tuple(visit.flags) for visit in Visit.objects.all()} == {("late",)}
    item = InboxItem.objects.get(kind=ItemKind.LATE_FACTS)
    assert {view["device"] for view in item.views} == {str(slow.device.pk), str(quick.device.pk)}
    for _ in range(3):
        gather.look_through(operation, at=timezone.now())
    mark = InboxSweep.objects.get(operation=operation)
    assert mark.receipt == Receipt.objects.order_by("pk").values_list("pk", flat=True).last()


@pytest.mark.django_db(transaction=True)
def test_the_periodic_look_comes_back_for_what_is_committed_after_a_newer_entry() -> None:
    """PostgreSQL: somebody arrives while the sweeper looks, and on that evening nothing happens any more."""
    operation = make.operation()
    person = make.volunteer(operation.center)
    with committed_late(lambda: checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))):
        with transaction.atomic():
            record("test.change", operation, by=SYSTEM, at=make.at(33), operation=operation)
        gather.look_through_all(at=make.at(33))
    gather.look_through_all(at=make.at(33, 1))
    assert InboxItem.objects.get(kind=ItemKind.UNRETURNED).key == str(Visit.objects.get().pk)


def two_registrations(operation: Operation) -> tuple[Volunteer, Volunteer]:
    """髙橋 一郎 from home, and again at the desk with the other 髙 and without a birthday."""
    fields: dict[str, Any] = {"family_kana": "たかはし", "given_kana": "いちろう", "phone": "090-1234-5678"}
    first = make.volunteer(operation.center, "髙橋", "一郎", **fields)
    second = make.volunteer(operation.center, "高橋", "一郎", registered_at=make.at(8), **fields)
    for person in (first, second):
        noted(person)
    return first, second


def noted(person: Volunteer) -> None:
    """Registered as the desk does it: the log says so."""
    with transaction.atomic():
        record("volunteer.registered", person, by=SYSTEM, at=make.at(8), center_id=person.center_id)


def test_conflict_06_two_registrations_are_suggested_once_and_a_family_is_not(operation: Operation) -> None:
    first, second = two_registrations(operation)
    noted(make.volunteer(operation.center, "髙橋", "花子", given_kana="はなこ", phone="090-1234-5678"))
    for _ in range(2):
        gather.look_through(operation, at=make.at(9))
    item = InboxItem.objects.get(kind=ItemKind.SAME_PERSON)
    assert item.subjects["volunteer"] == sorted([first.pk, second.pk])
    assert "髙橋" not in str(item.views)


def test_conflict_06_a_register_too_long_for_one_look_is_read_in_several(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "AT_ONCE", 1)
    noted(make.volunteer(operation.center, "佐藤", "花"))
    two_registrations(operation)
    noted(make.volunteer(operation.center, "髙﨑", "𠮷野"))
    for seconds in range(0, 60, 10):
        gather.look_through_all(at=make.at(9) + timedelta(seconds=seconds))
    assert InboxItem.objects.filter(kind=ItemKind.SAME_PERSON).count() == 1


def test_conflict_06_a_merge_leads_card_visits_and_insurance_to_one_and_can_be_undone(
    operation: Operation,
) -> None:
    first, second = two_registrations(operation)
    card, tablet = card_of(second), Tablet(operation)
    tell(tablet, said(tablet, "visit.arrive", make.at(9), card=card.token))
    gather.look_through(operation, at=make.at(9, 30))
    item, by = InboxItem.objects.get(kind=ItemKind.SAME_PERSON), make.by(make.user(operation.center))
    resolutions.choose(item, "merge", reason="", told_at=None, by=by, at=make.at(10))
    assert Visit.objects.get().volunteer == first
    assert (first.policies.count(), second.policies.count()) == (2, 0)
    assert list(Volunteer.objects.living()) == [first]
    [result] = tell(tablet, said(tablet, "visit.leave", make.at(15), card=card.token))
    assert (result["code"], result["data"]["volunteer"]) == ("ok_left", first.pk)
    resolutions.take_apart(InboxItem.objects.get(pk=item.pk), by=by, at=make.at(16))
    assert Visit.objects.get().volunteer == second
    assert (first.policies.count(), second.policies.count()) == (1, 1)
    assert Volunteer.objects.living().count() == 2
    gather.look_through(operation, at=make.at(17))
    item.refresh_from_db()
    assert (item.is_open, item.choice) == (False, "different")


def test_conflict_06_both_names_at_the_door_become_one_visit_and_two_again(operation: Operation) -> None:
    first, second = two_registrations(operation)
    tablet, by = Tablet(operation), make.by(make.user(operation.center))
    tell(tablet, said(tablet, "visit.arrive", make.at(9), volunteer=first.pk))
    tell(tablet, said(tablet, "visit.arrive", make.at(8, 50), volunteer=second.pk))
    made = merging.merge(first, second, by=by, at=make.at(10))
    assert Visit.objects.present().get().arrived_at == make.at(8, 50)
    merging.undo(made, by=by, at=make.at(11))
    merging.undo(made, by=by, at=make.at(11))
    assert {visit.volunteer_id: visit.arrived_at for visit in Visit.objects.present()} == {
        first.pk: make.at(9),
        second.pk: make.at(8, 50),
    }


def test_conflict_06_three_registrations_lead_to_one_and_are_taken_apart_from_the_last(
    operation: Operation,
) -> None:
    first, second, third = (
        make.volunteer(operation.center, "髙橋", registered_at=make.at(8, minute)) for minute in (0, 10, 20)
    )
    tablet, card = Tablet(operation), card_of(third)
    tell(tablet, said(tablet, "visit.arrive", make.at(9), card=card.token))
    early = merging.merge(second, third, by=SYSTEM, at=make.at(10))
    late = merging.merge(first, second, by=SYSTEM, at=make.at(11))
    assert set(Volunteer.objects.filter(merged_into=first)) == {second, third}
    assert Visit.objects.get().volunteer == first
    assert first.policies.count() == 3
    with pytest.raises(Refused, match="merge_later"):
        merging.undo(early, by=SYSTEM, at=make.at(12))
    merging.undo(late, by=SYSTEM, at=make.at(13))
    assert list(Volunteer.objects.filter(merged_into__isnull=False)) == [third]
    assert (Visit.objects.get().volunteer, Volunteer.objects.get(pk=third.pk).standing) == (second, second)
    merging.undo(early, by=SYSTEM, at=make.at(14))
    assert Visit.objects.get().volunteer == third
    assert [person.policies.count() for person in (first, second, third)] == [1, 1, 1]


def test_conflict_06_taking_one_merge_apart_leaves_the_others_alone(operation: Operation) -> None:
    first, second, third = (
        make.volunteer(operation.center, "髙橋", registered_at=make.at(8, minute)) for minute in (0, 10, 20)
    )
    merging.merge(second, third, by=SYSTEM, at=make.at(10))
    late = merging.merge(first, second, by=SYSTEM, at=make.at(11))
    other = make.volunteer(operation.center, "高橋", registered_at=make.at(8, 30))
    merging.merge(first, other, by=SYSTEM, at=make.at(12))
    merging.undo(late, by=SYSTEM, at=make.at(13))
    assert Volunteer.objects.get(pk=other.pk).standing == first
    assert Volunteer.objects.get(pk=third.pk).standing == second


def test_conflict_06_whoever_withdraws_is_let_in_by_no_registration_of_theirs(operation: Operation) -> None:
    first, second = two_registrations(operation)
    card, tablet = card_of(second), Tablet(operation)
    merging.merge(first, second, by=SYSTEM, at=make.at(9))
    volunteers.withdraw(first, by=SYSTEM, at=make.at(9, 10))
    results = tablet.send(tablet.op(card=card.token), tablet.op(volunteer=second.pk))
    assert [result["code"] for result in results] == ["revoked", "no_such_volunteer"]
    assert not Visit.objects.exists()


def test_conflict_06_a_merge_carries_block_group_and_wards_and_gives_them_back(operation: Operation) -> None:
    first, second = two_registrations(operation)
    group = volunteers.register_group(operation.center, name="町内会", by=SYSTEM, at=make.at(8))
    volunteers.correct(second, by=SYSTEM, at=make.at(8), group=group)
    groups.set_leader(group, second, by=SYSTEM, at=make.at(8))
    volunteers.block(second, reason="迷惑行為", by=SYSTEM, at=make.at(8))
    child = make.volunteer(operation.center, guardian=second)

    def standing(person: Volunteer) -> tuple[Any, ...]:
        person, leads = Volunteer.objects.get(pk=person.pk), Group.objects.filter(leader=person)
        return person.group, person.listed_at, person.blocked_reason, list(leads), list(person.wards.all())

    made = merging.merge(first, second, by=SYSTEM, at=make.at(9))
    assert standing(first) == (group, make.at(8), "迷惑行為", [group], [child])
    merging.undo(made, by=SYSTEM, at=make.at(10))
    assert standing(first) == (None, None, "", [], [])
    assert standing(second) == (group, make.at(8), "迷惑行為", [group], [child])
    made = merging.merge(first, second, by=SYSTEM, at=make.at(11))
    volunteers.block(first, reason="もう一度", by=SYSTEM, at=make.at(11))
    merging.undo(made, by=SYSTEM, at=make.at(12))
    assert standing(first) == (None, None, "もう一度", [], [])  # what was said of them since is theirs


def test_conflict_06_strangers_and_a_merged_person_are_not_merged(operation: Operation) -> None:
    first, second = two_registrations(operation)
    other = make.volunteer(make.center("隣町"))
    with pytest.raises(Refused, match="merge_not_two"):
        merging.merge(first, other, by=SYSTEM, at=make.at(10))
    merging.merge(first, second, by=SYSTEM, at=make.at(10))
    with pytest.raises(Refused, match="merge_done"):
        merging.merge(first, second, by=SYSTEM, at=make.at(10))


def test_the_periodic_look_costs_three_queries_while_nothing_changes(
    operation: Operation, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """A center that has small activities all year has dozens of the last month."""
    for number in range(9):
        past = make.operation(operation.center, mode=Mode.DRILL, name=f"訓練{number}")
        operations.close_operation(past, teams_out=0, by=SYSTEM, at=make.at(8))
    for minutes in (0, 1):
        gather.look_through_all(at=make.at(9, minutes))
    with django_assert_num_queries(3):
        gather.look_through_all(at=make.at(9, 2))
    noted(make.volunteer(operation.center, "佐藤", "花"))
    record("test.change", operation, by=SYSTEM, at=make.at(9, 2), operation=operation)
    before = InboxSweep.objects.get(operation=operation).version
    gather.look_through_all(at=make.at(9, 3))
    assert InboxSweep.objects.get(operation=operation).version > before


# ── desk and gate at the same moment ───────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_the_desk_decides_also_while_a_gate_tells_more_of_the_same_visit() -> None:
    """PostgreSQL: the gate has the visit and wants the item, the desk has the item and wants the visit; the desk is
    the one that gives way. On SQLite there is one writer, and the gate is through before the desk begins."""
    tablet = Tablet(make.operation())
    card = card_of(make.volunteer(tablet.operation.center))
    first = said(tablet, "visit.arrive", make.at(9), card=card.token)
    cards.lose(card, by=SYSTEM, at=make.at(8, 55))
    tell(tablet, first)
    item = InboxItem.objects.get(kind=ItemKind.OLD_CARD)
    more = said(tablet, "visit.arrive", make.at(9, 2), card=card.token)
    has_visit, told = threading.Event(), []

    def wait_until_somebody_waits_for_us() -> None:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL deadlock_timeout = '1min'"
            )  # the desk looks for a knot first, and gives way
            cursor.execute(waiting)
            end = time.monotonic() + 20
            while not cursor.fetchone()[0] and time.monotonic() < end:
                time.sleep(0.05)
                cursor.execute(waiting)

    def wait_for_the_desk(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "sync_inboxitem" in sql and not has_visit.is_set():
            has_visit.set()
            if connection.vendor == "postgresql":
                wait_until_somebody_waits_for_us()
        return execute(sql, params, many, context)

    def gate() -> None:
        try:
            with connection.execute_wrapper(wait_for_the_desk):
                told.extend(tell(tablet, more))
        finally:
            connections.close_all()

    thread = threading.Thread(target=gate)
    thread.start()
    assert has_visit.wait(20)
    if connection.vendor != "postgresql":
        thread.join(20)
    by = make.by(make.user(tablet.operation.center))
    resolutions.choose(item, "annul", reason="別の人だった", told_at=None, by=by, at=make.at(9, 5))
    thread.join(20)
    assert [result["code"] for result in told] == ["already_present"]
    assert Visit.objects.get().annulled_at == make.at(9, 5)
    item.refresh_from_db()
    assert (item.choice, len(item.views)) == ("annul", 3)
