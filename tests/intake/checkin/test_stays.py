"""Folding what was seen of a person into stays: the order of telling does not matter."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from dvc.audit.models import Entry
from dvc.audit.services import By
from dvc.operations.models import Operation
from intake.checkin import services
from intake.checkin.models import Visit
from intake.checkin.states import BEGINNINGS, STEPS, VisitState
from intake.checkin.stays import Fact, Stay, fold, two_gates
from intake.volunteers.models import Volunteer
from tests import make
from tests.infra.scale import count


def spans(facts: list[Fact]) -> list[tuple[datetime, datetime | None]]:
    return [(stay.arrived_at, stay.left_at) for stay in fold(facts)]


def test_out_before_in_is_one_stay() -> None:
    assert spans([Fact("out", make.at(15)), Fact("in", make.at(9))]) == [(make.at(9), make.at(15))]


def test_two_stays_of_a_day_told_backwards_are_two_stays() -> None:
    told = [
        Fact("in", make.at(9)),
        Fact("out", make.at(15)),
        Fact("out", make.at(12)),
        Fact("in", make.at(13)),
    ]
    assert spans(told) == [(make.at(9), make.at(12)), (make.at(13), make.at(15))]


def test_a_night_shift_ends_the_next_morning() -> None:
    assert spans([Fact("out", make.at(25)), Fact("in", make.at(22))]) == [(make.at(22), make.at(25))]


def test_nobody_has_days_of_hours() -> None:
    [first, second] = fold([Fact("in", make.at(9)), Fact("out", make.at(33))])
    assert (first.is_open, first.unreturned, second.arrival) == (True, True, None)


@pytest.mark.parametrize(
    ("minutes", "sites", "gates", "worth_a_look"),
    [
        (9, (1, 1), ("a", "b"), False),
        (11, (1, 1), ("a", "b"), True),
        (11, (1, 1), ("a", "a"), False),
        (1, (1, 2), ("a", "b"), True),
        (1, (1, None), ("a", "b"), False),
    ],
)
def test_two_gates_far_apart_or_at_two_sites_are_worth_a_look(
    minutes: int, sites: tuple[int, int | None], gates: tuple[str, str], worth_a_look: bool
) -> None:
    one, other = (Fact("in", make.at(9, minutes * i), sites[i], gates[i]) for i in range(2))
    assert bool(two_gates([one, other])) is bool(two_gates([other, one])) is worth_a_look


FACTS = st.builds(
    Fact,
    st.sampled_from(["in", "out", "closed"]),
    st.integers(0, 60 * 60).map(lambda n: make.at(0) + timedelta(minutes=n)),
    st.sampled_from([None, 1, 2]),
    st.sampled_from(["a", "b"]),
)


@given(st.data(), st.lists(FACTS, max_size=9))
@settings(max_examples=150, deadline=None)
def test_any_order_of_telling_gives_the_same_stays(data: st.DataObject, told: list[Fact]) -> None:
    def state(facts: list[Fact]) -> list[Stay]:
        return fold(facts)

    assert state(data.draw(st.permutations(told))) == state(told)
    for stay in fold(told):
        assert stay.left_at is None or stay.left_at >= stay.arrived_at
    assert sum(len(stay.facts) for stay in fold(told)) == len(set(told))


@given(st.lists(FACTS, min_size=1, max_size=9))
@settings(max_examples=250, deadline=None)
def test_one_more_fact_never_joins_two_stays_that_have_an_entry(told: list[Fact]) -> None:
    """Or two visits would have to become one row."""
    last = told[-1]
    before = [set(stay.facts) for stay in fold(told[:-1]) if stay.arrival]
    for stay in fold(told):
        assert sum(bool(old & (set(stay.facts) - {last})) for old in before) <= 1


class EdgesOfAVisit(TestCase):
    """No illegal edge; every edge is in the audit with who, when and which op."""

    @given(st.data(), st.lists(st.sampled_from(["in", "out", "close", "mark", "annul"]), max_size=10))
    @settings(max_examples=count(8, 50), deadline=None)
    def test_a_visit_takes_only_the_edges_of_its_table(self, data: st.DataObject, does: list[str]) -> None:
        operation = make.operation()
        person = make.volunteer(operation.center)
        states: dict[int, VisitState] = {}
        for n, what in enumerate(does):
            at = make.at(0) + timedelta(minutes=data.draw(st.integers(0, 60 * 60)))
            entries = Entry.objects.count()
            do(what, operation, person, By(via="tablet", op=f"op-{n}"), at)
            now = {visit.pk: visit.state for visit in Visit.objects.all()}
            changed = {pk: state for pk, state in now.items() if states.get(pk) != state}
            for pk, state in changed.items():
                assert state in (STEPS[states[pk]] if pk in states else BEGINNINGS)
            new = Entry.objects.order_by("id")[entries:]
            assert not changed or [entry for entry in new if entry.details["op"] == f"op-{n}" and entry.at]
            states = now


def do(what: str, operation: Operation, person: Volunteer, by: By, at: datetime) -> None:
    if what == "in":
        services.arrive(operation, person, site=None, by=by, at=at)
    elif what == "out":
        services.leave(operation, person, by=by, at=at)
    else:
        for visit in Visit.objects.filter(operation=operation).order_by("-id")[:1]:
            if what == "close":
                services.close_visit(visit, reason="電話", by=by, at=max(at, visit.arrived_at))
            elif what == "mark":
                services.mark_unreturned(Visit.objects.filter(pk=visit.pk), by=by, at=at)
            else:
                services.annul(visit, reason="人違い", by=by, at=at)
