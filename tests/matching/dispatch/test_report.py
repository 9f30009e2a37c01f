"""What the team says closes the need or puts the rest back, once, before or after the return."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState, WorkState
from matching.dispatch import services
from matching.dispatch.models import ActivityReport, Dispatch, DispatchState, Outcome
from matching.dispatch.services import Reported
from matching.dispatch.states import STEPS
from matching.teams.models import Member, TeamState
from tests import make
from tests.infra.late import meanwhile
from tests.infra.scale import count
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


def tell(dispatch: Dispatch, outcome: str = Outcome.COMPLETED, **story: object) -> Reported:
    values: dict[str, object] = {"people": 2, "by": SYSTEM, "at": make.at(12), **story}
    return services.report(dispatch, outcome=outcome, **values)  # type: ignore[arg-type]


def need_of(dispatch: Dispatch) -> Need:
    return Need.objects.get(pk=dispatch.need_id)


def test_finished_closes_the_need_and_its_work_together() -> None:
    dispatch = scene.out()
    told = tell(dispatch, text="泥を出し終えました。", near_miss="釘", watch=True)
    assert told.changed
    need = need_of(dispatch)
    assert need.state == NeedState.COMPLETED
    assert need.needs_watch
    assert set(need.items.values_list("state", flat=True)) == {WorkState.DONE}
    assert dispatch.state == DispatchState.LEAVING
    entry = Entry.objects.get(action="dispatch.reported")
    assert entry.details == {
        "outcome": "completed", "people": 2, "injury": False, "near_miss": True, "watch": True
    }  # fmt: skip


def test_a_report_that_is_rolled_back_takes_the_closing_with_it() -> None:
    dispatch = scene.out()
    with transaction.atomic():
        tell(dispatch)
        transaction.set_rollback(True)
    assert not ActivityReport.objects.exists()
    assert need_of(dispatch).state == NeedState.IN_PROGRESS


def test_continuing_puts_the_rest_back_into_the_queue_for_another_team_at_once() -> None:
    dispatch = scene.out()
    tell(dispatch, Outcome.CONTINUING, remaining="奥の6畳", people_next=4)
    need = need_of(dispatch)
    assert need.state == NeedState.READY
    item = need.items.get()
    assert (item.state, item.detail, item.people_ideal) == (WorkState.OPEN, "奥の6畳", 4)
    second = services.assign(scene.team(dispatch.operation), need, by=SYSTEM, at=make.at(12, 10))
    assert second.state == DispatchState.ACCEPTED
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.LEAVING


@pytest.mark.parametrize("outcome", [Outcome.STOPPED, Outcome.ABSENT])
def test_stopped_or_nobody_home_waits_until_somebody_called_the_resident(outcome: Outcome) -> None:
    dispatch = scene.out()
    tell(dispatch, outcome, text="雨が強くなったため")
    need = need_of(dispatch)
    assert need.state == NeedState.ON_HOLD
    assert need.held_reason == f"{outcome.label}　雨が強くなったため"
    assert set(need.items.values_list("state", flat=True)) == {WorkState.OPEN}


@pytest.mark.parametrize("outcome", [Outcome.STOPPED, Outcome.ABSENT])
def test_stopped_or_nobody_home_may_wait_for_a_team_again_when_the_desk_says_so(outcome: Outcome) -> None:
    dispatch = scene.out()
    tell(dispatch, outcome, hold=False)
    assert need_of(dispatch).state == NeedState.READY


def test_continuing_says_what_remains() -> None:
    dispatch = scene.out()
    with pytest.raises(Refused) as refused:
        tell(dispatch, Outcome.CONTINUING, remaining=" ")
    assert refused.value.code == "dispatch.remaining_needed"
    assert not ActivityReport.objects.exists()


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_second_report_is_kept_and_changes_nothing(outcome: Outcome) -> None:
    dispatch = scene.out()
    first = tell(dispatch, outcome, text="一度目", remaining="残り")
    state, entries = need_of(dispatch).state, Entry.objects.count()
    second = tell(dispatch, Outcome.COMPLETED, text="二度目", people=9)
    assert not second.changed
    assert second.report == first.report
    assert (ActivityReport.objects.get().text, need_of(dispatch).state) == ("一度目", state)
    assert [entry.action for entry in Entry.objects.all()[entries:]] == ["dispatch.reported_again"]


def test_a_report_may_come_after_the_return() -> None:
    dispatch = scene.back()
    assert need_of(dispatch).state == NeedState.IN_PROGRESS
    tell(dispatch, at=make.at(14), by_leader=False)
    assert need_of(dispatch).state == NeedState.COMPLETED
    assert dispatch.state == DispatchState.BACK
    assert not ActivityReport.objects.get().by_leader


def test_a_late_report_leaves_a_need_alone_that_went_on_without_this_team() -> None:
    dispatch = scene.back()
    need = need_of(dispatch)
    needs.move(need, NeedState.CONTINUING, by=SYSTEM, at=make.at(13, 10))
    needs.move(need, NeedState.READY, by=SYSTEM, at=make.at(13, 10))
    second = services.assign(scene.team(dispatch.operation), need, by=SYSTEM, at=make.at(13, 20))
    services.depart(second, checks=scene.ALL, by=SYSTEM, at=make.at(13, 30))
    assert tell(dispatch, at=make.at(13, 40)).changed
    assert need_of(dispatch).state == NeedState.IN_PROGRESS


def test_a_report_of_a_need_the_desk_has_closed_is_kept() -> None:
    dispatch = scene.out()
    needs.move(need_of(dispatch), NeedState.COMPLETED, by=SYSTEM, at=make.at(11))
    assert tell(dispatch, Outcome.CONTINUING, remaining="少し").changed
    assert need_of(dispatch).state == NeedState.COMPLETED


@pytest.mark.parametrize("early", ["assigned", "cancelled"])
def test_nothing_is_heard_from_a_team_that_never_left(early: str) -> None:
    dispatch = scene.assigned()
    if early == "cancelled":
        services.cancel(dispatch, reason="雨", by=SYSTEM, at=make.at(9, 40))
    for fact in (services.arrive_on_site, services.leave_site, services.come_back):
        with pytest.raises(Refused) as refused:
            fact(dispatch, by=SYSTEM, at=make.at(10))
        assert refused.value.code == "dispatch.not_departed"
    with pytest.raises(Refused) as refused:
        tell(dispatch)
    assert refused.value.code == "dispatch.not_departed"
    assert not ActivityReport.objects.exists()


def test_the_people_of_a_returned_team_can_be_matched_again() -> None:
    dispatch = scene.out()
    crew = [member.volunteer for member in dispatch.team.members.select_related("volunteer")]
    services.come_back(dispatch, by=SYSTEM, at=make.at(13))
    services.come_back(dispatch, by=SYSTEM, at=make.at(14))
    assert dispatch.returned_at == make.at(13)
    assert not Member.objects.filter(team=dispatch.team, left_at__isnull=True).exists()
    dispatch.team.refresh_from_db()
    assert dispatch.team.state == TeamState.BACK
    assert Entry.objects.filter(action="dispatch.back").count() == 1
    assert scene.team(dispatch.operation, *crew, at=make.at(13, 30)).number == dispatch.team.number + 1


def test_printing_counts_sheets_and_changes_nothing_else() -> None:
    dispatch = scene.assigned()
    before = Dispatch.objects.filter(pk=dispatch.pk).values().get()
    assert services.count_sheet(dispatch, by=SYSTEM, at=make.at(9, 45)) == 1
    assert services.count_sheet(dispatch, by=SYSTEM, at=make.at(9, 46)) == 2
    after = Dispatch.objects.filter(pk=dispatch.pk).values().get()
    assert after == {**before, "sheets_printed": 2}


FACTS = ["depart", "on_site", "leave", "back", "report", "cancel", "postpone", "print"]


def play(dispatch: Dispatch, act: str, minute: int) -> None:
    at = make.at(10, minute)
    if act == "depart":
        services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=at)
    elif act == "cancel":
        services.cancel(dispatch, reason="雨", by=SYSTEM, at=at)
    elif act == "postpone":
        services.postpone(dispatch, due_back_at=make.at(20), by=SYSTEM, at=at)
    elif act == "print":
        services.count_sheet(dispatch, by=SYSTEM, at=at)
    elif act == "report":
        tell(dispatch, at=at)
    else:
        fact = {
            "on_site": services.arrive_on_site, "leave": services.leave_site, "back": services.come_back
        }[act]  # fmt: skip
        fact(dispatch, by=SYSTEM, at=at)


@pytest.mark.once
@settings(
    max_examples=count(8, 50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(st.sampled_from(FACTS), max_size=8))
def test_whatever_is_pressed_in_whatever_order_only_the_table_s_edges_are_walked(acts: list[str]) -> None:
    with transaction.atomic():
        dispatch = scene.assigned()
        for minute, act in enumerate(acts):
            before = DispatchState(Dispatch.objects.get(pk=dispatch.pk).state)
            entries = Entry.objects.count()
            try:
                with transaction.atomic():
                    play(dispatch, act, minute)
            except Refused:
                assert Entry.objects.count() == entries
            after = DispatchState(Dispatch.objects.get(pk=dispatch.pk).state)
            assert after == before or after in STEPS[before]
            if after != before:
                assert Entry.objects.filter(subject_id=str(dispatch.pk), details__to=str(after)).exists()
            out = Member.objects.filter(team=dispatch.team, left_at__isnull=True).count()
            assert out == (0 if after in (DispatchState.BACK, DispatchState.CANCELLED) else 2)
        transaction.set_rollback(True)


# ── what happened outside, while a desk is at the same need ────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_a_report_is_taken_while_a_desk_closes_the_need() -> None:
    dispatch = scene.out()
    with meanwhile(lambda: tell(dispatch, Outcome.CONTINUING, remaining="少し")):
        needs.move(need_of(dispatch), NeedState.COMPLETED, by=SYSTEM, at=make.at(11), reason="家族が済ませた")
    assert ActivityReport.objects.get(dispatch=dispatch).remaining == "少し"
    dispatch.refresh_from_db()
    assert (dispatch.state, need_of(dispatch).state) == (DispatchState.LEAVING, NeedState.COMPLETED)


@pytest.mark.django_db(transaction=True)
def test_a_team_goes_home_while_a_desk_withdraws_its_next_need() -> None:
    operation = make.operation()
    first, after = make.need(operation), make.need(operation)
    dispatch = services.assign(scene.team(operation), first, then=[after], by=SYSTEM, at=make.at(9, 30))
    services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(10))
    with meanwhile(lambda: services.leave_site(dispatch, by=SYSTEM, at=make.at(12))):
        withdrawn = Need.objects.get(pk=after.pk)
        needs.move(withdrawn, NeedState.WITHDRAWN, by=SYSTEM, at=make.at(11), reason="本人から", told="本人")
    after.refresh_from_db()
    dispatch.refresh_from_db()
    assert (dispatch.state, after.state) == (DispatchState.LEAVING, NeedState.WITHDRAWN)
