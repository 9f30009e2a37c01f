"""What stands on the page 「手で決めたこと」, and several people decided about at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests.models import Need, NeedState
from intake.volunteers.models import Volunteer
from matching.equipment.models import Vehicle
from matching.proposals.cars import drives, vehicles_of
from matching.proposals.models import Proposal
from matching.queue import services as queue
from matching.queue.models import Ban, Hold, Lock, Pin
from matching.teams.models import LIVE, Member
from matching.teams.rides import said


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fixed team with its people, the leader first, its cars in words, and whether it is settled or somebody is
    missing."""

    pin: Pin
    people: tuple[Volunteer, ...]
    cars: str
    state: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A destination, and how it stands."""

    lock: Lock
    state: str


@dataclass(frozen=True, slots=True)
class ByHand:
    """Everything that was decided by hand and still stands, the newest first."""

    pins: tuple[Fixed, ...]
    locks: tuple[Sent, ...]
    bans: tuple[Ban, ...]
    holds: tuple[Hold, ...]

    @property
    def total(self) -> int:
        return len(self.pins) + len(self.locks) + len(self.bans) + len(self.holds)


def by_hand(operation: Operation, *, at: datetime) -> ByHand:
    """What was decided by hand for today or later. Eight queries."""
    day = timezone.localdate(at)
    related = ("need__household__town", "by")
    pins = list(
        Pin.objects.filter(operation=operation, day__gte=day).select_related(*related).order_by("-pk")
    )
    people = Volunteer.objects.in_bulk({person for pin in pins for person in pin.members})
    not_waiting = Need.objects.exclude(state=NeedState.READY)
    gone = dict(
        not_waiting.filter(pk__in={need for pin in pins for need in pin.visits}).values_list("pk", "number")
    )
    vehicles = vehicles_of(car for pin in pins for car in pin.rides)
    locks = list(
        Lock.objects.filter(operation=operation, day__gte=day)
        .select_related("volunteer__merged_into", "group", *related)
        .order_by("-pk")
    )
    asked = [*people, *(lock.person for lock in locks if lock.person)]
    here = set(operation.visits.present().filter(volunteer__in=asked).values_list("volunteer_id", flat=True))
    rows = Member.objects.filter(volunteer__in=asked, left_at__isnull=True, team__state__in=LIVE)
    busy = set(rows.values_list("volunteer_id", flat=True))
    return ByHand(
        pins=tuple(_fixed(pin, people, vehicles, gone, here=here, busy=busy) for pin in pins),
        locks=tuple(Sent(lock, _how(lock, here=here, busy=busy, day_is=lock.day == day)) for lock in locks),
        bans=tuple(
            Ban.objects.filter(operation=operation).select_related("volunteer", *related).order_by("-pk")
        ),
        holds=tuple(Hold.objects.filter(need__operation=operation).select_related(*related).order_by("-pk")),
    )


def _fixed(
    pin: Pin,
    people: dict[int, Volunteer],
    vehicles: dict[int, Vehicle],
    gone: dict[int, int],
    *,
    here: set[int],
    busy: set[int],
) -> Fixed:
    members = [people[one] for one in pin.members if one in people]
    members.sort(key=lambda person: (person.pk != pin.leader_id, person.pk))
    missing = [person.name for person in members if person.pk not in here or person.pk in busy]
    if numbers := [gone[need] for need in pin.visits if need in gone]:
        state = f"{'、'.join(f'N{number}' for number in numbers)}は、もう待っていません。"
    elif missing:
        state = f"{'、'.join(missing)}さんが、いまいないか、ほかの班にいます。"
    else:
        state = ""
    return Fixed(pin, tuple(members), said(drives(pin.rides, people, vehicles)), state)


def _how(lock: Lock, *, here: set[int], busy: set[int], day_is: bool) -> str:
    if lock.need.state != NeedState.READY:
        return "この困りごとは、もう待っていません。"
    if not day_is or lock.person is None:
        return ""
    if lock.person in busy:
        return "いまは、ほかの班にいます。"
    return "" if lock.person in here else "まだ受付していません。"


@transaction.atomic
def decide_about(
    need: Need,
    people: Sequence[Volunteer],
    *,
    what: str,
    reason: str,
    by: By,
    at: datetime,
    day: date | None = None,
) -> None:
    """Give all these people the need as their destination on `day` ("lock"; None: the day of `at`) or keep them all from
    it ("ban").

    Raises `Refused`: team.empty, queue.why_needed, and those of `queue.lock`; then nothing is decided.
    """
    if not people:
        raise Refused("team.empty")
    if not reason.strip():
        raise Refused("queue.why_needed")
    for person in people:
        if what == "lock":
            queue.lock(need, person, reason=reason, by=by, at=at, day=day)
        else:
            queue.ban(need, person, reason=reason, by=by, at=at)


def pin_proposal(proposal: Proposal, *, reason: str, by: By, at: datetime) -> Pin:
    """「この班を固定」: the proposed team as it stands. Raises `Refused` as `queue.pin`."""
    return queue.pin(
        [visit.need for visit in proposal.visits.select_related("need")],
        members=list(Volunteer.objects.filter(pk__in=proposal.members)),
        leader=proposal.leader,
        rides=proposal.rides,
        reason=reason,
        by=by,
        at=at,
    )
