"""Cards: the center's keys, the signed stock, who holds which card.

A stock is signed and printed before anybody needs it; registration binds a card of the stock to a person. A
card is an identifier, never an authorisation. Refusals: card.* in dvc/core/refusals.py.
"""

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import DateTimeField, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core import card_token, durable, short_code
from dvc.core.card_token import CardError, CardToken, Purpose
from dvc.core.compiled import compiled
from dvc.core.refused import Refused
from dvc.operations.models import Center, Operation
from intake.volunteers import card_states
from intake.volunteers.models import MISTAKE, Card, CardBinding, CardKey, CardState, CardStock, Volunteer

MOST_CARDS: Final = 1000  # in one stock: 100 sheets
KEYS_AHEAD: Final = 2  # the key that signs now and the next one, so that tablets know it before it is needed


@transaction.atomic
def ensure_keys(center: Center, *, by: By, at: datetime) -> list[CardKey]:
    """The center's signing keys, current first and next after it; made when missing."""
    usable = list(center.card_keys.filter(retired_at__isnull=True).order_by("kid"))
    newest = center.card_keys.order_by("-kid").values_list("kid", flat=True).first() or 0
    while len(usable) < KEYS_AHEAD:
        newest += 1
        usable.append(_make_key(center, newest, by=by, at=at))
    return usable


@transaction.atomic
def rotate_keys(center: Center, *, by: By, at: datetime) -> CardKey:
    """The next key signs from now on. Cards of the old one stay good: its public key is kept. Returns the
    new current."""
    current, following = ensure_keys(center, by=by, at=at)[:2]
    CardKey.objects.filter(pk=current.pk).update(retired_at=at)
    record("card_key.retired", current, by=by, at=at, center_id=center.pk, kid=current.kid)
    ensure_keys(center, by=by, at=at)
    return following


def public_keys(center: Center) -> dict[int, bytes]:
    """kid → 32 raw bytes of every key whose cards are good, retired ones too. One query."""
    return {key.kid: bytes.fromhex(key.public_key) for key in _keys(center.pk)}


@compiled
def _keys(center: int) -> QuerySet[CardKey]:
    return CardKey.objects.filter(center=center)


@transaction.atomic
def issue_stock(
    center: Center,
    *,
    count: int,
    by: By,
    at: datetime,
    drill: Operation | None = None,
    purpose: Purpose = Purpose.VOLUNTEER,
    expires: date | None = None,
    form_token: UUID | None = None,
) -> CardStock:
    """Sign `count` blank cards (1 … 1000). The same `form_token` again gives the same stock, not another
    one."""
    if not 1 <= count <= MOST_CARDS:
        raise Refused("card.count", most=MOST_CARDS)
    if form_token and (made := CardStock.objects.filter(center=center, form_token=form_token).first()):
        return made
    key = ensure_keys(center, by=by, at=at)[0]
    private = _private_key(key, center)
    stock = CardStock.objects.create(
        center=center, drill=drill, count=count, created_by=by.user, created_at=at, form_token=form_token
    )
    today = timezone.localdate(at)
    ids = _fresh_card_ids(center, count)
    Card.objects.bulk_create(
        [
            Card(
                center=center,
                stock=stock,
                card_id=card_id.hex(),
                token=card_token.sign(
                    CardToken(key.kid, center.issuer, purpose, today, expires, card_id), private
                ),
                short_code=code,
                issued_on=today,
                expires_on=expires,
            )
            for code, card_id in ids.items()
        ],
        batch_size=200,
    )
    record("card_stock.issued", stock, by=by, at=at, center_id=center.pk, operation=drill, count=count)
    return stock


def sign(center: Center, card_ids: Sequence[bytes], *, purpose: Purpose, by: By, at: datetime) -> list[str]:
    """The texts of cards that are kept elsewhere (staff badges), signed today with the center's key, without an
    end."""
    key = ensure_keys(center, by=by, at=at)[0]
    private = _private_key(key, center)
    today = timezone.localdate(at)
    tokens = (CardToken(key.kid, center.issuer, purpose, today, None, card_id) for card_id in card_ids)
    return [card_token.sign(token, private) for token in tokens]


