"""Cards: what is read back, and everything that must not be taken for a card."""

import json
import random
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from dvc.core import card_token, short_code
from dvc.core.card_token import CROCKFORD, CardError, CardToken, Purpose
from tests.infra.scale import count
from tests.vectors import cards

TOKENS = st.builds(
    CardToken,
    kid=st.just(1),
    issuer=st.just(cards.ISSUER),
    purpose=st.sampled_from(Purpose),
    issued=st.dates(date(2020, 1, 1), date(2199, 6, 6)),
    expires=st.none() | st.dates(date(2020, 1, 2), date(2199, 6, 6)),
    card_id=st.binary(min_size=16, max_size=16),
)


def read(text: str, purpose: Purpose | None = None) -> CardToken:
    return card_token.parse(text, issuer=cards.ISSUER, keys=cards.KEYS, purpose=purpose)


def answer(text: str, purpose: Purpose | None = None) -> str:
    try:
        read(text, purpose)
    except CardError as error:
        return error.code
    return "ok"


@given(TOKENS)
def test_a_signed_card_reads_back_as_it_was_written(token: CardToken) -> None:
    text = card_token.sign(token, cards.CURRENT)
    assert len(text) == 147
    assert text.isalnum()
    assert text.isascii()
    assert read(text) == token
    assert card_token.looks_like_card(text)


@given(st.text() | st.text(alphabet=CROCKFORD + "ILOU \uff21").map("VC1".__add__))
def test_no_text_at_all_raises_anything_but_a_card_error(text: str) -> None:
    assert answer(text) in {"unreadable", "foreign", "unknown_key", "forged"}


def test_a_lone_surrogate_is_unreadable() -> None:
    assert answer("VC1\ud800") == "unreadable"


def test_mutated_cards_are_all_refused() -> None:
    """One to three letters changed, at random places: no changed card is accepted, none raises. 100,000 of them
    under FULL=1."""
    chance = random.Random(20261123)
    genuine = [card_token.sign(cards.token(number), cards.CURRENT) for number in range(20)]
    accepted = 0
    for _ in range(count(5_000, 100_000)):
        text = chance.choice(genuine)
        letters = list(text)
        for place in chance.sample(range(len(text)), chance.randint(1, 3)):
            letters[place] = chance.choice(CROCKFORD.replace(letters[place], ""))
        accepted += answer("".join(letters)) == "ok"
    assert accepted == 0
    assert all(answer(text) == "ok" for text in genuine)


def test_a_card_with_an_end_is_true_and_says_its_last_day() -> None:
    token = cards.token(1, expires=date(2027, 3, 31))
    assert read(card_token.sign(token, cards.CURRENT)).expires == date(2027, 3, 31)
    assert cards.token(1).expires is None


def test_purposes_that_do_not_exist_yet_are_the_wrong_purpose() -> None:
    raw = bytes((1, 1)) + cards.ISSUER.to_bytes(3, "big") + b"\x63" + bytes(4) + bytes(range(16))
    text = "VC1" + card_token.encode_crockford(raw + cards.CURRENT.sign(raw))
    assert answer(text) == "wrong_purpose"


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("kid", 256),
        ("issuer", 0),
        ("issuer", 1 << 24),
        ("card_id", b"short"),
        ("issued", date(2019, 12, 31)),
        ("expires", date(2020, 1, 1)),
        ("expires", date(2199, 12, 31)),
    ],
)
def test_a_card_that_could_not_be_written_cannot_be_made(change: str, value: object) -> None:
    fields: dict[str, object] = {
        "kid": 1,
        "issuer": 1,
        "purpose": Purpose.STAFF,
        "issued": date(2026, 1, 1),
        "expires": None,
        "card_id": bytes(16),
    }
    with pytest.raises(ValueError, match=change):
        CardToken(**{**fields, change: value})  # type: ignore[arg-type]


def test_crockford_takes_whole_letters_only() -> None:
    assert card_token.encode_crockford(bytes((0xFF, 0, 0, 0, 0x1F))) == "ZW00000Z"
    with pytest.raises(ValueError, match="multiple of 5"):
        card_token.encode_crockford(b"a")


def test_the_vectors_are_current() -> None:
    assert cards.FILE.read_text("ascii") == cards.rendered(), "run: python -m tests.vectors.cards"


VECTORS = json.loads(cards.FILE.read_text("ascii"))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["note"])
def test_every_vector_gives_its_answer(case: cards.Case) -> None:
    asked = None if case["asked_purpose"] is None else Purpose(case["asked_purpose"])
    text = case["text"] * case["repeat"]
    assert answer(text, asked) == case["expect"]
    if case["expect"] == "ok":
        token = read(text, asked)
        assert token.card_id.hex() == case["card_id"]
        assert token.prefix == (case["card_id"] or "")[:16]
        assert token.purpose == case["purpose"]
        assert token.kid == case["kid"]
        assert token.issued.isoformat() == case["issued"]
        assert (token.expires and token.expires.isoformat()) == case["expires"]
        assert short_code.short_code(token.card_id) == case["short_code"]


def test_the_vectors_hold_every_answer() -> None:
    assert {case["expect"] for case in VECTORS["cases"]} == {
        "ok",
        "unreadable",
        "foreign",
        "unknown_key",
        "forged",
        "wrong_purpose",
    }


def test_a_new_key_is_needed_for_a_card_of_a_new_key() -> None:
    key = Ed25519PrivateKey.generate()
    text = card_token.sign(cards.token(1, kid=7), key)
    assert answer(text) == "unknown_key"
    keys = {**cards.KEYS, 7: key.public_key().public_bytes_raw()}
    assert card_token.parse(text, issuer=cards.ISSUER, keys=keys).kid == 7
