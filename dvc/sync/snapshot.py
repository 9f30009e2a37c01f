"""What a reception tablet holds to answer without a network: no address, no phone, only the family name and the
first letter of the given name (source: sync.md §3)."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from dvc.core.japanese import family_first_letter
from dvc.operations.models import Operation, Site
from intake.checkin.models import Visit
from intake.checkin.verdicts import VERDICTS
from intake.volunteers.models import Card, CardKey, CardState, InsurancePolicy

INSURED, ORIENTED, MINOR, GUARDIAN_CONSENT, BLOCKED = 1, 2, 4, 8, 16
_TEXTS = {code: {"tone": v.tone, "title": v.title, "say": v.say} for code, v in VERDICTS.items()}


def generation() -> str:
    """Changes when the database was restored from a backup (written beside the database by deploy/restore)."""
    path = settings.DATA / "generation"
    return path.read_text().strip() if path.exists() else "1"


def build(operation: Operation, *, at: datetime) -> dict[str, Any]:
    """The whole snapshot as JSON-able data; `version` is the SHA-256 of everything but the time. Six queries."""
    center = operation.center
    today = timezone.localdate(at)
    insured = set(
        InsurancePolicy.objects.covering(at)
        .filter(volunteer__center=center)
        .values_list("volunteer_id", flat=True)
    )
    present = {
        visit.volunteer_id: visit
        for visit in Visit.objects.present()
        .filter(operation=operation)
        .only("volunteer_id", "arrived_at", "oriented_at", "insurance_seen_at")
    }
    cards: dict[str, list[Any]] = {}
    short_codes: dict[str, str] = {}
    # A drill's invented people are seen in that drill only; real people everywhere.
    bound = Card.objects.filter(center=center, state=CardState.BOUND).filter(
        Q(holder__drill__isnull=True) | Q(holder__drill=operation)
    )
    for card in bound.select_related("holder"):
        holder = card.holder
        assert holder is not None
        visit = present.get(holder.pk)
        flags = (
            INSURED * (holder.pk in insured or bool(visit and visit.insurance_seen_at))
            | ORIENTED * bool(visit and visit.oriented_at)
            | MINOR * holder.is_minor_on(today)
            | GUARDIAN_CONSENT * holder.guardian_consent
            | BLOCKED * bool(holder.blocked_reason)
        )
        prefix = card.card_id[:16]
        cards[prefix] = [
            holder.pk,
            family_first_letter(holder.family_name, holder.given_name),
            family_first_letter(holder.family_kana, holder.given_kana),
            flags,
        ]
        short_codes[card.short_code] = prefix
    content: dict[str, Any] = {
        "operation": {
            "id": operation.pk, "name": operation.name, "mode": operation.mode,
            "mode_label": operation.get_mode_display(), "is_open": operation.is_open,
            "insurance_required": operation.insurance_required,
            "orientation_required": operation.orientation_required,
        },
        "center": {"id": center.pk, "name": center.name, "phone": center.phone, "issuer": center.issuer},
        "sites": list(Site.objects.filter(center=center).values("id", "name")),
        "keys": list(CardKey.objects.filter(center=center).values("kid", "public_key")),
        "revoked": sorted(card_id[:16] for card_id in Card.objects.revoked().filter(center=center).values_list("card_id", flat=True)),
        "cards": cards,
        "short_codes": short_codes,
        "present": {str(pk): visit.arrived_at.isoformat() for pk, visit in present.items()},
        "texts": _TEXTS,
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return {"version": digest, "server_time": at.isoformat(), **content}
