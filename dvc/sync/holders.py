"""The large part of a snapshot: who holds which card, which cards are worth nothing.

No address, no phone, only the family name and the first letter of the given name (source: sync.md §3). Read as plain
values: 60,000 model instances would hold the web process for seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from dvc.core.japanese import family_first_letter
from dvc.operations.models import Operation
from dvc.sync import answers
from intake.checkin.models import Visit
from intake.volunteers.models import ADULT_AGE, Card, CardQuerySet, CardState, InsurancePolicy

INSURED, ORIENTED, MINOR, GUARDIAN_CONSENT, BLOCKED, NO_EMERGENCY, ANSWERED, STOPPED, OLD_CONSENT = (
    1, 2, 4, 8, 16, 32, 64, 128, 256,
)  # fmt: skip
PREFIX_CHARS: Final = 16
_PERSON: Final = 2  # the column of `_rows` that says who stands for the holder
_OF_A_PERSON = (
    "family_name", "given_name", "family_kana", "given_kana", "birth_date", "guardian_consent", "blocked_reason",
    "said_minor", "emergency_phone", "consented_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """A card in somebody's hands: 16 hex letters of its id, its short code, what a tablet may know of the holder, and the
    card's last good day (empty: it has none), which a typed code does not tell."""

    prefix: str
    code: str
    volunteer: int
    name: str
    kana: str
    flags: int
    ends: str


def everybody(operation: Operation, *, at: datetime) -> dict[str, Any]:
    """`cards`: prefix → [volunteer, name, kana, flags, last good day or ""]; `short_codes`: code → prefix; `revoked`: prefixes, sorted.
    Five queries, and one where something is asked."""
    held = list(_held(operation, _rows(_bound(operation)), None, at=at))
    return {
        "revoked": sorted(_prefixes(Card.objects.revoked().filter(center=operation.center_id))),
        **_by_prefix(held),
    }


def count(operation: Operation) -> int:
    """How many people a tablet that is up to date knows. One query."""
    return _bound(operation).count()


def in_columns(operation: Operation, *, at: datetime) -> dict[str, Any]:
    """The same in a third of the bytes: `columns` of equal length (`prefixes` and `codes` run together, 16 and 8 letters
    each), `revoked` run together."""
    held = list(_held(operation, _rows(_bound(operation)), None, at=at))
    return {
        "columns": {
            "prefixes": "".join([each.prefix for each in held]),
            "codes": "".join([each.code for each in held]),
            "volunteers": [each.volunteer for each in held],
            "names": [each.name for each in held],
            "kanas": [each.kana for each in held],
            "flags": [each.flags for each in held],
            "ends": [each.ends for each in held],
        },
        "revoked": "".join(sorted(_prefixes(Card.objects.revoked().filter(center=operation.center_id)))),
    }


def some(
    operation: Operation, *, volunteers: Collection[int], cards: Collection[int], at: datetime
) -> dict[str, Any]:
    """How it is now with these people and these cards (primary keys): `cards` and `short_codes` as in `everybody`;
    `unbound` and `revoked` name cards nobody holds. Six queries, and one where something is asked; none when nothing
    changed."""
    touched = Card.objects.filter(center=operation.center_id).filter(
        Q(pk__in=cards) | Q(holder__in=volunteers) | Q(holder__merged_into__in=volunteers)
    )
    rows = list(_rows(_bound(operation, touched)))
    held = list(_held(operation, rows, {row[_PERSON] for row in rows}, at=at))
    revoked = set(_prefixes(touched.revoked()))
    gone = set(_prefixes(touched)) - {each.prefix for each in held} - revoked
    return {
        **_by_prefix(held),
        "unbound": sorted(gone),
        "revoked": sorted(revoked),
    }


def _bound(operation: Operation, cards: CardQuerySet | None = None) -> CardQuerySet:
    """Cards in use that this operation may see: a drill's invented people in that drill only; real people everywhere."""
    found = Card.objects.all() if cards is None else cards
    return found.filter(center=operation.center_id, state=CardState.BOUND).filter(
        Q(holder__drill__isnull=True) | Q(holder__drill=operation)
    )


def _held(
    operation: Operation,
    rows: Iterable[tuple[Any, ...]],
    people: Collection[int] | None,
    *,
    at: datetime,
) -> Iterator[Held]:
    """`people`: who stands for the holders of these rows (None: everybody). `at`: real time, also in a drill."""
    moment = operation.moment(at)
    policies = InsurancePolicy.objects.covering(moment).filter(volunteer__center=operation.center_id)
    visits = Visit.objects.present().filter(operation=operation)
    if people is not None:
        policies, visits = policies.filter(volunteer__in=people), visits.filter(volunteer__in=people)
    insured = set(policies.values_list("volunteer_id", flat=True))
    seen = {
        volunteer: INSURED * (insurance is not None) | ORIENTED * (oriented is not None)
        for volunteer, oriented, insurance in visits.order_by().values_list(
            "volunteer_id", "oriented_at", "insurance_seen_at"
        )
    }
    for volunteer, mark in answers.marks(operation, people, at=at).items():
        seen[volunteer] = seen.get(volunteer, 0) | ANSWERED * mark.done | STOPPED * mark.stopped
    adult_since, since = _adult_since(timezone.localdate(moment)), operation.consent_since
    for card_id, code, holder, ends, *names, born, consent, blocked, said_minor, emergency, consented in rows:
        family, given, family_kana, given_kana = names
        flags = (
            INSURED * (holder in insured)
            | seen.get(holder, 0)
            | MINOR * (said_minor if born is None else born > adult_since)
            | GUARDIAN_CONSENT * consent
            | BLOCKED * bool(blocked)
            | NO_EMERGENCY * (not emergency)
            | OLD_CONSENT * (since is not None and (consented is None or consented < since))
        )
        name, kana = family_first_letter(family, given), family_first_letter(family_kana, given_kana)
        last_day = ends.isoformat() if ends else ""
        yield Held(card_id[:PREFIX_CHARS], code, holder, name, kana, flags, last_day)


def _rows(bound: CardQuerySet) -> Iterator[tuple[Any, ...]]:
    """Card id, short code, and id and columns of who stands for the holder: since a merge another registration, with its
    own name, consent, block. Two queries: a join more for each of 60,000 cards costs more than one for the few."""
    for person, merged in (("holder", False), ("holder__merged_into", True)):
        of_a_person = (f"{person}__{column}" for column in _OF_A_PERSON)
        columns = ["card_id", "short_code", person, "expires_on", *of_a_person]
        rows = bound.filter(holder__merged_into__isnull=not merged).order_by()
        yield from rows.values_list(*columns).iterator(chunk_size=2000)


def _by_prefix(held: Collection[Held]) -> dict[str, Any]:
    return {
        "cards": {
            each.prefix: [each.volunteer, each.name, each.kana, each.flags, each.ends] for each in held
        },
        "short_codes": {each.code: each.prefix for each in held},
    }


def _prefixes(cards: CardQuerySet) -> list[str]:
    return [card_id[:PREFIX_CHARS] for card_id in cards.order_by().values_list("card_id", flat=True)]


def _adult_since(today: date) -> date:
    """Whoever was born after this day is under age on `today` (as `Volunteer.is_minor_on`: 29 February counts on 1 March)."""
    try:
        return today.replace(year=today.year - ADULT_AGE)
    except ValueError:  # today is 29 February of a leap year, and ADULT_AGE years ago was none
        return date(today.year - ADULT_AGE, 2, 28)
