"""The need's state table, edge by edge: nothing else is possible, and every step says who, when and why."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By
from dvc.core.refused import Refused
from intake.help_requests import services
from intake.help_requests.models import Need, NeedChange, NeedState, WorkState
from intake.help_requests.states import COARSE, REASON_REQUIRED, STEPS, needs_reason
from tests import make
from tests.infra.scale import count

pytestmark = pytest.mark.django_db
S = NeedState
EDGES = [(a, b) for a in NeedState for b in STEPS[a]]
NON_EDGES = [(a, b) for a in NeedState for b in NeedState if b not in STEPS[a]]


def step(need: Need, to: NeedState, *, by: By = SYSTEM, **more: object) -> Need:
    """The step through the service that offers it."""
    if to == S.DUPLICATE and more.get("reason"):
        first = make.need(need.operation)
        return services.mark_duplicate(need, first, by=by, at=make.at(10), **more)  # type: ignore[arg-type]
    return services.move(need, to, by=by, at=make.at(10), **more)  # type: ignore[arg-type]


def test_the_table_names_every_state_and_every_state_has_a_word() -> None:
    assert set(STEPS) == set(NeedState)
    assert set(COARSE) == set(NeedState)
    assert all(a not in STEPS[a] for a in NeedState)


def test_every_step_of_the_table_writes_who_when_and_why() -> None:
    operation = make.operation()
    by = make.by(make.user(operation.center))
    for before, to in EDGES:
        need = make.need(operation, state=before)
        step(need, to, by=by, reason="雨のため", told="本人に電話")
        change = NeedChange.objects.get(need=need)
        assert (change.from_state, change.to_state, change.by) == (before, to, by.user)
        assert (change.at, change.reason, change.told) == (make.at(10), "雨のため", "本人に電話")
        entry = Entry.objects.get(action="need.moved", subject_id=str(need.pk))
        assert (entry.details, entry.actor) == ({"before": before, "to": to}, by.user)
        fresh = Need.objects.get(pk=need.pk)
        assert (fresh.state, fresh.version, fresh.touched_at) == (to, 2, make.at(10))


@pytest.mark.once
def test_no_step_outside_the_table_happens() -> None:
    operation = make.operation()
    for before, to in NON_EDGES:
        need = make.need(operation, state=before)
        with pytest.raises(Refused) as refused:
            step(need, to, reason="どうしても")
        assert refused.value.code == "need.step_not_allowed"
        assert Need.objects.get(pk=need.pk).state == before
    assert not NeedChange.objects.exists()


@pytest.mark.parametrize("to", sorted(REASON_REQUIRED - {S.DUPLICATE}))
def test_setting_aside_needs_a_reason(to: NeedState) -> None:
    need = make.need(make.operation(), state=S.TRIAGE)
    with pytest.raises(Refused) as refused:
        step(need, to)
    assert refused.value.code == "need.reason_needed"
    assert Need.objects.get(pk=need.pk).state == S.TRIAGE


def test_a_second_survey_needs_a_reason() -> None:
    need = make.need(make.operation(), state=S.SURVEYED)
    with pytest.raises(Refused) as refused:
        step(need, S.SURVEY_WAIT)
    assert refused.value.code == "need.reason_needed"
    step(need, S.SURVEY_WAIT, reason="床下を見ていない")
    assert need.changes.get().reason == "床下を見ていない"


@pytest.mark.once
@settings(
    max_examples=count(12, 80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wishes=st.lists(st.sampled_from(list(NeedState)), max_size=25), with_reason=st.booleans())
def test_any_walk_leaves_an_unbroken_history_of_allowed_steps(
    wishes: list[NeedState], with_reason: bool
) -> None:
    need = make.need(make.operation(), state=S.RECEIVED)
    reason = "理由" if with_reason else ""
    for wish in wishes:
        try:
            step(need, wish, reason=reason)
        except Refused:
            assert wish not in STEPS[NeedState(need.state)] or (
                needs_reason(NeedState(need.state), wish) and not reason
            )
    now = S.RECEIVED
    for change in need.changes.order_by("id"):
        assert change.from_state == now
        assert NeedState(change.to_state) in STEPS[now]
        assert change.reason or not needs_reason(NeedState(change.from_state), NeedState(change.to_state))
        now = NeedState(change.to_state)
    fresh = Need.objects.get(pk=need.pk)
    assert fresh.state == now == need.state
    assert fresh.version == 1 + need.changes.count()


def test_of_two_people_who_move_the_same_need_the_second_is_told() -> None:
    need = make.need(make.operation(), state=S.READY)
    stale = Need.objects.get(pk=need.pk)
    step(need, S.ASSIGNED)
    with pytest.raises(Refused) as refused:
        step(stale, S.ASSIGNED)
    assert refused.value.code == "need.changed"
    assert stale.state == S.ASSIGNED
    assert need.changes.count() == 1


def test_the_work_follows_the_need() -> None:
    need = make.need(make.operation(), state=S.READY)
    item = need.items.get()
    for to, work in [
        (S.ASSIGNED, WorkState.LEASED), (S.READY, WorkState.OPEN), (S.ASSIGNED, WorkState.LEASED),
        (S.IN_PROGRESS, WorkState.WORKING), (S.CONTINUING, WorkState.OPEN), (S.READY, WorkState.OPEN),
        (S.ASSIGNED, WorkState.LEASED), (S.IN_PROGRESS, WorkState.WORKING), (S.COMPLETED, WorkState.DONE),
        (S.TRIAGE, WorkState.DONE),
    ]:  # fmt: skip
        step(need, to)
        item.refresh_from_db()
        assert item.state == work, to


def test_a_lease_given_back_keeps_its_place_in_the_queue() -> None:
    need = make.need(make.operation(), state=S.READY)
    step(need, S.ASSIGNED)
    step(need, S.READY)
    assert need.ready_at == make.MORNING
    step(need, S.TRIAGE)
    step(need, S.READY)
    assert need.ready_at == make.at(10)


def test_reasons_stand_on_the_need_while_they_hold() -> None:
    need = make.need(make.operation(), state=S.READY)
    step(need, S.ON_HOLD, reason="雨天")
    assert need.held_reason == "雨天"
    step(need, S.WITHDRAWN, reason="家族で済んだ")
    assert (need.held_reason, need.closed_reason) == ("", "家族で済んだ")
    step(need, S.TRIAGE)
    assert (need.held_reason, need.closed_reason) == ("", "")


def test_what_is_left_goes_back_into_the_queue() -> None:
    need = make.need(make.operation(), state=S.IN_PROGRESS)
    need.items.update(state=WorkState.WORKING)
    services.continue_with(need, remaining="奥の2部屋", people_next=9, by=SYSTEM, at=make.at(15))
    item = need.items.get()
    assert (need.state, item.state, item.detail) == (S.READY, WorkState.OPEN, "奥の2部屋")
    assert (item.people_min, item.people_ideal, item.people_max) == (2, 9, 9)
    assert need.ready_at == make.at(15)
    assert [c.to_state for c in need.changes.all()] == [S.CONTINUING, S.READY]
