"""A need is given to one team, once, whoever asks and however many at the same time."""

from __future__ import annotations

import copy
import threading

import pytest
from django.db import connection, connections

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import OperationState
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState, WorkState
from matching.dispatch import services, tokens
from matching.dispatch.models import Dispatch, DispatchState
from matching.teams import services as teams
from matching.teams.models import Member, Team, TeamState
from tests import make
from tests.infra.late import meanwhile
from tests.matching.dispatch import scene


@pytest.mark.django_db
def test_an_assigned_need_is_leased_with_a_serial_and_two_secrets() -> None:
    operation = make.operation()
    first, second = scene.assigned(operation), scene.assigned(operation)
    assert [first.serial, second.serial] == [1, 2]
    need = Need.objects.get(pk=first.need_id)
    assert need.state == NeedState.ASSIGNED
    assert set(need.items.values_list("state", flat=True)) == {WorkState.LEASED}
    found = tokens.find_by_leader_token(tokens.leader_token(first.token_nonce))
    assert found == first
    assert tokens.find_by_genuine_token(tokens.genuine_token(first.token_nonce)) == first
    assert tokens.find_by_genuine_token(tokens.leader_token(first.token_nonce)) is None
    assert first.token_nonce not in tokens.leader_token(first.token_nonce)
    entry = Entry.objects.get(action="dispatch.assigned", subject_id=str(first.pk))
    assert entry.details["need"] == need.pk


@pytest.mark.django_db
def test_a_need_that_has_a_team_is_refused_to_the_next() -> None:
    first = scene.assigned()
    other = scene.team(first.operation)
    with pytest.raises(Refused) as refused:
        services.assign(other, first.need, by=SYSTEM, at=make.at(9, 31))
    assert refused.value.code == "dispatch.need_taken"
    stale = Need.objects.get(pk=first.need_id)
    stale.state = NeedState.READY  # what another coordinator's page still says
    with pytest.raises(Refused) as refused:
        services.assign(other, stale, by=SYSTEM, at=make.at(9, 31))
    assert refused.value.code == "dispatch.need_taken"
    assert Dispatch.objects.count() == 1


@pytest.mark.django_db
def test_a_team_with_a_need_gets_no_second_one() -> None:
    first = scene.assigned()
    other = make.need(first.operation)
    with pytest.raises(Refused) as refused:
        services.assign(first.team, other, by=SYSTEM, at=make.at(9, 31))
    assert refused.value.code == "dispatch.team_busy"
    other.refresh_from_db()
    assert other.state == NeedState.READY


@pytest.mark.django_db
def test_a_team_of_another_operation_gets_nothing() -> None:
    team = scene.team(make.operation())
    with pytest.raises(Refused) as refused:
        services.assign(team, make.need(make.operation()), by=SYSTEM, at=make.at(9, 31))
    assert refused.value.code == "dispatch.other_operation"


@pytest.mark.django_db
def test_nothing_is_assigned_after_closing() -> None:
    operation = make.operation()
    team, need = scene.team(operation), make.need(operation)
    operation.state = OperationState.CLOSED
    operation.save()
    with pytest.raises(Refused) as refused:
        services.assign(team, need, by=SYSTEM, at=make.at(9, 31))
    assert refused.value.code == "operation.closed"


@pytest.mark.django_db
def test_a_cancelled_dispatch_gives_need_and_people_back() -> None:
    dispatch = scene.assigned()
    services.cancel(dispatch, reason="雨が強いため", by=SYSTEM, at=make.at(9, 40))
    services.cancel(dispatch, reason="二度目", by=SYSTEM, at=make.at(9, 41))
    need = Need.objects.get(pk=dispatch.need_id)
    assert need.state == NeedState.READY
    assert set(need.items.values_list("state", flat=True)) == {WorkState.OPEN}
    dispatch.team.refresh_from_db()
    assert dispatch.team.state == TeamState.DISSOLVED
    assert not Member.objects.filter(team=dispatch.team, left_at__isnull=True).exists()
    assert Entry.objects.filter(action="dispatch.cancelled").count() == 1
    assert services.assign(scene.team(dispatch.operation), need, by=SYSTEM, at=make.at(9, 50)).serial == 2


@pytest.mark.django_db
def test_a_cancellation_needs_a_reason_and_a_team_that_has_not_left() -> None:
    dispatch = scene.assigned()
    with pytest.raises(Refused) as refused:
        services.cancel(dispatch, reason="  ", by=SYSTEM, at=make.at(9, 40))
    assert refused.value.code == "dispatch.reason_needed"
    gone = scene.out(dispatch.operation)
    with pytest.raises(Refused) as refused:
        services.cancel(gone, reason="雨", by=SYSTEM, at=make.at(10, 40))
    assert refused.value.code == "dispatch.is_out"
    gone.refresh_from_db()
    assert gone.state == DispatchState.DEPARTED


@pytest.mark.django_db
def test_cancelling_leaves_a_need_alone_that_was_withdrawn_meanwhile() -> None:
    dispatch = scene.assigned()
    need = Need.objects.get(pk=dispatch.need_id)
    needs.move(need, NeedState.WITHDRAWN, by=SYSTEM, at=make.at(9, 35), reason="本人から", told="本人")
    services.cancel(dispatch, reason="取り下げのため", by=SYSTEM, at=make.at(9, 40))
    need.refresh_from_db()
    assert need.state == NeedState.WITHDRAWN


@pytest.mark.django_db(transaction=True)
def test_failure_19_of_fifty_who_want_the_same_need_at_once_exactly_one_gets_it() -> None:
    operation = make.operation()
    need = make.need(operation)
    crews = [
        scene.team(operation, scene.present(operation, make.volunteer(operation.center, f"姓{n}", "名")))
        for n in range(50)
    ]
    start, codes = threading.Barrier(50), []

    def want(number: int) -> None:
        try:
            mine = copy.copy(need)  # what each coordinator's page shows: waiting for a team
            start.wait(
                timeout=30
            )  # before the first query: the pool has fewer connections than there are threads
            services.assign(crews[number], mine, by=SYSTEM, at=make.at(9, 30))
            codes.append("won")
        except Refused as refused:
            codes.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=want, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    connection.ensure_connection()
    assert sorted(codes) == ["dispatch.need_taken"] * 49 + ["won"]
    assert Dispatch.objects.live().filter(need=need).count() == 1
    assert Entry.objects.filter(action="dispatch.assigned").count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_is_put_into_a_team_while_it_leaves_is_asked_about_at_the_gate() -> None:
    """PostgreSQL: the departure waits for the other desk and then sees whom it has put in. On SQLite there is one writer."""
    dispatch = scene.assigned()
    late = scene.present(
        dispatch.operation, make.volunteer(dispatch.operation.center, "遅刻", "者"), oriented=False
    )

    def leave() -> None:
        services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=scene.TEN)

    with pytest.raises(Refused) as refused, meanwhile(leave):
        teams.add_member(Team.objects.get(), late, by=SYSTEM, at=make.at(9, 59))
    assert "遅刻" in refused.value.text
    assert Team.objects.get().state != TeamState.OUT
