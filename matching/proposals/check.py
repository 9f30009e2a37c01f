"""One hand-made or edited team against the solver's rules: what is forbidden, and what a person may overrule.

The rules are the solver's (matching.solver.rules); here they only become sentences with names in them, and are
sorted by domain.md §3.9: minors, guardians and drivers are never overruled, head counts and the rest are advice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from intake.help_requests.models import Need, Tool
from intake.volunteers.models import Skill, Volunteer
from matching.proposals.gather import gather
from matching.queue.queries import against
from matching.solver import model, rules
from matching.solver.travel import Travel
from matching.teams.rides import Drive

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
    "hop_too_far": "続けて行くには、前のお宅から離れています。",
    "leader_unfit": "リーダーの{who}さんは、活動の経験が少なめです。",
    "minor_not_allowed": "{who}さんは18歳未満で、この作業には入れません。",
    "no_speaker": "「{what}」を話せる人がいません。",
    "seats_short": "車の席が足りません。車を足すか、人を減らしてください。",
    "too_far_to_walk": "歩いて行くには遠い場所です。車がありません。",
    "too_few_skilled": "「{what}」のできる人が足りません。",
    "too_few_women": "女性の人数が足りません。",
    "too_little_stamina": "{who}さんには、体力のいる作業です。",
    "too_many_visits": "続けて行く件数が、この活動で決めた数より多くなっています。",
    "tools_short": "資機材「{what}」が足りません。",
    "truck_missing": "軽トラックがありません。",
    "two_sites": "別の拠点が受け持つお宅が混ざっています。",
    "vehicle_taken_twice": "同じ車を2回選んでいます。1回だけにしてください。",
    "driver_unknown": "車の運転者が選ばれていないか、1人が2台を受け持っています。運転者を選び直してください。",
    "unknown_vehicle": "選んだ車は、ほかの班が使っているか、4時間のうちに出る送迎の便で使うか、いまは使えません。",
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
    """What the rules say about one team. `warnings` may be overruled with a reason, `forbidden` may not.

    `rides`: the cars it goes in, those that were named and the members' own that it takes besides.
    `spans`: from when until when it is at each of its needs if it sets out now, minutes after midnight; `legs`: minutes
    on the way to each. `takes_tools`: its needs ask for tools that are counted here.
    """

    forbidden: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    later: tuple[Finding, ...]
    mode: str
    rides: tuple[Drive, ...]
    spans: tuple[tuple[int, int], ...] = ()
    legs: tuple[int, ...] = ()
    takes_tools: bool = False


def check_team(
    need: Need,
    *,
    volunteers: Sequence[Volunteer],
    leader: Volunteer,
    at: datetime,
    rides: Sequence[Drive] = (),
    stay: Collection[Volunteer] = (),
    then: Sequence[Need] = (),
    by_hand: bool = True,
) -> TeamCheck:
    """Ask the solver's rules about these people at this need now, and at those they do `then`. Whether they are free is
    the team's constraint.

    The way to travel is worked out: in the cars that are named (`rides`) and, where their seats do not suffice, in
    members' own cars besides; with none named on foot where that is near enough. The cars of those in `stay` are left
    where they are unless they are named. `by_hand`: False where no destination and no fixed team stands in the operation.
    """
    gathered = gather(
        need.operation, at=at, need=need.pk, then=[one.pk for one in then], people=volunteers,
        vehicles=any(ride.vehicle for ride in rides),
    )  # fmt: skip
    problem, numbers = gathered.problem, {f"N{one.pk}": one.number for one in (need, *then)}
    visits = tuple(one for one in numbers if one in problem.need_by)
    names = {f"V{person.pk}": person.name for person in volunteers}
    aside = tuple(Finding(why.code, why.text) for why in gathered.set_aside.values())
    said_by_hand = against([need, *then], volunteers, at=at) if by_hand else ()
    aside += tuple(Finding(code, sentence) for code, sentence in said_by_hand)
    out = [
        Finding(why.code, f"{names[f'V{pk}']}さん：{why.text}")
        for pk, why in gathered.left_out.items()
        if f"V{pk}" in names
    ]
    members = tuple(who for who in names if who in problem.volunteer_by)
    if not visits or not members or f"V{leader.pk}" not in members:
        return TeamCheck(tuple(out), aside, (), model.Mode.CAR if rides else model.Mode.WALK, tuple(rides))
    named, staying = tuple(_ride(ride) for ride in rides), {f"V{person.pk}" for person in stay}
    team = crew(problem, visits, members, f"V{leader.pk}", named, staying)
    travel = Travel(problem)
    read = rules.review(problem, model.Plan(teams=(team,)), travel)
    said = [
        (one.code, _which(one, numbers) + sentence_of(one, problem, team, names))
        for one in read.violations
        if one.code != "unknown_volunteer"
    ]
    line = read.timelines.get(team.id)
    return TeamCheck(
        forbidden=(*out, *findings(said, lambda code: code in FORBIDDEN)),
        warnings=(*aside, *findings(said, lambda code: code not in FORBIDDEN | LATER)),
        later=findings(said, lambda code: code in LATER),
        mode=team.mode,
        rides=(*rides, *_own_cars(team.vehicles[len(rides) :], volunteers)),
        spans=line.spans if line else (),
        legs=_legs(travel, team) if line else (),
        takes_tools=any(problem.need_by[visit].equip for visit in visits),
    )


def _which(found: rules.Violation, numbers: Mapping[str, int]) -> str:
    """「N12：」 in front of what is said about one need of several."""
    number = numbers.get(found.need or "")
    return f"N{number}：" if number and len(numbers) > 1 else ""


def _legs(travel: Travel, team: model.Team) -> tuple[int, ...]:
    visits = [travel.problem.need_by[need] for need in team.visits]
    hops = (travel.hop(a, b, team.mode)[0] for a, b in pairwise(visits))
    return (travel.access(visits[0], team.mode)[0], *hops)


def crew(
    problem: model.Problem,
    visits: tuple[str, ...],
    members: tuple[str, ...],
    leader: str,
    named: Sequence[model.Ride],
    stay: Collection[str] = (),
) -> model.Team:
    """The team as the solver writes it, with the way to travel a person would choose: the cars that are `named`, then
    own ones (not of those who `stay`) until there are seats and the truck."""
    needs = [problem.need_by[need] for need in visits]
    truck = any(need.truck for need in needs)
    if (
        not named
        and not truck
        and not any(Travel(problem).access(need, model.Mode.WALK)[1] for need in needs)
    ):
        return model.Team("hand", members, leader, visits, model.Mode.WALK)
    rides, drivers = list(named), {ride.driver for ride in named}
    cars = [car for ride in named if (car := _car(problem, ride))]
    seats, no_truck = sum(seats for _, seats in cars), truck and all(kind != "truck" for kind, _ in cars)
    for owner in _owners(problem, members, truck_first=no_truck):
        if owner.vehicle is None or owner.id in drivers or owner.id in stay:
            continue
        brings_it = no_truck and owner.vehicle.kind == "truck"
        if seats < len(members) or brings_it:
            rides.append(model.Ride(owner.id, owner.id))
            seats += owner.vehicle.seats
            no_truck = no_truck and not brings_it
    mode = model.Mode.CAR if rides else model.Mode.WALK
    return model.Team("hand", members, leader, visits, mode, tuple(rides))


def _ride(drive: Drive) -> model.Ride:
    driver = f"V{drive.driver.pk}" if drive.driver else ""
    return model.Ride(f"K{drive.vehicle.pk}" if drive.vehicle else driver, driver)


def _car(problem: model.Problem, ride: model.Ride) -> tuple[str, int] | None:
    """Kind and seats of a car that is there."""
    vehicle = problem.fleet_by.get(ride.id)
    owner = problem.volunteer_by.get(ride.id)
    car = vehicle or (owner.vehicle if owner else None)
    return (car.kind, car.seats) if car else None


def _own_cars(rides: Iterable[model.Ride], volunteers: Iterable[Volunteer]) -> Iterator[Drive]:
    owners = {f"V{person.pk}": person for person in volunteers}
    return (Drive(None, owners[ride.driver]) for ride in rides)


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


def findings(said: Iterable[tuple[str, str]], wanted: Callable[[str], bool]) -> tuple[Finding, ...]:
    """Each sentence once, in the order of the rules."""
    texts = {text: Finding(code, text) for code, text in said if wanted(code)}
    return tuple(texts.values())


def sentence_of(
    found: rules.Violation, problem: model.Problem, team: model.Team, names: Mapping[str, str]
) -> str:
    """A broken rule with the names of people and things in it."""
    if found.code == "wrong_size":
        need = problem.need_by[found.need or team.visits[0]]
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
