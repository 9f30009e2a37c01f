"""What a coordinator decided by hand, on its way through the engine: fixed teams, destinations, the day before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from intake.help_requests.models import Need, NeedState, WorkItem
from intake.volunteers.models import Group, Volunteer
from matching.proposals import decisions
from matching.proposals.check import check_team
from matching.proposals.hands import by_hand
from matching.proposals.models import MatchRun, Proposal, RunState
from matching.proposals.posting import posts
from matching.queue import services as queue
from matching.queue.models import Lock, Pin
from matching.queue.queries import against
from tests import make
from tests.matching.proposals.morning import answer, people, present

pytestmark = pytest.mark.django_db
NINE = make.at(9, 30)


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def offers(operation: Operation) -> dict[int, set[int]]:
    rows = Proposal.objects.on_offer(NINE).filter(operation=operation)
    return {row.need_id: set(row.members) for row in rows}


def waits(run: MatchRun, need: Need) -> str:
    assert run.plan is not None
    return str(run.plan["waiting"][f"N{need.pk}"]["text"])


def stays_idle(run: MatchRun, person: Volunteer) -> str:
    assert run.plan is not None
    return str(run.plan["idle"][f"V{person.pk}"]["text"])


# ── destinations ───────────────────────────────────────────────────────────────────────────────
def test_who_has_a_destination_is_proposed_for_it_and_for_nothing_else(operation: Operation) -> None:
    near, far = make.need(operation), make.need(operation, lat=38.33, lng=141.05)
    here = people(operation, 6)
    for person in here[:2]:
        person.vehicle, person.vehicle_seats = "car", 5
        person.save()
    sent = here[4]
    queue.lock(far, sent, reason="家を知っている", by=SYSTEM, at=NINE)
    answer(operation, at=NINE)
    assert sent.pk in offers(operation)[far.pk]
    assert sent.pk not in offers(operation)[near.pk]
    entry = Entry.objects.get(action="queue.locked")
    assert entry.details["volunteer"] == sent.pk
    assert entry.subject_id == str(far.pk)


def test_a_destination_that_cannot_be_met_is_said_and_the_rest_is_proposed(operation: Operation) -> None:
    """It was a rule broken by the plan, and the whole run failed."""
    hard, easy = make.need(operation, people_min=9, people_ideal=9, people_max=9), make.need(operation)
    here = people(operation, 4)
    queue.lock(hard, here[0], reason="名指しの依頼", by=SYSTEM, at=NINE)
    run = answer(operation, at=NINE)
    assert run.state == RunState.DONE, run.error
    assert set(offers(operation)) == {easy.pk}
    assert run.plan is not None
    (note,) = run.plan["notes"]
    assert (note["volunteer"], note["need"]) == (f"V{here[0].pk}", f"N{hard.pk}")


def test_a_destination_ends_with_its_day_and_can_be_taken_back(operation: Operation) -> None:
    need, here = make.need(operation, people_max=2, people_ideal=2), people(operation, 5)
    queue.lock(need, here[4], reason="昨日", by=SYSTEM, at=NINE - timedelta(days=1))
    today = queue.lock(need, here[3], reason="今日", by=SYSTEM, at=NINE)
    answer(operation, at=NINE)
    assert here[3].pk in offers(operation)[need.pk]
    queue.unlock(today, by=SYSTEM, at=NINE)
    queue.unlock(today, by=SYSTEM, at=NINE)
    assert [row.reason for row in Lock.objects.all()] == ["昨日"]
    assert Entry.objects.filter(action="queue.unlocked").count() == 1


def test_nobody_is_promised_to_two_places_or_where_they_may_not_go(operation: Operation) -> None:
    one, other, third = (make.need(operation) for _ in range(3))
    first, second, third_person = people(operation, 3)
    queue.lock(one, first, reason="名指し", by=SYSTEM, at=NINE)
    assert queue.lock(one, first, reason="もう一度", by=SYSTEM, at=NINE).reason == "名指し"
    queue.ban(third, third_person, reason="知り合い", by=SYSTEM, at=NINE)
    for code, need, who in (
        ("queue.locked_elsewhere", other, first),
        ("queue.banned_here", third, third_person),
    ):
        with pytest.raises(Refused) as refused:
            queue.lock(need, who, reason="まちがい", by=SYSTEM, at=NINE)
        assert refused.value.code == code
    Need.objects.filter(pk=other.pk).update(state=NeedState.ASSIGNED)
    with pytest.raises(Refused, match="need_not_waiting"):
        queue.lock(other, second, reason="おそい", by=SYSTEM, at=NINE)
    with pytest.raises(Refused, match="why_needed"):
        queue.lock(one, second, reason=" ", by=SYSTEM, at=NINE)
    assert Lock.objects.count() == 1


def test_a_destination_is_of_the_person_whichever_of_two_registrations_was_meant(
    operation: Operation,
) -> None:
    one, other = make.need(operation), make.need(operation)
    first, double, *rest = people(operation, 5)
    queue.lock(one, double, reason="名指し", by=SYSTEM, at=NINE)
    Volunteer.objects.filter(pk=double.pk).update(merged_into=first)
    operation.visits.filter(volunteer=double).delete()
    with pytest.raises(Refused, match="locked_elsewhere"):
        queue.lock(other, first, reason="まちがい", by=SYSTEM, at=NINE)
    said = {code for code, _ in against([other], [first, *rest], at=NINE)}
    assert said == {"locked_elsewhere"}
    assert [sent.state for sent in by_hand(operation, at=NINE).locks] == [""], "they are here"
    Need.objects.filter(pk=other.pk).update(state=NeedState.ASSIGNED)
    answer(operation, at=NINE)
    assert first.pk in offers(operation)[one.pk]


def test_a_need_kept_for_several_people_says_so_once(operation: Operation) -> None:
    need, here = make.need(operation), people(operation, 4)
    tomorrow = make.day(NINE) + timedelta(days=1)
    for person in here[:3]:
        queue.lock(need, person, reason="前日割当", by=SYSTEM, at=NINE, day=tomorrow)
    assert [code for code, _ in against([need], here[3:], at=NINE)] == ["reserved"]


# ── the day before ─────────────────────────────────────────────────────────────────────────────
def test_a_group_gets_its_need_the_day_before_and_nobody_else_does(operation: Operation) -> None:
    need, club = make.need(operation), Group.objects.create(
        center=operation.center, name="青年部", created_at=make.at(8)
    )  # fmt: skip
    others = people(operation, 4)
    queue.lock(need, club, reason="前日割当", by=SYSTEM, at=NINE - timedelta(days=1), day=make.day(NINE))
    run = answer(operation, at=NINE)
    assert offers(operation) == {}
    assert "青年部" in waits(run, need)
    came = [present(operation, f"部員{number}", group=club) for number in range(3)]
    answer(operation, at=NINE)
    assert offers(operation)[need.pk] >= {person.pk for person in came}
    found = check_team(need, volunteers=others[:2], leader=others[0], at=NINE)
    assert "reserved" in {one.code for one in found.warnings}


def test_a_need_kept_for_tomorrow_is_not_given_away_today(operation: Operation) -> None:
    """It was proposed and posted to others the same morning, and the group had nowhere to go."""
    kept, free = make.need(operation), make.need(operation)
    club = Group.objects.create(center=operation.center, name="青年部", created_at=make.at(8))
    tomorrow = make.day(NINE) + timedelta(days=1)
    queue.lock(kept, club, reason="前日割当", by=SYSTEM, at=NINE, day=tomorrow)
    here = people(operation, 8)
    run = answer(operation, at=NINE)
    assert set(offers(operation)) == {free.pk}
    assert f"{tomorrow.month}月{tomorrow.day}日に「青年部」" in waits(run, kept)
    assert [post.need.pk for post in posts(operation, at=NINE)] == [free.pk]
    found = check_team(kept, volunteers=here[:2], leader=here[0], at=NINE)
    assert [one.code for one in found.warnings if "青年部" in one.text] == ["reserved"]
    # The coordinator may do both: somebody today, the group tomorrow.
    queue.lock(kept, here[0], reason="今日も行く", by=SYSTEM, at=NINE)
    answer(operation, at=NINE)
    assert here[0].pk in offers(operation)[kept.pk]
    assert set(answer(operation, at=NINE + timedelta(days=1)).plan["waiting"]) >= {f"N{kept.pk}"}  # type: ignore[index]


# ── fixed teams ────────────────────────────────────────────────────────────────────────────────
def fixed(operation: Operation, need: Need) -> Pin:
    proposal = Proposal.objects.get(need=need, state="offered")
    people = list(Volunteer.objects.filter(pk__in=proposal.members))
    return queue.pin([need], members=people, leader=proposal.leader, reason="よい班", by=SYSTEM, at=NINE)


def test_a_fixed_team_stays_as_it_is_and_the_rest_is_planned_around_it(operation: Operation) -> None:
    need = make.need(operation, people_ideal=3, people_max=3)
    people(operation, 3)
    answer(operation, at=NINE)
    before = offers(operation)[need.pk]
    pin = fixed(operation, need)
    people(operation, 6)
    # Now everybody would be more use elsewhere.
    for _ in range(3):
        make.need(operation, people_min=3)
    answer(operation, at=NINE)
    assert offers(operation)[need.pk] == before == set(pin.members)
    shown = Proposal.objects.on_offer(NINE).get(need=need)
    decisions.accept(shown, by=SYSTEM, at=NINE)
    assert answer(operation, at=NINE).state == RunState.DONE


def test_a_fixed_team_that_breaks_a_rule_meanwhile_still_stands(operation: Operation) -> None:
    need = make.need(operation)
    people(operation, 3)
    answer(operation, at=NINE)
    pin = fixed(operation, need)
    WorkItem.objects.filter(need=need).update(people_min=4, people_ideal=4, people_max=5)
    run = answer(operation, at=NINE)
    assert run.state == RunState.DONE, run.error
    assert offers(operation)[need.pk] == set(pin.members)
    assert run.plan is not None
    assert run.plan["notes"]


def test_a_need_has_one_fixed_team_also_when_an_old_page_fixes_another(operation: Operation) -> None:
    """The engine's answer then broke `one_offer_per_need`, and the operation got no proposals at all."""
    first, later = make.need(operation), make.need(operation)
    here = people(operation, 6)
    queue.pin([first, later], members=here[:3], leader=here[0], reason="よい班", by=SYSTEM, at=NINE)
    with pytest.raises(Refused, match="need_pinned"):
        queue.pin([later], members=here[3:], leader=here[3], reason="古い画面", by=SYSTEM, at=NINE)
    queue.pin([first], members=here[:3], leader=here[0], reason="1件だけにする", by=SYSTEM, at=NINE)
    queue.pin([later], members=here[3:], leader=here[3], reason="もう1班", by=SYSTEM, at=NINE)
    # As another server of yesterday's version might have left it.
    Pin.objects.filter(need=first).update(visits=[first.pk, later.pk])
    run = answer(operation, at=NINE)
    assert run.state == RunState.DONE, run.error
    assert offers(operation) == {first.pk: {person.pk for person in here[:3]}}
    assert "固定" in stays_idle(run, here[4])


