"""What the coordinator's hand does to the queue: hold a need back, let it go, keep a person from a need; send a person
or a group to a need, fix a team as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.compiled import compiled
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests.models import Need, NeedState
from intake.volunteers.models import Group, Volunteer
from matching.queue.models import Ban, Hold, Lock, Pin

LONGEST_REASON = 120


def one_at_a_time(operation_id: int) -> str:
    """Decisions of one operation, and the engine's new offers, queue up, until the end of the transaction: two that touch
    the same offers and people cannot dead-lock, nobody is offered who is just being sent, and nobody is fixed twice (no
    constraint sees the members of a pin).
    Check-ins and the rest go on: they only need the row's key. SQLite has one writer anyway. Returns the operation's state,
    which nobody changes meanwhile."""
    ((state,),) = _one_at_a_time(operation_id)
    return state


@compiled
def _one_at_a_time(operation: int) -> QuerySet[Operation, tuple[str]]:
    return Operation.objects.select_for_update(no_key=True).filter(pk=operation).values_list("state")


@transaction.atomic
def hold(need: Need, *, reason: str, by: By, at: datetime) -> Hold:
    """Keep a need out of the proposals. The reason stands on the board; a second hold replaces it.

    Raises `Refused("queue.reason_needed")` without a reason.
    """
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise Refused("queue.reason_needed")
    one_at_a_time(need.operation_id)
    made, _ = Hold.objects.update_or_create(need=need, defaults={"reason": reason, "by": by.user, "at": at})
    record("queue.held", need, by=by, at=at, operation=need.operation)
    return made


@transaction.atomic
def unhold(need: Need, *, by: By, at: datetime) -> None:
    """Let the need wait for a team again. Letting go what is not held changes nothing."""
    deleted, _ = Hold.objects.filter(need=need).delete()
    if deleted:
        record("queue.released", need, by=by, at=at, operation=need.operation)


@transaction.atomic
def ban(need: Need, volunteer: Volunteer, *, by: By, at: datetime, reason: str = "") -> Ban:
    """Never propose this person for this need again. A coordinator may still send them by hand, knowingly."""
    reason = reason.strip()[:LONGEST_REASON]
    one_at_a_time(need.operation_id)
    made, created = Ban.objects.get_or_create(
        need=need,
        volunteer=volunteer,
        defaults={"operation": need.operation, "at": at, "by": by.user, "reason": reason},
    )
    if created:
        record("queue.banned", need, by=by, at=at, operation=need.operation, volunteer=volunteer.pk)
    return made


@transaction.atomic
def unban(need: Need, volunteer: Volunteer, *, by: By, at: datetime) -> None:
    """Take a ban back. Without one nothing changes."""
    deleted, _ = Ban.objects.filter(need=need, volunteer=volunteer).delete()
    if deleted:
        record("queue.unbanned", need, by=by, at=at, operation=need.operation, volunteer=volunteer.pk)


@transaction.atomic
def lock(
    need: Need, who: Volunteer | Group, *, reason: str, by: By, at: datetime, day: date | None = None
) -> Lock:
    """This person, or everybody of this group who comes, goes to this need on `day` (None: the day of `at`).

    Saying the same again changes nothing. Raises `Refused`: queue.why_needed, queue.need_not_waiting,
    queue.locked_elsewhere, queue.pinned_elsewhere, queue.banned_here.
    """
    reason, day = _why(reason), day or timezone.localdate(at)
    one_at_a_time(need.operation_id)
    _require_waiting(need)
    if isinstance(who, Volunteer):
        _require_free_to_go(need, [who], day=day)
        key: dict[str, Volunteer | Group] = {"volunteer": who}
    else:
        key = {"group": who}
    found = Lock.objects.select_related("need").filter(operation=need.operation_id, day=day, **key).first()
    if found is not None and found.need_id == need.pk:
        return found
    if found is not None:
        raise Refused("queue.locked_elsewhere", name=_named(who), number=found.need.number)
    made = Lock.objects.create(
        operation=need.operation, need=need, day=day, reason=reason, by=by.user, at=at, **key
    )
    record(
        "queue.locked", need, by=by, at=at, operation=need.operation, day=day.isoformat(), lock=made.pk,
        **{name: one.pk for name, one in key.items()},
    )  # fmt: skip
    return made


@transaction.atomic
def unlock(lock: Lock, *, by: By, at: datetime) -> None:
    """Take a destination back. Twice changes nothing."""
    deleted, _ = Lock.objects.filter(pk=lock.pk).delete()
    if deleted:
        record(
            "queue.unlocked", lock.need, by=by, at=at, operation=lock.operation, volunteer=lock.volunteer_id,
            group=lock.group_id,
        )  # fmt: skip


@transaction.atomic
def pin(
    visits: Sequence[Need],
    *,
    members: Sequence[Volunteer],
    leader: Volunteer,
    rides: Sequence[Mapping[str, int | None]] = (),
    reason: str,
    by: By,
    at: datetime,
    day: date | None = None,
) -> Pin:
    """Fix this team for `day` (None: the day of `at`): it stands, and the rest is planned around it. `rides`: see `Pin`.

    Whether it fits is what its proposal was checked for. Fixing a need's team again replaces it. Raises `Refused`:
    queue.why_needed, queue.need_not_waiting, queue.need_pinned, queue.locked_elsewhere, queue.pinned_elsewhere,
    queue.banned_here, team.empty, team.leader_not_member.
    """
    reason, day, first = _why(reason), day or timezone.localdate(at), visits[0]
    if not members:
        raise Refused("team.empty")
    if leader not in members:
        raise Refused("team.leader_not_member")
    one_at_a_time(first.operation_id)
    for need in visits:
        _require_waiting(need)
        _require_no_other_team(need, first, day=day)
        _require_free_to_go(need, members, day=day)
    made, _ = Pin.objects.update_or_create(
        need=first,
        day=day,
        defaults={
            "operation": first.operation, "visits": [need.pk for need in visits], "leader": leader,
            "members": sorted(person.pk for person in members), "rides": [dict(ride) for ride in rides],
            "reason": reason, "by": by.user, "at": at,
        },
    )  # fmt: skip
    record(
        "queue.pinned",
        first,
        by=by,
        at=at,
        operation=first.operation,
        members=made.members,
        visits=made.visits,
    )
    return made


@transaction.atomic
def unpin(pin: Pin, *, by: By, at: datetime) -> None:
    """Let the engine think about this team again. Twice changes nothing."""
    deleted, _ = Pin.objects.filter(pk=pin.pk).delete()
    if deleted:
        record("queue.unpinned", pin.need, by=by, at=at, operation=pin.operation, members=pin.members)


def _why(reason: str) -> str:
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise Refused("queue.why_needed")
    return reason


def _require_waiting(need: Need) -> None:
    if not Need.objects.filter(pk=need.pk, state=NeedState.READY).exists():
        raise Refused("queue.need_not_waiting", number=need.number)


def _require_no_other_team(need: Need, first: Need, *, day: date) -> None:
    """A need has one fixed team, also where it is not the first one that team goes to."""
    for fixed in Pin.objects.filter(operation=need.operation_id, day=day).exclude(need=first):
        if need.pk in fixed.visits:
            raise Refused("queue.need_pinned", number=need.number)


def _require_free_to_go(need: Need, people: Sequence[Volunteer], *, day: date) -> None:
    """Nobody is promised to two places, or to one they are kept from."""
    names = {person.pk: person.name for person in people}
    banned = Ban.objects.filter(need=need, volunteer__in=names).first()
    if banned is not None:
        raise Refused("queue.banned_here", name=names[banned.volunteer_id], number=need.number)
    theirs = Q(volunteer__in=names) | Q(volunteer__merged_into__in=names)
    locks = Lock.objects.filter(theirs, operation=need.operation_id, day=day)
    other = locks.select_related("need", "volunteer").exclude(need=need).first()
    if other is not None:
        raise Refused(
            "queue.locked_elsewhere", name=f"{names[other.person or 0]}さん", number=other.need.number
        )
    for fixed in Pin.objects.filter(operation=need.operation_id, day=day).select_related("need"):
        both = names.keys() & set(fixed.members)
        if both and need.pk not in fixed.visits:
            raise Refused("queue.pinned_elsewhere", name=names[min(both)], number=fixed.need.number)


def _named(who: Volunteer | Group) -> str:
    return who.name if isinstance(who, Group) else f"{who.name}さん"
