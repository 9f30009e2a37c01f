"""What waits, in which order, and what blocks it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Prefetch, Q
from django.utils import timezone

from dvc.operations.models import Operation
from intake.help_requests.models import Need, NeedState, WorkItem, WorkState
from intake.volunteers.models import Volunteer
from matching.queue.models import Ban, Hold, Lock, Pin
from matching.queue.order import blocked_by, tier, weight


@dataclass(frozen=True, slots=True)
class Waiting:
    """A need in the queue. `block` is the sentence of what has to happen first, "" when nothing does."""

    need: Need
    items: tuple[WorkItem, ...]
    tier: int
    weight: int
    days: int
    hold: Hold | None
    block: str

    @property
    def people(self) -> tuple[int, int]:
        """Fewest and wished-for head count of one team for all open items; (0, 0) without items."""
        return (
            max((item.people_min for item in self.items), default=0),
            max((item.people_ideal for item in self.items), default=0),
        )


def waiting(operation: Operation, *, at: datetime) -> list[Waiting]:
    """Needs that wait for a team: crisis first, then weight, then days, then the order of arrival. Two queries."""
    needs = (
        Need.objects.ready()
        .filter(operation=operation)
        .select_related("household__town", "hold")
        .prefetch_related(
            Prefetch("items", WorkItem.objects.filter(state=WorkState.OPEN), to_attr="open_items")
        )
        .order_by("pk")
    )
    queue = [_waiting(need, at) for need in needs]
    return sorted(queue, key=lambda one: (one.tier, -one.weight, -one.days, one.need.pk))


def _waiting(need: Need, at: datetime) -> Waiting:
    items: list[WorkItem] = need.open_items  # type: ignore[attr-defined]
    house, hold = need.household, _hold(need)
    flags = {
        "crisis": need.needs_crisis,
        "alone": bool(house and house.lives_alone),
        "watch": need.needs_watch,
    }
    block = blocked_by(
        held=hold.reason if hold else None,
        lat=house.lat if house else None,
        lng=house.lng if house else None,
        open_items=len(items),
        opens=need.open_from,
        closes=need.open_until,
    )
    days = need.days_waited(at)
    return Waiting(
        need, tuple(items), tier(**flags), weight(days=days, **flags), days, hold, block[1] if block else ""
    )


def _hold(need: Need) -> Hold | None:
    try:
        return need.hold
    except ObjectDoesNotExist:
        return None


def kept(operation: Operation, *, at: datetime) -> set[int]:
    """Needs (pks) that are not for just anybody today: of a fixed team, kept for a group or for another day. Two
    queries."""
    day = timezone.localdate(at)
    for_others = Q(day=day, group__isnull=False) | Q(day__gt=day)
    found = set(Lock.objects.filter(for_others, operation=operation).values_list("need_id", flat=True))
    for visits in Pin.objects.filter(operation=operation, day=day).values_list("visits", flat=True):
        found.update(visits)
    return found


def in_the_way(need: Need, people: Collection[Volunteer], *, at: datetime) -> list[str]:
    """Sentences of what a coordinator decided that keeps these people from taking the need besides: it is held, kept for
    others, or somebody of them is kept from it. Four queries."""
    found = [f"見合わせ中です：{hold.reason}。" for hold in Hold.objects.filter(need=need)]
    found += [
        text for code, text in against([need], people, at=at) if code in ("reserved", "pinned_otherwise")
    ]
    theirs = Q(volunteer__in=people) | Q(volunteer__merged_into__in=people)
    names = {person.pk: person.name for person in people}
    for ban in Ban.objects.filter(theirs, need=need).select_related("volunteer"):
        name = names.get(ban.volunteer.merged_into_id or ban.volunteer_id, ban.volunteer.name)
        found.append(f"{name}さんは、このお宅には行かせないと決めてあります。")
    return found


def kept_for(name: str, *, day: date | None = None) -> str:
    """Why others are not sent: the group called `name` is to come, today or on `day` ("": one person is)."""
    who = f"「{name}」" if name else "決めた人"
    if day is None:
        return f"この困りごとは、{who}のために取ってあります（前日割当）。"
    return f"この困りごとは、{day.month}月{day.day}日に{who}が行くことに決めてあります（前日割当）。"


def against(needs: Sequence[Need], people: Collection[Volunteer], *, at: datetime) -> list[tuple[str, str]]:
    """Codes and sentences of what these people at these needs, one after the other, overturn of what was decided for the
    day. Two statements."""
    operation, wanted = needs[0].operation_id, {need.pk for need in needs}
    day, names = timezone.localdate(at), {person.pk: person.name for person in people}
    groups = {person.group_id for person in people if person.group_id}
    found: list[tuple[str, str]] = []
    locks = Lock.objects.filter(operation=operation, day__gte=day, need__state=NeedState.READY)
    for lock in locks.select_related("need", "group", "volunteer"):
        if lock.day != day:
            if lock.need_id in wanted and lock.person not in names and lock.group_id not in groups:
                name = lock.group.name if lock.group else ""
                found.append(("reserved", kept_for(name, day=lock.day)))
        elif lock.person in names and lock.need_id not in wanted:
            text = f"{names[lock.person]}さんの行き先は、N{lock.need.number}に決めてあります。"
            found.append(("locked_elsewhere", text))
        elif lock.group and lock.group_id in groups and lock.need_id not in wanted:
            text = f"「{lock.group.name}」の行き先は、N{lock.need.number}に決めてあります。"
            found.append(("locked_elsewhere", text))
        elif lock.group and lock.group_id not in groups and lock.need_id in wanted:
            found.append(("reserved", kept_for(lock.group.name)))
    pins = Pin.objects.filter(operation=operation, day=day, need__state=NeedState.READY)
    for pin in pins.select_related("need"):
        if not wanted.isdisjoint(pin.visits):
            if set(pin.members) != names.keys():
                found.append(("pinned_otherwise", "この困りごとには、固定した班があります。"))
            continue
        found += [
            ("pinned_elsewhere", f"{names[who]}さんは、N{pin.need.number}へ行く固定した班に入っています。")
            for who in pin.members
            if who in names
        ]
    return list(dict.fromkeys(found))  # a need may be kept for several people