def read(center: Center, text: str) -> Card:
    """The card behind what was scanned, or typed from under the symbol. Two queries.

    Refused card.unreadable | card.foreign | card.unknown_key | card.forged | card.wrong_purpose | card.unknown. A lost card is
    found: its state says so.
    """
    try:
        if card_token.looks_like_card(text):
            keys = public_keys(center)
            token = card_token.parse(text, issuer=center.issuer, keys=keys, purpose=Purpose.VOLUNTEER)
            found = Card.objects.filter(center=center, card_id=token.card_id.hex())
        else:
            found = Card.objects.by_short_code(center, short_code.parse(text))
    except CardError as error:
        raise Refused(f"card.{error.code}") from error
    card = found.select_related("holder", "stock", "center").first()
    if card is None:
        raise Refused("card.unknown")
    return card


@transaction.atomic
def bind(card: Card, volunteer: Volunteer, *, by: By, at: datetime, on: date) -> CardBinding:
    """Give a blank card to a person, on that local date outside (`Card.expired`): `at` may be a drill's. Giving it to its
    holder again changes nothing and returns the same binding.

    Refused card.bound_to_other | card.has_card | card.revoked | card.expired | card.drill_only | card.real_only |
    volunteer.withdrawn.
    """
    _check_may_hold(card, volunteer, on=on)
    try:
        with transaction.atomic():
            taken = Card.objects.filter(pk=card.pk, state=CardState.BLANK).update(
                state=CardState.BOUND, holder=volunteer
            )
    except IntegrityError:  # one_live_card_per_volunteer
        raise Refused("card.has_card") from None
    card.refresh_from_db()
    if not taken:
        return _standing_binding(card, volunteer)
    binding = CardBinding.objects.create(card=card, volunteer=volunteer, bound_at=at)
    record("card.bound", card, by=by, at=at, center_id=card.center_id, volunteer=volunteer.pk)
    return binding


@transaction.atomic
def unbind(card: Card, *, by: By, at: datetime) -> Card:
    """Take back a card that was given to the wrong person: it is blank again. A card nobody holds stays as
    it is."""
    return _end(card, CardState.BLANK, reason=MISTAKE, by=by, at=at)


@transaction.atomic
def lose(card: Card, *, by: By, at: datetime) -> Card:
    """The card is lost and never opens anything again; tablets learn it with their next snapshot."""
    return _end(card, CardState.LOST, reason="lost", by=by, at=at)


@transaction.atomic
def reissue(
    volunteer: Volunteer,
    card: Card,
    *,
    lost: bool,
    by: By,
    at: datetime,
    on: date,
    seen: int | None = None,
) -> CardBinding:
    """A new card for somebody whose old one is lost (`lost`) or worn out. The old one is revoked either way.

    `seen`: the card (its id, 0 for none) that the page showed as theirs. Refused card.given_meanwhile when they hold
    another by now, and as `bind`; nothing changes then.
    """
    if seen is not None:
        Volunteer.objects.select_for_update(no_key=True).get(
            pk=volunteer.pk
        )  # two desks: one after the other
        held = volunteer.cards.filter(state=CardState.BOUND).exclude(pk__in=(seen, card.pk)).first()
        if held is not None:
            raise Refused("card.given_meanwhile", given=short_code.display(held.short_code))
    for old in volunteer.cards.filter(state=CardState.BOUND).exclude(pk=card.pk):
        if lost:
            lose(old, by=by, at=at)
        else:
            _end(old, CardState.REPLACED, reason="replaced", by=by, at=at)
    return bind(card, volunteer, by=by, at=at, on=on)


@transaction.atomic
def issue_named(
    volunteers: Sequence[Volunteer],
    center: Center,
    *,
    by: By,
    at: datetime,
    on: date,
    drill: Operation | None = None,
) -> CardStock:
    """A stock of exactly one card for each of these people, bound already: printed with their names.

    Nobody of them may hold a card (Refused card.has_card), so that the same request sent twice changes
    nothing.
    """
    stock = issue_stock(center, count=len(volunteers), by=by, at=at, drill=drill)
    for card, person in zip(stock.cards.select_related("stock"), volunteers, strict=True):
        bind(card, person, by=by, at=at, on=on)
    return stock


