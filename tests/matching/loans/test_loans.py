"""Tools are lent and come back; counts add up whatever the order in which it is told."""

from __future__ import annotations

import itertools
import threading
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from matching.equipment import services as equipment
from matching.equipment.models import Condition, ToolItem, ToolStock
from matching.loans import queries, services
from matching.loans.models import GiveBack, Loan, Outcome
from matching.loans.services import Back, Borrower
from matching.teams.models import Team
from tests import make
from tests.infra.late import meanwhile
from tests.matching.dispatch import scene


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def site(operation: Operation) -> Site:
    return operation.center.sites.get()


def stocked(operation: Operation, **counts: int) -> Site:
    site: Site = operation.center.sites.get()
    equipment.set_stock(operation, site=site, counts=counts, by=SYSTEM, at=make.at(8))
    return site


def saw(operation: Operation) -> ToolItem:
    site = operation.center.sites.get()
    (made,) = equipment.add_items(
        operation, site=site, tool="chainsaw", count=1, by=SYSTEM, at=make.at(8), from_stock=False
    )
    return made


def team(operation: Operation) -> Team:
    return scene.team(operation)


def lend(
    operation: Operation, to: Team, *, at: datetime = scene.TEN, token: UUID | None = None,
    items: tuple[ToolItem, ...] = (), **counts: int,
) -> list[Loan]:  # fmt: skip
    return services.lend(
        operation, Borrower(team=to), site=operation.center.sites.get(), counts=counts, items=items, by=SYSTEM, at=at,
        token=token,
    )  # fmt: skip


def numbers(operation: Operation, tool: str = "shovel") -> tuple[int, int, int]:
    row = ToolStock.objects.get(operation=operation, tool=tool)
    return row.count, row.out, row.broken


@pytest.mark.django_db
def test_what_is_lent_is_out_and_what_comes_back_is_there_again(operation: Operation) -> None:
    stocked(operation, shovel=10, cart=2)
    crew = team(operation)
    lend(operation, crew, shovel=4, cart=1)
    assert queries.said(queries.of_team(crew.pk)) == "角スコップ × 4、台車 × 1"
    assert queries.available(operation)[operation.center.sites.get().pk]["shovel"] == 6
    services.give_back(operation, tool="shovel", count=3, team=crew, by=SYSTEM, at=scene.ONE)
    assert numbers(operation) == (10, 1, 0)
    services.give_back(operation, tool="shovel", count=1, team=crew, by=SYSTEM, at=scene.ONE)
    assert numbers(operation) == (10, 0, 0)
    assert queries.said(queries.of_team(crew.pk)) == "台車 × 1"
    assert Entry.objects.filter(action="loan.lent").count() == 2
    assert Entry.objects.filter(action="loan.given_back").count() == 2


@pytest.mark.django_db
def test_more_than_is_there_is_refused_with_where_the_rest_is(operation: Operation) -> None:
    site = stocked(operation, shovel=5)
    other = Site.objects.create(center=operation.center, name="北拠点", lat=38.3, lng=141.0)
    equipment.set_stock(operation, site=other, counts={"shovel": 7}, by=SYSTEM, at=make.at(8))
    equipment.break_stock(
        operation, site=site, tool="shovel", count=1, note="柄が折れた", by=SYSTEM, at=make.at(9)
    )
    first = team(operation)
    services.lend(operation, Borrower(team=first), site=site, counts={"shovel": 2}, by=SYSTEM, at=scene.TEN)
    with pytest.raises(Refused) as refused:
        services.lend(
            operation,
            Borrower(team=team(operation)),
            site=site,
            counts={"shovel": 3},
            by=SYSTEM,
            at=scene.TEN,
        )
    assert refused.value.code == "loan.not_enough"
    assert refused.value.text == (
        f"「角スコップ」は、本部に残り2です。ほかは、北拠点に7、{first}に2、こわれているもの1です。"
    )
    assert Loan.objects.count() == 1


@pytest.mark.django_db
def test_one_thing_that_is_not_there_keeps_back_everything(operation: Operation) -> None:
    stocked(operation, shovel=5, cart=1)
    with pytest.raises(Refused):
        lend(operation, team(operation), shovel=2, cart=2)
    assert not Loan.objects.exists()
    assert numbers(operation) == (5, 0, 0)


@pytest.mark.django_db
def test_a_form_sent_twice_lends_once(operation: Operation) -> None:
    stocked(operation, shovel=5)
    crew, token, piece = team(operation), uuid4(), saw(operation)
    for _ in range(2):
        lend(operation, crew, token=token, items=(piece,), shovel=2)
    assert numbers(operation) == (5, 2, 0)
    assert Loan.objects.count() == 2


