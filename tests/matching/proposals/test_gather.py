"""Rows to Problem: what the engine is told about the morning."""

from __future__ import annotations

import time as clock
from datetime import date, time, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from dvc.audit.services import SYSTEM
from dvc.operations.models import Mode, Operation, QuestionsStop
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.help_requests.models import Need, NeedState, WorkItem
from intake.people.models import Household
from intake.questions import services as questions
from intake.volunteers.merge import merge
from intake.volunteers.models import Group, Volunteer
from matching.dispatch.models import Dispatch, DispatchState
from matching.equipment.models import ToolStock, Vehicle
from matching.proposals import decisions
from matching.proposals.decided import with_decisions
from matching.proposals.gather import Gathered, gather
from matching.proposals.models import MatchRun, Proposal, RunState
from matching.proposals.weights import set_weights, weights
from matching.queue import services as queue
from matching.solver import model
from matching.solver.vcjson import problem_from_json, problem_to_json
from matching.teams import services as teams
from matching.teams.rides import Drive
from tests import make
from tests.matching.proposals.crowd import crowd
from tests.matching.proposals.morning import answer, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def present(operation: Operation, family: str = "一", **fields: Any) -> Volunteer:
    person = make.volunteer(operation.center, family, **fields)
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    return person


def told(gathered: Gathered, row: Volunteer | Need) -> Any:
    by = gathered.problem.volunteer_by if isinstance(row, Volunteer) else gathered.problem.need_by
    return by[f"{'V' if isinstance(row, Volunteer) else 'N'}{row.pk}"]


def decided_by_hand(operation: Operation) -> None:
    """One of everything that the engine must know of."""
    first, second, third = Need.objects.ready().order_by("pk")[:3]
    one, two, three, four = Volunteer.objects.order_by("pk")[:4]
    queue.pin([first], members=[one, two], leader=one, reason="よい班", by=SYSTEM, at=make.at(9))
    queue.lock(second, three, reason="名指し", by=SYSTEM, at=make.at(9))
    queue.ban(third, four, by=SYSTEM, at=make.at(9))
    set_weights(operation, {"travel": 2}, reason="暑い", by=SYSTEM, at=make.at(9))
    run = MatchRun.objects.create(operation=operation, requested_at=make.at(9), state=RunState.DONE)
    Proposal.objects.create(
        run=run, operation=operation, need=third, members=[two.pk], leader=two, mode="walk", need_version=1,
        offered_at=make.at(9), expires_at=make.at(10),
    )  # fmt: skip


@pytest.mark.parametrize(("many", "needs"), [(12, 4), (3000, 1000)])
def test_six_statements_whatever_the_size(
    operation: Operation, django_assert_num_queries: DjangoAssertNumQueries, many: int, needs: int
) -> None:
    crowd(operation, many, needs)
    decided_by_hand(operation)
    questions.set_asked(operation, codes=["well"], stop=QuestionsStop.UNANSWERED, by=SYSTEM, at=make.at(9))
    with django_assert_num_queries(6):
        began = clock.process_time()
        gathered = with_decisions(gather(operation, at=make.at(9, 30)), day=make.day(make.at(9)))
        print(f"{many} people, {needs} needs: {clock.process_time() - began:.2f} s of our own time")
    problem = gathered.problem
    assert (len(problem.volunteers), len(problem.needs)) == (many, needs)
    assert (len(problem.pins), len(problem.locks), len(problem.bans)) == (1, 1, 1)
    assert (len(problem.baseline), problem.params.w) == (2, weights({"travel": 2}))


def test_groups_are_told_with_how_they_may_be_split(operation: Operation) -> None:
    group = Group.objects.create(center=operation.center, name="青年部", created_at=make.at(8), min_part=3)
    present(operation, group=group)
    told_groups = gather(operation, at=make.at(9, 30)).problem.groups
    assert [(one.atomic, one.min_part) for one in told_groups] == [(True, 3)]