def next_blank(center: Center, drill: Operation | None) -> Card | None:
    """The blank card that lies on top of the box: the oldest of the newest-printed kind asked for."""
    blank = Card.objects.filter(center=center, state=CardState.BLANK, stock__drill=drill)
    return blank.order_by("id").first()


def _check_may_hold(card: Card, volunteer: Volunteer, *, on: date) -> None:
    if volunteer.withdrawn_at is not None:
        raise Refused("volunteer.withdrawn")
    if card.center_id != volunteer.center_id:
        raise Refused("card.foreign")
    if card.expired(on):
        raise Refused("card.expired")
    drill = card.stock.drill_id if card.stock else None
    if drill != volunteer.drill_id:
        raise Refused("card.drill_only" if drill else "card.real_only")


def _standing_binding(card: Card, volunteer: Volunteer) -> CardBinding:
    """What stands in the way of a card that is not blank; no obstacle when `volunteer` holds it already."""
    if card.state in (CardState.LOST, CardState.REPLACED):
        raise Refused("card.revoked")
    if card.holder_id != volunteer.pk:
        raise Refused("card.bound_to_other")
    return card.bindings.get(ended_at__isnull=True)


def _end(card: Card, state: CardState, *, reason: str, by: By, at: datetime) -> Card:
    # What is told late may end an earlier mistake after a later one. SQLite's greatest of nothing and `at` is nothing.
    ended_at = Value(at, DateTimeField())
    until = Greatest(Coalesce("mistaken_until", ended_at), ended_at)
    mistaken = {"mistaken_until": until} if reason == MISTAKE else {}
    ended = Card.objects.filter(pk=card.pk, state__in=card_states.before(state)).update(
        state=state, holder=None, **mistaken
    )
    if ended:
        card.bindings.filter(ended_at__isnull=True).update(ended_at=at, end_reason=reason)
        record("card.ended", card, by=by, at=at, center_id=card.center_id, reason=reason)
    card.refresh_from_db()
    return card


def _fresh_card_ids(center: Center, count: int) -> dict[str, bytes]:
    """`count` random card ids by their short codes, which no other card of the center has."""
    fresh: dict[str, bytes] = {}
    while len(fresh) < count:
        for _ in range(count - len(fresh)):
            card_id = secrets.token_bytes(card_token.CARD_ID_BYTES)
            fresh[short_code.short_code(card_id)] = card_id
        taken = Card.objects.filter(center=center, short_code__in=list(fresh))
        for code in taken.values_list("short_code", flat=True):
            del fresh[code]
    return fresh


def _make_key(center: Center, kid: int, *, by: By, at: datetime) -> CardKey:
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw().hex()
    key = CardKey.objects.create(center=center, kid=kid, public_key=public, created_at=at)
    _store_private_key(_key_file(key, center), private)
    record("card_key.made", key, by=by, at=at, center_id=center.pk, kid=kid)
    return key


def _key_file(key: CardKey, center: Center) -> Path:
    # The public half in the name keeps the file of a transaction that was rolled back from being taken for
    # another.
    return Path(settings.KEYS_DIR) / f"cards-{center.issuer}-{key.kid}-{key.public_key[:16]}.pem"


def _store_private_key(file: Path, private: Ed25519PrivateKey) -> None:
    durable.write_once(file, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _private_key(key: CardKey, center: Center) -> Ed25519PrivateKey:
    try:
        private = load_pem_private_key(_key_file(key, center).read_bytes(), password=None)
    except (OSError, ValueError):
        raise Refused("card.key_missing") from None
    if not isinstance(private, Ed25519PrivateKey) or (
        private.public_key().public_bytes_raw().hex() != key.public_key
    ):
        raise Refused("card.key_missing")
    return private
