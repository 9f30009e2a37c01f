"""How a snapshot travels: whole at the start of a day, afterwards only what changed (source: sync.md §4, Download).

A cursor is opaque to the tablet: generation, place in the log (dvc.audit.places), the operation's day, and a short digest of each
small section. What follows from the calendar alone (a policy that begins, a birthday) leaves no entry in the log; it
comes with the first whole snapshot of the day.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dvc.audit import places
from dvc.operations.models import Operation
from dvc.sync import holders, snapshot
from dvc.sync.snapshot import HEAD, Scope
from intake.checkin.models import Visit

MOST_ENTRIES: Final = 4000  # beyond this the whole is cheaper
# What changes what a tablet knows of everybody at once.
FOR_EVERYBODY: Final = frozenset(
    {"drill.purged", "questions.set", "operation.consent_renewed", "operation.consent_taken_back"}
)
KEPT_WHOLE = timedelta(minutes=10)
PATIENCE_SECONDS: Final = 2.0
_DIGEST_CHARS: Final = 8


class Busy(Exception):
    """Another thread is making the whole snapshot: come again in a moment."""


@dataclass(frozen=True, slots=True)
class Cursor:
    generation: str
    place: int
    day: str
    digests: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.generation, str(self.place), self.day, *self.digests))

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """The cursor in a text, or None for anything else (also for one of another release)."""
        generation, place, day, *digests = [*text.split("."), "", "", ""]
        digests = digests[:-3]
        if not place.isdecimal() or len(place) > 18 or len(digests) != len(HEAD):
            return None
        return cls(generation, int(place), day, tuple(digests))


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole snapshot as gzipped JSON, and what it was made of."""

    body: bytes
    cursor: Cursor
    cards: int
    made_at: datetime


_wholes: dict[int, Whole] = {}
_making = threading.Lock()


def whole(operation: Operation, *, at: datetime) -> Whole:
    """The whole, made at most every KEPT_WHOLE: a tablet asks for the changes since then right afterwards. Raises `Busy`
    rather than let every thread wait for the same work."""
    scope = Scope(operation, at)
    kept = _wholes.get(operation.pk)
    if kept is not None and _still_good(kept, scope):
        return kept
    if not _making.acquire(timeout=PATIENCE_SECONDS):
        raise Busy
    try:
        kept = _wholes.get(operation.pk)
        if kept is None or not _still_good(kept, scope):
            kept = _wholes[operation.pk] = _make_whole(scope)
        return kept
    finally:
        _making.release()


def changes(operation: Operation, since: Cursor, *, at: datetime) -> dict[str, Any] | None:
    """What a tablet with this cursor has to learn, or None when it needs the whole: `cursor`, `head` (the small sections
    that differ), `holders.some`, and `present`: of these people who is here, null for who is not. What it knew already may
    be told again."""
    scope = Scope(operation, at)
    if since.generation != snapshot.generation() or since.day != scope.today.isoformat():
        return None
    place = places.place()
    if since.place > place:
        return None  # a log that is shorter than it was: not the one this cursor is of
    here = scope.reception.present  # before the log is read: whoever came by then is found in it
    entries = places.since(since.place).filter(center=operation.center_id)
    rows = list(
        entries.values_list("action", "operation", "subject_type", "subject_id", "details")[
            : MOST_ENTRIES + 1
        ]
    )
    if len(rows) > MOST_ENTRIES or any(row[0] in FOR_EVERYBODY and row[1] == operation.pk for row in rows):
        return None
    volunteers, cards = _touched(rows)
    head = _head(scope)
    digests = _digests(head)
    differs = [name for name, old, new in zip(HEAD, since.digests, digests, strict=True) if old != new]
    return {
        "cursor": str(Cursor(since.generation, place, since.day, digests)),
        "server_time": at.isoformat(),
        "head": {name: head[name] for name in differs},
        **holders.some(operation, volunteers=volunteers, cards=cards, at=at),
        "present": {str(volunteer): here.get(str(volunteer)) for volunteer in volunteers},
    }


def _still_good(kept: Whole, scope: Scope) -> bool:
    return (
        timedelta() <= scope.at - kept.made_at < KEPT_WHOLE
        and kept.cursor.generation == snapshot.generation()
        and changes(scope.operation, kept.cursor, at=scope.at) is not None
    )


def _make_whole(scope: Scope) -> Whole:
    place = places.place()  # first, or what is committed in between would be skipped
    head = _head(scope)
    content = holders.in_columns(scope.operation, at=scope.at)
    cursor = Cursor(snapshot.generation(), place, scope.today.isoformat(), _digests(head))
    body = {
        "whole": True,
        "cursor": str(cursor),
        "server_time": scope.at.isoformat(),
        "head": head,
        **content,
        "present": scope.reception.present,
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    count = len(content["columns"]["volunteers"])
    return Whole(gzip.compress(text, 4, mtime=0), cursor, count, scope.at)


def _head(scope: Scope) -> dict[str, Any]:
    return {name: section(scope) for name, section in HEAD.items()}


def _digests(head: Mapping[str, Any]) -> tuple[str, ...]:
    texts = (json.dumps(head[name], sort_keys=True, default=str).encode() for name in HEAD)
    return tuple(hashlib.sha256(text).hexdigest()[:_DIGEST_CHARS] for text in texts)


def _touched(rows: Iterable[tuple[str, int | None, str, str, Any]]) -> tuple[set[int], set[int]]:
    """The people and the cards that entries speak of."""
    volunteers: set[int] = set()
    cards, visits = set(), set()
    for _, _, subject, about, details in rows:
        # "into": the registration that a merge made the standing one.
        volunteers.update(each for key in ("volunteer", "into") if isinstance(each := details.get(key), int))
        if subject == "volunteers.volunteer":
            volunteers.add(int(about))
        elif subject == "volunteers.card":
            cards.add(int(about))
        elif subject == "checkin.visit":
            visits.add(int(about))
    volunteers.update(Visit.objects.filter(pk__in=visits).values_list("volunteer_id", flat=True))
    return volunteers, cards