@pytest.mark.django_db
def test_a_lent_saw_is_refused_to_the_next_team_with_whom_to_ask(operation: Operation) -> None:
    piece, first = saw(operation), team(operation)
    lend(operation, first, items=(piece,))
    with pytest.raises(Refused) as refused:
        lend(operation, team(operation), items=(piece,), at=make.at(10, 5))
    assert refused.value.text == (
        f"チェーンソー 1号は、10:00から{first}（リーダー 髙﨑 一郎さん）に貸しています。返ってきたら、先に返却を記録してください。"
    )


@pytest.mark.django_db
def test_a_broken_saw_is_lent_to_nobody_until_it_is_mended(operation: Operation) -> None:
    piece, first = saw(operation), team(operation)
    (loan,) = lend(operation, first, items=(piece,))
    services.give_back_loan(
        loan, count=1, outcome=Outcome.BROKEN, note="エンジンがかからない", by=SYSTEM, at=scene.ONE
    )
    piece.refresh_from_db()
    with pytest.raises(Refused) as refused:
        lend(operation, first, items=(piece,), at=scene.ONE)
    assert "エンジンがかからない" in refused.value.text
    equipment.set_condition(piece, Condition.FINE, by=SYSTEM, at=scene.ONE)
    lend(operation, first, items=(piece,), at=scene.ONE)


@pytest.mark.django_db
def test_what_is_short_at_the_return_needs_a_reason_and_changes_the_stock(operation: Operation) -> None:
    stocked(operation, shovel=10)
    crew = team(operation)
    lend(operation, crew, shovel=6)
    with pytest.raises(Refused) as refused:
        services.take_back_all(crew, [Back("shovel", 4)], by=SYSTEM, at=scene.ONE)
    assert refused.value.code == "loan.reason_needed"
    with pytest.raises(Refused) as refused:
        services.take_back_all(crew, [Back("shovel", 7)], by=SYSTEM, at=scene.ONE)
    assert refused.value.code == "loan.too_many_back"
    assert numbers(operation) == (10, 6, 0)
    services.take_back_all(crew, [Back("shovel", 4, Outcome.LEFT)], by=SYSTEM, at=scene.ONE)
    (missing,) = queries.unreturned(operation, at=scene.ONE)
    assert (missing.what, missing.left_behind, missing.caller) == ("角スコップ × 2", 2, "髙﨑 一郎")
    services.take_back_all(crew, [Back("shovel", 0, Outcome.LOST)], by=SYSTEM, at=scene.ONE)
    assert numbers(operation) == (8, 0, 0)
    assert not queries.unreturned(operation, at=scene.ONE)


@pytest.mark.django_db
def test_a_person_borrows_with_a_reason_only(operation: Operation) -> None:
    site = stocked(operation, shovel=3)
    with pytest.raises(Refused) as refused:
        services.lend(
            operation, Borrower(person="総務の田中"), site=site, counts={"shovel": 1}, by=SYSTEM, at=scene.TEN
        )
    assert refused.value.code == "loan.borrower"
    services.lend(
        operation, Borrower(person="総務の田中", phone="090-0000-0001", reason="駐車場の泥かき"), site=site,
        counts={"shovel": 1}, by=SYSTEM, at=scene.TEN,
    )  # fmt: skip
    (missing,) = queries.unreturned(operation, at=scene.ONE)
    assert (missing.who, missing.phone) == ("総務の田中さん", "090-0000-0001")


@pytest.mark.django_db
def test_the_count_cannot_be_corrected_below_what_is_out_or_broken(operation: Operation) -> None:
    site = stocked(operation, shovel=10)
    lend(operation, team(operation), shovel=6)
    with pytest.raises(Refused) as refused:
        equipment.set_stock(
            operation, site=site, counts={"shovel": 5}, reason="数え直した", by=SYSTEM, at=scene.TEN
        )
    assert refused.value.code == "equipment.more_are_out"
    with pytest.raises(Refused) as refused:
        equipment.set_stock(operation, site=site, counts={"shovel": 8}, by=SYSTEM, at=scene.TEN)
    assert refused.value.code == "equipment.reason_needed"
    equipment.set_stock(
        operation, site=site, counts={"shovel": 8}, reason="数え直した", by=SYSTEM, at=scene.TEN
    )
    entry = Entry.objects.filter(action="equipment.stock_set").latest("id")
    assert entry.details["counts"] == {"shovel": [10, 8]}
    assert entry.details["reason"] == "数え直した"


