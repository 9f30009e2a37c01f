"""Queries that are written once find what Django's own find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import (
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.test.utils import CaptureQueriesContext

from dvc.core.compiled import LENGTHS, compiled
from dvc.sync.models import QuarantinedOp
from intake.volunteers import cards
from intake.volunteers.models import Card, Volunteer
from tests import make

pytestmark = pytest.mark.django_db

Ask = Callable[..., QuerySet[Any]]
ONE: dict[str, Ask] = {
    "by id": lambda pk: Volunteer.objects.filter(pk=pk),
    "by id, twice": lambda pk: Volunteer.objects.filter(Q(pk=pk) | Q(merged_into=pk)),
    "or": lambda pk: Volunteer.objects.filter(Q(pk=pk) | Q(family_name="原")),
    "not": lambda pk: Volunteer.objects.exclude(pk=pk),
    "no value": lambda pk: Volunteer.objects.filter(birth_date=None, pk=pk),
    "backwards": lambda pk: Volunteer.objects.filter(pk__lte=pk).order_by("-pk"),
    "the second": lambda pk: Volunteer.objects.filter(pk__lte=pk)[1:2],
    "once each": lambda pk: Volunteer.objects.filter(cards__center__gt=0, pk=pk).distinct(),
    "with a join": lambda pk: Card.objects.filter(holder__pk=pk),
    "of a relation": lambda pk: Card.objects.filter(holder=pk),
    "with its center": lambda pk: Volunteer.objects.select_related("center").filter(pk=pk),
    "with another": lambda pk: Volunteer.objects.select_related("merged_into").filter(pk=pk),
    "with who stands for the holder": lambda pk: Card.objects.select_related("holder__merged_into").filter(
        holder=pk
    ),
    "part of a row": lambda pk: Volunteer.objects.only("family_name").filter(pk=pk),
    "by who sent it": lambda pk: QuarantinedOp.objects.filter(actor__pk=pk),
    "with a number of its own": lambda pk: Volunteer.objects.annotate(n=Count("cards")).filter(pk=pk),
    "with what a subquery knows": lambda pk: Volunteer.objects.annotate(
        has=Exists(Card.objects.filter(holder=OuterRef("pk"), holder__lte=pk))
    ).order_by("pk"),
    "in a subquery": lambda pk: Volunteer.objects.filter(
        pk__in=Card.objects.filter(holder=pk).values("holder")
    ),
    "beside a subquery": lambda pk: Volunteer.objects.filter(
        ~Exists(Card.objects.filter(holder=OuterRef("pk"), holder__gte=pk)), pk__lte=pk
    ).order_by("pk"),
}
COLUMNS: dict[str, Ask] = {
    "of the row": lambda pk: Volunteer.objects.filter(pk=pk).values_list("pk", "birth_date", "skills"),
    "of a relation": lambda pk: Card.objects.filter(holder=pk).values_list("holder__skills", "holder__registered_at"),
    "beside a value": lambda pk: Volunteer.objects.filter(pk=pk).values_list("pk", Value(pk)),
    "of both": lambda pk: (
        Volunteer.objects.order_by().filter(pk=pk).annotate(day=Value(date(2026, 7, 1), output_field=DateField()))
        .values_list("pk", "day")
        .union(
            Card.objects.order_by().filter(holder=pk).annotate(day=F("issued_on")).values_list("holder_id", "day"),
            all=True,
        )
    ),
}  # fmt: skip


@pytest.fixture
def ids() -> list[int]:
    center, at = make.center(), make.at(8)
    by = make.by(make.user(center))
    people = [make.volunteer(center) for _ in range(4)]
    stock = cards.issue_stock(center, count=len(people), by=by, at=at)
    for card, person in zip(stock.cards.order_by("pk"), people, strict=True):
        cards.bind(card, person, by=by, at=at, on=make.day(at))
    return [person.pk for person in people]


def _finds_the_same(ask: Ask, *args: tuple[Any, ...]) -> list[int]:
    """Asserts that both ways find the same rows with as many statements; how many rows, for each of `args`."""
    written_once = compiled(ask)
    numbers = []
    for these in args:
        with CaptureQueriesContext(connection) as plain:
            wanted = list(ask(*these))
        with CaptureQueriesContext(connection) as once:
            found = written_once(*these)
        assert found == wanted
        assert [row.__dict__.keys() for row in found] == [row.__dict__.keys() for row in wanted]
        assert len(once) == len(plain)
        numbers.append(len(found))
    return numbers


@pytest.mark.parametrize("name", ONE)
def test_every_shape_finds_the_same_with_every_value(ids: list[int], name: str) -> None:
    numbers = _finds_the_same(ONE[name], *[(pk,) for pk in (*ids, ids[0], 1_999_999_999)])
    assert len(numbers) == len(ids) + 2
    assert numbers[0] == numbers[-2]


@pytest.mark.parametrize("name", ONE)
def test_the_text_is_the_one_django_writes(ids: list[int], name: str) -> None:
    written_once = compiled(ONE[name])
    with CaptureQueriesContext(connection) as both:
        assert written_once(ids[0]) == list(ONE[name](ids[0]))
    assert both[0]["sql"] == both[1]["sql"]


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_the_ones_django_reads(ids: list[int], name: str) -> None:
    written_once = compiled(COLUMNS[name])
    for pk in (*ids, ids[0], 1_999_999_999):
        found = written_once(pk)
        assert sorted(found) == sorted(COLUMNS[name](pk))
        assert bool(found) == (pk in ids)


def test_any_number_of_values_is_asked_for(ids: list[int]) -> None:
    more = [max(ids) + number for number in range(1, LENGTHS[-1])]
    some: list[Any] = [ids[:2], ids[:3], ids[::-1], [], set(ids), tuple(ids[:2]), ids[:1]]
    some += [[*ids, *more][:length] for each in LENGTHS for length in (each, each + 1)]
    some += [[*more, *ids]]
    numbers = _finds_the_same(
        lambda pks: Volunteer.objects.filter(pk__in=pks).order_by("pk"), *[(pks,) for pks in some]
    )
    assert numbers == [len(set(ids) & set(pks)) for pks in some]


def test_texts_ids_days_and_moments_are_asked_for(ids: list[int]) -> None:
    def by_text(names: list[str], center: int) -> QuerySet[Volunteer]:
        return Volunteer.objects.filter(family_name__in=names, center=center)

    def by_time(first: date, last: date, since: datetime, op_id: UUID) -> QuerySet[Volunteer]:
        born = Q(birth_date__range=(first, last)) | Q(birth_date=None)
        return Volunteer.objects.filter(born, registered_at__gte=since).exclude(form_token=op_id)

    person = Volunteer.objects.get(pk=ids[0])
    named = [([person.family_name], person.center_id), (["誰か"], person.center_id)]
    assert _finds_the_same(by_text, *named) == [len(ids), 0]
    Volunteer.objects.filter(pk=ids[1]).update(birth_date=date(1990, 1, 2), form_token=UUID(int=5))
    days, since = (date(1990, 1, 1), date(1990, 1, 2)), person.registered_at
    numbers = _finds_the_same(
        by_time,
        (*days, since, UUID(int=5)),
        (*days, since, UUID(int=6)),
        (*days, since + timedelta(days=9999), UUID(int=6)),
        (days[0], days[0], since, UUID(int=6)),
    )
    assert numbers == [len(ids) - 1, len(ids), 0, len(ids) - 1]


def test_what_is_joined_and_converted_is_there_the_second_time(ids: list[int]) -> None:
    with_center = compiled(ONE["with its center"])
    for pk in ids:
        [person] = with_center(pk)
        plain = Volunteer.objects.get(pk=pk)
        with CaptureQueriesContext(connection) as none:
            assert person.center.name
        assert not none.captured_queries
        assert [getattr(person, field.attname) for field in Volunteer._meta.concrete_fields] == [
            getattr(plain, field.attname) for field in Volunteer._meta.concrete_fields
        ]


def test_a_row_that_was_found_can_be_changed_and_saved(ids: list[int]) -> None:
    [person] = compiled(ONE["by id"])(ids[0])
    person.family_name = "改名"
    person.save()
    assert Volunteer.objects.get(pk=ids[0]).family_name == "改名"


@pytest.mark.parametrize(
    ("ask", "given"),
    [
        (lambda pk: Volunteer.objects.filter(pk=pk).values("pk"), 1),
        (lambda pk: Volunteer.objects.filter(pk=pk).values_list("pk", flat=True), 1),
        (lambda pk: Volunteer.objects.filter(pk__range=(pk, pk + 1)), 1),
        (lambda day: Volunteer.objects.filter(birth_date__range=(day, day + timedelta(days=1))), date(2026, 1, 1)),
        (lambda at: Volunteer.objects.filter(registered_at__range=(at - timedelta(days=1), at)), make.at(9)),
        (lambda pk: Volunteer.objects.prefetch_related("cards").filter(pk=pk), 1),
        (lambda pk: Volunteer.objects.filter(pk=pk + 1), 1),
        (lambda pk: Volunteer.objects.all(), 1),
        (lambda minor: Volunteer.objects.filter(said_minor=minor), True),
        (lambda pk: Volunteer.objects.filter(pk=pk), None),
        (lambda text: Volunteer.objects.filter(family_name__icontains=text), "原"),
        (lambda text: Volunteer.objects.filter(family_name__startswith=text), "原"),
        (lambda text: Volunteer.objects.filter(Q(family_name=text) | Q(kana_key__endswith=text)), "原"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_once_is_said_the_first_time(ask: Ask, given: Any) -> None:
    with pytest.raises(TypeError, match=r"compiled\(\)"):
        compiled(ask)(given)


def test_a_text_that_may_be_large_or_small_is_found_or_the_database_cannot_say_it_as_it_is(
    ids: list[int],
) -> None:
    Volunteer.objects.filter(pk=ids[0]).update(email="a_b@example.jp")
    Volunteer.objects.filter(pk=ids[1]).update(email="a-b@example.jp")

    def ask(text: str) -> QuerySet[Volunteer]:
        return Volunteer.objects.filter(email__iexact=text)

    if connection.vendor == "sqlite":
        with pytest.raises(TypeError, match=r"compiled\(\)"):
            compiled(ask)("A_B@example.jp")
    else:
        _finds_the_same(ask, ("A_B@example.jp",), ("A-B@example.jp",))


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_of_a_transaction_is_refused_as_ever() -> None:
    locked = compiled(lambda pk: Volunteer.objects.select_for_update().filter(pk=pk))
    with transaction.atomic():
        assert not locked(1)
    if connection.features.has_select_for_update:
        with pytest.raises(transaction.TransactionManagementError):
            locked(1)


def test_what_an_expression_makes_of_its_value_is_made_of_it_here_as_well(ids: list[int]) -> None:
    def ask(pk: int) -> QuerySet[Any]:
        doubled = ExpressionWrapper(F("experience") * 2, output_field=FloatField())
        return Volunteer.objects.filter(pk=pk).annotate(doubled=doubled).values_list("doubled")

    for [(found,)] in (compiled(ask)(ids[0]), list(ask(ids[0]))):
        assert isinstance(found, float)
        assert found == 4.0
