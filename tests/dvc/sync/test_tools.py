"""The tool desk's tablets: lending and taking back, with and without a network (sync.md §6 row 10, §8 no. 31)."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from dvc.accounts.models import DeviceProfile
from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import gather, inbox_queries, resolutions, tool_desk
from dvc.sync.models import InboxItem, ItemKind, ItemState, Receipt
from intake.checkin.models import FailedScan
from matching.equipment import services as equipment
from matching.equipment.models import Condition, ToolItem, ToolStock
from matching.loans.models import Loan
from matching.teams.models import Team
from tests import make
from tests.dvc.sync.tablet import Tablet, said, tell
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def saw(operation: Operation) -> ToolItem:
    site = operation.center.sites.get()
    (made,) = equipment.add_items(
        operation, site=site, tool="chainsaw", count=1, by=SYSTEM, at=make.at(8), from_stock=False
    )
    return made


def stocked(operation: Operation, **counts: int) -> None:
    equipment.set_stock(operation, site=operation.center.sites.get(), counts=counts, by=SYSTEM, at=make.at(8))


def lent(tablet: Tablet, at: datetime, team: Team, mode: str = "offline", **what: Any) -> dict[str, Any]:
    return said(tablet, "tool.lend", at, mode=mode, team=team.pk, **what)


def back(tablet: Tablet, at: datetime, **what: Any) -> dict[str, Any]:
    return said(tablet, "tool.give_back", at, **what)


def nine(minute: int = 0) -> datetime:
    return make.at(9, minute)


def undisputed(item: ToolItem) -> int:
    """How many teams the center believes to have this piece. More than one is what may never be."""
    return Loan.objects.open().filter(item=item, disputed=False).count()


def by_time(operation: Operation) -> list[Loan]:
    return list(Loan.objects.filter(operation=operation).order_by("lent_at"))


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_conflict_10_a_saw_lent_twice_off_line_is_kept_twice_disputed_and_asked_about(
    operation: Operation, saw: ToolItem, order: tuple[int, ...]
) -> None:
    tablets = [Tablet(operation), Tablet(operation)]
    crews = [scene.team(operation), scene.team(operation)]
    ops = [
        lent(tablets[0], nine(), crews[0], card=saw.token),
        lent(tablets[1], nine(40), crews[1], short_code=saw.short_code),
    ]
    first, second = (tell(tablets[place], ops[place])[0] for place in order)
    assert (first["status"], first["code"]) == ("applied", "ok_lent")
    assert (second["status"], second["code"]) == ("review", "lent_twice")
    early, late = by_time(operation)
    assert (early.team, early.disputed, late.team, late.disputed) == (crews[0], False, crews[1], True)
    item = InboxItem.objects.get(kind=ItemKind.TOOL_TWICE)
    assert second["data"]["inbox"] == item.pk
    assert item.fix == "later"
    assert [loan.team for loan in inbox_queries.loans(item)] == crews
    assert [view.what for view in inbox_queries.views(item)] == ["貸し出した", "貸し出した"]
    assert inbox_queries.lines([item])[0].who == "チェーンソー 1号"


def test_conflict_10_told_again_it_is_the_same_question_with_the_same_answer(
    operation: Operation, saw: ToolItem
) -> None:
    tablets = [Tablet(operation), Tablet(operation)]
    ops = [
        lent(tablet, nine(10 * place), scene.team(operation), item=saw.pk)
        for place, tablet in enumerate(tablets)
    ]
    answers = [tell(tablet, op)[0] for tablet, op in zip(tablets, ops, strict=True)]
    for tablet, op, answer in zip(tablets, ops, answers, strict=True):
        again = tell(tablet, op)[0]
        assert (again["status"], again["code"], again["was"]) == (
            "replayed",
            answer["code"],
            answer["status"],
        )
    assert Loan.objects.count() == 2
    assert InboxItem.objects.filter(kind=ItemKind.TOOL_TWICE).count() == 1


@pytest.mark.parametrize(
    ("choice", "reason", "holder"), [("later", "", 1), ("earlier", "電話で確かめた", 0), ("back", "", None)]
)
def test_conflict_10_a_person_says_who_has_it_and_that_is_kept(
    operation: Operation, saw: ToolItem, choice: str, reason: str, holder: int | None
) -> None:
    crews = [scene.team(operation), scene.team(operation)]
    for place in (1, 0):
        tell(tablet := Tablet(operation), lent(tablet, nine(30 * place), crews[place], item=saw.pk))
    item = InboxItem.objects.get(kind=ItemKind.TOOL_TWICE)
    user = make.user(operation.center, Role.CHIEF)
    if reason:
        with pytest.raises(Refused):
            resolutions.choose(item, choice, reason="", told_at=None, by=make.by(user), at=make.at(11))
    resolutions.choose(item, choice, reason=reason, told_at=None, by=make.by(user), at=make.at(11))
    item.refresh_from_db()
    assert (item.state, item.choice, item.resolved_by, item.reason) == (
        ItemState.RESOLVED, choice, user, reason,
    )  # fmt: skip
    open_loans = list(Loan.objects.open())
    assert [(loan.team, loan.disputed) for loan in open_loans] == (
        [] if holder is None else [(crews[holder], False)]
    )


def test_conflict_10_a_give_back_that_comes_late_settles_it(operation: Operation, saw: ToolItem) -> None:
    """Lent at nine, back at twenty past, lent again at half past; the tablet that saw it come back is told last."""
    crews = [scene.team(operation), scene.team(operation)]
    for place in (0, 1):
        tell(tablet := Tablet(operation), lent(tablet, nine(30 * place), crews[place], item=saw.pk))
    item = InboxItem.objects.get(kind=ItemKind.TOOL_TWICE)
    assert item.is_open
    [answer] = tell(tablet := Tablet(operation), back(tablet, nine(20), item=saw.pk))
    assert answer["code"] == "ok_given_back"
    gather.look_through(operation, at=timezone.now())
    assert not InboxItem.objects.open().filter(pk=item.pk).exists()
    assert [(loan.team, loan.disputed) for loan in Loan.objects.open()] == [(crews[1], False)]


def test_failure_31_one_item_is_not_lent_twice_while_the_network_is_up(
    operation: Operation, saw: ToolItem
) -> None:
    first, second = Tablet(operation), Tablet(operation)
    crews = [scene.team(operation), scene.team(operation)]
    now = timezone.now()
    [won] = tell(first, lent(first, now, crews[0], mode="online", item=saw.pk))
    [lost] = tell(second, lent(second, now, crews[1], mode="online", item=saw.pk))
    assert (won["status"], lost["status"], lost["code"]) == ("applied", "refused", "loan.item_out")
    assert str(crews[0]) in lost["text"]
    assert Loan.objects.get().op is not None
    assert undisputed(saw) == 1
    assert Receipt.objects.count() == 2


def test_failure_31_a_lending_that_was_long_on_its_way_has_happened_and_is_kept(
    operation: Operation, saw: ToolItem
) -> None:
    """The tablet thought it was on-line, and its answer never came: by now the saw is in the field."""
    tablets, crews = (
        [Tablet(operation), Tablet(operation)],
        [scene.team(operation), scene.team(operation)],
    )
    before = timezone.now() - timedelta(minutes=20)
    tell(tablets[0], lent(tablets[0], before, crews[0], mode="online", item=saw.pk))
    [late] = tell(
        tablets[1], lent(tablets[1], before + timedelta(minutes=5), crews[1], mode="online", item=saw.pk)
    )
    assert late["status"] == "review"
    assert (Loan.objects.count(), undisputed(saw)) == (2, 1)


def test_failure_31_control_without_the_constraint_two_teams_would_have_one_saw(
    operation: Operation, saw: ToolItem
) -> None:
    """What `undisputed` measures can happen, and it is the constraint that keeps it from happening."""

    def lend_past_all_rules() -> None:
        Loan.objects.create(
            operation=operation, site=saw.site, tool=saw.tool, item=saw, team=scene.team(operation), lent_at=nine()
        )  # fmt: skip

    lend_past_all_rules()
    with pytest.raises(IntegrityError), transaction.atomic():
        lend_past_all_rules()
    assert undisputed(saw) == 1
    rule = next(one for one in Loan._meta.constraints if one.name == "one_open_loan_per_item")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {rule.name}")
        lend_past_all_rules()
        assert undisputed(saw) == 2
        transaction.set_rollback(True)


def test_counts_are_lent_and_given_back_in_any_order_of_arrival(operation: Operation) -> None:
    stocked(operation, shovel=10)
    crew, tablet = scene.team(operation), Tablet(operation)
    out = lent(tablet, nine(), crew, tool="shovel", count=4)
    home = back(tablet, nine(50), tool="shovel", count=4, team=crew.pk)
    [early] = tell(tablet, home)
    assert early["code"] == "given_back_unknown"
    [answer] = tell(tablet, out)
    assert answer["code"] == "ok_lent"
    assert not Loan.objects.open().exists()
    assert ToolStock.objects.get().out == 0


def test_more_than_is_counted_is_refused_at_once_and_kept_when_it_has_happened(operation: Operation) -> None:
    stocked(operation, shovel=3)
    crew, tablet = scene.team(operation), Tablet(operation)
    [no] = tell(tablet, lent(tablet, timezone.now(), crew, mode="online", tool="shovel", count=5))
    assert (no["status"], no["code"]) == ("refused", "loan.not_enough")
    [kept] = tell(tablet, lent(tablet, nine(), crew, tool="shovel", count=5))
    assert (kept["status"], kept["code"]) == ("applied", "lent_uncounted")
    stock = ToolStock.objects.get()
    assert (stock.count, stock.out) == (5, 5)


def test_what_comes_back_broken_is_lent_to_nobody(operation: Operation, saw: ToolItem) -> None:
    crew, tablet = scene.team(operation), Tablet(operation)
    tell(
        tablet, lent(tablet, nine(), crew, item=saw.pk), back(tablet, nine(50), item=saw.pk, outcome="broken")
    )
    saw.refresh_from_db()
    assert saw.condition == Condition.BROKEN
    [again] = tell(tablet, lent(tablet, make.at(10), crew, item=saw.pk))
    assert again["code"] == "lent_broken"


def test_a_card_that_is_no_tools_is_kept_for_a_person(operation: Operation) -> None:
    tablet = Tablet(operation)
    [answer] = tell(tablet, lent(tablet, nine(), scene.team(operation), short_code="AAAA-AAAA"))
    assert (answer["status"], answer["code"]) == ("merged", "no_such_tool")
    assert FailedScan.objects.get().code == "no_such_tool"


def test_a_lending_and_a_give_back_are_taken_back_for_a_while(operation: Operation, saw: ToolItem) -> None:
    stocked(operation, shovel=5)
    crew, tablet = scene.team(operation), Tablet(operation)
    out = lent(tablet, nine(), crew, tool="shovel", count=2)
    home = back(tablet, nine(2), tool="shovel", count=2, team=crew.pk)
    tell(tablet, out, home)
    [undone] = tell(tablet, said(tablet, "visit.undo", nine(3), op=home["op_id"], of="tool.give_back"))
    assert undone["code"] == "annulled"
    assert ToolStock.objects.get().out == 2
    tell(tablet, said(tablet, "visit.undo", nine(4), op=out["op_id"], of="tool.lend"))
    assert ToolStock.objects.get().out == 0
    assert Loan.objects.get().annulled


def test_a_lending_to_nobody_is_refused(operation: Operation, saw: ToolItem) -> None:
    tablet = Tablet(operation)
    [answer] = tell(tablet, said(tablet, "tool.lend", nine(), item=saw.pk))
    assert (answer["status"], answer["code"]) == ("refused", "loan.borrower")
    other = scene.team(make.operation(make.center("別のセンター")))
    [foreign] = tell(tablet, lent(tablet, nine(), other, item=saw.pk))
    assert foreign["code"] == "loan.borrower"
    assert not Loan.objects.exists()


# ── what the tablet holds ──────────────────────────────────────────────────────────────────────
def held(tablet: Tablet, since: str = "") -> dict[str, Any]:
    answer = tablet.client.get(
        f"/api/v1/sync/tools?operation={tablet.operation.pk}&since={since}",
        headers={"authorization": f"Device {tablet.device.pk}.{tablet.secret}"},
    )
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def tool_tablet(operation: Operation) -> Tablet:
    tablet = Tablet(operation)
    type(tablet.device).objects.filter(pk=tablet.device.pk).update(profile=DeviceProfile.TOOLS)
    return tablet


def test_a_tool_tablet_holds_teams_pieces_and_counts_and_of_people_the_leaders_short_name(
    operation: Operation, saw: ToolItem
) -> None:
    stocked(operation, shovel=5)
    need = make.need(operation, tools={"shovel": 3})
    crew = scene.assigned(operation, need=need).team
    tablet = tool_tablet(operation)
    tell(tablet, lent(tablet, nine(), crew, item=saw.pk), lent(tablet, nine(), crew, tool="shovel", count=2))
    first = held(tablet)
    assert first["whole"]
    tools = first["head"]["tools"]
    [team] = tools["teams"]
    assert (team["name"], team["leader"], team["offer"], team["has"]) == (
        str(crew), "髙﨑 一…", {"shovel": 3}, {"shovel": 2},
    )  # fmt: skip
    [piece] = tools["items"]
    assert (piece["name"], piece["prefix"], piece["with"]) == (
        "チェーンソー 1号",
        saw.card_id[:16],
        str(crew),
    )
    assert tools["stock"] == {str(saw.site_id): {"shovel": 3}}
    assert "090-" not in json.dumps(first, ensure_ascii=False)
    assert "高橋" not in json.dumps(first, ensure_ascii=False)

    assert held(tablet, first["cursor"])["head"] == {}
    tell(tablet, back(tablet, nine(30), item=saw.pk))
    assert held(tablet, first["cursor"])["head"]["tools"]["items"][0]["with"] == ""
    assert held(tablet, "another.0000")["whole"]


def test_only_a_tool_tablet_is_told_of_tools_and_it_is_told_of_nobody_else(operation: Operation) -> None:
    reception, tools = Tablet(operation), tool_tablet(operation)
    for tablet, path in ((reception, "tools"), (tools, "snapshot")):
        answer = tablet.client.get(
            f"/api/v1/sync/{path}?operation={operation.pk}",
            headers={"authorization": f"Device {tablet.device.pk}.{tablet.secret}"},
        )
        assert answer.status_code == 403


def test_a_tool_tablet_is_told_which_of_its_own_records_are_counted_already(operation: Operation) -> None:
    stocked(operation, shovel=5)
    crew = scene.assigned(operation, need=make.need(operation)).team
    tablet, other = tool_tablet(operation), tool_tablet(operation)
    first = held(tablet)
    assert first["head"]["tools"]["told"] == []
    lending, giving_back = (
        lent(tablet, nine(), crew, tool="shovel", count=2),
        back(tablet, nine(30), tool="shovel", count=1, team=crew.pk),
    )
    tell(tablet, lending)
    tell(other, lent(other, nine(), crew, tool="shovel", count=1))
    second = held(tablet, first["cursor"])
    tools = second["head"]["tools"]
    assert (tools["told"], tools["teams"][0]["has"]) == ([lending["op_id"]], {"shovel": 3})

    tell(tablet, giving_back)
    tools = held(tablet, second["cursor"])["head"]["tools"]
    assert tools["told"] == [giving_back["op_id"], lending["op_id"]]
    assert tools["teams"][0]["has"] == {"shovel": 2}


@pytest.mark.django_db(transaction=True)
def test_what_is_counted_and_which_records_are_in_it_tell_of_the_same_moment(operation: Operation) -> None:
    stocked(operation, shovel=40)
    crew = scene.assigned(operation, need=make.need(operation)).team
    tablet = tool_tablet(operation)

    def send() -> None:
        try:
            for minute in range(40):
                tell(tablet, lent(tablet, nine(minute), crew, tool="shovel", count=1))
        finally:
            connection.close()

    sending = Thread(target=send)
    sending.start()
    counted: list[tuple[int, int]] = []
    while sending.is_alive() or not counted:
        tools = tool_desk.seen_by(tablet.device, operation)
        counted.append((tools["teams"][0]["has"].get("shovel", 0), len(tools["told"])))
    sending.join()
    assert [one for one in counted if one[0] != one[1]] == []
    assert tool_desk.seen_by(tablet.device, operation)["teams"][0]["has"] == {"shovel": 40}