@pytest.mark.django_db
def test_more_lent_offline_than_was_counted_corrects_the_count(operation: Operation) -> None:
    site = stocked(operation, shovel=3)
    lent = services.record_lent(
        operation, Borrower(team=team(operation)), site=site, tool="shovel", count=5, by=SYSTEM, at=scene.TEN, op=uuid4()
    )  # fmt: skip
    assert lent.raised == 2
    assert numbers(operation) == (5, 5, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_what_three_tablets_tell_of_a_saw_comes_to_the_same_in_any_order(
    operation: Operation, order: tuple[int, ...]
) -> None:
    """Lent at nine, back at half past, lent again at ten: one open loan, nothing disputed."""
    piece, first, second = saw(operation), team(operation), team(operation)
    site = operation.center.sites.get()

    def nine() -> None:
        services.record_lent(
            operation, Borrower(team=first), site=site, item=piece, by=SYSTEM, at=make.at(9), op=uuid4()
        )

    def half_past() -> None:
        services.give_back(operation, item=piece, by=SYSTEM, at=make.at(9, 30), op=uuid4())

    def ten() -> None:
        services.record_lent(
            operation, Borrower(team=second), site=site, item=piece, by=SYSTEM, at=make.at(10), op=uuid4()
        )

    told = [nine, half_past, ten]
    for place in order:
        told[place]()
    open_loan = Loan.objects.get(closed_at=None)
    assert (open_loan.team, open_loan.disputed) == (second, False)
    assert Loan.objects.get(team=first).closed_at == make.at(9, 30)


@pytest.mark.django_db
@pytest.mark.parametrize("order", [(9, 10), (10, 9)])
def test_a_saw_lent_twice_offline_is_disputed_in_the_same_way_in_any_order(
    operation: Operation, order: tuple[int, int]
) -> None:
    piece = saw(operation)
    crews = {9: team(operation), 10: team(operation)}
    site = operation.center.sites.get()
    results = [
        services.record_lent(
            operation, Borrower(team=crews[hour]), site=site, item=piece, by=SYSTEM, at=make.at(hour), op=uuid4()
        )
        for hour in order
    ]  # fmt: skip
    assert [bool(result.others) for result in results] == [False, True]
    assert [(loan.team, loan.disputed) for loan in services.disputing(piece)] == [
        (crews[9], False),
        (crews[10], True),
    ]
    later = Loan.objects.get(team=crews[10])
    services.has_it(later, by=SYSTEM, at=make.at(11))
    assert not services.disputing(piece)
    assert (Loan.objects.get(closed_at=None), Loan.objects.get(team=crews[9]).closed_at) == (
        later,
        make.at(10),
    )


@pytest.mark.django_db
def test_a_loan_that_was_a_mistake_leaves_no_trace_in_the_counts(operation: Operation) -> None:
    stocked(operation, shovel=5)
    (loan,) = lend(operation, team(operation), shovel=2)
    assert services.annul(loan, by=SYSTEM, at=scene.TEN)
    assert not services.annul(loan, by=SYSTEM, at=scene.TEN)
    assert numbers(operation) == (5, 0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("outcome", [Outcome.FINE, Outcome.BROKEN, Outcome.LOST])
def test_a_give_back_that_was_a_mistake_is_taken_back(operation: Operation, outcome: Outcome) -> None:
    stocked(operation, shovel=5)
    crew, op = team(operation), uuid4()
    lend(operation, crew, shovel=2)
    services.give_back(
        operation, tool="shovel", count=2, team=crew, outcome=outcome, by=SYSTEM, at=scene.ONE, op=op
    )
    services.reopen(list(GiveBack.objects.filter(op=op)), by=SYSTEM, at=scene.ONE)
    assert numbers(operation) == (5, 2, 0)
    assert queries.said(queries.of_team(crew.pk)) == "角スコップ × 2"


@pytest.mark.parametrize("outcome", [Outcome.FINE, Outcome.BROKEN])
@pytest.mark.django_db
def test_a_give_back_that_was_a_mistake_is_out_again_whatever_was_counted_or_mended_since(
    operation: Operation, outcome: Outcome
) -> None:
    site, op = stocked(operation, shovel=5), uuid4()
    crew = team(operation)
    lend(operation, crew, shovel=5)
    services.give_back(
        operation, tool="shovel", count=5, team=crew, outcome=outcome, by=SYSTEM, at=scene.ONE, op=op
    )
    if outcome == Outcome.BROKEN:
        equipment.mend_stock(operation, site=site, tool="shovel", count=5, by=SYSTEM, at=make.at(14))
    equipment.set_stock(
        operation, site=site, counts={"shovel": 2}, reason="数え直した", by=SYSTEM, at=make.at(14)
    )
    services.reopen(list(GiveBack.objects.filter(op=op)), by=SYSTEM, at=make.at(15))
    assert numbers(operation) == (5, 5, 0)


@pytest.mark.django_db(transaction=True)
def test_twenty_desks_that_lend_one_saw_at_the_same_moment_make_one_loan() -> None:
    operation = make.operation()
    piece = saw(operation)
    crews = [team(operation) for _ in range(20)]
    codes = at_once(20, lambda number: lend(operation, crews[number], items=(piece,)))
    assert sorted(codes) == ["done", *["loan.item_out"] * 19]
    assert Loan.objects.filter(item=piece, closed_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_ten_times_at_once_lends_once_and_no_tap_is_told_that_it_failed() -> None:
    operation = make.operation()
    stocked(operation, shovel=50)
    crew, piece, token = team(operation), saw(operation), uuid4()
    codes = at_once(10, lambda _: lend(operation, crew, token=token, items=(piece,), shovel=3))
    assert codes == ["done"] * 10
    assert numbers(operation) == (50, 3, 0)
    assert Loan.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_piece_that_is_lent_at_this_moment_is_not_put_out_of_use() -> None:
    operation = make.operation()
    crew, piece = team(operation), saw(operation)

    def retire() -> None:
        services.set_condition(piece, Condition.RETIRED, note="古い", by=SYSTEM, at=scene.TEN)

    with pytest.raises(Refused) as refused, meanwhile(retire):
        lend(operation, crew, items=(piece,))
    assert refused.value.code == "equipment.item_is_out"


@pytest.mark.parametrize("way", ["list", "return"])
@pytest.mark.django_db(transaction=True)
def test_two_desks_that_take_back_the_same_piece_never_wait_for_one_another(way: str) -> None:
    operation = make.operation()
    crew, piece = team(operation), saw(operation)
    (loan,) = lend(operation, crew, items=(piece,))

    def take_back() -> None:
        if way == "list":
            services.give_back_loan(loan, count=1, outcome=Outcome.FINE, by=SYSTEM, at=scene.ONE)
        else:
            services.take_back_all(crew, [Back("chainsaw", 1, item=piece)], by=SYSTEM, at=scene.ONE)
        connections.close_all()

    other = threading.Thread(target=take_back)
    with transaction.atomic():  # as a tablet that has read its card: the piece, then its loans
        ToolItem.objects.select_for_update().get(pk=piece.pk)
        other.start()
        other.join(timeout=0.7)
        list(Loan.objects.of_item(piece.pk).select_for_update())
    other.join(timeout=60)
    assert not Loan.objects.open().exists()


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_twenty_times_at_once_takes_back_once() -> None:
    operation = make.operation()
    stocked(operation, shovel=50)
    (loan,) = lend(operation, team(operation), shovel=45)
    token = uuid4()
    codes = at_once(
        20,
        lambda _: services.give_back_loan(
            loan, count=2, outcome=Outcome.FINE, by=SYSTEM, at=scene.ONE, token=token
        ),
    )
    assert codes == ["done"] * 20
    assert numbers(operation) == (50, 43, 0)
    assert GiveBack.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_team_that_hands_everything_over_at_ten_desks_at_once_hands_it_over_once() -> None:
    operation = make.operation()
    stocked(operation, shovel=5)
    crew = team(operation)
    lend(operation, crew, shovel=5)
    told = [Back("shovel", 5)]
    codes = at_once(10, lambda _: services.take_back_all(crew, told, by=SYSTEM, at=scene.ONE))
    assert codes == ["done"] * 10
    assert numbers(operation) == (5, 0, 0)
    assert GiveBack.objects.filter(loan=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_twenty_desks_that_lend_three_each_of_ten_serve_three() -> None:
    operation = make.operation()
    stocked(operation, shovel=10)
    crews = [team(operation) for _ in range(20)]
    codes = at_once(20, lambda number: lend(operation, crews[number], shovel=3))
    assert sorted(codes) == [*["done"] * 3, *["loan.not_enough"] * 17]
    assert numbers(operation) == (10, 9, 0)


def at_once(many: int, work: object) -> list[str]:
    start, codes = threading.Barrier(many), list[str]()

    def one(number: int) -> None:
        try:
            start.wait(timeout=30)
            work(number)  # type: ignore[operator]
            codes.append("done")
        except Refused as refused:
            codes.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    connection.ensure_connection()
    return codes
