"""How far a recall is, and how far one was: each team, where it is, what was heard of it. Read from facts; nothing here is
stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from dvc.audit.services import By
from dvc.core.refused import Refused
from matching.dispatch.queries import Place, places_of
from matching.dispatch.services import heard
from matching.dispatch.surroundings import inside
from matching.safety import services as safety
from matching.safety.models import REACHED, How, Recall, RecallAnswer
from matching.safety.queries import zones_of
from matching.teams.models import Team, TeamState
from matching.teams.queries import Gone, gone_leaders

# Within this every team that is out is to know that it is called back (domain.md §7.5).
GOAL: Final = timedelta(minutes=15)
# In this order on every list: who needs something first.
HELP, SILENT, REACHED_OUT, BACK = "help", "silent", "reached", "back"
ORDER: Final = (HELP, SILENT, REACHED_OUT, BACK)


@dataclass(frozen=True, slots=True)
class Called:
    """One team in a recall. `inside`: in a danger zone; None when nobody knows where it is, or no zone is drawn. `gone`: its
    leader has gone home without it."""

    team: Team
    place: Place | None
    inside: bool | None
    answers: Sequence[RecallAnswer]
    heads: int
    gone: Gone | None

    @property
    def status(self) -> str:
        hows = {answer.how for answer in self.answers}
        # Before the return: that a team was recorded back does not say that somebody has seen to its call.
        if How.HELP in hows:
            return HELP
        if self.team.state == TeamState.BACK:
            return BACK
        return REACHED_OUT if hows.intersection(REACHED) else SILENT

    @property
    def heard_at(self) -> datetime | None:
        """Its newest sign of life."""
        return self.place.now.heard_at if self.place else None

    @property
    def tries(self) -> int:
        return sum(answer.how == How.TRIED for answer in self.answers)

    @property
    def last(self) -> RecallAnswer | None:
        return self.answers[-1] if self.answers else None

    @property
    def undoable(self) -> RecallAnswer | None:
        """What the desk may take back: what it wrote last itself, else the call for help that stands."""
        last = self.last
        if last is not None and last.by_id is not None:
            return last
        return next((answer for answer in reversed(self.answers) if answer.how == How.HELP), None)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many teams, and how many of them are known to be on their way, back, or in need of help."""

    total: int
    reached: int
    back: int
    help: int

    @property
    def silent(self) -> int:
        return self.total - self.reached - self.back - self.help

    @property
    def known(self) -> int:
        return self.total - self.silent


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything about a running recall, the most pressing team first."""

    recall: Recall
    teams: Sequence[Called]
    has_zones: bool
    tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        states = [called.status for called in self.teams]
        counted = Tally(len(states), states.count(REACHED_OUT), states.count(BACK), states.count(HELP))
        object.__setattr__(self, "tally", counted)

    def of(self, *states: str) -> list[Called]:
        return [called for called in self.teams if called.status in states]


def teams_of(recall: Recall) -> QuerySet[Team]:
    """Whom it is about: who is out, who has come back since it began, and whoever has called for help, whatever the desk has
    written about the team since (a return, or that it never left)."""
    since = Q(state=TeamState.OUT) | Q(state=TeamState.BACK, ended_at__gte=recall.started_at)
    calling = _standing(recall).filter(how=How.HELP, team=OuterRef("pk"))
    return Team.objects.filter(since | Exists(calling), operation=recall.operation_id)


def tally(recall: Recall) -> Tally:
    """The numbers alone, for boards and banners. Two queries."""
    states = dict(teams_of(recall).values_list("pk", "state"))
    hows: dict[int, set[str]] = {}
    for team, how in _standing(recall).exclude(how=How.TRIED).values_list("team", "how"):
        hows.setdefault(team, set()).add(how)
    calling = {team for team in states if How.HELP in hows.get(team, ())}
    back = {team for team, state in states.items() if state == TeamState.BACK} - calling
    reached = {team for team in states if team in hows} - calling - back
    return Tally(len(states), len(reached), len(back), len(calling))


def _standing(recall: Recall) -> QuerySet[RecallAnswer]:
    return RecallAnswer.objects.filter(recall=recall, taken_back_at__isnull=True)


@dataclass(frozen=True, slots=True)
class Reach:
    """A recall looked back on: how many `teams` were out when it began, of how many it was heard while it ran that they knew
    or were back (`known`), and after how many whole `minutes` of the last of them; None while one was not heard of."""

    recall: Recall
    teams: int
    known: int
    minutes: int | None

    @property
    def in_time(self) -> bool:
        return self.minutes is not None and timedelta(minutes=self.minutes) <= GOAL


def reach(recall: Recall) -> Reach:
    """Two queries."""
    heard: dict[int, datetime] = {}
    for team_id, at in _standing(recall).filter(how__in=REACHED).order_by("at").values_list("team", "at"):
        heard.setdefault(team_id, at)
    out = teams_of(recall).filter(dispatches__departed_at__lte=recall.started_at).distinct()
    first = [
        min((at for at in (heard.get(team), ended_at) if at is not None), default=None)
        for team, ended_at in out.values_list("pk", "ended_at")
    ]
    known = [at for at in first if at is not None and (recall.ended_at is None or at <= recall.ended_at)]
    minutes = None
    if known and len(known) == len(first):
        minutes = (max(known) - recall.started_at) // timedelta(minutes=1)
    return Reach(recall, len(first), len(known), minutes)


def progress(recall: Recall) -> Progress:
    """Six queries, however many teams there are; one more when a leader has gone home."""
    there = Q(members__left_at__isnull=True) | Q(members__left_at__gte=recall.started_at)
    teams = list(teams_of(recall).select_related("leader").annotate(heads=Count("members", filter=there)))
    places, gone = places_of([team.pk for team in teams]), gone_leaders(team.pk for team in teams)
    zones = zones_of(recall.operation)
    answers: dict[int, list[RecallAnswer]] = {}
    for answer in _standing(recall).select_related("by").order_by("at", "id"):
        answers.setdefault(answer.team_id, []).append(answer)
    called = [
        Called(
            team=team,
            place=places.get(team.pk),
            inside=inside(zones, place.now.need.household) if (place := places.get(team.pk)) else None,
            answers=answers.get(team.pk, []),
            heads=team.heads,
            gone=gone.get(team.pk),
        )
        for team in teams
    ]
    # Whoever may be in the zone comes before whoever is known to be outside of it.
    called.sort(
        key=lambda one: (ORDER.index(one.status), one.inside is False, one.inside is None, one.team.number)
    )
    return Progress(recall, called, bool(zones))


@transaction.atomic
def answer(recall: Recall, team: Team, how: How, *, by: By, at: datetime, said: str = "") -> RecallAnswer:
    """What was heard of a team; whatever comes from the team itself is a sign of life. Refused: recall.over (written into
    one that somebody has ended at this moment it would stand on no screen), recall.other_team."""
    if how != How.TRIED:  # first, as when a leader answers: whoever holds the recall waits for no team
        heard(team.pk, at=at)
    running = safety.hold_running(recall.operation_id)
    if running is None or running.pk != recall.pk:
        raise Refused("recall.over")
    return safety.answer(recall, team, how, by=by, at=at, said=said)


@transaction.atomic
def end(
    recall: Recall, *, reason: str, by: By, at: datetime, seen: Collection[int] = (), despite: str = ""
) -> None:
    """`safety.end_recall`, once nobody needs help any more: with the recall their call would leave every screen. Teams
    that are silent still were named to whoever ends it (`seen`, pks), who says why it ends all the same (`despite`). Over
    already: nothing changes. Refused: recall.help_waits, recall.silent, and those of `safety.end_recall`."""
    running = safety.hold_running(recall.operation_id)
    if running is None or running.pk != recall.pk:
        return
    if waiting := tally(running).help:
        raise Refused("recall.help_waits", count=waiting)
    silent = sorted((one.team for one in progress(running).of(SILENT)), key=lambda team: team.number)
    if silent and (not despite.strip() or not {team.pk for team in silent} <= {*seen}):
        raise Refused("recall.silent", count=len(silent), teams="、".join(map(str, silent)))
    safety.end_recall(recall, reason=reason, silent=silent, despite=despite, by=by, at=at)