def test_a_stored_problem_is_read_back_the_same_and_holds_no_name(operation: Operation) -> None:
    present(operation, "髙﨑", skills=["driver"], vehicle="kei_truck", languages=["en"])
    make.need(operation, tools={"shovel": 3})
    problem = gather(operation, at=make.at(9, 30)).problem
    stored = problem_to_json(problem)
    assert problem_from_json(stored) == problem
    assert "髙﨑" not in str(stored)
    assert "町前" not in str(stored)


def test_people_in_a_team_and_people_who_left_are_not_there(operation: Operation) -> None:
    free, busy, gone = (present(operation, name) for name in "一二三")
    teams.form(operation, volunteers=[busy], leader=busy, mode="walk", by=SYSTEM, at=make.at(9, 10))
    checkin.leave(operation, gone, by=SYSTEM, at=make.at(9, 20))
    assert [v.id for v in gather(operation, at=make.at(9, 30)).problem.volunteers] == [f"V{free.pk}"]


def test_insurance_is_what_departure_will_ask(operation: Operation) -> None:
    insured, bare = present(operation, "一"), present(operation, "二", insured=False)
    shown = present(operation, "三", insured=False)
    checkin.see_insurance(operation, shown, evidence="seen_card", by=SYSTEM, at=make.at(9, 5))
    now = gather(operation, at=make.at(9, 30))
    assert [told(now, one).insured for one in (insured, bare, shown)] == [True, False, True]
    operation.insurance_required = False
    operation.save()
    assert told(gather(operation, at=make.at(9, 31)), bare).insured


def test_a_minor_is_told_with_the_guardian_and_not_at_all_without_consent(operation: Operation) -> None:
    mother = present(operation, "母", birth_date=date(1980, 1, 2))
    child = present(operation, "子", birth_date=date(2012, 5, 4), guardian=mother, guardian_consent=True)
    alone = present(operation, "少", birth_date=date(2010, 5, 4))
    grown = present(operation, "大", birth_date=date(2000, 5, 4), guardian=mother)
    now = gather(operation, at=make.at(9, 30))
    assert (told(now, child).age, told(now, child).guardian) == (14, f"V{mother.pk}")
    assert told(now, grown).guardian is None
    assert now.left_out[alone.pk].code == "no_consent"


def test_whom_the_chief_has_to_talk_with_is_in_no_plan(operation: Operation) -> None:
    unwell, bootless, silent = present(operation, "甲"), present(operation, "乙"), present(operation, "丙")
    for stop in (QuestionsStop.UNANSWERED, QuestionsStop.NEVER):
        questions.set_asked(operation, codes=["well", "boots"], stop=stop, by=SYSTEM, at=make.at(9))
        questions.say(operation, unwell, answers={"well": "no", "boots": "yes"}, by=SYSTEM, at=make.at(9, 1))
        questions.say(
            operation, bootless, answers={"well": "yes", "boots": "no"}, by=SYSTEM, at=make.at(9, 1)
        )
        now = gather(operation, at=make.at(9, 30))
        assert told(now, bootless).id != told(now, silent).id
        left_out = {pk: reason.code for pk, reason in now.left_out.items()}
        assert left_out == ({unwell.pk: "answer_talk"} if stop != QuestionsStop.NEVER else {})


def test_time_left_of_a_person_and_of_the_day(operation: Operation) -> None:
    person = present(operation)
    Visit.objects.filter(volunteer=person).update(available_until=time(12, 30))
    now = gather(operation, at=make.at(9, 30))
    assert (now.problem.now, now.problem.params.work_end) == (570, 930)
    # Whoever is here can leave from `now` on; a record that moved with the clock would look like a change.
    assert (told(now, person).start, told(now, person).end) == (0, 750)


