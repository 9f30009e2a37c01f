"""Keep what leaders tell, and answer it. Telling is a fact and never refused, however late it comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from dvc.photos.models import Photo
from matching.dispatch import services as dispatches
from matching.dispatch.models import IN_FIELD, Dispatch, DispatchState, Outcome
from matching.dispatch.times import happened
from matching.field.models import LONGEST, FieldNote, Said
from matching.safety import services as safety
from matching.safety.models import How
from matching.teams import services as teams
from matching.teams.models import TeamState

# A phone's age of what it kept is a difference of two readings of its clock: so much it may be out.
SKEW: Final = timedelta(minutes=1)
FACTS: Final[dict[str, tuple[Callable[..., Dispatch], str]]] = {
    "on_site": (dispatches.arrive_on_site, "「着きました」"),
    "next": (dispatches.move_on, "「つぎのお宅へ向かいます」"),
    "leaving": (dispatches.leave_site, "「帰ります」"),
}
HELP_TOO_LATE: Final = "呼び戻しの画面で「助けが必要です」を押しました"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phone is."""

    lat: float
    lng: float


@transaction.atomic
def tell(
    dispatch: Dispatch,
    said: Said,
    *,
    op: UUID,
    by: By,
    told_at: datetime,
    at: datetime,
    text: str = "",
    count: int | None = None,
    until: datetime | None = None,
    place: Place | None = None,
    photo: Photo | None = None,
) -> FieldNote:
    """A leader told this at `told_at`; it is here at `at`. The same `op` again changes nothing, but brings the place that
    the phone did not know the first time. That the desk has written down no departure is one question, however often it
    is told: the same words while nobody has answered are a sign of life and no second note."""
    if said == Said.GONE:
        teams.hold(dispatch.team)
        waiting = FieldNote.objects.waiting().filter(dispatch=dispatch, said=said, text=text[:LONGEST])
        if known := waiting.first():
            dispatches.heard(dispatch.team_id, at=told_at)
            return known
    note, made = FieldNote.objects.get_or_create(
        op=op,
        defaults={
            "operation": dispatch.operation, "dispatch": dispatch, "said": said, "text": text[:LONGEST], "count": count,
            "until": until, "lat": place.lat if place else None, "lng": place.lng if place else None, "photo": photo,
            "told_at": happened(dispatch, told_at, at=at), "received_at": at,
        },
    )  # fmt: skip
    if made:
        dispatches.heard(dispatch.team_id, at=note.told_at)
        record(
            "field.told", note, by=by, at=at, operation=dispatch.operation, said=str(said), dispatch=dispatch.pk,
            place=place is not None,
        )  # fmt: skip
    elif place and FieldNote.objects.filter(pk=note.pk, lat__isnull=True).update(
        lat=place.lat, lng=place.lng
    ):
        record("field.placed", note, by=by, at=at, operation=dispatch.operation)
        note.refresh_from_db()
    return note


def was_taken_off(dispatch: Dispatch) -> bool:
    """Whether the desk gave this house back while its team was outside, or when it came home. One query at most."""
    if dispatch.state != DispatchState.CANCELLED:
        return False
    return Dispatch.objects.filter(team=dispatch.team_id, departed_at__isnull=False).exists()


def fact(
    dispatch: Dispatch, what: str, *, op: UUID, by: By, told_at: datetime, at: datetime
) -> FieldNote | None:
    """Where a team is, as its leader tells it (`what`: one of FACTS). Where the desk has not written down that it left, or
    has taken that or the whole dispatch back, it is kept for a person, who looks into it (None otherwise): that team is
    on no list of those outside. The same once more while nobody has answered changes nothing. Refused: dispatch.no_next."""
    if was_taken_off(dispatch):
        return None
    act, words = FACTS[what]
    try:
        act(dispatch, by=by, at=happened(dispatch, told_at, at=at))
    except Refused as refused:
        if refused.code != "dispatch.not_departed":
            raise
    else:
        return None
    return tell(dispatch, Said.GONE, op=op, text=words, by=by, told_at=told_at, at=at)