def test_the_list_says_which_house_of_a_fixed_team_waits_no_more(operation: Operation) -> None:
    first, later = make.need(operation), make.need(operation)
    here = people(operation, 3)
    queue.pin([first, later], members=here, leader=here[0], reason="よい班", by=SYSTEM, at=NINE)
    assert [one.state for one in by_hand(operation, at=NINE).pins] == [""]
    Need.objects.filter(pk=later.pk).update(state=NeedState.ON_HOLD)
    assert [one.state for one in by_hand(operation, at=NINE).pins] == [
        f"N{later.number}は、もう待っていません。"
    ]


def test_a_fixed_team_somebody_of_which_left_waits_for_the_coordinator(operation: Operation) -> None:
    need = make.need(operation)
    here = people(operation, 3)
    answer(operation, at=NINE)
    pin = fixed(operation, need)
    checkin.leave(operation, here[0], by=SYSTEM, at=NINE)
    people(operation, 3)
    run = answer(operation, at=NINE)
    assert offers(operation) == {}
    assert "固定" in waits(run, need)
    assert "固定" in stays_idle(run, here[1])
    queue.unpin(pin, by=SYSTEM, at=NINE)
    queue.unpin(pin, by=SYSTEM, at=NINE)
    answer(operation, at=NINE)
    assert need.pk in offers(operation)


def test_a_team_by_hand_is_asked_about_what_it_overturns(operation: Operation) -> None:
    need, other = make.need(operation), make.need(operation)
    here = people(operation, 4)
    queue.pin([other], members=here[:2], leader=here[0], reason="固定", by=SYSTEM, at=NINE)
    queue.lock(other, here[2], reason="名指し", by=SYSTEM, at=NINE)
    found = check_team(need, volunteers=here[1:3], leader=here[1], at=NINE)
    assert {one.code for one in found.warnings} == {"pinned_elsewhere", "locked_elsewhere"}
    with pytest.raises(Refused, match="pinned_elsewhere"):
        queue.lock(need, here[1], reason="まちがい", by=SYSTEM, at=NINE)
