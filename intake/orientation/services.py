"""Open a briefing, tick what was said, mark who heard it. Hearing it is a fact: kept even before an arrival is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.operations.services import require_open
from intake.checkin import services as checkin
from intake.checkin.desk import Happened
from intake.checkin.models import Visit
from intake.orientation.models import Attendance, OrientationSession, Way, earliest_at
from intake.volunteers.models import Volunteer

# What has to be said at every briefing (source: domain.md §1.3).
MUST: Final = (
    "戻る時刻と、戻る場所",
    "行き帰りの道と、通れない道",
    "体調が悪くなったら、すぐに言うこと",
    "依頼書にない作業は引き受けず、センターに電話すること",
)
USUAL: Final = (
    "道具の借り方と返し方",
    "昼食とトイレ",
    "貴重品の持ち方",
    "ごみの分け方",
    "水分をとること（熱中症）",
)
MOST_ITEMS: Final = 30
LONGEST_ITEM: Final = 80


@transaction.atomic
def open_session(
    operation: Operation, *, starts_at: datetime, place: str, speaker: str, by: By, at: datetime
) -> OrientationSession:
    """A new briefing with the checklist of the one before it, unticked. Refused operation.closed."""
    require_open(operation)
    last = OrientationSession.objects.filter(operation=operation).order_by("-id").first()
    session = OrientationSession.objects.create(
        operation=operation, starts_at=starts_at, place=place, speaker=speaker, opened_by=by.user, opened_at=at,
        checklist=_items([item["text"] for item in last.checklist if not item["must"]] if last else USUAL),
    )  # fmt: skip
    record("orientation.opened", session, by=by, at=at, operation=operation)
    return session


def _items(others: Sequence[str]) -> list[dict[str, Any]]:
    texts = [(text, True) for text in MUST] + [(text, False) for text in others if text not in MUST]
    return [{"text": text, "must": must, "done": False} for text, must in texts]


@transaction.atomic
def set_checklist(
    session: OrientationSession, *, others: Sequence[str], by: By, at: datetime, seen: str | None = None
) -> None:
    """Replace the items beside the four that stay. Ticks of items that remain are kept. `seen`: the mark (`mark_of`) of
    the list that was looked at; Refused orientation.changed when somebody else has changed it since."""
    _lock(session)
    done = {item["text"] for item in session.checklist if item["done"]}
    wanted = [text[:LONGEST_ITEM] for text in dict.fromkeys(others) if text][:MOST_ITEMS]
    if _write([{**item, "done": item["text"] in done} for item in _items(wanted)], session, seen=seen):
        record("orientation.checklist_set", session, by=by, at=at, operation=session.operation)


@transaction.atomic
def tick(
    session: OrientationSession, *, said: Collection[int], by: By, at: datetime, seen: str | None = None
) -> None:
    """Exactly the items with these places in the list (from 0) have been said. `seen` as for `set_checklist`."""
    _lock(session)
    ticked = [{**item, "done": place in said} for place, item in enumerate(session.checklist)]
    if _write(ticked, session, seen=seen):
        record("orientation.ticked", session, by=by, at=at, operation=session.operation, said=sorted(said))


def mark_of(session: OrientationSession) -> str:
    """What is said and was said, in short: whoever writes it anew says by it what they have seen."""
    return hashlib.sha256(json.dumps(session.checklist).encode()).hexdigest()


def _lock(session: OrientationSession) -> None:
    """The list as it stands, kept by us until the transaction ends."""
    one_after_the_other = OrientationSession.objects.select_for_update(no_key=True)
    session.refresh_from_db(fields=["checklist"], from_queryset=one_after_the_other)


def _write(checklist: list[dict[str, Any]], session: OrientationSession, *, seen: str | None) -> bool:
    """False when it stands like that already: saved twice. Refused orientation.changed."""
    if checklist == session.checklist:
        return False
    if seen is not None and mark_of(session) != seen:
        raise Refused("orientation.changed")
    session.checklist = checklist
    session.save(update_fields=["checklist"])
    return True


@transaction.atomic
def end(session: OrientationSession, *, by: By, at: datetime) -> None:
    """The briefing is over; the code on the screen opens nothing from now on. Refused orientation.must_left."""
    _lock(session)
    if session.must_left:
        raise Refused("orientation.must_left", what="」「".join(session.must_left))
    if OrientationSession.objects.filter(pk=session.pk, ended_at__isnull=True).update(ended_at=at):
        record("orientation.ended", session, by=by, at=at, operation=session.operation)


@transaction.atomic
def go_on(session: OrientationSession, *, by: By, at: datetime) -> None:
    """It was ended by mistake."""
    if OrientationSession.objects.filter(pk=session.pk, ended_at__isnull=False).update(ended_at=None):
        record("orientation.reopened", session, by=by, at=at, operation=session.operation)


@transaction.atomic(savepoint=False)
def attend(
    operation: Operation,
    volunteer: Volunteer,
    *,
    session: OrientationSession | None,
    way: Way,
    by: By,
    at: datetime,
) -> Happened:
    """The person heard the briefing: `session`, or the one that runs at that moment, or one nobody opened here.

    Code oriented_before_arrival when no visit is known yet; `catch_up` joins the two when it is.
    """
    session = session or OrientationSession.objects.filter(operation=operation).running_at(at).first()
    happened = checkin.orient(operation, volunteer, by=by, at=at)
    visit, changed = happened.visit, happened.changed
    if visit is None and (visit := _visit_of(operation, volunteer, at=at)) is not None:
        changed = checkin.orient_visit(visit, by=by, at=at)
    if session is None and visit is not None:
        return Happened("ok_oriented", visit, changed=changed)
    kept, created = Attendance.objects.get_or_create(
        session=session, volunteer=volunteer, **({} if session else {"operation": operation, "day": timezone.localdate(at)}),
        defaults={"operation": operation, "day": timezone.localdate(at), "visit": visit, "at": at, "way": way},
    )  # fmt: skip
    # Whoever is marked by name as well is not of the room any more: taking back the room leaves them.
    by_name = kept.way == Way.ROOM != way
    if not created and (
        kept.undone_at is not None or (kept.visit_id is None and visit is not None) or by_name
    ):
        stays = kept.visit_id if by_name and kept.undone_at is None else None
        Attendance.objects.filter(pk=kept.pk).update(
            visit=visit.pk if visit else stays, at=at, way=way, undone_at=None
        )
    if visit is None:
        if created:
            record(
                "orientation.before_arrival", kept, by=by, at=at, operation=operation, volunteer=volunteer.pk
            )
        return Happened("oriented_before_arrival", None, changed=created)
    return Happened("ok_oriented", visit, changed=changed)


@transaction.atomic
def take_back(
    operation: Operation, volunteer: Volunteer, *, heard_at: datetime, by: By, at: datetime
) -> bool:
    """Forget that a tablet marked the person at `heard_at`, with or without an arrival; what was marked in another way
    stands. False when there was nothing to forget."""
    marked = Attendance.objects.valid().filter(
        Q(volunteer=volunteer) | Q(volunteer__merged_into=volunteer),
        operation=operation, at=heard_at, way=Way.TABLET,
    )  # fmt: skip
    undone = list(marked.select_related("session", "visit"))
    marked.update(undone_at=at)
    for row in undone:
        if room := _marked_with_the_room(row):
            Attendance.objects.filter(pk=row.pk).update(undone_at=None, way=Way.ROOM, at=room)
        record("orientation.taken_back", row, by=by, at=at, operation=operation, volunteer=volunteer.pk)
    visits = Visit.objects.filter(operation=operation, volunteer=volunteer, oriented_at=heard_at)
    unseen = [
        checkin.unsee(visit, what="oriented_at", seen_at=heard_at, by=by, at=at)
        for visit in visits.select_related("operation")
    ]
    return bool(undone) or any(unseen)


def _marked_with_the_room(row: Attendance) -> datetime | None:
    """When 「この回の全員」 had marked them before they were marked by name."""
    if row.session is None or row.visit is None or row.visit.oriented_at in (None, row.at):
        return None
    of_the_room = Entry.objects.about(row.session).filter(
        action="orientation.room_attended", at=row.visit.oriented_at
    )
    return row.visit.oriented_at if of_the_room.exists() else None


@transaction.atomic
def forget(attendance: Attendance, *, by: By, at: datetime) -> None:
    """They did not come that day: the briefing waits for no arrival any more."""
    if Attendance.objects.waiting().filter(pk=attendance.pk).update(undone_at=at):
        record(
            "orientation.taken_back", attendance, by=by, at=at, operation=attendance.operation,
            volunteer=attendance.volunteer_id,
        )  # fmt: skip


def _visit_of(operation: Operation, volunteer: Volunteer, *, at: datetime) -> Visit | None:
    """The visit of that moment, when the person has left already: a late fact still belongs to it."""
    visits = Visit.objects.of_moment(at, day=timezone.localdate(at))
    theirs = visits.filter(operation=operation, volunteer=volunteer)
    return theirs.filter(arrived_at__lte=at).last() or theirs.first()


@transaction.atomic
def attend_room(session: OrientationSession, *, without: Collection[int], by: By, at: datetime) -> int:
    """Everybody who was here when it began heard it, except the volunteers named in `without`. Returns how many."""
    heard = [visit for visit in of_the_room(session) if visit.volunteer_id not in without]
    for visit in heard:
        attend(session.operation, visit.volunteer, session=session, way=Way.ROOM, by=by, at=at)
    record("orientation.room_attended", session, by=by, at=at, operation=session.operation, count=len(heard))
    return len(heard)


def of_the_room(session: OrientationSession) -> list[Visit]:
    """Who is here since before it began and has heard no briefing yet, by reading. One query."""
    return list(
        Visit.objects.present()
        .filter(operation=session.operation, oriented_at__isnull=True, arrived_at__lte=session.starts_at)
        .select_related("volunteer")
        .order_by("volunteer__kana_key", "volunteer_id")
    )


@transaction.atomic
def undo_room(session: OrientationSession, *, by: By, at: datetime) -> int:
    """Take back 「この回の全員」. Who was marked in another way as well stays marked. Returns how many."""
    rows = list(session.attendances.valid().filter(way=Way.ROOM).select_related("visit"))
    for row in rows:
        if row.visit is not None:
            checkin.unsee(row.visit, what="oriented_at", seen_at=row.at, by=by, at=at)
    Attendance.objects.filter(pk__in=[row.pk for row in rows]).update(undone_at=at)
    record("orientation.room_undone", session, by=by, at=at, operation=session.operation, count=len(rows))
    return len(rows)


def catch_up(*, at: datetime) -> None:
    """Join briefings to arrivals that came to the server after them. A check of the sweeper; one query when there
    is nothing to do, however many wait. `at` is real time: what is written has the time of the briefing."""
    theirs = Visit.objects.of_moment(OuterRef("at"), day=OuterRef("day")).filter(
        operation=OuterRef("operation"), volunteer=OuterRef("person")
    )
    waiting = Attendance.objects.waiting().annotate(person=Coalesce("volunteer__merged_into", "volunteer"))
    for row in waiting.filter(Exists(theirs)).select_related("operation", "volunteer__merged_into"):
        visit = _visit_of(row.operation, row.volunteer.standing, at=row.at)
        if visit is None:
            continue
        with transaction.atomic():
            if Attendance.objects.filter(pk=row.pk, visit__isnull=True).update(visit=visit):
                checkin.orient_visit(visit, by=SYSTEM, at=row.at)


def of_the_day(operation: Operation, *, at: datetime) -> list[OrientationSession]:
    """Today's sessions and those that go on since yesterday, the latest first, each with `heads`: how many are known to
    have heard it. One query."""
    day = timezone.localdate(at)
    begin = timezone.make_aware(datetime.combine(day, time()))
    return list(
        OrientationSession.objects.filter(
            Q(starts_at__gte=begin) | Q(starts_at__gte=earliest_at(at), ended_at__isnull=True),
            operation=operation,
            starts_at__lt=begin + timedelta(days=1),
        ).annotate(heads=Count("attendances", filter=Q(attendances__undone_at__isnull=True)))
    )