def report(
    dispatch: Dispatch, story: Mapping[str, Any], *, op: UUID, by: By, told_at: datetime, at: datetime
) -> bool:
    """What a leader reports of a house, kept for a person (`keep_report`) where the desk has the team elsewhere: it took the
    house off, or its departure is not written down or was taken back, perhaps at this very moment. Whether it is the
    first. Refused: dispatch.remaining_needed."""
    try:
        when = happened(dispatch, told_at, at=at)
        return dispatches.report(dispatch, **story, by=by, at=when).changed
    except Refused as refused:
        if refused.code != "dispatch.not_departed":
            raise
    keep_report(dispatch, story, op=op, by=by, told_at=told_at, at=at)
    return True


def keep_report(
    dispatch: Dispatch, story: Mapping[str, Any], *, op: UUID, by: By, told_at: datetime, at: datetime
) -> FieldNote:
    """The report of a house where, as the desk has it, the team has not been: work that was done, whatever became of the
    plan. A person reads it and says what it means for the request."""
    words = {
        "けが": story["injury"], "ヒヤリ": story["near_miss"], "結果": Outcome(story["outcome"]).label,
        "人数": f"{story['people']}人", "やったこと": story["text"], "残り": story["remaining"],
    }  # fmt: skip
    text = "　".join(f"{name}：{said}" for name, said in words.items() if said)
    if dispatch.departed_at is None and not was_taken_off(dispatch):
        text = f"出発の記録がありません。　{text}"
    return tell(
        dispatch,
        Said.REPORT,
        op=op,
        text=f"N{dispatch.need.number}　{text}",
        by=by,
        told_at=told_at,
        at=at,
    )


@transaction.atomic
def answer_recall(dispatch: Dispatch, how: How, *, op: UUID, by: By, told_at: datetime, at: datetime) -> None:
    """全員無事です, or 助けが必要です, told at `told_at` and here at `at`. Said again it changes nothing; a sign of life it is
    in any case. That all are safe answers no recall that began later. Who needs help is heard whatever has ended
    meanwhile: when nobody is called back any more, or the desk does not have this team outside, it is an SOS (`op`: what
    the phone calls it)."""
    dispatches.heard(dispatch.team_id, at=told_at)
    running = safety.hold_running(dispatch.operation_id)
    # Help that is wanted by a team that is back, or whose departure nobody has written down, outlives the recall: as a note
    # it keeps the day from being closed.
    shown = how != How.HELP or teams.hold(dispatch.team).state == TeamState.OUT
    in_time = running is not None and (how == How.HELP or told_at >= running.started_at - SKEW)
    if running is not None and in_time and shown:
        safety.answer(running, dispatch.team, how, by=by, at=min(max(told_at, running.started_at), at))
    elif how == How.HELP:
        tell(dispatch, Said.SOS, op=op, text=HELP_TOO_LATE, by=by, told_at=told_at, at=at)


@transaction.atomic
def answer(note: FieldNote, *, agreed: bool, text: str, by: By, at: datetime) -> FieldNote:
    """The center's word to it, which the leader sees. More time that is agreed to moves the return. Answered already:
    nothing changes.

    Raises `Refused`: field.answer_needed (a no without a word), and what `dispatches.postpone` refuses.
    """
    fresh = (
        FieldNote.objects.select_for_update(of=("self",))
        .select_related("dispatch__operation")
        .get(pk=note.pk)
    )
    if fresh.answered_at is not None:
        return fresh
    if not agreed and not text.strip():
        raise Refused("field.answer_needed")
    FieldNote.objects.filter(pk=fresh.pk).update(
        agreed=agreed, answer=text.strip()[:200], answered_at=at, answered_by=by.user
    )
    record(
        "field.answered",
        fresh,
        by=by,
        at=at,
        operation=fresh.dispatch.operation,
        said=fresh.said,
        agreed=agreed,
    )
    if agreed and fresh.said == Said.LATER and fresh.until is not None:
        now = (
            Dispatch.objects.filter(team=fresh.dispatch.team_id, state__in=IN_FIELD)
            .select_related("operation")
            .first()
        )
        if now is not None:
            dispatches.postpone(now, due_back_at=fresh.until, by=by, at=at)
    note.refresh_from_db()
    return note
