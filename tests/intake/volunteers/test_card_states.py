"""A card takes only the edges of its table; every edge is in the audit with who, when and which op."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By
from dvc.core.refused import Refused
from intake.volunteers import cards
from intake.volunteers.card_states import STEPS
from intake.volunteers.models import Card, CardState, Volunteer
from tests import make
from tests.infra.scale import count


class EdgesOfACard(TestCase):
    @given(
        st.lists(
            st.tuples(st.sampled_from(["bind", "unbind", "lose", "reissue", "replace"]), st.integers(0, 1), st.integers(0, 2)),
            max_size=10,
        )
    )  # fmt: skip
    @settings(max_examples=count(8, 40), deadline=None)
    def test_a_card_takes_only_the_edges_of_its_table(self, does: list[tuple[str, int, int]]) -> None:
        center = make.center()
        people = [make.volunteer(center) for _ in range(2)]
        stock = cards.issue_stock(center, count=3, by=SYSTEM, at=make.at(8))
        ids = list(Card.objects.filter(stock=stock).values_list("pk", flat=True))
        states = dict.fromkeys(ids, CardState.BLANK)
        for n, (what, who, which) in enumerate(does):
            entries, at = Entry.objects.count(), make.at(9) + timedelta(minutes=n)
            card = Card.objects.select_related("stock", "center").get(pk=ids[which])
            try_to(what, card, people[who], By(via="tablet", op=f"op-{n}"), n)
            now = {card.pk: CardState(card.state) for card in Card.objects.filter(stock=stock)}
            new = Entry.objects.order_by("id")[entries:]
            for pk, state in now.items():
                if states[pk] != state:
                    assert state in STEPS[states[pk]]
                    [entry] = [entry for entry in new if entry.subject_id == str(pk)]
                    assert (entry.details["op"], entry.at) == (f"op-{n}", at)
            states = now


def try_to(what: str, card: Card, person: Volunteer, by: By, n: int) -> None:
    at = make.at(9) + timedelta(minutes=n)
    if what == "unbind":
        cards.unbind(card, by=by, at=at)
    elif what == "lose":
        cards.lose(card, by=by, at=at)
    else:
        with suppress(Refused):  # a decision; what matters here is that nothing moved then
            if what == "bind":
                cards.bind(card, person, by=by, at=at, on=make.day(at))
            else:
                cards.reissue(person, card, lost=what == "reissue", by=by, at=at, on=make.day(at))


@pytest.mark.parametrize("state", CardState)
def test_every_state_has_its_row(state: CardState) -> None:
    assert state in STEPS