def test_the_open_items_of_a_need_become_one_job(operation: Operation) -> None:
    need = make.need(operation, minutes=90, skills={"driver": 1}, tools={"shovel": 2, "cart": 1})
    WorkItem.objects.create(
        need=need, category="furniture_out", people_min=4, people_ideal=6, people_max=6, minutes=60,
        skills={"driver": 2}, tools={"shovel": 1, "rope": 1}, needs_truck=True, women_min=1, language="en",
        minors_ok=False, stamina_min=3,
    )  # fmt: skip
    WorkItem.objects.create(
        need=need, category="cleaning", people_min=9, people_ideal=9, people_max=9, state="done"
    )
    site = operation.center.sites.get()
    ToolStock.objects.create(operation=operation, site=site, tool="shovel", count=5)
    job = told(gather(operation, at=make.at(9, 30)), need)
    assert (job.min, job.ideal, job.max, job.dur) == (4, 6, 6, 150)
    assert (job.skills, job.equip) == ({"driver": 2}, {"shovel": 2, "cart": 1, "rope": 1})
    assert (job.truck, job.women_min, job.lang, job.minors_ok, job.min_stamina) == (True, 1, "en", False, 3)


def test_who_avoids_the_smaller_part_of_a_job_is_kept_from_it(operation: Operation) -> None:
    need = make.need(operation, minutes=90)
    WorkItem.objects.create(need=need, category="cleaning", minutes=30)
    picky = present(operation, "一", avoids=["cleaning"])
    problem = gather(operation, at=make.at(9, 30)).problem
    assert problem.bans == {(f"V{picky.pk}", f"N{need.pk}")}


def test_danger_keeps_minors_away_and_asks_for_an_experienced_leader(operation: Operation) -> None:
    plain, nails, cleared, crisis, floor = (make.need(operation) for _ in range(5))
    Need.objects.filter(pk=nails.pk).update(hazards=["nails"])
    Need.objects.filter(pk=cleared.pk).update(hazards=["electric"], hazards_cleared=True)
    Need.objects.filter(pk=crisis.pk).update(needs_crisis=True)
    WorkItem.objects.filter(need=floor).update(category="under_floor")
    now = gather(operation, at=make.at(9, 30))
    jobs = [told(now, need) for need in (plain, nails, cleared, crisis, floor)]
    assert [job.minors_ok for job in jobs] == [True, False, False, True, False]
    assert [job.leader_exp for job in jobs] == [1, 1, 2, 2, 1]
    assert [job.tier for job in jobs] == [3, 3, 3, 1, 3]


def test_on_ordinary_days_anybody_of_age_may_lead() -> None:
    from dvc.operations.models import Operation as Row

    ordinary = Row.objects.get(center=make.center(), mode=Mode.ORDINARY)
    need = make.need(ordinary, category="meals")
    assert told(gather(ordinary, at=make.at(9, 30)), need).leader_exp == 0


def test_needs_that_cannot_be_proposed_come_with_their_reason(operation: Operation) -> None:
    homeless, held, idle, fine = (make.need(operation) for _ in range(4))
    Household.objects.filter(needs=homeless).update(lat=None, lng=None)
    queue.hold(held, reason="雨", by=SYSTEM, at=make.at(9))
    WorkItem.objects.filter(need=idle).delete()
    now = gather(operation, at=make.at(9, 30))
    assert [n.id for n in now.problem.needs] == [f"N{fine.pk}"]
    assert {need: why.code for need, why in now.set_aside.items()} == {
        homeless.pk: "no_place", held.pk: "held", idle.pk: "no_work",
    }  # fmt: skip


def test_bans_of_people_here_are_told(operation: Operation) -> None:
    need, here = make.need(operation), present(operation)
    absent = make.volunteer(operation.center, "不在")
    for person in (here, absent):
        queue.ban(need, person, by=SYSTEM, at=make.at(9))
    assert gather(operation, at=make.at(9, 30)).problem.bans == {(f"V{here.pk}", f"N{need.pk}")}


