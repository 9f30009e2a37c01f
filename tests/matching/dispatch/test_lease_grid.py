"""The lease grid: who × state × time. What a lease is worth is a table; that nobody takes what another holds is asked of
the services, cell by cell."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState, WorkState
from matching.dispatch import services, undoing
from matching.dispatch.leases import Lease, lease_of
from matching.dispatch.models import Dispatch, DispatchState
from matching.teams.models import Member, TeamState
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db
S = DispatchState
HOLD = timedelta(hours=2)


def accepted(operation: Operation) -> Dispatch:
    return scene.assigned(operation)  # at 9:30


def departed(operation: Operation) -> Dispatch:
    return scene.out(operation)  # at 10, due at 13


def on_site(operation: Operation) -> Dispatch:
    return services.arrive_on_site(scene.out(operation), by=SYSTEM, at=make.at(10, 30))


def leaving(operation: Operation) -> Dispatch:
    return services.leave_site(on_site(operation), by=SYSTEM, at=make.at(12))


def back(operation: Operation) -> Dispatch:
    return services.come_back(on_site(operation), by=SYSTEM, at=make.at(12, 30))


def back_home(operation: Operation) -> Dispatch:
    return services.come_back(leaving(operation), by=SYSTEM, at=make.at(12, 30))


def cancelled(operation: Operation) -> Dispatch:
    return services.cancel(accepted(operation), reason="雨", by=SYSTEM, at=make.at(9, 40))


def withdrawn(operation: Operation) -> Dispatch:
    dispatch = accepted(operation)
    needs.move(
        dispatch.need, NeedState.WITHDRAWN, by=SYSTEM, at=make.at(9, 35), reason="本人から", told="本人"
    )
    return dispatch


def closed_elsewhere(operation: Operation) -> Dispatch:
    dispatch = departed(operation)
    need = Need.objects.select_related("operation").get(pk=dispatch.need_id)
    needs.move(need, NeedState.COMPLETED, by=SYSTEM, at=make.at(11), reason="家族が済ませた")
    return dispatch


# state → lease at 11:00, at 11:30 (two hours after it was given), at 13:01 (past the return) → whether the team may still
# act on it and whether another team gets the need.
HELD, LAPSED, OFF, OVERDUE, FREE = Lease.HELD, Lease.LAPSED, Lease.CALLED_OFF, Lease.OVERDUE, Lease.FREE
GONE = "dispatch.not_departed"
GRID = [
    (accepted, (HELD, LAPSED, LAPSED), "departs", "dispatch.need_taken"),
    (departed, (HELD, HELD, OVERDUE), "reports", "dispatch.need_taken"),
    (on_site, (HELD, HELD, OVERDUE), "reports", "dispatch.need_taken"),
    (leaving, (FREE, FREE, FREE), "reports", "dispatch.need_taken"),
    (back, (FREE, FREE, FREE), "reports", "dispatch.need_taken"),
    (cancelled, (FREE, FREE, FREE), GONE, "won"),
    (withdrawn, (OFF, OFF, OFF), GONE, "dispatch.need_taken"),
    (closed_elsewhere, (OFF, OFF, OFF), "reports", "dispatch.need_taken"),
]


def worth(dispatch: Dispatch, at: datetime) -> Lease:
    fresh = Dispatch.objects.select_related("need").get(pk=dispatch.pk)
    return lease_of(fresh, at=at, hold=HOLD)


@pytest.mark.parametrize(("state", "worths", "holder", "other"), GRID)
def test_the_grid(state: object, worths: tuple[Lease, ...], holder: str, other: str) -> None:
    operation = make.operation()
    dispatch: Dispatch = state(operation)  # type: ignore[operator]
    times = (make.at(11), make.at(11, 30), make.at(13, 1))
    assert tuple(worth(dispatch, at) for at in times) == worths
    # Another team: the need is won by nobody else while it is held, or has gone on.
    need = Need.objects.select_related("operation").get(pk=dispatch.need_id)
    try:
        services.assign(scene.team(operation), need, by=SYSTEM, at=make.at(13, 1))
        got = "won"
    except Refused as refused:
        got = refused.code
    assert got == other
    # The holder: what it does late is kept as a fact, or refused as a decision, never done to the need of another.
    before = Need.objects.get(pk=need.pk).state
    try:
        if holder == "departs":
            services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=make.at(13, 2))
        else:
            services.report(
                dispatch, outcome="continuing", people=2, remaining="床下", by=SYSTEM, at=make.at(13, 2)
            )
        did = holder
    except Refused as refused:
        did = refused.code
    assert did == holder
    if state in (cancelled, withdrawn, closed_elsewhere):
        assert Need.objects.get(pk=need.pk).state == before


def test_a_sign_of_life_renews_the_lease_whoever_gives_it() -> None:
    operation = make.operation()
    waiting = accepted(operation)
    assert worth(waiting, make.at(11, 30)) == Lease.LAPSED
    undoing.keep_waiting(waiting, by=SYSTEM, at=make.at(11, 30))
    assert worth(waiting, make.at(13, 29)) == Lease.HELD
    assert worth(waiting, make.at(13, 30)) == Lease.LAPSED
    services.depart(waiting, checks=scene.ALL, by=SYSTEM, at=make.at(13, 31), due_back_at=make.at(15))
    with pytest.raises(Refused) as refused:
        undoing.keep_waiting(waiting, by=SYSTEM, at=make.at(13, 40))
    assert refused.value.code == "dispatch.is_out"
    services.heard(waiting.team_id, at=make.at(14))
    services.heard(waiting.team_id, at=make.at(13, 50))  # told late: the newer one stands
    waiting.refresh_from_db()
    assert waiting.heard_at == make.at(14)


def test_whoever_gets_the_need_later_has_the_higher_fence_and_an_old_holder_changes_nothing() -> None:
    operation = make.operation()
    first = leaving(operation)
    services.report(first, outcome="continuing", people=2, remaining="床下", by=SYSTEM, at=make.at(12, 1))
    need = Need.objects.select_related("operation").get(pk=first.need_id)
    second = services.assign(scene.team(operation), need, by=SYSTEM, at=make.at(12, 10))
    assert second.serial > first.serial
    services.come_back(first, by=SYSTEM, at=make.at(12, 20))
    services.report(first, outcome="completed", people=2, by=SYSTEM, at=make.at(12, 30))
    assert Need.objects.get(pk=need.pk).state == NeedState.ASSIGNED


# ── the last step taken back ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("state", "seen", "to", "need", "work"),
    [
        (departed, S.DEPARTED, S.ACCEPTED, NeedState.ASSIGNED, WorkState.LEASED),
        (on_site, S.ON_SITE, S.DEPARTED, NeedState.IN_PROGRESS, WorkState.WORKING),
        (back, S.BACK, S.ON_SITE, NeedState.IN_PROGRESS, WorkState.WORKING),
        (back_home, S.BACK, S.LEAVING, NeedState.IN_PROGRESS, WorkState.WORKING),
    ],
)
def test_the_last_step_is_taken_back_and_everything_is_as_before(
    state: object, seen: str, to: str, need: str, work: str
) -> None:
    dispatch: Dispatch = state(make.operation())  # type: ignore[operator]
    until = undoing.undoable_until(dispatch)
    assert until is not None
    with pytest.raises(Refused) as refused:
        undoing.undo(dispatch, seen=seen, by=SYSTEM, at=until + timedelta(seconds=1))
    assert refused.value.code == "dispatch.undo_too_late"
    for _ in range(2):  # the second tap was meant for what is not on the screen any more
        undoing.undo(dispatch, seen=seen, by=SYSTEM, at=until)
    fresh = Dispatch.objects.select_related("need", "team").get(pk=dispatch.pk)
    assert (fresh.state, fresh.need.state) == (to, need)
    assert set(fresh.need.items.values_list("state", flat=True)) == {work}
    assert fresh.team.state == (TeamState.READY if to == S.ACCEPTED else TeamState.OUT)
    assert Member.objects.filter(team=fresh.team, left_at__isnull=True).count() == 2
    if to == S.ACCEPTED:
        services.depart(fresh, checks=scene.ALL, by=SYSTEM, at=until)
        assert fresh.state == S.DEPARTED
    else:
        services.come_back(fresh, by=SYSTEM, at=until)
        assert fresh.state == S.BACK


def test_nothing_is_taken_back_from_under_what_followed_it() -> None:
    operation = make.operation()
    home = back(operation)
    person = Member.objects.filter(team=home.team).select_related("volunteer").order_by("pk")[0].volunteer
    scene.team(operation, person, at=make.at(12, 35))
    with pytest.raises(Refused) as refused:
        undoing.undo(home, seen=S.BACK, by=SYSTEM, at=make.at(12, 36))
    assert refused.value.code == "dispatch.undo_people_gone"
    home.refresh_from_db()
    assert home.state == S.BACK
    told = on_site(operation)
    services.report(told, outcome="completed", people=2, by=SYSTEM, at=make.at(10, 40))
    undoing.undo(
        told, seen=S.ON_SITE, by=SYSTEM, at=make.at(10, 41)
    )  # it is on its way back: not what was on screen
    assert told.state == S.LEAVING
