"""Who comes on a day: whoever said so when their team was back (明日も来られますか), and who has a destination for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from dvc.operations.models import Operation
from intake.help_requests.models import Need, NeedState
from intake.volunteers.models import Volunteer
from matching.dispatch.models import Dispatch, DispatchState
from matching.queue.models import Lock
from matching.queue.queries import Waiting
from matching.teams.models import ComingAgain, Team


@dataclass(frozen=True, slots=True)
class Comer:
    """Somebody who comes, and the destination they or their group already have for the day."""

    person: Volunteer
    lock: Lock | None


@dataclass(frozen=True, slots=True)
class ComingTeam:
    """Those of one team who come again, and the need it was at last (None for people whose team is not known)."""

    team: Team | None
    need: Need | None
    people: tuple[Comer, ...]

    @property
    def goes_on(self) -> bool:
        """Whether that need waits for a team again (継続)."""
        return self.need is not None and self.need.state == NeedState.READY

    @property
    def open(self) -> bool:
        """Whether somebody of them has no destination yet."""
        return any(one.lock is None for one in self.people)


@dataclass(frozen=True, slots=True)
class Expected:
    """People who are likely to come: who `said` so, and `others` who have a destination, alone or with their group.
    `needs` wait now for `wanted` people in all, as the house visits found."""

    said: int
    others: int
    needs: int
    wanted: int

    @property
    def people(self) -> int:
        return self.said + self.others


def expected(operation: Operation, queue: Sequence[Waiting], *, day: date) -> Expected:
    """How many will come, as far as anybody told us, beside the queue as it is now. Three queries."""
    told = ComingAgain.objects.filter(operation=operation, day=day, volunteer__withdrawn_at=None)
    said = {merged or pk for pk, merged in told.values_list("volunteer", "volunteer__merged_into")}
    locks = Lock.objects.filter(operation=operation, day=day)
    alone = locks.filter(volunteer__withdrawn_at=None, volunteer__isnull=False)
    placed = {merged or pk for pk, merged in alone.values_list("volunteer", "volunteer__merged_into")}
    groups = locks.filter(group__isnull=False).values("group")
    members = Volunteer.objects.filter(group__in=groups, withdrawn_at=None, merged_into=None)
    placed.update(members.order_by().values_list("pk", flat=True))
    wanted = [one.people[1] for one in queue if not one.block]
    return Expected(len(said), len(placed - said), len(wanted), sum(wanted))


def coming_teams(operation: Operation, *, day: date) -> list[ComingTeam]:
    """Who said that they come, by the team they were in, in the order of the teams. Three queries."""
    told = ComingAgain.objects.filter(operation=operation, day=day, volunteer__withdrawn_at=None)
    rows = list(
        told.select_related("volunteer__merged_into", "team").order_by(
            "team__number", "volunteer__kana_key", "volunteer"
        )
    )
    last = _last_needs({row.team_id for row in rows if row.team_id})
    destinations = _destinations(operation, day)
    found = []
    for team, of_team in groupby(rows, key=lambda row: row.team):
        people = [row.volunteer.merged_into or row.volunteer for row in of_team]
        comers = tuple(
            Comer(one, destinations.get(("person", one.pk)) or destinations.get(("group", one.group_id)))
            for one in dict.fromkeys(people)
        )
        found.append(ComingTeam(team, last.get(team.pk) if team else None, comers))
    return found


def _last_needs(teams: Iterable[int]) -> dict[int, Need]:
    visits = Dispatch.objects.filter(team__in=teams).exclude(state=DispatchState.CANCELLED)
    return {visit.team_id: visit.need for visit in visits.select_related("need").order_by("position")}


def _destinations(operation: Operation, day: date) -> dict[tuple[str, int | None], Lock]:
    locks = Lock.objects.filter(operation=operation, day=day).select_related("need", "volunteer")
    return {
        ("group", lock.group_id) if lock.person is None else ("person", lock.person): lock for lock in locks
    }
