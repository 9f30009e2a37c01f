"""Work of the outbox whose effect can be counted: each time a row is done, one line in the log. No key keeps a second one
away, so what is done twice is seen."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, record
from dvc.outbox import services
from dvc.outbox.models import Row, State
from dvc.outbox.services import Claim

KIND = "test.note"


def note(held: Claim) -> None:
    with transaction.atomic():
        at = timezone.now()
        record("test.noted", held.row, by=SYSTEM, at=at)
        services.finish(held, at=at)


def put(number: int) -> None:
    """So many rows, each told to the broker after its commit."""
    first = (Row.objects.aggregate(last=Max("id"))["last"] or 0) + 1
    for one in range(first, first + number):
        services.put(KIND, one, dedupe_key=str(one))


def put_for_later() -> None:
    """A row whose time comes in two seconds: nobody but the sweeper tells the broker of it."""
    at = timezone.now() + timedelta(seconds=2)
    services.put(KIND, 0, dedupe_key=f"later {at.isoformat()}", run_after=at)


def count() -> dict[str, int]:
    """How many rows there are, how many wait, and how many were done never (though they say so) and more than once."""
    rows = Row.objects.filter(kind=KIND)
    noted = Entry.objects.filter(action="test.noted")
    each = dict(noted.values_list("subject_id").annotate(times=Count("pk")))
    return {
        "rows": rows.count(),
        "waiting": rows.exclude(state=State.DONE).count(),
        "untold": rows.exclude(state=State.DONE).filter(published_at=None).count(),
        "lost": sum(
            str(one) not in each for one in rows.filter(state=State.DONE).values_list("pk", flat=True)
        ),
        "doubled": sum(times > 1 for times in each.values()),
    }
