"""How many people are here whose names nobody has: groups larger than their list, and who was counted on paper.

Nobody counts twice: two gates that tell the same number of the same group within minutes saw the same people, and
somebody who is registered, or put on the group's list, after the count and arrives is one of those who were counted.
Nobody is forgotten either: who came before midnight is here until somebody says that they went home. What was told in any
order comes to the same: who came with a group went home with its first leaving afterwards, within the longest stay.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from dvc.operations.models import Operation
from intake.checkin.models import GroupArrival, Told, Visit
from intake.checkin.stays import APART, LONGEST_STAY
from intake.volunteers.models import Group

A_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class Count:
    """People who were counted once: by the gate that saw them first (`row`) and others that saw the same people, and
    what was said of them since."""

    rows: list[GroupArrival]
    corrected: GroupArrival | None = None
    went: GroupArrival | None = None

    @property
    def row(self) -> GroupArrival:
        return self.rows[0]

    @property
    def arrived_at(self) -> datetime:
        return self.row.arrived_at

    @property
    def left_at(self) -> datetime | None:
        return self.went.arrived_at if self.went else None

    @property
    def heads(self) -> int:
        return self.corrected.extra if self.corrected else self.row.extra


@dataclass(slots=True)
class Counted:
    """The nameless of one group (None: of no group) who came on one day: `told` heads, `named` of them since, `gone`
    home. `group` is read by `counted` only."""

    group_id: int | None
    day: date
    counts: list[Count]
    people: set[int] = field(default_factory=set)
    group: Group | None = None

    @property
    def told(self) -> int:
        return sum(count.heads for count in self.counts)

    @property
    def named(self) -> int:
        return len(self.people)

    @property
    def gone(self) -> int:
        return sum(count.heads for count in self.counts if count.went is not None)

    @property
    def came(self) -> int:
        return max(0, self.told - self.named)

    @property
    def here(self) -> int:
        return max(0, self.came - self.gone)

    @property
    def since(self) -> datetime:
        return self.counts[0].arrived_at

    def left_on(self, day: date) -> bool:
        """Whether it was on that day that some of them were said to go home, each for themselves."""
        leavings = (count.went for count in self.counts if count.went is not None)
        return any(went.of_id is not None and went.day == day for went in leavings)

    def matters(self, today: date) -> bool:
        """Whether the desk has to see them: they came today, or are here still, or a leaving may be a mistake of today."""
        return self.day >= today or bool(self.here) or self.left_on(today)

    def still_here(self, moment: datetime) -> bool:
        """Whether some of them may have been here at that moment."""
        return any(
            count.arrived_at <= moment <= (count.left_at or count.arrived_at + LONGEST_STAY)
            for count in self.counts
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """People without a name: who `came` today, who is `here`, and how many of these came on an `earlier` day."""

    came: int
    here: int
    earlier: int


def counted(operation: Operation, *, at: datetime) -> list[Counted]:
    """Who came today, and who came earlier and was not seen leaving before today: day by day, then group by group, those without a
    group last. One query where nobody was counted; four at most."""
    found = _found(operation, at=at)
    known = {each.group_id for each in found if each.group_id is not None}
    groups = Group.objects.select_related("leader").in_bulk(known) if known else {}
    for each in found:
        each.group = groups.get(each.group_id) if each.group_id is not None else None
    return found


def figures(operation: Operation, *, at: datetime) -> Figures:
    """One query where nobody was counted; three at most."""
    found, today = _found(operation, at=at), timezone.localdate(at)
    return Figures(
        came=sum(each.came for each in found if each.day == today),
        here=sum(each.here for each in found),
        earlier=sum(each.here for each in found if each.day < today),
    )


def here_of(operation: Operation, group: Group, *, at: datetime) -> int:
    """How many of the group are here without a name."""
    return sum(each.here for each in _found(operation, at=at) if each.group_id == group.pk)


def counts_around(arrival: GroupArrival) -> list[Count]:
    """The counts of the same group since the day before this one."""
    rows = GroupArrival.objects.standing().filter(
        operation=arrival.operation_id, group=arrival.group_id, day__gte=arrival.day - A_DAY
    )
    return _counts(rows.select_related("of").order_by("arrived_at", "id"))


def _found(operation: Operation, *, at: datetime) -> list[Counted]:
    today = timezone.localdate(at)
    days: dict[tuple[int | None, date], Counted] = {}
    for count in _counts(_until_now(operation, today=today)):
        key = (count.row.group_id, count.row.day)
        days.setdefault(key, Counted(*key, [])).counts.append(count)
    found = sorted(days.values(), key=lambda each: (each.day, each.group_id is None, each.counts[0].row.pk))
    _name(operation, found, at=at)
    return [each for each in found if each.matters(today)]


def _until_now(operation: Operation, *, today: date) -> list[GroupArrival]:
    """What was told of today; of a group of which somebody was not seen leaving before today, all there is; and who came
    alone, until they are."""
    told = GroupArrival.objects.standing().filter(operation=operation).select_related("of")
    since = (
        timezone.make_aware(datetime.combine(today, time())) - APART
    )  # another gate saw them before midnight
    of_today = Q(arrived_at__gte=since) | Q(of__arrived_at__gte=since)
    here_still = GroupArrival.objects.filter(operation=operation, day__lt=today).never_seen_leaving()
    rows = {row.pk: row for row in told.filter(of_today | Q(pk__in=here_still.values("pk")))}
    told_of = (row.of or row for row in rows.values() if row.of is not None or row.kind == Told.CAME)
    earlier = {row.pk: row for row in told_of if row.day < today}
    if earlier:
        groups = {row.group_id for row in earlier.values() if row.group_id is not None}
        rows |= {
            row.pk: row for row in told.filter(Q(group__in=groups) | Q(of__in=earlier) | Q(pk__in=earlier))
        }
    return sorted(rows.values(), key=_moment)


def _moment(row: GroupArrival) -> tuple[datetime, int]:
    return row.arrived_at, row.pk


def _counts(rows: Iterable[GroupArrival]) -> list[Count]:
    """What was told, in the order of its moments, as counts of different people."""
    said: list[GroupArrival] = []
    leavings: dict[int | None, list[GroupArrival]] = defaultdict(list)
    counts: dict[int | None, list[Count]] = defaultdict(list)
    for row in rows:
        if row.of_id is not None:
            said.append(row)
        elif row.kind == Told.WENT:
            leavings[row.group_id].append(row)
        elif same := _seen_before(counts[row.group_id], row):
            same.rows.append(row)
        else:
            counts[row.group_id].append(Count([row]))
    decided = _decided(said, counts)
    for group, theirs in counts.items():
        for count in theirs:
            of_them = decided[count.row.pk]
            count.corrected = next((one for one in reversed(of_them) if one.kind == Told.CORRECTED), None)
            ends = [one for one in of_them if one.kind == Told.WENT]
            ends += [leaving for leaving in leavings[group] if _takes_along(leaving, count)]
            count.went = min(ends, key=_moment, default=None)
    return [count for theirs in counts.values() for count in theirs]


def _seen_before(counts: Sequence[Count], row: GroupArrival) -> Count | None:
    """The count of the same people by another gate, a moment ago. People of no group may be anybody."""
    if row.group_id is None:
        return None
    lately = itertools.takewhile(lambda count: row.arrived_at - count.arrived_at <= APART, reversed(counts))
    return next((count for count in lately if count.row.extra == row.extra), None)


def _decided(
    said: Iterable[GroupArrival], counts: Mapping[int | None, Sequence[Count]]
) -> Mapping[int, list[GroupArrival]]:
    """What people said of each count (by the key of its first row), in the same order. A decision outlives the gate it
    was said of: when that takes its telling back, another that saw the same people stands for them."""
    whose = {row.pk: count for theirs in counts.values() for count in theirs for row in count.rows}
    decided: dict[int, list[GroupArrival]] = defaultdict(list)
    for row in said:
        about = whose.get(row.of_id or 0) or _instead_of(row.of, counts.get(row.group_id, ()))
        if about is not None:
            decided[about.row.pk].append(row)
    return decided


def _instead_of(told: GroupArrival | None, counts: Sequence[Count]) -> Count | None:
    if told is None or told.annulled_at is None or told.group_id is None:
        return None
    alike = (count for count in counts if count.row.extra == told.extra)
    return next(
        (
            count
            for count in alike
            if any(abs(row.arrived_at - told.arrived_at) <= APART for row in count.rows)
        ),
        None,
    )


def _takes_along(leaving: GroupArrival, count: Count) -> bool:
    return leaving.since is not None and leaving.since <= count.arrived_at <= leaving.arrived_at


def _name(operation: Operation, found: Sequence[Counted], *, at: datetime) -> None:
    """Find who of them has a name by now. Somebody who got one after midnight may have come before."""
    today = timezone.localdate(at)
    asked = [each for each in found if each.group_id is not None and each.matters(today)]
    if not asked:
        return
    first, last = min(each.day for each in asked), max(each.day for each in asked)
    oldest = min(each.since for each in asked)
    visits = Visit.objects.filter(
        Q(volunteer__registered_at__gte=oldest) | Q(volunteer__listed_at__gte=oldest),
        operation=operation, annulled_at__isnull=True, day__range=(first, last + A_DAY),
        volunteer__group__in={each.group_id for each in asked},
    )  # fmt: skip
    days: dict[int | None, list[Counted]] = defaultdict(list)
    for each in reversed(found):
        days[each.group_id].append(each)
    for visit in visits.order_by("arrived_at").values_list(
        "volunteer__group_id", "volunteer_id", "day", "arrived_at", "volunteer__registered_at", "volunteer__listed_at",
        named=True,
    ):  # fmt: skip
        for each in days[visit.volunteer__group_id]:
            is_next_day = each.day == visit.day - A_DAY and each.still_here(visit.arrived_at)
            if (each.day == visit.day or is_next_day) and _got_a_name(
                each, visit.arrived_at, visit.volunteer__registered_at, visit.volunteer__listed_at, at=at
            ):
                each.people.add(visit.volunteer_id)
                break


def _got_a_name(
    counted: Counted,
    arrived_at: datetime,
    registered_at: datetime,
    listed_at: datetime | None,
    *,
    at: datetime,
) -> bool:
    """Nobody had this person's name when these were counted, or nobody knew that they belong to the group; who had come
    before that was counted as themselves. A drill's clock may have listed a real person in a time to come."""
    if registered_at >= counted.since:
        return True
    listed = listed_at is not None and counted.since <= listed_at <= at
    return listed and arrived_at > counted.since
