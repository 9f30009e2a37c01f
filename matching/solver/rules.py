"""Our own checker: which rules a plan breaks, and what it is worth.

Every plan passes here before anybody sees it, whoever made it: the engine, a person or an import.
`review` reads a plan once; `violations` and `score` are its two halves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from matching.solver.model import ADULT, MODES, Mode, Need, Pin, Plan, Problem, Team, Volunteer
from matching.solver.travel import Timeline, Travel

TEXTS = {
    "atomic_group_torn": "いっしょに行動する人たちが分かれています。全員を同じ班にしてください。",
    "avoided_work": "本人が避けたい作業に入っています。別の人に替えてください。",
    "back_too_late": "戻りが、活動の終了時刻か、メンバーの帰る時刻を過ぎます。訪問先を減らしてください。",
    "banned": "この困りごとには組み合わせないと決めた人が入っています。別の人に替えてください。",
    "conflict": "同じ班にしないと決めた2人が入っています。どちらかを替えてください。",
    "double_booked": "同じ人が2つの班に入っています。どちらかから外してください。",
    "driver_unfit": "センターの車は、運転の登録がある18歳以上の人だけが運転できます。替えてください。",
    "driver_unknown": "運転者が班にいないか、2台を受け持っています。運転者を選び直してください。",
    "duplicate_member": "同じ人が1つの班に2回入っています。1つにしてください。",
    "duplicate_team": "同じ番号の班が2つあります。片方を消してください。",
    "empty_team": "メンバーか訪問先がありません。人と訪問先を入れてください。",
    "ends_after_close": "訪問先の受け入れ時間内に作業が終わりません。早く出るか、訪問先を減らしてください。",
    "group_part_too_small": "団体が小さく分かれすぎています。決めた人数以上でまとめてください。",
    "guardian_absent": "未成年の人に、つきそう人がいません。同じ班に入れてください。",
    "held": "見合わせ中の困りごとが入っています。再開するか、班から外してください。",
    "hop_too_far": "続けて回るには訪問先どうしが遠すぎます。別の班に分けてください。",
    "leader_not_member": "リーダーがメンバーの中にいません。メンバーから選んでください。",
    "leader_unfit": "リーダーに必要な経験か年齢が足りません。経験のある18歳以上の人に替えてください。",
    "lock_broken": "行き先を決めてある人が、その困りごとに入っていません。決めた行き先に入れてください。",
    "minor_not_allowed": "未成年の人が参加できない作業です。大人に替えてください。",
    "need_taken_twice": "1つの困りごとに2つの班が向かっています。どちらかを外してください。",
    "no_speaker": "必要な言葉を話せる人がいません。話せる人を入れてください。",
    "no_stop": "この訪問先には送迎の停まる所がありません。車か徒歩にしてください。",
    "pin_changed": "出発した、または固定した班が変わっています。元に戻してください。",
    "pin_missing": "出発した、または固定した班がありません。元に戻してください。",
    "seats_short": "車の席が足りません。車を増やすか、人を減らしてください。",
    "shuttle_full": "送迎の席が足りません。人を減らすか、ほかの行き方にしてください。",
    "too_far_to_walk": "歩いて行くには遠すぎます。車か送迎にしてください。",
    "too_few_skilled": "必要な技能のある人が足りません。できる人を入れてください。",
    "too_few_women": "必要な女性の人数が足りません。女性を入れてください。",
    "too_little_experience": "経験が足りない人が入っています。経験のある人に替えてください。",
    "too_little_stamina": "体力の目安に合わない人が入っています。別の人に替えてください。",
    "too_many_visits": "1つの班の訪問先が多すぎます。減らしてください。",
    "tools_short": "資機材が足りません。ほかの班と調整してください。",
    "truck_missing": "トラックが必要です。トラックを出せる班にしてください。",
    "two_sites": "別の拠点の困りごとが混ざっています。拠点ごとに分けてください。",
    "two_stops": "行きと帰りで停まる所が違います。同じ停まる所の訪問先にしてください。",
    "uninsured": "ボランティア保険の手続きが済んでいない人がいます。受付で手続きをしてください。",
    "unknown_mode": "行き方が分かりません。徒歩・送迎・車から選んでください。",
    "unknown_need": "見つからない困りごとが入っています。班から外してください。",
    "unknown_vehicle": "使えない車です。持ち主が運転する車か、センターの車を選んでください。",
    "unknown_volunteer": "見つからない人が入っています。班から外してください。",
    "vehicle_taken_twice": "1台の車を2つの班が使っています。どちらかを替えてください。",
    "vehicle_wrong_site": "別の拠点の車です。この拠点の車に替えてください。",
    "vehicles_without_car": "車で行かない班に車が付いています。車を外すか、行き方を車にしてください。",
    "women_only": "女性だけで伺う困りごとに、女性でない人が入っています。女性に替えてください。",
    "wrong_site": "この拠点では活動できない人が入っています。別の人に替えてください。",
    "wrong_size": "人数が困りごとの範囲に合いません。人数を見直してください。",
}
"""Code of a broken rule -> what is wrong and what to do, for the coordinator."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule and where it was seen. `what` is a tool, skill, stop, group or vehicle."""

    code: str
    team: str | None = None
    need: str | None = None
    volunteer: str | None = None
    what: str | None = None

    @property
    def text(self) -> str:
        return TEXTS[self.code]


