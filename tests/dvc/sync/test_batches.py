"""A batch is folded as a whole and comes to what its ops come to one by one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.sync.models import InboxItem, ItemKind, Receipt
from intake.checkin.models import FailedScan, Visit
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


def a_morning(tablet: Tablet, people: list[Any]) -> list[dict[str, Any]]:
    """Facts of every kind about these people, some twice, some about nobody."""
    first, second, third, uninsured = people
    start = timezone.now() - timedelta(hours=3)
    told = [
        ("visit.arrive", {"card": card_of(first).token}),
        ("visit.arrive", {"volunteer": second.pk}),
        ("visit.arrive", {"volunteer": first.pk}),
        ("visit.orient", {"volunteer": second.pk}),
        ("visit.arrive", {"card": "VC1KAPUTT"}),
        ("visit.leave", {"volunteer": third.pk}),
        ("visit.arrive", {"volunteer": uninsured.pk}),
        ("visit.insure", {"volunteer": uninsured.pk, "evidence": "seen_card"}),
        ("visit.leave", {"volunteer": first.pk}),
        ("visit.arrive", {"short_code": "0000-0000"}),
        ("visit.arrive", {"volunteer": first.pk}),
        ("visit.leave", {"volunteer": second.pk}),
        ("visit.leave", {"volunteer": second.pk}),
    ]
    ops = []
    for minute, (kind, payload) in enumerate(told):
        op = tablet.op(kind, **payload)
        op["t_wall"] = (start + timedelta(minutes=minute)).isoformat()
        ops.append(op)
    return ops


def state(tablet: Tablet) -> list[Any]:
    visits = Visit.objects.order_by("volunteer", "arrived_at").values_list(
        "volunteer__family_name", "arrived_at__minute", "left_at__minute", "oriented_at__minute",
        "insurance_seen_at__minute",
    )  # fmt: skip
    start = Visit.objects.earliest("arrived_at").arrived_at.minute
    rows = [
        [name, *((m - start) % 60 if m is not None else None for m in minutes)] for name, *minutes in visits
    ]
    log = list(Entry.objects.filter(via="tablet").order_by("pk").values_list("action", flat=True))
    return [rows, sorted(log), FailedScan.objects.count()]


def test_one_batch_comes_to_what_single_ops_come_to() -> None:
    names = ["佐藤", "鈴木", "髙橋", "保険"]
    outcomes = []
    for together in (False, True):
        tablet = Tablet(make.operation(name=f"together {together}"))
        people = [make.volunteer(tablet.operation.center, name, insured=name != "保険") for name in names]
        ops = a_morning(tablet, people)
        results = tablet.send(*ops) if together else [tablet.send(op)[0] for op in ops]
        said = [
            (one["status"], one["code"], [todo["code"] for todo in one["data"].get("todo", [])])
            for one in results
        ]
        outcomes.append([said, *state(tablet)])
        for rows in (Visit, FailedScan, Receipt):
            rows.objects.all().delete()
    assert outcomes[0][:2] == outcomes[1][:2]
    # The second half's log holds both mornings: twice as many of each.
    assert outcomes[1][2] == sorted(outcomes[0][2] * 2)
    assert outcomes[0][3] == outcomes[1][3] == 2


def test_an_op_twice_in_a_batch_with_others_between_is_applied_once(tablet: Tablet) -> None:
    one, other = (tablet.op(volunteer=make.volunteer(tablet.operation.center).pk) for _ in range(2))
    results = tablet.send(one, other, one)
    assert [result["status"] for result in results] == ["applied", "applied", "replayed"]
    assert Visit.objects.count() == 2


def test_a_refusal_in_the_middle_of_a_batch_stays_its_own(tablet: Tablet) -> None:
    center = tablet.operation.center
    card, person, other = card_of(make.volunteer(center)), make.volunteer(center), make.volunteer(center)
    results = tablet.send(
        tablet.op(volunteer=person.pk),
        tablet.op("card.bind", card=card.token, volunteer=other.pk),
        tablet.op(volunteer=other.pk),
    )
    assert [result["status"] for result in results] == ["applied", "refused", "applied"]
    assert Visit.objects.count() == 2


def test_a_batch_in_which_somebody_else_was_first_is_taken_apart(tablet: Tablet) -> None:
    """The same seq under two ids (a copied tablet) breaks a constraint: the others go through, and a person sees that
    one."""
    center = tablet.operation.center
    ops = [tablet.op(volunteer=make.volunteer(center).pk) for _ in range(3)]
    ops[1]["seq"] = ops[0]["seq"]
    results = tablet.send(*ops)
    assert [(result["op_id"], result["status"]) for result in results] == [
        (ops[0]["op_id"], "applied"), (ops[1]["op_id"], "held"), (ops[2]["op_id"], "applied"),
    ]  # fmt: skip
    assert Visit.objects.count() == 2
    assert InboxItem.objects.get(kind=ItemKind.BROKEN_OP).key == ops[1]["op_id"]
    assert [result["status"] for result in tablet.send(ops[1])] == ["held"]
    elsewhere = {**tablet.op(volunteer=1), "operation": make.operation().pk, "seq": ops[0]["seq"]}
    assert [(result["status"], result["code"]) for result in tablet.send(elsewhere)] == [
        ("refused", "invalid")
    ]


def test_two_hundred_arrivals_cost_no_more_statements_than_a_few(
    tablet: Tablet, django_assert_max_num_queries: Any
) -> None:
    center = tablet.operation.center
    ops = [tablet.op(volunteer=make.volunteer(center).pk) for _ in range(200)]
    with django_assert_max_num_queries(24):
        answer = tablet.post(json.dumps({"epoch": 1, "ops": ops}))
    assert answer.status_code == 200
    assert Visit.objects.count() == Receipt.objects.count() == 200
