"""Queries whose text is remembered find what Django's own find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.test.utils import CaptureQueriesContext

from dvc.core.compiled import MOST_VALUES, compiled
from dvc.sync.models import QuarantinedOp
from intake.volunteers import cards
from intake.volunteers.models import Card, Volunteer
from tests import make

pytestmark = pytest.mark.django_db

Ask = Callable[[list[int]], QuerySet[Any]]
SHAPES: dict[str, Ask] = {
    "by id": lambda ids: Volunteer.objects.filter(pk=ids[0]),
    "some": lambda ids: Volunteer.objects.filter(pk__in=ids[:2]),
    "one more": lambda ids: Volunteer.objects.filter(pk__in=ids[:3]),
    "very many": lambda ids: Volunteer.objects.filter(pk__in=ids * MOST_VALUES),
    "nobody": lambda ids: Volunteer.objects.filter(pk__in=[]),
    "all": lambda ids: Volunteer.objects.all(),
    "none of them": lambda ids: Volunteer.objects.none(),
    "no value": lambda ids: Volunteer.objects.filter(birth_date=None),
    "or": lambda ids: Volunteer.objects.filter(Q(pk=ids[0]) | Q(family_name="原")),
    "not": lambda ids: Volunteer.objects.exclude(pk=ids[0]),
    "backwards": lambda ids: Volunteer.objects.filter(pk__in=ids[:2]).order_by("-pk"),
    "the first": lambda ids: Volunteer.objects.filter(pk__in=ids[:2])[:1],
    "the second": lambda ids: Volunteer.objects.filter(pk__in=ids[:2])[1:2],
    "once each": lambda ids: Volunteer.objects.filter(cards__center__gt=0, pk=ids[0]).distinct(),
    "with a join": lambda ids: Card.objects.filter(holder__pk=ids[0]),
    "with its center": lambda ids: Volunteer.objects.select_related("center").filter(pk=ids[1]),
    "with another": lambda ids: Volunteer.objects.select_related("merged_into").filter(pk=ids[1]),
    "part of a row": lambda ids: Volunteer.objects.only("family_name").filter(pk=ids[0]),
    "by who sent it": lambda ids: QuarantinedOp.objects.filter(actor__display_name="伊藤"),
    "by who decided": lambda ids: QuarantinedOp.objects.filter(decided_by__display_name="伊藤"),
    "counted": lambda ids: Volunteer.objects.annotate(n=Count("cards")).filter(n=1),
    "united": lambda ids: (
        Volunteer.objects.filter(pk=ids[0]).order_by().union(Volunteer.objects.filter(pk=ids[1]).order_by())
    ),
}


@pytest.fixture
def ids() -> list[int]:
    center, at = make.center(), make.at(8)
    by = make.by(make.user(center))
    people = [make.volunteer(center) for _ in range(4)]
    stock = cards.issue_stock(center, count=len(people), by=by, at=at)
    for card, person in zip(stock.cards.order_by("pk"), people, strict=True):
        cards.bind(card, person, by=by, at=at)
    return [person.pk for person in people]


def test_every_shape_finds_the_same_in_any_order_and_again(ids: list[int]) -> None:
    for turn in (ids, ids[::-1], ids[1:], ids):
        for name, ask in SHAPES.items():
            with CaptureQueriesContext(connection) as plain:
                wanted = list(ask(turn))
            with CaptureQueriesContext(connection) as remembered:
                found = list(compiled(ask(turn)))
            assert found == wanted, name
            assert [query["sql"] for query in remembered] == [query["sql"] for query in plain], name


def test_what_is_joined_and_converted_is_there_the_second_time(ids: list[int]) -> None:
    for pk in ids:
        person = compiled(Volunteer.objects.select_related("center")).get(pk=pk)
        plain = Volunteer.objects.get(pk=pk)
        with CaptureQueriesContext(connection) as none:
            assert person.center.name
        assert not none.captured_queries
        assert [getattr(person, field.attname) for field in Volunteer._meta.concrete_fields] == [
            getattr(plain, field.attname) for field in Volunteer._meta.concrete_fields
        ]


def test_what_is_asked_of_it_further_is_answered(ids: list[int]) -> None:
    people = compiled(Volunteer.objects.filter(pk__in=ids[:2]))
    assert (people.count(), people.exists(), len(people.values_list("pk"))) == (2, True, 2)
    assert Card.objects.filter(holder__in=people).count() == 2
    assert people.filter(pk=ids[2]).first() is None
    with pytest.raises(TypeError, match="whole rows"):
        compiled(Volunteer.objects.values_list("pk"))  # type: ignore[type-var]


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_of_a_transaction_is_refused_as_ever() -> None:
    locked = compiled(Volunteer.objects.select_for_update().filter(pk=1))
    with transaction.atomic():
        assert not list(locked.all())
    if connection.features.has_select_for_update:
        with pytest.raises(transaction.TransactionManagementError):
            list(locked.all())
