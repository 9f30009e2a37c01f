"""似た依頼: what comes in by whatever way (phone, web, import, a tablet that was off-line) is compared with the open needs.

The desk is shown the same while it types (`duplicates`). Two who take calls at the same moment, a file of yesterday and a
form from somebody's own phone are not; for them a pair is set aside here, and a person says later whether it is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from dvc.operations.models import Operation
from intake.help_requests import duplicates
from intake.help_requests.duplicates import Likely
from intake.help_requests.models import Lookalike, Need, NeedState, Opinion


def note(need: Need, *, at: datetime) -> list[Lookalike]:
    """Set aside every open need that is probably the same as this one. A pair that is known is not asked about again."""
    return keep(need, look(need), at=at)


def look(need: Need) -> list[Likely]:
    """The needs that are probably the same as this one, the likeliest first. Only reads, and may take a part of a second."""
    found = duplicates.likely_needs(need.operation, duplicates.asked_of(need))
    return [one for one in found if one.is_likely and one.need and one.need.pk != need.pk]


def keep(need: Need, found: Sequence[Likely], *, at: datetime) -> list[Lookalike]:
    """What `look` found, but for what has ended meanwhile and for pairs that are known."""
    if not found:
        return []
    others = [one.need.pk for one in found if one.need]
    known = Lookalike.objects.filter(
        Q(need=need, other__in=others) | Q(other=need, need__in=others)
    ).values_list("need", "other")
    asked = {pk for pair in known for pk in pair}
    still_open = set(Need.objects.open().filter(pk__in=others).values_list("pk", flat=True))
    return Lookalike.objects.bulk_create(
        [
            Lookalike(
                need=need if one.need.pk < need.pk else one.need,
                other=one.need if one.need.pk < need.pk else need,
                points=one.points,
                reasons=[str(reason) for reason in one.reasons],
                found_at=at,
            )
            for one in found
            if one.need and one.need.pk in still_open - asked
        ]
    )


def waiting(operation: Operation) -> QuerySet[Lookalike]:
    """Pairs nobody has said anything about, both of them still standing, the strongest first."""
    ended = [NeedState.DUPLICATE, NeedState.WITHDRAWN]
    return (
        Lookalike.objects.filter(need__operation=operation, opinion=Opinion.OPEN)
        .exclude(need__state__in=ended)
        .exclude(other__state__in=ended)
    )
