"""The dispatch board: pages, one drawing for all, who is at work, undo."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from html import unescape

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from matching.control.board import board, pages_in
from matching.control.drawn import Drawn
from matching.dispatch import services as dispatching
from matching.dispatch.models import DispatchState
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


def signed_in(operation: Operation, *roles: Role, name: str = "伊藤 職員") -> Client:
    client = Client()
    client.force_login(make.user(operation.center, *roles, name=name))
    return client


def lanes(operation: Operation, address: str = "") -> dict[str, list[int]]:
    shown = board(operation, at=make.at(11), real=timezone.now(), pages=pages_in(QueryDict(address)))
    return {lane.key: [card.dispatch.team.number for card in lane.page] for lane in shown.lanes}


def test_each_team_stands_in_its_lane_the_most_pressing_first_and_a_page_at_a_time() -> None:
    operation = make.operation()
    scene.assigned(operation)
    scene.out(operation, hours=3)
    scene.out(operation, hours=2)
    scene.out(operation, at=make.at(9), hours=1)
    scene.back(operation, at=make.at(10, 30))
    assert lanes(operation) == {"before": [1], "late": [4], "out": [3, 2], "back": [5]}
    for _ in range(12):
        scene.assigned(operation)
    assert lanes(operation)["before"] == [1, *range(6, 17)]
    assert lanes(operation, "before=2")["before"] == [17]
    assert lanes(operation, "before=9999&out=x")["before"] == [1, *range(6, 17)]


def test_an_unchanged_poll_costs_two_queries_and_a_ticket_alone_opens_nothing(
    django_assert_num_queries: object,
) -> None:
    operation = make.operation()
    scene.out(operation)
    desk = signed_in(operation, Role.TRANSPORT)
    page = desk.get(reverse("dispatch_board", args=[operation.pk])).content.decode()
    found = re.search(r'data-poll-url="([^"]+)" data-version="([^"]+)"', page)
    assert found
    part = unescape(found[1])
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert desk.get(f"{part}&version={found[2]}").status_code == 204
    other = signed_in(operation, Role.NEEDS_DESK)
    for stranger in (Client(), other):
        assert stranger.get(part).status_code == 403
    plain = reverse("dispatch_board_part", args=[operation.pk])
    assert Client().get(plain, {"version": found[2]}).status_code == 403


def test_who_has_a_team_open_stands_on_every_board_until_back_at_the_board() -> None:
    operation = make.operation()
    dispatch = scene.assigned(operation)
    sato, ito = signed_in(operation, Role.MATCHING, name="佐藤 一"), signed_in(operation, Role.TRANSPORT)
    part = reverse("dispatch_board_part", args=[operation.pk])
    before = ito.get(part)["X-Version"]
    mine = reverse("team_working", args=[operation.pk, dispatch.team_id])
    assert "作業中" not in sato.get(mine).content.decode()
    assert "佐藤 一さんが作業中" in ito.get(part, {"version": before}).content.decode()
    told = ito.get(mine)
    assert "佐藤 一さんが、いま1班の作業中です" in told.content.decode()
    assert ito.get(mine, {"version": told["X-Version"]}).status_code == 204
    for who in (sato, ito):
        who.get(reverse("dispatch_board", args=[operation.pk]))
    assert ito.get(part, {"version": before}).status_code == 204
    assert signed_in(make.operation(), Role.CHIEF).get(mine).status_code == 404


def test_a_tap_takes_the_departure_back_and_what_was_gone_is_pulled_back_on_screen() -> None:
    operation = make.operation()
    now = timezone.now()
    dispatch = scene.out(operation, at=now)
    desk = signed_in(operation, Role.TRANSPORT)
    url = reverse("dispatch_board", args=[operation.pk])
    assert "「出発」を取り消す" in desk.get(url).content.decode()
    undo = reverse("board_undo", args=[operation.pk])
    assert desk.post(f"{undo}?before=2", {"what": f"{dispatch.pk}:departed"})["Location"] == f"{url}?before=2"
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.ACCEPTED
    assert desk.post(undo, {"what": "x"}).status_code == 404
    assert desk.post(reverse("board_accept", args=[operation.pk]), {"what": "1"}).status_code == 403
    type(dispatch).objects.filter(pk=dispatch.pk).update(
        accepted_at=now - timedelta(hours=3), heard_at=now - timedelta(hours=3)
    )
    assert "まだ出発していません" in desk.get(url).content.decode()
    desk.post(reverse("board_wait", args=[operation.pk]), {"what": str(dispatch.pk)})
    assert "まだ出発していません" not in desk.get(url).content.decode()
    dispatching.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=timezone.now())
    type(dispatch.need).objects.filter(pk=dispatch.need_id).update(state="completed")
    assert "呼び戻してください" in desk.get(url).content.decode()


def test_one_drawing_serves_all_who_ask_at_once() -> None:
    drawn, made = Drawn(most=2), []
    begin = threading.Barrier(8)

    def draw() -> str:
        made.append(1)
        return "x"

    def ask() -> None:
        begin.wait(30)
        assert drawn.get("board", draw) == "x"

    asking = [threading.Thread(target=ask) for _ in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(30)
    assert made == [1]
    for key in ("a", "b", "board"):
        drawn.get(key, draw)
    assert len(made) == 4  # only the newest two are kept

    def fail() -> str:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        drawn.get("broken", fail)
    assert drawn.get("broken", draw) == "x"
