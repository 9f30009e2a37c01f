"""What happens at a reception desk beside scanning: taking back, walking in, failed scans, first questions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dvc.accounts.models import DeviceProfile
from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode
from dvc.sync import groups, merging
from intake.checkin import nameless
from intake.checkin.models import FailedScan, GroupArrival, Visit, VisitFlag
from intake.orientation import services as orientation
from intake.volunteers import cards
from intake.volunteers import groups as on_paper
from intake.volunteers import services as volunteers
from intake.volunteers.models import Card, CardState, Group, Volunteer
from matching.teams import services as teams
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of, walk_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


def blank(tablet: Tablet) -> str:
    stock = cards.issue_stock(tablet.operation.center, count=1, by=SYSTEM, at=make.at(8))
    return Card.objects.get(stock=stock).token


def undo(tablet: Tablet, op: dict[str, Any]) -> dict[str, Any]:
    return tablet.op("visit.undo", op=op["op_id"], of=op["kind"])


# ── taking back ────────────────────────────────────────────────────────────────────────────────


def test_an_arrival_is_taken_back_and_a_second_time_changes_nothing(tablet: Tablet) -> None:
    arrive = tablet.op(volunteer=make.volunteer(tablet.operation.center).pk)
    [came] = tablet.send(arrive)
    results = tablet.send(undo(tablet, arrive), undo(tablet, arrive))
    assert [(result["status"], result["code"]) for result in results] == [
        ("applied", "annulled"),
        ("merged", "annulled"),
    ]
    assert not Visit.objects.present().exists()
    assert Entry.objects.filter(action="visit.annulled", subject_id=came["data"]["visit"]).count() == 1


def test_whoever_was_taken_back_may_come_again(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    first = tablet.op(volunteer=person.pk)
    tablet.send(first, undo(tablet, first))
    again = tablet.op(volunteer=person.pk)
    [came] = tablet.send(again)
    assert came["code"] == "ok"
    tablet.send(undo(tablet, first))
    assert Visit.objects.present().count() == 1


def test_leaving_briefing_and_insurance_are_taken_back_one_by_one(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center, insured=False)
    said = [
        tablet.op(volunteer=person.pk),
        tablet.op("visit.orient", volunteer=person.pk),
        tablet.op("visit.insure", volunteer=person.pk, evidence="seen_card"),
        tablet.op("visit.leave", volunteer=person.pk),
    ]
    tablet.send(*said)
    results = tablet.send(*(undo(tablet, op) for op in said[1:]))
    assert [result["status"] for result in results] == ["applied"] * 3
    visit = Visit.objects.present().get()
    assert (visit.oriented_at, visit.insurance_seen_at, visit.left_at) == (None, None, None)


def test_a_briefing_marked_before_the_arrival_is_taken_back_as_well(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    heard = tablet.op("visit.orient", volunteer=person.pk)
    assert tablet.send(heard)[0]["code"] == "oriented_before_arrival"
    assert [tablet.send(undo(tablet, heard))[0]["status"] for _ in range(2)] == ["applied", "merged"]
    tablet.send(tablet.op(volunteer=person.pk))
    orientation.catch_up(at=timezone.now())
    assert Visit.objects.get().oriented_at is None


def test_what_another_gate_saw_stands_when_one_is_taken_back(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    other = Tablet(tablet.operation)
    arrive = tablet.op(volunteer=person.pk)
    tablet.send(arrive)
    other.send(other.op(volunteer=person.pk))
    tablet.send(undo(tablet, arrive))
    assert Visit.objects.present().get().volunteer == person


def test_after_a_quarter_of_an_hour_it_is_too_late_and_a_sentence_says_what_to_do(tablet: Tablet) -> None:
    arrive = tablet.op(volunteer=make.volunteer(tablet.operation.center).pk)
    arrive["t_wall"] = (timezone.now() - timedelta(minutes=16)).isoformat()
    tablet.send(arrive)
    [result] = tablet.send(undo(tablet, arrive))
    assert (result["status"], result["code"]) == ("refused", "visit.undo_too_late")
    assert "15分" in result["text"]
    assert Visit.objects.present().count() == 1


def test_off_line_the_quarter_of_an_hour_is_counted_between_the_two_taps(tablet: Tablet) -> None:
    arrive = tablet.op(volunteer=make.volunteer(tablet.operation.center).pk)
    taken_back = undo(tablet, arrive)
    arrive["t_wall"] = (timezone.now() - timedelta(hours=70)).isoformat()
    taken_back["t_wall"] = (timezone.now() - timedelta(hours=70) + timedelta(minutes=5)).isoformat()
    tablet.send(arrive, taken_back)
    assert not Visit.objects.present().exists()


def test_an_op_the_server_has_not_seen_is_waited_for(tablet: Tablet) -> None:
    arrive = tablet.op(volunteer=make.volunteer(tablet.operation.center).pk)
    [result] = tablet.send(undo(tablet, arrive))
    assert (result["status"], result["code"]) == ("held", "undo_waits")


def test_another_tablet_s_record_is_not_taken_back(tablet: Tablet) -> None:
    arrive = tablet.op(volunteer=make.volunteer(tablet.operation.center).pk)
    tablet.send(arrive)
    other = Tablet(tablet.operation)
    [result] = other.send(undo(other, arrive))
    assert (result["status"], result["code"]) == ("refused", "visit.undo_not_yours")


def test_whoever_is_in_a_team_is_not_taken_back(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    arrive = tablet.op(volunteer=person.pk)
    tablet.send(arrive)
    teams.form(
        tablet.operation, volunteers=[person], leader=person, mode="walk", by=SYSTEM, at=timezone.now()
    )
    [result] = tablet.send(undo(tablet, arrive))
    assert (result["status"], result["code"]) == ("refused", "visit.in_a_team")


# ── walking in ─────────────────────────────────────────────────────────────────────────────────


def test_a_walk_in_is_registered_gets_the_card_and_has_arrived_in_one_op(tablet: Tablet) -> None:
    token = blank(tablet)
    [came] = tablet.send(walk_in(tablet, card=token))
    assert (came["status"], came["code"], came["data"]["name"]) == ("applied", "ok", "髙﨑 𠮷野")
    person = Volunteer.objects.get()
    assert (person.kana, person.phone, person.consented_at is not None) == (
        "たかさき よしの",
        "090-0000-1234",
        True,
    )
    assert Card.objects.get(token=token).holder == person
    assert Visit.objects.get().insurance_seen_at is not None
    assert Entry.objects.get(action="visit.walked_in").details["proxy"] is True
    [again] = tablet.send(tablet.op(card=token))
    assert again["code"] == "already_present"


def test_facts_about_a_guest_follow_under_the_tablet_s_own_name_for_them(tablet: Tablet) -> None:
    came = walk_in(tablet, insured=None)
    results = tablet.send(
        came,
        tablet.op("visit.orient", guest=came["payload"]["guest"]),
        tablet.op("visit.leave", guest=came["payload"]["guest"]),
    )
    assert [result["code"] for result in results] == ["insurance_missing", "ok_oriented", "ok_left"]


def test_the_same_walk_in_sent_twice_is_one_person(tablet: Tablet) -> None:
    op = walk_in(tablet)
    tablet.send(op)
    tablet.send({**walk_in(tablet), "payload": op["payload"]})
    assert (Volunteer.objects.count(), Visit.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("told", "lost"),
    [
        ({"phone": "12"}, "phone"),
        ({"family_name": ""}, "family_name"),
        ({"family_name": "あ" * 200}, "family_name"),
        ({"emergency_phone": "ｱｱｱ"}, "emergency_phone"),
        ({"birth_date": "1650-01-01"}, "birth_date"),
        ({"given_name": "\u202e" * 50}, "given_name"),
    ],
)
def test_what_cannot_be_stored_never_loses_the_person(
    tablet: Tablet, told: dict[str, str], lost: str
) -> None:
    [came] = tablet.send(walk_in(tablet, **told))
    assert (came["status"], came["code"]) == ("applied", "incomplete")
    assert Visit.objects.present().count() == 1
    assert Entry.objects.get(action="visit.walked_in").details["dropped"] == [lost]


def test_a_card_that_is_somebody_else_s_stays_theirs_and_the_walk_in_is_here(tablet: Tablet) -> None:
    card = card_of(make.volunteer(tablet.operation.center))
    [came] = tablet.send(walk_in(tablet, card=card.token))
    assert (came["status"], came["code"]) == ("applied", "walked_in_without_card")
    assert "箱から新しいカード" in came["text"]
    assert Visit.objects.present().get().volunteer_id == came["data"]["volunteer"]


def test_people_who_may_be_the_same_come_back_as_a_choice(tablet: Tablet) -> None:
    known = make.volunteer(tablet.operation.center, "高崎", "由乃", phone="09000001234")
    [came] = tablet.send(walk_in(tablet))
    assert came["data"]["alike"] == [
        {"volunteer": known.pk, "name": "高崎 由乃", "kana": known.kana, "same": ["phone"]}
    ]


def test_a_walk_in_that_was_registered_already_is_taken_back_whole(tablet: Tablet) -> None:
    """「この人です」 on the tablet: take the walk-in back, bind the card to the registered person, let them arrive."""
    known = make.volunteer(tablet.operation.center)
    token = blank(tablet)
    came = walk_in(tablet, card=token)
    results = tablet.send(
        came,
        undo(tablet, came),
        tablet.op("card.bind", card=token, volunteer=known.pk),
        tablet.op(card=token),
    )
    assert [result["code"] for result in results] == ["ok", "annulled", "ok_bound", "ok"]
    assert Volunteer.objects.living().get() == known
    assert Visit.objects.present().get().volunteer == known
    assert Card.objects.get(token=token).state == CardState.BOUND


def test_a_minor_without_birth_date_is_one_and_needs_the_guardian(tablet: Tablet) -> None:
    [came] = tablet.send(walk_in(tablet, minor=True))
    assert came["code"] == "guardian_required"


def test_in_a_drill_a_walk_in_belongs_to_the_drill(tablet: Tablet) -> None:
    drill = Tablet(make.operation(tablet.operation.center, mode=Mode.DRILL))
    drill.send(walk_in(drill))
    assert Volunteer.objects.get().drill == drill.operation


# ── failed scans ───────────────────────────────────────────────────────────────────────────────


def test_sync_8_4_a_failed_scan_made_off_line_comes_to_the_server_beside_the_success(tablet: Tablet) -> None:
    card = card_of(make.volunteer(tablet.operation.center))
    failed = tablet.op("scan.failed", raw=card.token[:60], code="unreadable", input="camera")
    results = tablet.send(
        tablet.op(card=card.token), failed, tablet.op("scan.failed", raw="", code="no_such_code")
    )
    assert [result["status"] for result in results] == ["applied"] * 3
    kept = FailedScan.objects.order_by("pk")
    assert [(scan.raw, scan.code, scan.input) for scan in kept] == [
        (card.token[:60], "unreadable", "camera"),
        ("", "no_such_code", ""),
    ]
    assert Visit.objects.count() == 1


@pytest.mark.parametrize("junk", ["𠮷" * 2000, "' OR 1=1", "\u202e"])
def test_whatever_was_read_is_kept_short_and_breaks_nothing(tablet: Tablet, junk: str) -> None:
    [result] = tablet.send(tablet.op("scan.failed", raw=junk, code="of tomorrow"))
    assert (result["status"], result["code"]) == ("applied", "unreadable")
    assert [scan.code for scan in FailedScan.objects.all() if len(scan.raw) <= 200] == ["unreadable"]


def test_sync_8_8_two_people_in_one_queue_are_two_however_alike_their_records(tablet: Tablet) -> None:
    people = [make.volunteer(tablet.operation.center) for _ in range(2)]
    ops = [{**tablet.op(volunteer=person.pk), "lane": "person:1", "t_mono": 1.0} for person in people]
    ops[1]["t_wall"] = ops[0]["t_wall"]
    assert [result["status"] for result in tablet.send(*ops)] == ["applied", "applied"]


# ── what the desk has to settle ────────────────────────────────────────────────────────────────


def test_green_only_when_nothing_is_left_to_settle(tablet: Tablet) -> None:
    center = tablet.operation.center
    people = [
        make.volunteer(center),
        make.volunteer(center, insured=False),
        make.volunteer(center, emergency_phone=""),
        make.volunteer(center, said_minor=True, insured=False),
    ]
    results = tablet.send(*(tablet.op(volunteer=person.pk) for person in people))
    assert [result["code"] for result in results] == [
        "ok",
        "insurance_missing",
        "incomplete",
        "guardian_required",
    ]
    assert Visit.objects.present().count() == 4


def test_beyond_the_day_s_capacity_people_wait_and_are_here(tablet: Tablet) -> None:
    operations.edit_operation(tablet.operation, by=SYSTEM, at=make.at(8), capacity=1)
    people = [make.volunteer(tablet.operation.center) for _ in range(2)]
    results = tablet.send(*(tablet.op(volunteer=person.pk) for person in people))
    assert [result["code"] for result in results] == ["ok", "full"]
    assert Visit.objects.get(volunteer=people[1]).flags == [VisitFlag.STANDBY]


def test_who_comes_again_on_the_same_day_is_welcomed_back(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    before = timezone.now() - timedelta(minutes=3)
    ops = [
        tablet.op(volunteer=person.pk),
        tablet.op("visit.leave", volunteer=person.pk),
        tablet.op(volunteer=person.pk),
    ]
    for minute, op in enumerate(ops):
        op["t_wall"] = (before + timedelta(minutes=minute)).isoformat()
    assert [result["code"] for result in tablet.send(*ops)] == ["ok", "ok_left", "ok_again"]


def test_a_card_lost_at_home_is_replaced_at_the_desk(tablet: Tablet) -> None:
    old = card_of(make.volunteer(tablet.operation.center))
    assert old.holder is not None
    token = blank(tablet)
    results = tablet.send(
        tablet.op("card.bind", card=token, volunteer=old.holder.pk),
        tablet.op("card.bind", card=token, volunteer=old.holder.pk, lost=True),
    )
    assert [result["code"] for result in results] == ["card.has_card", "ok_bound"]
    old.refresh_from_db()
    assert old.state == CardState.LOST


# ── finding somebody without a card ────────────────────────────────────────────────────────────


def found(tablet: Tablet, text: str, **more: Any) -> Any:
    query = {"operation": tablet.operation.pk, "q": text, **more}
    headers = {"authorization": f"Device {tablet.device.pk}.{tablet.secret}"}
    return tablet.client.get("/api/v1/sync/people", query, headers=headers)


def test_somebody_without_a_card_is_found_by_kana_or_the_last_digits_and_every_look_is_kept(
    tablet: Tablet,
) -> None:
    person = make.volunteer(tablet.operation.center, "髙﨑", family_kana="たかさき", phone="090-1111-2222")
    make.volunteer(make.center("隣町"), family_kana="たかさき", phone="090-1111-2222")
    for text in ("タカサキ", "2222", "髙﨑", "高崎"):
        people = found(tablet, text).json()["people"]
        assert [(one["volunteer"], one["has_card"], one["here"]) for one in people] == [
            (person.pk, False, False)
        ]
        assert "1111" not in str(people)
    assert Look.objects.filter(device=tablet.device, subject_id=str(person.pk)).count() == 4


@pytest.mark.parametrize("text", ["", "た", "22", "\x00", "%", "𠮷" * 500])
def test_half_a_word_finds_nobody_and_breaks_nothing(tablet: Tablet, text: str) -> None:
    make.volunteer(tablet.operation.center)
    assert found(tablet, text).json() == {"people": []}


def test_the_search_is_for_reception_tablets_of_the_same_center(tablet: Tablet) -> None:
    assert tablet.client.get("/api/v1/sync/people?operation=1&q=ab").status_code == 401
    assert found(tablet, "さとう", operation=make.operation(make.center("隣町")).pk).status_code == 404
    tablet.device.profile = DeviceProfile.FIELD
    tablet.device.save()
    assert found(tablet, "さとう").status_code == 403


# ── groups ─────────────────────────────────────────────────────────────────────────────────────


def group_of(tablet: Tablet, *people: Volunteer, name: str = "町内会") -> Group:
    group = volunteers.register_group(tablet.operation.center, name=name, by=SYSTEM, at=make.at(8))
    Volunteer.objects.filter(pk__in=[person.pk for person in people]).update(group=group)
    return group


def nameless_people(tablet: Tablet) -> tuple[int, int]:
    """(came today, here)"""
    found = nameless.figures(tablet.operation, at=timezone.now())
    return found.came, found.here


def test_a_group_arrives_in_one_op_with_its_exceptions_by_name(tablet: Tablet) -> None:
    people = [make.volunteer(tablet.operation.center, f"会員{number}") for number in range(5)]
    group = group_of(tablet, *people)
    volunteers.block(people[1], reason="前回のこと", by=SYSTEM, at=make.at(8))
    tablet.send(tablet.op(volunteer=people[0].pk))
    told = [person.pk for person in people[:4]]
    [came] = tablet.send(tablet.op("group.arrive", group=group.pk, members=told, extra=3))
    assert (came["status"], came["code"], came["data"]["count"]) == ("applied", "group_arrived_but", 2)
    assert came["text"].startswith("町内会：2人、名簿にない人3人。")
    assert {(one["name"], one["code"]) for one in came["data"]["exceptions"]} == {
        ("会員0 花子", "already_present"),
        ("会員1 花子", "blocked"),
    }
    assert Visit.objects.present().count() == 3
    assert GroupArrival.objects.get().extra == 3
    assert nameless_people(tablet) == (3, 3)
    [late] = tablet.send(tablet.op(volunteer=people[2].pk))
    assert late["code"] == "already_present"


def test_a_group_of_which_nobody_came_or_went_is_said_to_be_so(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    group = group_of(tablet, person)

    def told(kind: str, *members: int, extra: int = 0) -> tuple[str, str, str]:
        [result] = tablet.send(tablet.op(kind, group=group.pk, members=list(members), extra=extra))
        return result["code"], result["title"], result["text"]

    code, title, text = told("group.arrive")
    assert (code, title) == ("group_nobody_came", "新しく受付した人はいません")
    assert text.startswith("町内会：来た人に印をつけるか、")
    assert not Entry.objects.filter(action="group.arrived").exists()
    code, _, text = told("group.arrive", extra=4)
    assert (code, text.split("。")[0]) == ("group_arrived", "町内会：名簿にない人4人")
    code, _, text = told("group.arrive", person.pk)
    assert (code, text.split("。")[0]) == ("group_arrived", "町内会：1人")
    code, title, text = told("group.arrive", person.pk)
    assert (code, title) == ("group_nobody_came", "新しく受付した人はいません")
    assert "0人" not in text
    code, _, text = told("group.leave", person.pk)
    assert (code, text.split("。")[0]) == ("group_left", "町内会：1人、名簿にない人4人")
    code, title, text = told("group.leave", person.pk)
    assert (code, title) == ("group_nobody_left", "新しく帰りを記録した人はいません")
    assert "0人" not in text


def test_a_group_goes_home_in_one_op_and_either_is_taken_back_whole(tablet: Tablet) -> None:
    people = [make.volunteer(tablet.operation.center) for _ in range(3)]
    group = group_of(tablet, *people)
    told = [person.pk for person in people]
    came = tablet.op("group.arrive", group=group.pk, members=told, extra=2)
    went = tablet.op("group.leave", group=group.pk, members=told)
    results = tablet.send(came, went)
    assert [result["code"] for result in results] == ["group_arrived", "group_left"]
    assert not Visit.objects.present().exists()
    assert nameless_people(tablet) == (2, 0)
    tablet.send(undo(tablet, went))
    assert Visit.objects.present().count() == 3
    assert nameless_people(tablet) == (2, 2)
    tablet.send(undo(tablet, came))
    assert not Visit.objects.present().exists()
    assert nameless_people(tablet) == (0, 0)


def test_taking_back_people_without_names_stands_in_the_log_once(tablet: Tablet) -> None:
    group = group_of(tablet)
    came = tablet.op("group.arrive", group=group.pk, members=[], extra=10)
    tablet.send(came)
    results = tablet.send(undo(tablet, came), undo(tablet, came))
    assert [result["status"] for result in results] == ["applied", "merged"]
    entry = Entry.objects.get(action="group.taken_back")
    assert (entry.subject_id, entry.operation) == (str(group.pk), tablet.operation)
    assert (entry.details["taken_back"], entry.details["people"]) == (came["op_id"], 0)


def test_a_group_told_by_registrations_merged_since_is_complete_and_taken_back_whole(tablet: Tablet) -> None:
    center = tablet.operation.center
    merged, both, plain, other = (make.volunteer(center) for _ in range(4))
    group = group_of(tablet, merged, both, plain)
    twins = [make.volunteer(center, registered_at=make.at(8)) for _ in range(2)]
    told = [twins[0].pk, twins[1].pk, both.pk, plain.pk]  # what the tablet's snapshot said
    for person, twin in zip((merged, both), twins, strict=True):
        merging.merge(person, twin, by=SYSTEM, at=make.at(8, 30))
    came = tablet.op("group.arrive", group=group.pk, members=told)
    [result] = tablet.send(came)
    assert (result["code"], result["data"]["count"]) == ("group_arrived", 3)
    assert result["text"].startswith("町内会：3人。")
    here = Visit.objects.present()
    assert set(here.values_list("volunteer_id", flat=True)) == {merged.pk, both.pk, plain.pk}
    volunteers.withdraw(other, by=SYSTEM, at=make.at(8))
    [result] = tablet.send(tablet.op("group.leave", group=group.pk, members=[*told, other.pk]))
    assert (result["code"], result["data"]["count"]) == ("group_left_but", 3)
    assert result["text"].startswith("町内会：3人、名簿から消えた人1人。")


def test_a_groups_coming_is_taken_back_also_of_whom_was_merged_since(tablet: Tablet) -> None:
    center = tablet.operation.center
    person, twin = make.volunteer(center), make.volunteer(center, registered_at=make.at(8))
    group = group_of(tablet, twin)
    came = tablet.op("group.arrive", group=group.pk, members=[twin.pk])
    tablet.send(came)
    merging.merge(person, twin, by=SYSTEM, at=timezone.now())
    assert Visit.objects.present().get().volunteer == person
    tablet.send(undo(tablet, came))
    assert not Visit.objects.present().exists()


def test_forty_people_in_one_tap_cost_no_more_than_one(
    tablet: Tablet, django_assert_max_num_queries: Any
) -> None:
    people = [make.volunteer(tablet.operation.center) for _ in range(40)]
    group = group_of(tablet, *people)
    op = tablet.op("group.arrive", group=group.pk, members=[person.pk for person in people])
    with django_assert_max_num_queries(25):
        tablet.send(op)
    assert Visit.objects.present().count() == 40


def test_a_group_of_another_center_is_not_reached(tablet: Tablet) -> None:
    other = make.center("隣町")
    stranger = make.volunteer(other)
    group = volunteers.register_group(other, name="町内会", by=SYSTEM, at=make.at(8))
    [result] = tablet.send(tablet.op("group.arrive", group=group.pk, members=[stranger.pk]))
    assert (result["status"], Visit.objects.count()) == ("refused", 0)


def test_the_snapshot_names_groups_by_family_name_and_first_letter(tablet: Tablet) -> None:
    people = [make.volunteer(tablet.operation.center, "髙﨑", "𠮷野") for _ in range(2)]
    group = group_of(tablet, *people)
    headers = {"authorization": f"Device {tablet.device.pk}.{tablet.secret}"}
    url = f"/api/v1/sync/snapshot?operation={tablet.operation.pk}"
    [told] = tablet.client.get(url, headers=headers).json()["groups"]
    assert (told["id"], told["name"], [member[1] for member in told["members"]]) == (
        group.pk,
        "町内会",
        ["髙﨑 𠮷…"] * 2,
    )


def test_a_group_with_a_sheet_is_known_before_anybody_is_on_its_list(tablet: Tablet) -> None:
    operation, drill = tablet.operation, make.operation(tablet.operation.center, mode=Mode.DRILL)
    bare, _without, filled, played = (
        group_of(tablet, name=name) for name in ("あ会", "い会", "う会", "え会")
    )
    for group in (bare, filled, played):
        on_paper.sheet_token(group, by=SYSTEM, at=make.at(8))
    member = make.volunteer(operation.center, group=filled)
    make.volunteer(operation.center, group=played, drill=drill)
    told = groups.of_operation(operation)
    assert {group["id"]: len(group["members"]) for group in told} == {filled.pk: 1, bare.pk: 0}
    assert {group["id"] for group in groups.of_operation(drill)} == {filled.pk, bare.pk, played.pk}
    volunteers.withdraw(member, by=SYSTEM, at=make.at(9))
    assert {group["id"] for group in groups.of_operation(operation)} == {filled.pk, bare.pk}
    came = tablet.op("group.arrive", group=bare.pk, members=[], extra=4)
    assert tablet.send(came)[0]["code"] == "group_arrived"
