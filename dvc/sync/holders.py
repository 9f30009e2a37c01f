"""The large part of a snapshot: who holds which card, which cards are worth nothing, who is here.

No address, no phone, only the family name and the first letter of the given name (source: sync.md §3). Read as plain
values: 60,000 model instances would hold the web process for seconds.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q

from dvc.core.japanese import family_first_letter
from dvc.operations.models import Operation
from intake.checkin.models import Visit
from intake.volunteers.models import ADULT_AGE, Card, CardState, InsurancePolicy

INSURED, ORIENTED, MINOR, GUARDIAN_CONSENT, BLOCKED, NO_EMERGENCY = 1, 2, 4, 8, 16, 32
PREFIX_CHARS: Final = 16
_COLUMNS = (
    "card_id", "short_code", "holder_id", "holder__family_name", "holder__given_name", "holder__family_kana",
    "holder__given_kana", "holder__birth_date", "holder__guardian_consent", "holder__blocked_reason",
    "holder__said_minor", "holder__emergency_phone",
)  # fmt: skip


def everybody(operation: Operation, *, today: date, at: datetime) -> dict[str, Any]:
    """`cards`: prefix → [volunteer, name, kana, flags]; `short_codes`: code → prefix; `revoked`: prefixes, sorted;
    `present`: volunteer → time of arrival. Four queries."""
    center = operation.center_id
    insured = set(
        InsurancePolicy.objects.covering(at)
        .filter(volunteer__center=center)
        .values_list("volunteer_id", flat=True)
    )
    visits = {
        volunteer: (arrived, oriented, seen)
        for volunteer, arrived, oriented, seen in Visit.objects.present()
        .filter(operation=operation)
        .values_list("volunteer_id", "arrived_at", "oriented_at", "insurance_seen_at")
    }
    # A drill's invented people are seen in that drill only; real people everywhere.
    bound = Card.objects.filter(center=center, state=CardState.BOUND).filter(
        Q(holder__drill__isnull=True) | Q(holder__drill=operation)
    )
    adult_since = _adult_since(today)
    cards: dict[str, list[Any]] = {}
    short_codes: dict[str, str] = {}
    rows = bound.order_by().values_list(*_COLUMNS).iterator(chunk_size=2000)
    for (
        card_id,
        code,
        holder,
        family,
        given,
        family_kana,
        given_kana,
        born,
        consent,
        blocked,
        said_minor,
        emergency,
    ) in rows:
        _, oriented, seen = visits.get(holder, (None, None, None))
        flags = (
            INSURED * (holder in insured or seen is not None)
            | ORIENTED * (oriented is not None)
            | MINOR * (said_minor if born is None else born > adult_since)
            | GUARDIAN_CONSENT * consent
            | BLOCKED * bool(blocked)
            | NO_EMERGENCY * (not emergency)
        )
        prefix = card_id[:PREFIX_CHARS]
        name, kana = family_first_letter(family, given), family_first_letter(family_kana, given_kana)
        cards[prefix] = [holder, name, kana, flags]
        short_codes[code] = prefix
    revoked = Card.objects.revoked().filter(center=center).order_by().values_list("card_id", flat=True)
    return {
        "revoked": sorted(card_id[:PREFIX_CHARS] for card_id in revoked),
        "cards": cards,
        "short_codes": short_codes,
        "present": {str(volunteer): arrived.isoformat() for volunteer, (arrived, _, _) in visits.items()},
    }


def _adult_since(today: date) -> date:
    """Whoever was born after this day is under age on `today` (as `Volunteer.is_minor_on`: 29 February counts on 1 March)."""
    try:
        return today.replace(year=today.year - ADULT_AGE)
    except ValueError:  # today is 29 February of a leap year, and ADULT_AGE years ago was none
        return date(today.year - ADULT_AGE, 2, 28)
