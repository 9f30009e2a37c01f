"""Why a team, why a need waits, why a person is idle: computed from the model, in plain Japanese.

A waiting need is explained by trying: add everything it could lack to the people and things that are left, then
take away again what is not needed. What remains is the binding shortage, and every sentence can be put to the
test: add what it names, and the need can be served; leave any of it out, and it can not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from matching.solver.construct import Prices, staff
from matching.solver.crews import Crew, Flags, Ground, State, Task, fit
from matching.solver.model import DAY, FleetVehicle, Mode, Need, OwnVehicle, Plan, Problem, Reason, Volunteer
from matching.solver.units import Units, make_units

VAN_SEATS, TRUCK_SEATS = 8, 2
REASONS_PER_TEAM = NEAR_PER_TEAM = 3
NEAR_TRIED = 6

NAMES = {
    "blower": "送風機", "brush": "デッキブラシ", "care": "介護・福祉", "carpenter": "大工仕事", "carpentry": "大工・建築",
    "cart": "台車", "chainsaw": "チェーンソー", "childcare": "保育", "cook": "調理・配食", "counselor": "相談・傾聴",
    "crowbar": "バール", "driver": "運転", "electric": "電気", "en": "英語", "generator": "発電機", "heavy": "重機",
    "interpreter": "通訳", "ja": "日本語", "ko": "韓国語", "ladder": "はしご", "machinery": "重機",
    "ne": "ネパール語", "nurse": "看護", "pc": "パソコン・事務", "pt": "ポルトガル語", "roofing": "屋根の作業",
    "rope": "ロープ", "sandbag": "土のう袋", "sheet": "ブルーシート", "shovel": "スコップ", "sign": "手話",
    "spade": "剣スコップ", "tl": "タガログ語", "vi": "ベトナム語", "washer": "高圧洗浄機", "wheelbarrow": "一輪車",
    "zh": "中国語",
}  # fmt: skip
"""Skills, tools and languages as people say them; a code without a name is shown as it is."""

TEXTS = {
    # A need waits. {missing}: how many more would be enough; {name}: what of.
    "car": "車の席が足りません。{seats}人乗りの車があと1台あれば出せます。",
    "conditions": "いまの条件では組める形がありません。人数・技能・時間の条件を見直してください。",
    "held": "保留にしてある依頼です。保留を解くと、組み合わせの対象になります。",
    "lang": "{name}を話せる人がいません。あと1人いれば出せます。",
    "no_driver": "センターの車を運転できる人が足りません。あと1人いれば出せます。",
    "no_leader": "リーダーになれる人が足りません。経験のある人があと1人いれば出せます。",
    "no_woman": "女性が足りません。条件に合う女性があと{missing}人いれば出せます。",
    "not_worth": "組むことはできますが、移動などの手間に見合わないと計算されました。必要なら手で組んでください。",
    "own_car": "車の席が足りません。車で来ている人があと1人いれば出せます。",
    "people": "人が足りません。条件に合う人があと{missing}人いれば出せます。",
    "several": "足りないものがいくつかあります。{all}がそろえば出せます。",
    "shuttle": "シャトルの席が足りません。あと{missing}席あれば出せます。",
    "skill": "{name}のできる人が足りません。あと{missing}人いれば出せます。",
    "time": "いまからでは、受け入れの時間内に作業が終わりません。日を改めるか、時間を相談してください。",
    "tool": "{name}が足りません。あと{missing}つあれば出せます。",
    "truck": "トラックが足りません。あと1台あれば出せます。",
    "unreachable": "遠いため、作業をして終了時刻までに戻れません。日を改めて、早い時間に出してください。",
    # A person is idle.
    "conflict_inside": "いっしょに行動するグループの中に、同じチームにしないと決めた人がいます。どちらかを見直してください。",
    "group_incomplete": "いっしょに行動するグループの人が、全員はそろっていません。受付で確かめてください。",
    "group_too_large": "{size}人いっしょに入れる依頼がありません。分かれてよいか聞いてみてください。",
    "lock_impossible": "行き先を決めてありますが、いまはそこへ出せません。行き先を見直してください。",
    "no_guardian": "つきそう大人が、いま出られません。つきそいの人を確かめてください。",
    "no_needs": "いま、出せる依頼がありません。次の依頼が入るまでお待ちください。",
    "no_seat": "入れるチームはありますが、車やシャトルの席が足りません。席が増えれば入れます。",
    "no_suitable": "本人の条件（体力・経験・年齢・希望しない作業など）に合う依頼が、いまはありません。",
    "teams_full": "条件に合うチームは、どこも人数がいっぱいです。次の依頼が入るまでお待ちください。",
    "too_short": "帰る時刻までに終わる依頼がありません。短い作業が入るまでお待ちください。",
    "uninsured": "ボランティア保険の手続きがまだです。受付で手続きをすると、チームに入れます。",
    "waits": "条件に合う依頼は待っていますが、ほかの人や物が足りず、まだ出せません。依頼の「足りないもの」を見てください。",
    # A team.
    "why_announced": "すでにお知らせした行き先のままです（{count}人）。",
    "why_chain": "近くの依頼を{count}件、続けて回れます。",
    "why_close": "移動は合わせて{minutes}分で、ほかのチームより短くてすみます。",
    "why_full": "ちょうどよい人数（{count}人）がそろいます。",
    "why_heavy": "待っている依頼の中で、優先度が高い依頼です。",
    "why_lang": "{name}を話せる人がいます。",
    "why_leader": "必要な経験のあるリーダーがいます。",
    "why_locked": "行き先を決めてある人がいます。",
    "why_pinned": "出発した、または固定したチームです。そのままにしています。",
    "why_prev": "前にも伺った人が{count}人います。",
    "why_skill": "{name}のできる人がいます。",
    "why_tier1": "いちばん急ぐ依頼です。",
    "why_together": "いっしょに来た人たちが、分かれずに行けます。",
    "why_truck": "トラックを出せます。",
    "why_wish": "この作業を希望した人が{count}人います。",
    "why_woman": "必要な女性の人数がそろいます。",
    "why_worth": "人がそろい、いま出せる依頼です。",
}  # fmt: skip

PIECES = {
    "car": "車1台", "lang": "{name}を話せる人", "no_driver": "運転できる人1人", "no_leader": "リーダーになれる人1人",
    "no_woman": "女性{missing}人", "own_car": "車で来ている人1人", "people": "条件に合う人{missing}人",
    "shuttle": "シャトルの席{missing}席", "skill": "{name}のできる人{missing}人", "tool": "{name}{missing}つ",
    "truck": "トラック1台",
}  # fmt: skip
"""The same shortages as parts of one sentence, when several are missing."""

LOCK_NOTES = {
    "impossible": "行き先を決めた人をその依頼に入れると、チームが組めません。行き先か依頼の条件を見直してください。",
    "need_gone": "決めた行き先の依頼が、いまの一覧にありません。行き先を決め直してください。",
    "need_held": "決めた行き先の依頼は保留中です。保留を解くか、行き先を決め直してください。",
    "need_pinned": "決めた行き先には、固定したチームがもう入っています。行き先を決め直してください。",
    "person_gone": "行き先を決めた人が、いまの一覧にいません。来ているか確かめてください。",
    "person_out": "行き先を決めた人は、いま出られません。保険の手続きと、グループがそろっているかを確かめてください。",
    "person_pinned": "行き先を決めた人は、固定したチームにもう入っています。どちらかを直してください。",
}


def say(code: str, **params: str | int | float) -> Reason:
    """A reason in words; the kind of a code such as "skill:chainsaw" is the part before the colon."""
    kind, _, what = code.partition(":")
    name = NAMES.get(what, what)
    return Reason(code, TEXTS[kind].format(name=name, **params), params)


def explained(problem: Problem, plan: Plan, state: State, units: Units, prices: Prices) -> Plan:
    """The plan with its reasons. `state` is what the plan was made from; people in pinned teams are not idle."""
    waiting = _waiting(problem, plan, state)
    crew_by = {crew.task.needs[0].id: crew for crew in state.crews.values()}
    teams = _Teams(state, prices)
    why: dict[str, tuple[Reason, ...]] = {}
    near: dict[str, tuple[str, ...]] = {}
    pinned = {pin.team.id for pin in problem.pins}
    for team in plan.teams:
        if team.id in pinned:
            why[team.id], near[team.id] = (say("why_pinned"),), ()
        else:
            crew = crew_by[team.visits[0]]
            why[team.id], near[team.id] = teams.why(crew), teams.near(crew)
    idle = _idle(problem, plan, state, units, waiting)
    return replace(plan, waiting=waiting, idle=idle, why=why, near=near)


# ---- needs that wait


@dataclass(frozen=True, slots=True)
class Shortage:
    """A resource that may be missing: what to add, and the most that could help."""

    code: str
    most: int = 1


def _waiting(problem: Problem, plan: Plan, state: State) -> dict[str, Reason]:
    served = {n for team in plan.teams for n in team.visits}
    needs = [n for n in problem.needs if n.id not in served]
    what_if = _WhatIf(problem, state, [n for n in needs if n.id in state.ground.number_of])
    return {
        n.id: what_if.why_it_waits(n) if n.id in state.ground.number_of else say("held")
        for n in needs
    }  # fmt: skip


class _WhatIf:
    """The morning with helpers, vehicles and tools that are not there, to be switched on one by one."""

    def __init__(self, problem: Problem, state: State, needs: Sequence[Need]) -> None:
        self.helpers: dict[tuple[int, bool, str], list[Volunteer]] = {}
        for need in needs:
            for shortage in _shortages(need):
                self._hire(problem, need, shortage)
        cars = [
            FleetVehicle(f"?{kind}-{site.id}", site.id, kind, seats)
            for site in problem.sites
            for kind, seats in (("van", VAN_SEATS), ("truck", TRUCK_SEATS))
        ]
        hired = tuple(v for people in self.helpers.values() for v in people)
        wider = replace(problem, volunteers=problem.volunteers + hired, fleet=problem.fleet + tuple(cars))
        away = {m for pin in problem.pins for m in pin.team.members}
        units = make_units(wider, away)
        self.unit = units.of
        closed = {n for pin in problem.pins for n in pin.team.visits}
        self.ground = Ground(wider, units, taken=closed)
        self.prices = Prices(self.ground)
        self.state = state.on(self.ground)
        self.price = self.prices.unit.copy()
        for person in hired:
            self.price[self.unit[person.id]] = 0.0

    def _hire(self, problem: Problem, need: Need, shortage: Shortage) -> None:
        """Makes the helpers a shortage asks for; needs with the same demands share them."""
        kind, _, what = shortage.code.partition(":")
        if kind not in {"no_leader", "skill", "lang", "no_woman", "no_driver", "own_car", "people"}:
            return
        key = _helper_key(need, shortage.code)
        people = self.helpers.setdefault(key, [])
        exp = max(need.min_exp, need.leader_exp) if kind == "no_leader" else need.min_exp
        skill = {"no_driver": "driver", "skill": what}.get(kind)
        while len(people) < shortage.most:
            person = Volunteer(
                id=f"?{'-'.join(map(str, key))}-{len(people)}", start=0, end=DAY,
                sites=tuple(s.id for s in problem.sites), exp=min(exp, 3), stamina=3,
                gender="F" if need.women_only or kind == "no_woman" else "",
                skills=frozenset({skill} if skill else ()), langs=frozenset({what} if kind == "lang" else ()),
                vehicle=OwnVehicle("car", VAN_SEATS) if kind == "own_car" else None,
            )  # fmt: skip
            people.append(person)

    def why_it_waits(self, need: Need) -> Reason:
        task = self.ground.task((self.ground.number_of[need.id],))
        late = _too_late(self.ground, task)
        if late is not None:
            return late
        if self._servable(task, need, {}):
            return say("not_worth")
        least = self._least(task, need)
        if least is None:
            return say("conditions")
        if len(least) == 1:
            ((code, missing),) = least.items()
            return say(code, missing=missing, seats=VAN_SEATS)
        text = TEXTS["several"].format(
            all="、".join(_piece(code, missing) for code, missing in least.items())
        )
        return Reason(next(iter(least)), text, least)

    def _least(self, task: Task, need: Need) -> dict[str, int] | None:
        """Shortages that together would be enough and from which nothing can be left out; None if none are."""
        enough = {s.code: s.most for s in self._missing(need)}
        if not self._servable(task, need, enough):
            return None
        for code in sorted(enough, key=lambda code: (code == "people", -list(enough).index(code))):
            for missing in range(enough[code]):
                if self._servable(task, need, enough | {code: missing}):
                    enough[code] = missing
                    break
        return {code: missing for code, missing in enough.items() if missing}

    def _missing(self, need: Need) -> Iterator[Shortage]:
        """What the need could be short of now: tools only as many as are not left."""
        for shortage in _shortages(need):
            kind, _, what = shortage.code.partition(":")
            left = self.state.tools.get((need.site, what), 0) if kind == "tool" else 0
            if shortage.most > left:
                yield Shortage(shortage.code, shortage.most - left)

    def _servable(self, task: Task, need: Need, extra: Mapping[str, int]) -> bool:
        trial = self.state.copy()
        for code, amount in extra.items():
            self._give(trial, need, code, amount)
        return staff(trial, task, self.prices, unit_price=self.price, thorough=True) is not None

    def _give(self, trial: State, need: Need, code: str, amount: int) -> None:
        kind, _, what = code.partition(":")
        if not amount:
            return
        if kind == "tool":
            trial.tools[need.site, what] = trial.tools.get((need.site, what), 0) + amount
        elif kind == "shuttle" and need.stop is not None:
            trial.seats[need.stop] += amount
        elif kind in {"truck", "car"}:
            vehicle = f"?{'truck' if kind == 'truck' else 'van'}-{need.site}"
            trial.fleet[vehicle] = self.ground.problem.fleet_by[vehicle]
        else:
            for person in self.helpers[_helper_key(need, code)][:amount]:
                trial.free[self.unit[person.id]] = True


def _helper_key(need: Need, code: str) -> tuple[int, bool, str]:
    exp = max(need.min_exp, need.leader_exp) if code == "no_leader" else need.min_exp
    return exp, need.women_only, code


def _shortages(need: Need) -> Iterator[Shortage]:
    """What a need could be short of, in the order it is asked about."""
    for tool, quantity in need.equip.items():
        yield Shortage(f"tool:{tool}", quantity)
    yield Shortage("no_leader")
    for skill, quantity in need.skills.items():
        yield Shortage(f"skill:{skill}", quantity)
    if need.lang:
        yield Shortage(f"lang:{need.lang}")
    if need.women_min or need.women_only:
        yield Shortage("no_woman", max(need.women_min, need.min if need.women_only else 0))
    if need.truck:
        yield Shortage("truck")
    yield Shortage("own_car")
    yield Shortage("no_driver")
    yield Shortage("car")
    if need.stop is not None and not need.truck:
        yield Shortage("shuttle", need.min)
    yield Shortage("people", need.min)


def _piece(code: str, missing: int) -> str:
    kind, _, what = code.partition(":")
    return PIECES[kind].format(name=NAMES.get(what, what), missing=missing)


def _too_late(ground: Ground, task: Task) -> Reason | None:
    """Whether nobody at all, leaving now by any way, could do it and be back."""
    need, params, now = task.needs[0], ground.problem.params, ground.problem.now
    ways = (Mode.CAR,) if task.truck else (Mode.WALK, Mode.SHUTTLE, Mode.CAR)
    for mode in ways:
        line = task.line(mode, now)
        if not line.troubles and line.back <= params.work_end:
            return None
    begin = max(now, need.open)
    return say("time" if begin + need.dur > min(need.close, params.work_end) else "unreachable")


# ---- teams


class _Teams:
    """Why each crew was made, and who of the idle could step in."""

    def __init__(self, state: State, prices: Prices) -> None:
        self.state, self.ground, self.prices = state, state.ground, prices
        weights = sorted((n.weight for n in self.ground.needs), reverse=True)
        self.heavy = weights[len(weights) // 3] if weights else 0.0
        legs = [crew.line.legs for crew in state.crews.values()]
        self.mean_legs = sum(legs) / len(legs) if legs else 0.0

    def why(self, crew: Crew) -> tuple[Reason, ...]:
        """The reasons that weighed most, by the points they brought or the price of what they used."""
        found = sorted(self._all(crew), key=lambda pair: -pair[0])
        return tuple(reason for _, reason in found[:REASONS_PER_TEAM])

    def _all(self, crew: Crew) -> Iterator[tuple[float, Reason]]:
        w, task = self.ground.problem.params.w, crew.task
        people = [self.ground.units[u] for u in crew.units]
        worths = [self.ground.task((n,)).worth(crew.size) for n in task.visits]
        if crew.keep:
            yield float("inf"), say("why_locked")
        if any(n.tier == 1 for n in task.needs):
            yield max(worths) + 1, say("why_tier1")
        elif any(n.weight >= self.heavy for n in task.needs):
            yield max(worths), say("why_heavy")
        else:
            yield max(worths) / 2, say("why_worth")
        if len(worths) > 1:
            yield sum(worths) - max(worths), say("why_chain", count=len(worths))
        if all(crew.size >= n.ideal for n in task.needs):
            yield task.worth(crew.size) - task.worth(task.lo), say("why_full", count=crew.size)
        yield from self._used(task)
        wishes = sum(task.wishes(u) for u in people)
        if wishes:
            yield w.pref * wishes, say("why_wish", count=wishes)
        there = sum(self.ground.was_there[n].get(u, 0) for n in task.visits for u in crew.units)
        if there:
            yield w.cont * min(w.cont_cap, there), say("why_prev", count=there)
        told = sum(n in task.visits for u in crew.units for n in self.ground.announced.get(u, ()))
        if told:
            yield w.churn * told, say("why_announced", count=told)
        largest = max(u.size for u in people)
        if largest > 1:
            yield w.idle * largest, say("why_together")
        saved = w.travel * (self.mean_legs - crew.line.legs)
        if saved > 0:
            yield saved, say("why_close", minutes=crew.line.legs)

    def _used(self, task: Task) -> Iterator[tuple[float, Reason]]:
        if task.leader_exp:
            yield self.prices.lead[min(task.leader_exp, 4)], say("why_leader")
        for skill, quantity in task.skills.items():
            yield self.prices.skill.get(skill, 0.0) * quantity, say(f"why_skill:{skill}")
        for lang in sorted(task.langs):
            yield self.prices.lang.get(lang, 0.0), say(f"why_lang:{lang}")
        if task.women:
            yield self.prices.woman * task.women, say("why_woman")
        if task.truck:
            yield self.prices.truck, say("why_truck")

    def near(self, crew: Crew) -> tuple[str, ...]:
        """Idle people who could join, or step in for somebody, without breaking a rule."""
        able = np.flatnonzero(crew.task.can(crew.mode) & self.state.free)
        found: list[str] = []
        for u in able[np.argsort(self.prices.unit[able], kind="stable")[:NEAR_TRIED]]:
            if self._could_step_in(crew, int(u)):
                found += [m.id for m in self.ground.units[u].members]
        return tuple(found[:NEAR_PER_TEAM])

    def _could_step_in(self, crew: Crew, unit: int) -> bool:
        if fit(self.state, crew.task, (*crew.units, unit), crew) is not None:
            return True
        return any(
            fit(self.state, crew.task, [*(u for u in crew.units if u != out), unit], crew) is not None
            for out in crew.units
            if out not in crew.keep
        )


# ---- people without a team


def _idle(
    problem: Problem, plan: Plan, state: State, units: Units, waiting: dict[str, Reason]
) -> dict[str, Reason]:
    busy = {m for team in plan.teams for m in team.members}
    locked = {person for person, _ in problem.locks}
    view = _Openings(state, waiting)
    reasons: dict[str, Reason] = {}
    for person in problem.volunteers:
        if person.id in busy:
            continue
        if person.id in units.out:
            reasons[person.id] = say(units.out[person.id])
        elif person.id in locked:
            reasons[person.id] = say("lock_impossible")
        else:
            reasons[person.id] = view.why_idle(units.of[person.id])
    return reasons


class _Openings:
    """Where a unit could still go: for all units at once, one row of flags per question."""

    def __init__(self, state: State, waiting: dict[str, Reason]) -> None:
        ground = self.ground = state.ground
        none: Flags = np.zeros(len(ground.units), dtype=np.bool_)
        self.may, self.in_time, self.roomy, self.joins = none.copy(), none.copy(), none.copy(), none.copy()
        self.waits, self.codes = none.copy(), Counter(reason.code for reason in waiting.values())
        self.largest = max((n.max for n in ground.needs), default=0)
        for i, need in enumerate(ground.needs):
            task = ground.task((i,))
            fits: Flags = ground.size <= need.max
            able = none.copy()
            for mode in task.modes:
                able |= task.can(mode)
            self.may |= task.may
            self.in_time |= able
            self.roomy |= able & fits
            if need.id in waiting:
                self.waits |= able & fits
        for crew in state.crews.values():
            if crew.size < crew.task.hi:
                room: Flags = ground.size <= crew.task.hi - crew.size
                self.joins |= crew.task.can_join(crew.mode, crew.units) & room

    def why_idle(self, unit: int) -> Reason:
        if not self.ground.needs:
            return say("no_needs")
        if not self.may[unit]:
            return say("no_suitable")
        if not self.in_time[unit]:
            return say("too_short")
        if not self.roomy[unit]:
            return say("group_too_large", size=self.ground.units[unit].size)
        if self.joins[unit]:
            return say("no_seat")
        return say("waits" if self.waits[unit] else "teams_full")