@dataclass(slots=True)
class Score:
    """What a plan is worth, in parts (points, costs negative), and the tier-1 weight it serves."""

    need: float = 0.0
    idle: float = 0.0
    travel: float = 0.0
    pref: float = 0.0
    cont: float = 0.0
    churn: float = 0.0
    tier1_weight: float = 0.0
    served: int = 0
    churned: int = 0

    @property
    def total(self) -> float:
        return self.need + self.idle + self.travel + self.pref + self.cont + self.churn

    @property
    def lex(self) -> tuple[float, ...]:
        return (self.tier1_weight, self.need, self.idle, self.travel, self.pref + self.cont, self.churn)


@dataclass(slots=True)
class Review:
    """Everything the checker knows about a plan; `timelines` by team id for the teams that can be read."""

    violations: list[Violation] = field(default_factory=list)
    score: Score = field(default_factory=Score)
    timelines: dict[str, Timeline] = field(default_factory=dict)


def violations(problem: Problem, plan: Plan) -> list[Violation]:
    """The rules a plan breaks; an empty list means it may be offered."""
    return review(problem, plan).violations


def score(problem: Problem, plan: Plan) -> Score:
    """What a plan is worth under the problem's weights, broken rules or not."""
    return review(problem, plan).score


def timeline(problem: Problem, team: Team, *, depart: int | None = None) -> Timeline:
    """When a team of known people and needs leaves, works and is back; `depart` overrides the earliest."""
    members = [problem.volunteer_by[m] for m in team.members]
    visits = [problem.need_by[n] for n in team.visits]
    if depart is None:
        depart = earliest_departure(problem, members)
    return Travel(problem).timeline(visits, team.mode, depart)


def earliest_departure(problem: Problem, members: Iterable[Volunteer]) -> int:
    return max([problem.now, *(m.start for m in members)])


def latest_return(problem: Problem, members: Iterable[Volunteer]) -> int:
    return min([problem.params.work_end, *(m.end for m in members)])


def review(problem: Problem, plan: Plan, travel: Travel | None = None) -> Review:
    """Reads a plan once. Total: never raises on a plan, however broken."""
    return _Reading(problem, travel or Travel(problem)).read(plan)


