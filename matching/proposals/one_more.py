"""One need more for a team that was decided already or is out: asked of it what a new team for that need would be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from dvc.audit.services import By, record
from intake.help_requests.models import Need, Tool, WorkItem, WorkState
from matching.dispatch import services as dispatching
from matching.dispatch import times
from matching.dispatch.models import IN_FIELD, Dispatch
from matching.loans.queries import of_team
from matching.proposals.check import FORBIDDEN, TEXTS, Finding, findings, sentence_of
from matching.proposals.decisions import obey, withdraw_offers
from matching.proposals.gather import TRUCKS, gather, minute
from matching.proposals.models import Overrule
from matching.queue import services as queue
from matching.queue.near import MOST_METRES, metres_between
from matching.solver import model, rules
from matching.teams.models import Team
from matching.teams.services import people_of

# Rules about who is in the team and what they can, which no way of travelling and no hour changes.
ABOUT_PEOPLE: Final = frozenset(
    {
        "avoided_work", "leader_unfit", "minor_not_allowed", "no_speaker", "too_few_skilled", "too_few_women",
        "too_little_experience", "too_little_stamina", "women_only", "wrong_site", "wrong_size",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MoreCheck:
    """What the rules say about this team at one need more: `warnings` may be overruled with a reason."""

    forbidden: tuple[Finding, ...]
    warnings: tuple[Finding, ...]


@transaction.atomic
def add(dispatch: Dispatch, need: Need, *, overrule: str = "", by: By, at: datetime) -> Dispatch:
    """`chains.add_visit` for the team of this dispatch, unless a rule is broken that `overrule`, the coordinator's reason,
    does not cover. Offers of the need are withdrawn. Raises `Refused`: team.forbidden, team.needs_ok, and those of
    `chains.add_visit`."""
    queue.one_at_a_time(dispatch.operation_id)
    team = dispatch.team
    found = check_one_more(team, need, at=at)
    made = dispatching.add_visit(team, need, by=by, at=at)
    obey(found, overrule=overrule)
    withdraw_offers([need], (), (), at=at)
    if found.warnings:
        codes = sorted({one.code for one in found.warnings})
        before = Overrule.objects.filter(team=team).first()
        if before is not None:
            codes = sorted({*codes, *before.codes})
        Overrule.objects.update_or_create(
            team=team, defaults={"codes": codes, "reason": overrule.strip()[:120], "by": by.user, "at": at}
        )
        record("team.overruled", team, by=by, at=at, operation=team.operation, codes=codes)
    return made


def check_one_more(team: Team, need: Need, *, at: datetime) -> MoreCheck:
    """Ask the solver's rules about the people; and whether tools, truck, way and time are enough, as far as can be said."""
    visits = list(
        Dispatch.objects.of_team(team.pk).select_related("operation", "need__household").order_by("position")
    )
    people = people_of(team)
    gathered = gather(need.operation, at=at, need=need.pk, people=people, vehicles=False)
    problem = gathered.problem
    said = [(why.code, why.text) for why in gathered.set_aside.values()]
    if problem.needs and visits and people:
        names = {f"V{person.pk}": person.name for person in people}
        members = tuple(who for who in names if who in problem.volunteer_by)
        crew = model.Team("more", members, f"V{team.leader_id}", (f"N{need.pk}",), model.Mode.WALK)
        broken = rules.review(problem, model.Plan(teams=(crew,))).violations
        said += [
            (one.code, sentence_of(one, problem, crew, names)) for one in broken if one.code in ABOUT_PEOPLE
        ]
        said += [(code, TEXTS[code]) for code in _on_the_way(team, need, problem, visits, members, at=at)]
        said += _tools(team, problem.needs[0], visits)
    return MoreCheck(
        findings(said, lambda code: code in FORBIDDEN), findings(said, lambda code: code not in FORBIDDEN)
    )


def _on_the_way(
    team: Team, need: Need, problem: model.Problem, visits: Sequence[Dispatch], members: Sequence[str], *, at: datetime
) -> Iterator[str]:  # fmt: skip
    """Codes of what keeps them from getting there and back, with what they go in and in the time there is."""
    metres = metres_between(visits[-1].need, need)
    if metres is not None and metres > MOST_METRES:
        yield "hop_too_far"
    asked = problem.needs[0]
    rides = team.rides.select_related("vehicle", "driver")
    kinds = [ride.vehicle.kind if ride.vehicle else ride.driver.vehicle for ride in rides]
    if asked.truck and TRUCKS.isdisjoint(kinds):
        yield "truck_missing"
    begin = _free_from(visits, at=at) + times.BETWEEN
    start = max(minute(timezone.localtime(begin).time()), asked.open)
    until = start + asked.dur
    if until > asked.close:
        yield "ends_after_close"
    ends = [problem.volunteer_by[who].end for who in members]
    if until + times.EACH_WAY // timedelta(minutes=1) > min([problem.params.work_end, *ends]):
        yield "back_too_late"


def _free_from(visits: Sequence[Dispatch], *, at: datetime) -> datetime:
    """When the team has done all it has now."""
    last = visits[-1]
    if last.planned_until is not None:
        return max(at, last.planned_until)
    out = next((visit for visit in visits if visit.state in IN_FIELD), None)
    due = out.due_back_at if out is not None else times.usual_return(visits[0], at=at)
    return max(at, (due or at) - times.EACH_WAY)


def _tools(team: Team, asked: model.Need, visits: Sequence[Dispatch]) -> Iterator[tuple[str, str]]:
    """What the need takes that the team neither has nor was going to fetch for its other houses."""
    has = Counter[str]()
    for loan in of_team(team.pk):
        has[loan.tool] += loan.count - loan.back
    items = WorkItem.objects.filter(need__in=[visit.need_id for visit in visits])
    for tools in items.exclude(state=WorkState.DONE).values_list("tools", flat=True):
        for tool, count in tools.items():
            has[tool] = max(has[tool], count)
    for tool, count in asked.equip.items():
        if count > has[tool]:
            name = Tool(tool).label if tool in Tool.values else tool
            yield (
                "tools_short",
                f"資機材「{name}」があと{count - has[tool]}つ要ります。届けるか、取りに戻ってもらってください。",
            )