def test_vehicles_in_use_or_in_repair_are_not_there(operation: Operation) -> None:
    site = operation.center.sites.get()
    kinds = {"free": True, "used": True, "broken": False}
    rows = {
        name: Vehicle.objects.create(
            operation=operation, site=site, name=name, kind="kei_truck", seats=2, available=there
        )
        for name, there in kinds.items()
    }
    driver = present(operation, skills=["driver"])
    teams.form(
        operation, volunteers=[driver], leader=driver, mode="car", by=SYSTEM, at=make.at(9, 10),
        rides=[Drive(rows["used"], driver)],
    )  # fmt: skip
    fleet = gather(operation, at=make.at(9, 30)).problem.fleet
    assert [(one.id, one.kind, one.seats) for one in fleet] == [(f"K{rows['free'].pk}", "truck", 2)]


def test_nobody_under_age_drives_their_own_car(operation: Operation) -> None:
    present(operation, vehicle="kei_truck", said_minor=True, guardian_consent=True)
    (person,) = gather(operation, at=make.at(9, 30)).problem.volunteers
    assert (person.minor, person.vehicle) == (True, None)


def test_one_team_is_checked_with_its_need_even_held_and_with_the_rest_of_its_groups(
    operation: Operation,
) -> None:
    group = Group.objects.create(center=operation.center, name="青年部", created_at=make.at(8))
    first, friend, other = (
        present(operation, "一", group=group),
        present(operation, "二", group=group),
        present(operation),
    )
    need, another = make.need(operation), make.need(operation)
    queue.hold(need, reason="雨", by=SYSTEM, at=make.at(9))
    now = gather(operation, at=make.at(9, 30), need=need.pk, people=[first])
    assert {v.id for v in now.problem.volunteers} == {f"V{first.pk}", f"V{friend.pk}"}
    assert [n.id for n in now.problem.needs] == [f"N{need.pk}"]
    assert other.pk != another.pk or now.set_aside == {}


def test_what_is_on_offer_becomes_the_baseline_as_far_as_it_is_still_there(operation: Operation) -> None:
    operation.max_visits = 1
    operation.save()
    need, closed = (make.need(operation, people_ideal=3, people_max=3) for _ in range(2))
    people(operation, 6)
    answer(operation, at=make.at(9, 30))
    offers = {row.need_id: row.members for row in Proposal.objects.on_offer(make.at(9, 31))}
    Need.objects.filter(pk=closed.pk).update(state=NeedState.ON_HOLD)
    left, *stay = offers[need.pk]
    checkin.leave(operation, Volunteer.objects.get(pk=left), by=SYSTEM, at=make.at(9, 31))
    problem = gather(operation, at=make.at(9, 32)).problem
    assert problem.baseline == {f"V{person}": f"N{need.pk}" for person in stay}


def test_who_is_kept_from_a_need_stays_so_when_two_registrations_become_one(operation: Operation) -> None:
    """The engine sent the person there all the same, under the registration that was kept."""
    need, other = make.need(operation), make.need(operation)
    twin, kept = make.volunteer(operation.center, "二重"), present(operation, "二重")
    queue.ban(need, twin, reason="前に困ったことがあった", by=SYSTEM, at=make.at(9))
    queue.lock(other, twin, reason="名指し", by=SYSTEM, at=make.at(9))
    merge(twin, kept, by=SYSTEM, at=make.at(9, 10))
    problem = with_decisions(gather(operation, at=make.at(9, 30)), day=make.day(make.at(9))).problem
    assert problem.bans == {(f"V{kept.pk}", f"N{need.pk}")}
    assert problem.locks == ((f"V{kept.pk}", f"N{other.pk}"),)


def test_why_a_need_is_held_stays_out_of_what_is_stored_for_long(operation: Operation) -> None:
    need = make.need(operation)
    queue.hold(need, reason="渡辺さんの返事待ち", by=SYSTEM, at=make.at(9))
    why = gather(operation, at=make.at(9, 30)).set_aside[need.pk]
    assert (why.code, why.text) == ("held", "見合わせ中です。")