def broken_teams(problem: Problem, teams: Iterable[Team]) -> set[str]:
    """Ids of the teams that break a rule by themselves, or have somebody or something of one before them. What all teams
    share (tools, shuttle seats) and what people decided are not looked at: for plans of which the rest is known to hold."""
    reading, found = _Reading(problem, Travel(problem)), set[str]()
    for team in teams:
        before = len(reading.result.violations)
        reading.team(team)
        if len(reading.result.violations) > before:
            found.add(team.id)
    return found


class _Reading:
    """One pass over a plan, keeping what teams share: people, needs, vehicles, tools, seats."""

    def __init__(self, problem: Problem, travel: Travel) -> None:
        self.problem, self.travel = problem, travel
        self.result = Review()
        self.pins: dict[str, Pin] = {pin.team.id: pin for pin in problem.pins}
        self.team_ids: set[str] = set()
        self.team_of: dict[str, str] = {}
        self.taken_by: dict[str, str] = {}
        self.vehicles: set[str] = set()
        self.tools: Counter[tuple[str, str]] = Counter()
        self.shuttle: Counter[str] = Counter()
        self.visits_of: dict[str, tuple[str, ...]] = {}

    def read(self, plan: Plan) -> Review:
        for team in plan.teams:
            self.team(team)
        self._shared()
        self._decided_by_hand(plan)
        self._totals()
        return self.result

    def _broken(
        self, code: str, team: str | None = None, *, need: str | None = None, volunteer: str | None = None,
        what: str | None = None,
    ) -> None:  # fmt: skip
        self.result.violations.append(Violation(code, team, need, volunteer, what))

    # ---- one team

    def team(self, team: Team) -> None:
        if team.id in self.team_ids:
            self._broken("duplicate_team", team.id)
        self.team_ids.add(team.id)
        members, visits = self._people(team), self._visits(team)
        known = all(m in self.problem.volunteer_by for m in team.members) and all(
            n in self.problem.need_by for n in team.visits
        )
        if not known:
            return
        if not members or not visits:
            self._broken("empty_team", team.id)
            return
        for m in members:
            self.visits_of[m.id] = tuple(n.id for n in visits)
        site = visits[0].site
        if len(visits) > self.problem.params.max_visits:
            self._broken("too_many_visits", team.id)
        if any(n.site != site for n in visits):
            self._broken("two_sites", team.id)
        self._each_member(team, site, members, visits)
        self._together(team, members)
        self._demands(team, members, visits)
        if team.mode not in MODES:
            self._broken("unknown_mode", team.id)
            return
        self._vehicles(team, site, members, visits)
        self._time(team, members, visits)
        self._consume(team, site, len(members), visits)
        self._worth(team, members, visits)

    def _people(self, team: Team) -> list[Volunteer]:
        if len(set(team.members)) != len(team.members):
            self._broken("duplicate_member", team.id)
        members = []
        for m in team.members:
            if m not in self.problem.volunteer_by:
                self._broken("unknown_volunteer", team.id, volunteer=m)
            elif m in self.team_of:
                self._broken("double_booked", team.id, volunteer=m)
            else:
                self.team_of[m] = team.id
                members.append(self.problem.volunteer_by[m])
        return members

    def _visits(self, team: Team) -> list[Need]:
        visits = []
        for n in team.visits:
            if n not in self.problem.need_by:
                self._broken("unknown_need", team.id, need=n)
            elif n in self.taken_by:
                self._broken("need_taken_twice", team.id, need=n)
            else:
                self.taken_by[n] = team.id
                visits.append(self.problem.need_by[n])
        return visits

    def _each_member(
        self, team: Team, site: str, members: Sequence[Volunteer], visits: Sequence[Need]
    ) -> None:
        ids = {m.id for m in members}
        for m in members:
            if not m.insured:
                self._broken("uninsured", team.id, volunteer=m.id)
            if site not in m.sites:
                self._broken("wrong_site", team.id, volunteer=m.id)
            if m.guardian and m.guardian not in ids:
                self._broken("guardian_absent", team.id, volunteer=m.id)
            for n in visits:
                for code in unfit(m, n):
                    self._broken(code, team.id, need=n.id, volunteer=m.id)
                if (m.id, n.id) in self.problem.bans:
                    self._broken("banned", team.id, need=n.id, volunteer=m.id)

    def _together(self, team: Team, members: Sequence[Volunteer]) -> None:
        ids = {m.id for m in members}
        for a, b in self.problem.conflicts:
            if a in ids and b in ids:
                self._broken("conflict", team.id, volunteer=a)
        for group_id, count in Counter(m.group for m in members if m.group is not None).items():
            group = self.problem.group_by[group_id]
            if group.atomic:
                if count != len(self.problem.members_of[group_id]):
                    self._broken("atomic_group_torn", team.id, what=group_id)
            elif count < group.min_part:
                self._broken("group_part_too_small", team.id, what=group_id)

    def _demands(self, team: Team, members: Sequence[Volunteer], visits: Sequence[Need]) -> None:
        leader = next((m for m in members if m.id == team.leader), None)
        if leader is None:
            self._broken("leader_not_member", team.id, volunteer=team.leader)
        elif leader.exp < max(n.leader_exp for n in visits) or leader.age < ADULT:
            self._broken("leader_unfit", team.id, volunteer=leader.id)
        for n in visits:
            if not n.min <= len(members) <= n.max:
                self._broken("wrong_size", team.id, need=n.id)
            if sum(m.woman for m in members) < n.women_min:
                self._broken("too_few_women", team.id, need=n.id)
            for skill, quantity in n.skills.items():
                if sum(skill in m.skills for m in members) < quantity:
                    self._broken("too_few_skilled", team.id, need=n.id, what=skill)
            if n.lang and not any(n.lang in m.langs for m in members):
                self._broken("no_speaker", team.id, need=n.id, what=n.lang)

    def _vehicles(self, team: Team, site: str, members: Sequence[Volunteer], visits: Sequence[Need]) -> None:
        by_id = {m.id: m for m in members}
        if team.mode != Mode.CAR and team.vehicles:
            self._broken("vehicles_without_car", team.id)
        seats, kinds, drivers = 0, set[str](), set[str]()
        for ride in team.vehicles:
            driver = by_id.get(ride.driver)
            if driver is None or driver.id in drivers:
                self._broken("driver_unknown", team.id, volunteer=ride.driver, what=ride.id)
                continue
            drivers.add(driver.id)
            vehicle = self.problem.fleet_by.get(ride.id)
            if vehicle is not None:
                if vehicle.id in self.vehicles:
                    self._broken("vehicle_taken_twice", team.id, what=vehicle.id)
                self.vehicles.add(vehicle.id)
                if vehicle.site != site:
                    self._broken("vehicle_wrong_site", team.id, what=vehicle.id)
                if not may_drive_fleet(driver):
                    self._broken("driver_unfit", team.id, volunteer=driver.id, what=vehicle.id)
                seats, kinds = seats + vehicle.seats, kinds | {vehicle.kind}
            elif ride.id == driver.id and driver.vehicle:
                seats, kinds = seats + driver.vehicle.seats, kinds | {driver.vehicle.kind}
            else:
                self._broken("unknown_vehicle", team.id, what=ride.id)
        if team.mode == Mode.CAR and seats < len(members):
            self._broken("seats_short", team.id)
        if any(n.truck for n in visits) and not (team.mode == Mode.CAR and "truck" in kinds):
            self._broken("truck_missing", team.id)

    def _time(self, team: Team, members: Sequence[Volunteer], visits: Sequence[Need]) -> None:
        depart = earliest_departure(self.problem, members)
        pin = self.pins.get(team.id)
        if pin is not None and pin.depart is not None:
            depart = pin.depart
        line = self.travel.timeline(visits, team.mode, depart)
        self.result.timelines[team.id] = line
        for code, need in line.troubles:
            self._broken(code, team.id, need=need)
        if line.back > latest_return(self.problem, members):
            self._broken("back_too_late", team.id)

    def _consume(self, team: Team, site: str, size: int, visits: Sequence[Need]) -> None:
        if team.mode == Mode.SHUTTLE and visits[0].stop:
            self.shuttle[visits[0].stop] += size
        for tool, quantity in tools_needed(visits).items():
            self.tools[site, tool] += quantity

    def _worth(self, team: Team, members: Sequence[Volunteer], visits: Sequence[Need]) -> None:
        worth, w = self.result.score, self.problem.params.w
        ids, types = {m.id for m in members}, {n.type for n in visits}
        for n in visits:
            worth.need += w.need * n.weight * n.fill(len(members), w.min_fill)
            worth.cont += w.cont * min(w.cont_cap, sum(p in ids for p in n.prev))
        worth.travel -= w.travel * self.result.timelines[team.id].legs
        worth.pref += w.pref * sum(not types.isdisjoint(m.prefs) for m in members)

    # ---- all teams together

    def _shared(self) -> None:
        for (site, tool), quantity in self.tools.items():
            if quantity > self.problem.stock.get(site, {}).get(tool, 0):
                self._broken("tools_short", what=tool)
        for stop, people in self.shuttle.items():
            if people > self.problem.stop_by[stop].seats:
                self._broken("shuttle_full", what=stop)

    def _decided_by_hand(self, plan: Plan) -> None:
        first: dict[str, Team] = {}
        for team in plan.teams:
            first.setdefault(team.id, team)
        for pin in self.problem.pins:
            if pin.team.id not in first:
                self._broken("pin_missing", pin.team.id)
            elif not _same_team(pin.team, first[pin.team.id]):
                self._broken("pin_changed", pin.team.id)
        for person, need in self.problem.locks:
            if need not in self.visits_of.get(person, ()):
                self._broken("lock_broken", need=need, volunteer=person)
        for need in sorted(self.problem.holds & self.taken_by.keys()):
            self._broken("held", self.taken_by[need], need=need)

    def _totals(self) -> None:
        worth, problem = self.result.score, self.problem
        w = problem.params.w
        worth.idle = -w.idle * sum(
            v.idle_w for v in problem.volunteers if v.insured and v.id not in self.team_of
        )
        worth.churned = sum(
            1 for person, need in problem.baseline.items()
            if person in problem.volunteer_by and need and need not in self.visits_of.get(person, ())
        )  # fmt: skip
        worth.churn = -w.churn * worth.churned
        worth.served = len(self.taken_by)
        worth.tier1_weight = sum(n.weight for n in problem.needs if n.tier == 1 and n.id in self.taken_by)


