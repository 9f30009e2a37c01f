"""One hand-made or edited team against the solver's rules: what is forbidden, and what a person may overrule.

The rules are the solver's (matching.solver.rules); here they only become sentences with names in them, and are
sorted by domain.md §3.9: minors, guardians and drivers are never overruled, head counts and the rest are advice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from intake.help_requests.models import Need, Tool
from intake.volunteers.models import Skill, Volunteer
from matching.equipment.models import Vehicle
from matching.proposals.gather import gather
from matching.solver import model, rules
from matching.solver.travel import Travel

# Nobody may overrule these.
FORBIDDEN: Final = frozenset(
    {
        "guardian_absent", "minor_not_allowed", "driver_unfit", "driver_unknown", "leader_not_member",
        "unknown_vehicle", "vehicle_taken_twice",
    }
)  # fmt: skip

# Asked at departure, shown here so that somebody can take care of it in time.
LATER: Final = frozenset({"uninsured"})

TEXTS: Final[dict[str, str]] = {
    "atomic_group_torn": "「{who}」さんたちの団体が分かれています。",
    "avoided_work": "{who}さんは、この作業を「できない」と登録しています。",
    "back_too_late": "戻りが、活動の終わりの時刻か、帰る時刻を過ぎそうです。",
    "banned": "{who}さんは、このお宅には行かせないと決めた人です。",
    "ends_after_close": "作業できる時刻のうちに終わらないかもしれません。残りは「継続」になります。",
    "group_part_too_small": "「{who}」さんたちの団体が、小さく分かれすぎています。",
    "guardian_absent": "{who}さん（18歳未満）の保護者が、この班にいません。",
    "leader_unfit": "リーダーの{who}さんは、活動の経験が少なめです。",
    "minor_not_allowed": "{who}さんは18歳未満で、この作業には入れません。",
    "no_speaker": "「{what}」を話せる人がいません。",
    "seats_short": "車の席が足りません。",
    "too_far_to_walk": "歩いて行くには遠い場所です。車がありません。",
    "too_few_skilled": "「{what}」のできる人が足りません。",
    "too_few_women": "女性の人数が足りません。",
    "too_little_stamina": "{who}さんには、体力のいる作業です。",
    "tools_short": "資機材「{what}」が足りません。",
    "truck_missing": "軽トラックがありません。",
    "unknown_vehicle": "選んだ車は、ほかの班が使っているか、いまは使えません。",
    "uninsured": "{who}さんの保険が、まだ確認できていません。出発までに確かめてください。",
    "women_only": "女性だけで伺う依頼です。{who}さんが入っています。",
    "wrong_site": "{who}さんは、別の拠点で受付しています。",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a team that a person should know: a code and a sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class TeamCheck:
    """What the rules say about one team. `warnings` may be overruled with a reason, `forbidden` may not."""

    forbidden: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    later: tuple[Finding, ...]
    mode: str
    driver: Volunteer | None


def check_team(
    need: Need,
    *,
    volunteers: Sequence[Volunteer],
    leader: Volunteer,
    vehicle: Vehicle | None,
    driver: Volunteer | None,
    at: datetime,
) -> TeamCheck:
    """Ask the solver's rules about these people at this need now. Whether they are free is the team's constraint.

    The way to travel is worked out: in the center's vehicle when one is named, else on foot where that is near
    enough, else in the members' own cars. `driver` of the answer drives the vehicle or the first own car.
    """
    gathered = gather(need.operation, at=at, need=need.pk, people=[person.pk for person in volunteers])
    problem, need_id = gathered.problem, f"N{need.pk}"
    names = {f"V{person.pk}": person.name for person in volunteers}
    aside = tuple(Finding(why.code, why.text) for why in gathered.set_aside.values())
    out = [
        Finding(why.code, f"{names[f'V{pk}']}さん：{why.text}")
        for pk, why in gathered.left_out.items()
        if f"V{pk}" in names
    ]
    members = tuple(who for who in names if who in problem.volunteer_by)
    if need_id not in problem.need_by or not members or f"V{leader.pk}" not in members:
        return TeamCheck(tuple(out), aside, (), model.Mode.CAR if vehicle else model.Mode.WALK, driver)
    team = crew(problem, need_id, members, f"V{leader.pk}", vehicle, driver)
    found = rules.violations(problem, model.Plan(teams=(team,)))
    said = [(one.code, _say(one, problem, team, names)) for one in found if one.code != "unknown_volunteer"]
    return TeamCheck(
        forbidden=(*out, *_findings(said, lambda code: code in FORBIDDEN)),
        warnings=(*aside, *_findings(said, lambda code: code not in FORBIDDEN | LATER)),
        later=_findings(said, lambda code: code in LATER),
        mode=team.mode,
        driver=next((person for person in volunteers if f"V{person.pk}" == _first_driver(team)), None),
    )


def crew(
    problem: model.Problem,
    need_id: str,
    members: tuple[str, ...],
    leader: str,
    vehicle: Vehicle | None,
    driver: Volunteer | None,
) -> model.Team:
    """The team as the solver writes it, with the way to travel a person would choose."""
    need = problem.need_by[need_id]
    owners = _owners(problem, members, truck_first=need.truck)
    rides: list[model.Ride] = []
    if vehicle is not None:
        rides.append(model.Ride(f"K{vehicle.pk}", f"V{driver.pk}" if driver else ""))
    elif not need.truck and not Travel(problem).access(need, model.Mode.WALK)[1]:
        return model.Team("hand", members, leader, (need_id,), model.Mode.WALK)
    seats = sum(problem.fleet_by[ride.id].seats for ride in rides if ride.id in problem.fleet_by)
    drivers = {ride.driver for ride in rides}
    for owner in owners:
        if owner.vehicle and owner.id not in drivers and (seats < len(members) or (need.truck and not rides)):
            rides.append(model.Ride(owner.id, owner.id))
            seats += owner.vehicle.seats
    mode = model.Mode.CAR if rides else model.Mode.WALK
    return model.Team("hand", members, leader, (need_id,), mode, tuple(rides))


def _owners(problem: model.Problem, members: Iterable[str], *, truck_first: bool) -> list[model.Volunteer]:
    """Members with a car: the truck first where one is needed, then the one with the most seats."""
    owners = [problem.volunteer_by[who] for who in members if problem.volunteer_by[who].vehicle]
    return sorted(
        owners,
        key=lambda one: (
            not (truck_first and one.vehicle is not None and one.vehicle.kind == "truck"),
            -(one.vehicle.seats if one.vehicle else 0),
            one.id,
        ),
    )


def _first_driver(team: model.Team) -> str:
    return team.vehicles[0].driver if team.vehicles else ""


def _findings(said: Iterable[tuple[str, str]], wanted: Callable[[str], bool]) -> tuple[Finding, ...]:
    """Each sentence once, in the order of the rules."""
    texts = {text: Finding(code, text) for code, text in said if wanted(code)}
    return tuple(texts.values())


def _say(found: rules.Violation, problem: model.Problem, team: model.Team, names: dict[str, str]) -> str:
    if found.code == "wrong_size":
        need = problem.need_by[team.visits[0]]
        return f"{len(team.members)}人です。めやすは{need.min}～{need.max}人です。"
    who = names.get(found.volunteer or "", "")
    if not who and found.what and found.what in problem.group_by:
        who = next((names[one] for one in problem.members_of[found.what] if one in names), "")
    text = TEXTS.get(found.code)
    return text.format(who=who, what=_label(found.what)) if text else found.text


def _label(what: str | None) -> str:
    for kind in (Skill, Tool):
        if what in kind.values:
            return str(kind(what).label)
    return what or ""
