"""Cards: signed before they are needed, held by one person, revoked when lost."""

import stat
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core import card_token
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Center, Mode
from intake.volunteers import cards
from intake.volunteers.models import Card, CardKey, CardState, CardStock
from tests import make
from tests.vectors.cards import of_unknown_key

pytestmark = pytest.mark.django_db
NOW = make.at(9)


@pytest.fixture
def center() -> Center:
    return make.center()


def blank(center: Center, count: int = 1) -> list[Card]:
    return list(
        cards.issue_stock(center, count=count, by=SYSTEM, at=NOW).cards.select_related("stock", "center")
    )


def test_every_card_of_a_stock_is_signed_blank_and_different(center: Center) -> None:
    made = blank(center, 25)
    keys = cards.public_keys(center)
    assert sorted(keys) == [1, 2]
    for card in made:
        token = card_token.parse(card.token, issuer=center.issuer, keys=keys)
        assert token.card_id.hex() == card.card_id
        assert token.kid == 1
        assert card.state == CardState.BLANK
    assert len({card.short_code for card in made}) == 25


def test_the_private_keys_are_for_the_server_alone(center: Center, keys_dir: Path) -> None:
    blank(center)
    files = list(keys_dir.iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(keys_dir.stat().st_mode) == 0o700


def test_the_same_form_sent_twice_makes_one_stock(center: Center) -> None:
    token = uuid4()
    first = cards.issue_stock(center, count=3, form_token=token, by=SYSTEM, at=NOW)
    assert cards.issue_stock(center, count=3, form_token=token, by=SYSTEM, at=NOW) == first
    assert Card.objects.count() == 3


@pytest.mark.parametrize("count", [0, -1, 1001, 10**9])
def test_a_stock_has_a_sensible_size(center: Center, count: int) -> None:
    with pytest.raises(Refused, match=r"card\.count"):
        cards.issue_stock(center, count=count, by=SYSTEM, at=NOW)


def test_without_its_key_file_no_card_is_signed_and_nothing_is_left_behind(
    center: Center, keys_dir: Path
) -> None:
    cards.ensure_keys(center, by=SYSTEM, at=NOW)
    for file in keys_dir.iterdir():
        file.unlink()
    with pytest.raises(Refused, match="key_missing"):
        cards.issue_stock(center, count=1, by=SYSTEM, at=NOW)
    assert not CardStock.objects.exists()


def test_a_key_file_of_another_key_is_not_used(center: Center, keys_dir: Path) -> None:
    cards.ensure_keys(center, by=SYSTEM, at=NOW)
    first, second = sorted(keys_dir.iterdir())
    first.write_bytes(second.read_bytes())
    with pytest.raises(Refused, match="key_missing"):
        cards.issue_stock(center, count=1, by=SYSTEM, at=NOW)


def test_after_a_rotation_old_and_new_cards_are_both_good(center: Center) -> None:
    old = blank(center)[0]
    cards.rotate_keys(center, by=SYSTEM, at=NOW)
    new = blank(center)[0]
    keys = cards.public_keys(center)
    assert card_token.parse(old.token, issuer=center.issuer, keys=keys).kid == 1
    assert card_token.parse(new.token, issuer=center.issuer, keys=keys).kid == 2
    assert CardKey.objects.filter(retired_at__isnull=True).count() == 2


def test_a_card_is_read_from_its_symbol_and_from_its_letters(center: Center) -> None:
    card = blank(center)[0]
    assert cards.read(center, card.token) == card
    assert cards.read(center, f" {card.short_code[:4]}－{card.short_code[4:]} ".lower()) == card


def test_what_is_no_good_card_is_refused_by_its_own_name(center: Center) -> None:
    card = blank(center)[0]
    foreign = blank(make.center("別の市"))[0]
    tampered = card.token[:-1] + ("0" if card.token[-1] != "0" else "1")
    for text, code in {
        "": "card.unreadable",
        card.token[:90]: "card.unreadable",
        "佐藤": "card.unreadable",
        foreign.token: "card.foreign",
        of_unknown_key(center.issuer): "card.unknown_key",
        tampered: "card.forged",
        foreign.short_code: "card.unknown",
    }.items():
        with pytest.raises(Refused) as refused:
            cards.read(center, text)
        assert refused.value.code == code


def test_a_card_is_bound_once_however_often_it_is_tried(center: Center) -> None:
    card, person = blank(center)[0], make.volunteer(center)
    first = cards.bind(card, person, by=SYSTEM, at=NOW, on=make.day(NOW))
    assert cards.bind(card, person, by=SYSTEM, at=NOW, on=make.day(NOW)) == first
    assert card.state == CardState.BOUND
    assert card.holder == person
    assert Entry.objects.about(card).get().action == "card.bound"


def test_a_card_of_one_person_is_not_given_to_another(center: Center) -> None:
    card = blank(center)[0]
    cards.bind(card, make.volunteer(center), by=SYSTEM, at=NOW, on=make.day(NOW))
    with pytest.raises(Refused, match="bound_to_other"):
        cards.bind(card, make.volunteer(center), by=SYSTEM, at=NOW, on=make.day(NOW))


def test_a_card_whose_days_are_over_is_given_to_nobody(center: Center) -> None:
    stock = cards.issue_stock(center, count=1, by=SYSTEM, at=NOW, expires=NOW.date())
    card = stock.cards.get()
    with pytest.raises(Refused, match="expired"):
        cards.bind(
            card,
            make.volunteer(center),
            by=SYSTEM,
            at=NOW + timedelta(days=1),
            on=make.day(NOW + timedelta(days=1)),
        )
    cards.bind(card, make.volunteer(center), by=SYSTEM, at=NOW, on=make.day(NOW))


@pytest.mark.parametrize("days", [-365, 365])
def test_whether_a_cards_days_are_over_is_a_matter_of_the_day_outside_the_drill(days: int) -> None:
    drill = make.operation(mode=Mode.DRILL)
    ahead = timedelta(days=days)
    operations.set_clock(drill, reading=NOW + ahead, speed=2, by=SYSTEM, at=NOW)
    stock = cards.issue_stock(drill.center, count=1, by=SYSTEM, at=NOW, expires=NOW.date())
    card, person = stock.cards.get(), make.volunteer(drill.center)
    tomorrow = drill.moment(NOW + timedelta(days=1))
    with pytest.raises(Refused, match="expired"):
        cards.bind(card, person, by=SYSTEM, at=tomorrow, on=drill.real_day(tomorrow))
    cards.bind(card, person, by=SYSTEM, at=NOW + ahead, on=drill.real_day(NOW + ahead))


def test_a_person_holds_one_card(center: Center) -> None:
    first, second = blank(center, 2)
    person = make.volunteer(center)
    cards.bind(first, person, by=SYSTEM, at=NOW, on=make.day(NOW))
    with pytest.raises(Refused, match="has_card"):
        cards.bind(second, person, by=SYSTEM, at=NOW, on=make.day(NOW))
    second.refresh_from_db()
    assert second.state == CardState.BLANK


def test_the_database_itself_allows_one_live_card_per_person(center: Center) -> None:
    first, second = blank(center, 2)
    person = make.volunteer(center)
    cards.bind(first, person, by=SYSTEM, at=NOW, on=make.day(NOW))
    with pytest.raises(IntegrityError), transaction.atomic():
        Card.objects.filter(pk=second.pk).update(state=CardState.BOUND, holder=person)


def test_a_lost_card_is_replaced_by_the_next_from_the_box(center: Center) -> None:
    old, new = blank(center, 2)
    person = make.volunteer(center)
    cards.bind(old, person, by=SYSTEM, at=NOW, on=make.day(NOW))
    cards.reissue(person, new, lost=True, by=SYSTEM, at=NOW, on=make.day(NOW))
    old.refresh_from_db()
    assert (old.state, old.holder) == (CardState.LOST, None)
    assert person.cards.get(state=CardState.BOUND) == new
    assert old.bindings.get().end_reason == "lost"
    assert set(Card.objects.revoked()) == {old}
    with pytest.raises(Refused, match="revoked"):
        cards.bind(old, person, by=SYSTEM, at=NOW, on=make.day(NOW))


def test_a_worn_card_is_replaced_and_never_used_again(center: Center) -> None:
    old, new = blank(center, 2)
    person = make.volunteer(center)
    cards.bind(old, person, by=SYSTEM, at=NOW, on=make.day(NOW))
    cards.reissue(person, new, lost=False, by=SYSTEM, at=NOW, on=make.day(NOW))
    old.refresh_from_db()
    assert old.state == CardState.REPLACED


def test_a_reissue_that_is_refused_leaves_the_old_card_good(center: Center) -> None:
    old, others = blank(center, 2)
    person = make.volunteer(center)
    cards.bind(old, person, by=SYSTEM, at=NOW, on=make.day(NOW))
    cards.bind(others, make.volunteer(center), by=SYSTEM, at=NOW, on=make.day(NOW))
    with pytest.raises(Refused, match="bound_to_other"):
        cards.reissue(person, others, lost=True, by=SYSTEM, at=NOW, on=make.day(NOW))
    old.refresh_from_db()
    assert old.state == CardState.BOUND


def test_a_card_given_by_mistake_is_blank_again(center: Center) -> None:
    card = blank(center)[0]
    wrong, right = make.volunteer(center), make.volunteer(center)
    cards.bind(card, wrong, by=SYSTEM, at=NOW, on=make.day(NOW))
    cards.unbind(card, by=SYSTEM, at=NOW)
    cards.unbind(card, by=SYSTEM, at=NOW)
    cards.bind(card, right, by=SYSTEM, at=NOW, on=make.day(NOW))
    assert card.holder == right
    assert card.bindings.count() == 2


def test_a_mistake_that_is_told_late_leaves_the_later_one_known(center: Center) -> None:
    card = blank(center)[0]
    for minutes in (0, 30, 10):
        cards.bind(card, make.volunteer(center), by=SYSTEM, at=NOW, on=make.day(NOW))
        cards.unbind(card, by=SYSTEM, at=NOW + timedelta(minutes=minutes))
    assert card.mistaken_until == NOW + timedelta(minutes=30)


def test_a_blank_card_from_the_floor_can_be_reported_lost(center: Center) -> None:
    card = cards.lose(blank(center)[0], by=SYSTEM, at=NOW)
    assert card.state == CardState.LOST
    assert cards.unbind(card, by=SYSTEM, at=NOW).state == CardState.LOST


def test_drill_cards_and_real_cards_do_not_mix(center: Center) -> None:
    drill = make.operation(center, mode=Mode.DRILL)
    played = cards.issue_stock(center, count=2, drill=drill, by=SYSTEM, at=NOW).cards.all()
    real = blank(center)[0]
    invented = make.volunteer(center, drill=drill)
    with pytest.raises(Refused, match="drill_only"):
        cards.bind(played[0], make.volunteer(center), by=SYSTEM, at=NOW, on=make.day(NOW))
    with pytest.raises(Refused, match="real_only"):
        cards.bind(real, invented, by=SYSTEM, at=NOW, on=make.day(NOW))
    cards.bind(played[0], invented, by=SYSTEM, at=NOW, on=make.day(NOW))
    assert cards.next_blank(center, drill) == played[1]
    assert cards.next_blank(center, None) == real