def unfit(person: Volunteer, need: Need) -> list[str]:
    """Codes of the rules that keep this person from this need, whoever else goes; bans come apart."""
    codes = []
    if person.minor and not need.minors_ok:
        codes.append("minor_not_allowed")
    if person.exp < need.min_exp:
        codes.append("too_little_experience")
    if person.stamina < need.min_stamina:
        codes.append("too_little_stamina")
    if need.women_only and not person.woman:
        codes.append("women_only")
    if need.type in person.avoid:
        codes.append("avoided_work")
    return codes


def may_drive_fleet(person: Volunteer) -> bool:
    return "driver" in person.skills and not person.minor


def tools_needed(visits: Iterable[Need]) -> dict[str, int]:
    """What a team takes along: each tool as many as its most demanding visit asks for."""
    most: dict[str, int] = {}
    for n in visits:
        for tool, quantity in n.equip.items():
            most[tool] = max(most.get(tool, 0), quantity)
    return most


def _same_team(a: Team, b: Team) -> bool:
    return (
        set(a.members) == set(b.members)
        and (a.visits, a.leader, a.mode) == (b.visits, b.leader, b.mode)
        and sorted((r.id, r.driver) for r in a.vehicles) == sorted((r.id, r.driver) for r in b.vehicles)
    )
