"""Somebody without a registration stands at the desk: written down, given a card, arrived. One transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.japanese import phone_digits
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from intake.checkin import services as checkin
from intake.checkin.desk import Evidence, Happened
from intake.volunteers import cards
from intake.volunteers import services as volunteers
from intake.volunteers.models import CardState, Source, Volunteer
from intake.volunteers.services import VolunteerFields

NAMELESS: Final = "名前未確認"
MOST_ALIKE: Final = 3


@dataclass(frozen=True, slots=True)
class WalkedIn:
    """`dropped`: fields that could not be stored (the receipt has them as they were typed); `card_refusal`: the
    sentence why the card stays with somebody else; `alike`: registered people who may be the same one."""

    happened: Happened
    volunteer: Volunteer
    dropped: Sequence[str] = ()
    card_refusal: str = ""
    alike: Sequence[Volunteer] = field(default_factory=list)


@transaction.atomic
def walk_in(
    operation: Operation,
    fields: VolunteerFields,
    *,
    guest: UUID,
    card: str = "",
    insured: Evidence | None = None,
    proxy: bool = False,
    site: Site | None = None,
    by: By,
    at: datetime,
    came_at: datetime | None = None,
) -> WalkedIn:
    """Register, bind `card` (its text), arrive. The person is here, so nothing of it is refused: what cannot be stored
    is left out and named. The same `guest` again gives the same person. `proxy`: entered for who has no phone. `came_at`: their coming
    had been recorded before they were written down."""
    kept, dropped = volunteers.storable(fields, at)
    if not kept.get("family_name", "").strip():
        kept["family_name"] = NAMELESS
        dropped = sorted({*dropped, "family_name"})
    drill = operation if operation.is_drill else None
    person = volunteers.register(
        operation.center, by=by, at=at, drill=drill, source=Source.DRILL if drill else Source.DESK,
        form_token=guest, **kept,
    )  # fmt: skip
    card_refusal = _bind(operation, person, card, by=by, at=at) if card else ""
    happened = checkin.arrive(operation, person, site=site, by=by, at=came_at or at)
    if insured is not None:
        checkin.see_insurance(operation, person, evidence=insured, by=by, at=at)
    if happened.visit is not None:
        happened.visit.refresh_from_db()
        record(
            "visit.walked_in", happened.visit, by=by, at=at, operation=operation, volunteer=person.pk,
            proxy=proxy, dropped=sorted(dropped),
        )  # fmt: skip
    return WalkedIn(happened, person, dropped, card_refusal, _alike(operation, person))


def _bind(operation: Operation, person: Volunteer, text: str, *, by: By, at: datetime) -> str:
    """Give the card, or the sentence why it cannot be given."""
    try:
        cards.bind(cards.read(operation.center, text), person, by=by, at=at, on=operation.real_day(at))
    except Refused as refusal:
        return refusal.text
    return ""


def _alike(operation: Operation, person: Volunteer) -> list[Volunteer]:
    """Two queries at most; nobody is like somebody whose name was not told."""
    if person.family_name == NAMELESS:
        return []
    found = Volunteer.objects.known_in(operation).look_alikes(
        name=person.name,
        kana=person.kana,
        phone_digits=phone_digits(person.phone),
        birth_date=person.birth_date,
    )
    return list(found.exclude(pk=person.pk)[:MOST_ALIKE])


@transaction.atomic
def take_back(
    operation: Operation, person: Volunteer, *, guest: str, op: str, near: datetime, by: By, at: datetime
) -> bool:
    """Undo a walk-in: the arrival, the card (blank again), and the registration unless somebody else uses it by now."""
    changed = checkin.take_back(operation, person, op=op, near=near, by=by, at=at)
    if not changed or str(person.form_token) != guest:
        return changed
    if person.visits.filter(annulled_at__isnull=True).exists():
        return True
    for card in person.cards.filter(state=CardState.BOUND):
        cards.unbind(card, by=by, at=at)
    volunteers.withdraw(person, by=by, at=at)
    return True
