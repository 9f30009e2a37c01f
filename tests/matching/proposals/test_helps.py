"""What would help most: tried after the offers are out, kept with the run, shown to the chief while it holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from matching.proposals import board as screen
from matching.proposals import runs, what_if
from matching.proposals.models import MatchRun
from matching.proposals.shortages import HELPS_HOLD, Helping, helpings
from matching.solver.helps import to_json
from tests import make
from tests.matching.proposals.morning import answer, people, present
from tests.matching.proposals.test_pages import NOW, signed_in, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    return operations.set_clock(drill, reading=NOW, speed=0, by=SYSTEM, at=NOW)


def without_a_truck(operation: Operation) -> None:
    """A need that waits for nothing but a truck: somebody who may drive it is here."""
    make.need(operation, people_ideal=2, people_max=2, needs_truck=True)
    present(operation, "運転", skills=["driver"], experience=3)
    people(operation, 2)


@pytest.mark.database
def test_a_truck_that_would_let_a_need_go_is_kept_with_the_run_and_said_on_the_board(
    operation: Operation,
) -> None:
    without_a_truck(operation)
    run = answer(operation, at=NOW)
    assert run.helps is not None
    assert {"kind": "truck", "needs": 1, "people": 2}.items() <= run.helps[0].items()
    page = text(signed_in(operation, Role.MATCHING), url("matching_board", operation))
    assert "今日いちばん役に立つもの：軽トラックがあと1台で、困りごと1件が進み、2人が班に入れます" in page


@pytest.mark.database
def test_it_stays_when_a_change_is_answered_soon_after_and_goes_when_it_is_old(operation: Operation) -> None:
    without_a_truck(operation)
    first = answer(operation, at=NOW)
    again = answer(operation, at=NOW, why="change")
    assert again.helps is None
    shown = screen.board(operation, at=NOW, real=NOW).engine
    assert [one.label for one in shown.helps] == [one.label for one in helpings(first.helps or ())]
    assert shown.helps_at == first.finished_at
    later = NOW + HELPS_HOLD + timedelta(minutes=1)
    assert screen.board(operation, at=later, real=later).engine.helps == ()


@pytest.mark.database
def test_the_page_of_the_day_has_one_line_of_it_for_those_who_match(operation: Operation) -> None:
    without_a_truck(operation)
    answer(operation, at=NOW)
    line = "今日いちばん役に立つもの：軽トラックがあと1台で、困りごと1件が進み、2人が班に入れます"
    assert line in text(signed_in(operation, Role.CHIEF), url("home", operation))
    assert line not in text(signed_in(operation, Role.RECEPTION), url("home", operation))


def test_after_changes_alone_it_is_tried_anew_every_few_minutes(operation: Operation) -> None:
    without_a_truck(operation)
    first = answer(operation, at=NOW)
    MatchRun.objects.filter(pk=first.pk).update(requested_at=NOW - runs.AT_LEAST_EVERY)
    assert answer(operation, at=NOW, why="change").helps is not None


def test_nothing_is_tried_while_another_operation_asks(operation: Operation) -> None:
    without_a_truck(operation)
    other = make.operation(make.center("隣の市"))
    runs.request_run(other, why="test", by=SYSTEM, at=NOW - timedelta(minutes=1))
    assert answer(operation, at=NOW).helps is None


def test_nothing_is_tried_while_somebody_waits_for_a_what_if(operation: Operation) -> None:
    without_a_truck(operation)
    what_if.ask(operation, what_if.Change(leaders=1), by=SYSTEM, at=NOW)
    run = answer(operation, at=timezone.now())
    assert (run.helps, run.bound) == (None, None)


def test_a_board_without_it_says_nothing(operation: Operation, client: Client) -> None:
    make.need(operation)
    people(operation, 3)
    assert answer(operation, at=NOW).helps == []
    assert "いちばん役に立つ" not in text(
        signed_in(operation, Role.MATCHING), url("matching_board", operation)
    )


@pytest.mark.parametrize(
    ("kind", "what", "amount", "label", "said"),
    [
        ("leader", "2", 2, "リーダーになれる人", "2人"),
        ("leader", "3", 1, "危険な作業もまかせられるリーダー", "1人"),
        ("tool", "shovel", 3, "角スコップ", "3つ"),
        ("skill", "chainsaw", 1, "「チェーンソー」のできる人", "1人"),
        ("lang", "en", 1, "英語を話せる人", "1人"),
        ("shuttle", "R1", 8, "送迎の席", "8席"),
        ("car", "", 1, "センターの車（8人乗り）", "1台"),
        ("own_car", "", 1, "車で来てくれる人（5人乗り）", "1人"),
        ("driver", "", 1, "センターの車を運転できる人", "1人"),
        ("woman", "", 1, "女性のボランティア", "1人"),
        ("people", "", 4, "ボランティア", "4人"),
    ],
)
def test_each_thing_has_its_words(kind: str, what: str, amount: int, label: str, said: str) -> None:
    row = {"kind": kind, "what": what, "amount": amount, "needs": 3, "people": 0, "points": 12.4, "place": ""}
    assert helpings([row]) == (Helping(label, said, 3, 0, 12),)
    assert helpings([row])[0].short == f"{label}があと{said}で、困りごと3件が進みます"
    assert helpings([row | {"place": "西"}])[0].label == f"{label}（西）"


def test_people_alone_are_said_alone() -> None:
    one = Helping("軽トラック", "1台", 0, 5, 30)
    assert one.short == "軽トラックがあと1台で、5人が班に入れます"
    assert to_json((), {}) == []