def test_days_waited_weigh_up_to_two_weeks(operation: Operation) -> None:
    fresh, old, older = (make.need(operation) for _ in range(3))
    for need, days in ((fresh, 0), (old, 15), (older, 40)):
        Need.objects.filter(pk=need.pk).update(received_at=make.at(9) - timedelta(days=days))
    now = gather(operation, at=make.at(9, 30))
    assert [told(now, need).weight for need in (fresh, old, older)] == [10, 40, 40]


def test_a_need_that_goes_on_waits_while_its_first_team_brings_the_tools_back(operation: Operation) -> None:
    site = operation.center.sites.get()
    ToolStock.objects.create(operation=operation, site=site, tool="shovel", count=5)
    need = make.need(operation, tools={"shovel": 2})
    first = [present(operation, name) for name in "一二"]
    dispatch = decisions.send(need, volunteers=first, leader=first[0], by=SYSTEM, at=make.at(9, 30))
    assert gather(operation, at=make.at(9, 31)).problem.needs == ()
    Dispatch.objects.filter(pk=dispatch.pk).update(state=DispatchState.LEAVING)
    Need.objects.filter(pk=need.pk).update(state=NeedState.READY)
    WorkItem.objects.filter(need=need).update(state="open")
    problem = gather(operation, at=make.at(11)).problem
    assert [one.id for one in problem.needs] == [f"N{need.pk}"]
    assert problem.stock == {f"S{site.pk}": {"shovel": 3}}


def test_stock_is_told_per_site(operation: Operation) -> None:
    site = operation.center.sites.get()
    ToolStock.objects.create(operation=operation, site=site, tool="shovel", count=5)
    assert gather(operation, at=make.at(9, 30)).problem.stock == {f"S{site.pk}": {"shovel": 5}}


def test_the_first_team_with_uncounted_tools_does_not_make_them_short_for_all_others(
    operation: Operation,
) -> None:
    """What it took was taken from nothing, and nothing left looked as if somebody had counted."""
    first, other = make.need(operation, tools={"shovel": 2}), make.need(operation, tools={"shovel": 2})
    here = [present(operation, f"人{number}") for number in range(3)]
    decisions.send(first, volunteers=here[:2], leader=here[0], by=SYSTEM, at=make.at(9, 30))
    gathered = gather(operation, at=make.at(9, 31))
    assert told(gathered, other).equip == {}


def test_tools_nobody_has_counted_yet_keep_nobody_waiting(operation: Operation) -> None:
    need = make.need(operation, tools={"shovel": 2})
    assert told(gather(operation, at=make.at(9, 30)), need).equip == {}


def test_a_need_goes_to_the_nearest_site(operation: Operation) -> None:
    from dvc.operations.services import add_site

    far = add_site(operation.center, name="山王サテライト", lat=38.32, lng=140.98, by=SYSTEM, at=make.at(8))
    near_far = make.need(operation, lat=38.319, lng=140.981)
    now = gather(operation, at=make.at(9, 30))
    assert told(now, near_far).site == f"S{far.pk}"
    assert isinstance(now.problem, model.Problem)


def test_hours_and_dangers_of_one_piece_of_work_reach_the_engine_and_blocked_work_does_not(
    operation: Operation,
) -> None:
    need = make.need(operation, hazards=["dust"], open_from=time(10), people_ideal=3)
    WorkItem.objects.create(need=need, category="cleaning", open_until=time(14), hazards=["nails"])
    WorkItem.objects.create(
        need=need,
        category="tidy_up",
        people_min=5,
        people_ideal=9,
        people_max=9,
        hazards=["asbestos"],
        state="blocked",
    )
    told_of = told(gather(operation, at=make.at(9, 30)), need)
    assert (told_of.open, told_of.close, told_of.hazard, told_of.ideal) == (600, 840, 2, 4)
    WorkItem.objects.filter(category="cleaning").update(open_from=time(14), open_until=time(15))
    WorkItem.objects.filter(category="mud_removal").update(open_until=time(12))
    aside = gather(operation, at=make.at(9, 30)).set_aside[need.pk]
    assert aside.code == "no_hours"
