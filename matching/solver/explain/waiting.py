"""Why a need waits: the binding shortage, and what would free it.

A waiting need is explained by trying: add everything it could lack to the people and things that are left, then
take away again what is not needed. What remains is said, and every sentence can be put to the test: add what it
names, and a team for the need can be made beside all others; leave any of it out, and it can not. Needs that ask the
same of the same people are asked about once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.solver.explain.enough import (
    ON_FOOT,
    Ask,
    Crowd,
    Fleet,
    Part,
    Ride,
    enough,
)
from matching.solver.explain.left import Left
from matching.solver.model import MAX_EXP, MAX_STAMINA, MODES, Mode, Need, Plan, Problem, Reason
from matching.solver.words import TEXTS, piece, say

VAN_SEATS: Final = 8
TRUCK_SEATS: Final = 2
FEWEST_SEATS: Final = 2
BRANCHES: Final = 200
"""Ways to keep apart people who must not meet that are tried before a team is held to be impossible."""

Lacks = dict[str, int]
"""Code of a shortage -> how many are missing."""


def why_needs_wait(problem: Problem, plan: Plan, left: Left) -> dict[str, Reason]:
    """Need id -> why it waits."""
    served = {n for team in plan.teams for n in team.visits}
    waiting = Waiting(left)
    return {
        n.id: waiting.why_it_waits(n) if n.id in left.ground.number_of else say("held")
        for n in problem.needs
        if n.id not in served
    }


class Question(NamedTuple):
    """What decides about a need: what it asks, the `ways` to go and who could, the vehicles and the shuttle's seats that
    are left. `women_only`: of those who would help only women are asked for."""

    ask: Ask
    skills: tuple[str, ...]
    lang: str | None
    women_min: int
    women_only: bool
    leader_exp: int
    min_exp: int
    ways: tuple[tuple[str, Crowd], ...]
    fleet: Fleet
    seats: int


class Waiting:
    """Why needs wait, and what would free them."""

    def __init__(self, left: Left) -> None:
        self.left, self.state, self.ground = left, left.state, left.ground
        self._enough: dict[tuple[Ask, Crowd, Fleet | None], bool] = {}
        self._least: dict[Question, Lacks | None] = {}
        self._fewest: dict[tuple[Question, tuple[tuple[str, int], ...]], int] = {}
        self._fleets: dict[str, Fleet] = {}

    # ---- the answer in words

    def why_it_waits(self, need: Need) -> Reason:
        late = self._too_late(need)
        if late is not None:
            return late
        tools = {
            f"tool:{tool}": quantity - self.state.tools.get((need.site, tool), 0)
            for tool, quantity in need.equip.items()
            if quantity > self.state.tools.get((need.site, tool), 0)
        }
        question = self.question(need)
        lacks = self.least(need, question)
        if lacks is None and need.women_min:  # too many for one team, unless they are women, too
            question = question._replace(women_only=True)
            lacks = self.least(need, question)
        if lacks is None or need.min_exp > MAX_EXP or need.min_stamina > MAX_STAMINA:
            return say("conditions")
        seats = self._seats(need, question, lacks)
        lacks = tools | lacks
        if not lacks:
            return say("not_worth" if self._dear(need) else "possible")
        who = "女性" if question.women_only else "人"
        if len(lacks) == 1:
            ((code, missing),) = lacks.items()
            return say(code, missing=missing, **_told(lacks, who, seats))
        text = TEXTS["several"].format(
            all="、".join(piece(code, n, who=who, seats=seats) for code, n in lacks.items())
        )
        return Reason(next(iter(lacks)), text, {**lacks, **_told(lacks, who, seats)})

    def _dear(self, need: Need) -> bool:
        """Whether even the team that brings most is worth less than the way there costs."""
        w, task = self.ground.problem.params.w, self.ground.task((self.ground.number_of[need.id],))
        legs = [task.line(mode, self.ground.problem.now).legs for mode in task.modes]
        return bool(legs) and task.worth(task.hi) + w.idle * task.hi <= w.travel * min(legs)

    def _too_late(self, need: Need) -> Reason | None:
        """Whether nobody at all, leaving now by any way, could do it and be back."""
        params, now = self.ground.problem.params, self.ground.problem.now
        for mode in (Mode.CAR,) if need.truck else MODES:
            leg, trouble = self.ground.travel.access(need, mode)
            until = max(now + leg, need.open) + need.dur
            if not trouble and until <= need.close and until + leg <= params.work_end:
                return None
        begin = max(now, need.open)
        return say("time" if begin + need.dur > min(need.close, params.work_end) else "unreachable")

    # ---- the question

    def question(self, need: Need, *, calm: bool = False) -> Question:
        """What decides about this need, without who and where it is. `calm`: without anybody who must not meet another."""
        skills = tuple(skill for skill, quantity in need.skills.items() if quantity)
        demands = (1, *(need.skills[skill] for skill in skills), *((1,) if need.lang else ()))
        demands += (need.women_min,) if need.women_min else ()
        ask = Ask(need.min, need.max, demands, need.truck)
        ways = tuple(self.left.ways(need, ask, skills, calm=calm))
        if need.site not in self._fleets:
            found = self.state.vehicles(need.site)
            self._fleets[need.site] = tuple(sorted((v.seats, v.kind == "truck") for v in found))
        return Question(
            ask, skills, need.lang, need.women_min, need.women_only, need.leader_exp, need.min_exp, ways,
            self._fleets[need.site], self.state.seats_at(need.stop),
        )  # fmt: skip

    # ---- what is enough

    def least(self, need: Need, question: Question) -> Lacks | None:
        """Shortages besides tools that together would be enough and from which nothing can be left out; None if
        none are."""
        if question not in self._least:
            self._least[question] = _least(question, lambda lacks: self.servable(question, lacks))
        lacks = self._least[question]
        if lacks is None or not self.left.foes or self._calm(need, question, lacks):
            return lacks
        return _least(question, lambda lacks: self._servable_apart(need, question, lacks))

    def _calm(self, need: Need, question: Question, lacks: Lacks) -> bool:
        """Whether it is enough even without those who must not meet somebody."""
        calm = self.question(need, calm=True)._replace(women_only=question.women_only)
        return calm == question or self.servable(calm, lacks)

    def _seats(self, need: Need, question: Question, lacks: Lacks) -> int:
        """The fewest seats of the cars that are asked for."""
        if not lacks.keys() & {"car", "own_car"}:
            return VAN_SEATS
        if self.left.foes and not self._calm(need, question, lacks):
            return _fewest(lambda seats: self._servable_apart(need, question, lacks, seats))
        key = question, tuple(lacks.items())
        if key not in self._fewest:
            self._fewest[key] = _fewest(lambda seats: self.servable(question, lacks, seats))
        return self._fewest[key]

    def servable(self, question: Question, lacks: Mapping[str, int], seats: int = VAN_SEATS) -> bool:
        """Whether a team could be made if so many more were there, whoever must not meet whom."""
        for mode, crowd in question.ways:
            ask, fleet = _by(mode, question, lacks, seats)
            more = _helpers(question, lacks, by_car=mode == Mode.CAR, seats=seats)
            if self._is_enough(ask, crowd, more, fleet):
                return True
        return False

    def _is_enough(self, ask: Ask, crowd: Crowd, more: Crowd, fleet: Fleet | None) -> bool:
        key = ask, (*crowd, *more), fleet
        if key not in self._enough:
            self._enough[key] = enough(*key)
        return self._enough[key]

    # ---- people who must not meet

    def _servable_apart(
        self, need: Need, question: Question, lacks: Mapping[str, int], seats: int = VAN_SEATS
    ) -> bool:
        """Whether a team could be made of people who may meet."""
        return self.servable(question, lacks, seats) and any(
            self._apart(need, question, mode, row, lacks, seats)
            for mode in ((Mode.CAR,) if need.truck else MODES)
            for row in self.left.in_time(need, mode)
        )

    def _apart(
        self, need: Need, question: Question, mode: str, in_time: NDArray[np.bool_], lacks: Mapping[str, int], seats: int
    ) -> bool:  # fmt: skip
        """Whether a team can be made of people who may meet: with and without each who must not meet another."""
        can = self.ground.may[self.ground.number_of[need.id]][self.left.free] & in_time[self.left.kind_of]
        ask, fleet = _by(mode, question, lacks, seats)
        more = _helpers(question, lacks, by_car=mode == Mode.CAR, seats=seats)
        key = self.left.part_key(need, question.skills, by_car=mode == Mode.CAR)

        def is_enough(who: NDArray[np.bool_]) -> bool:
            there = np.bincount(self.left.kind_of[who], minlength=len(self.left.kinds))[None, :]
            return any(
                self._is_enough(ask, crowd, more, fleet)
                for crowd in self.left.largest_crowds(key, there, ask.hi)
            )

        queue, tried = [can], 0
        while queue and tried < BRANCHES:
            who, tried = queue.pop(), tried + 1
            angry = [i for i, foes in self.left.foes.items() if who[i] and any(who[j] for j in foes)]
            if not is_enough(who):
                continue
            calm = who.copy()
            calm[angry] = False
            if is_enough(calm):
                return True
            most = max(angry, key=lambda i: sum(bool(who[j]) for j in self.left.foes[i]))
            without, alone = who.copy(), who.copy()
            without[most] = False
            alone[list(self.left.foes[most])] = False
            queue += [without, alone]
        return False


def _told(lacks: Lacks, who: str, seats: int) -> dict[str, str | int]:
    """What is said besides how many."""
    return {"who": who} | ({"seats": seats} if lacks.keys() & {"car", "own_car"} else {})


def _least(question: Question, servable: Callable[[Lacks], bool]) -> Lacks | None:
    """What alone is enough; otherwise adds everything and takes away again what is not needed."""
    if servable({}):
        return {}
    most = dict(_shortages(question))
    likely = [code for code, n in most.items() if n and not _met_by_all(question, code)]
    left = next(({code: most[code]} for code in likely if servable({code: most[code]})), None)
    if left is None:
        left = most
        if not servable(left):
            return None
    for code in sorted(left, key=lambda code: (code in {"people", "no_woman"}, -list(most).index(code))):
        for missing in range(int(len(left) == 1), left[code]):
            if servable(left | {code: missing}):
                left = left | {code: missing}
                break
    said = sorted(left, key=lambda code: code in {"people", "no_woman"})
    return {code: left[code] for code in said if left[code]}


def _fewest(enough_with: Callable[[int], bool]) -> int:
    """The fewest seats that are enough, where so many as a van has are."""
    return FEWEST_SEATS + bisect_left(range(FEWEST_SEATS, VAN_SEATS), True, key=enough_with)


def _met_by_all(question: Question, code: str) -> bool:
    """Whether whoever may lead, or has this skill or language, is there anyway: then it is hardly what is missing."""
    kinds = ["no_leader", *(f"skill:{skill}" for skill in question.skills), f"lang:{question.lang}"]
    if code not in kinds:
        return False
    i = kinds.index(code)
    demand = question.ask.demands[i]
    return all(sum(part.meets[i] * n for part, n in crowd) >= demand for _, crowd in question.ways)


def _by(mode: str, question: Question, lacks: Mapping[str, int], seats: int) -> tuple[Ask, Fleet | None]:
    """What is asked and which vehicles there are, going this way."""
    ask = question.ask
    if mode == Mode.SHUTTLE:
        return ask._replace(hi=min(ask.hi, question.seats + lacks.get("shuttle", 0))), None
    if mode == Mode.WALK:
        return ask, None
    more = ((seats, False),) * lacks.get("car", 0) + ((TRUCK_SEATS, True),) * lacks.get("truck", 0)
    return ask, tuple(sorted((*question.fleet, *more)))


def _helpers(question: Question, lacks: Mapping[str, int], *, by_car: bool, seats: int) -> Crowd:
    """Those who would come, each for one thing."""
    found = []
    for code, n in lacks.items():
        kind, _, what = code.partition(":")
        if not n or kind in {"car", "truck", "shuttle"}:
            continue
        meets = [int(question.min_exp >= question.leader_exp or kind == "no_leader")]
        meets += [
            int((kind == "skill" and skill == what) or (kind == "no_driver" and skill == "driver"))
            for skill in question.skills
        ]
        meets += [int(kind == "lang")] if question.lang else []
        meets += [int(question.women_only or kind == "no_woman")] if question.women_min else []
        rides: tuple[Ride, ...] = ON_FOOT
        if by_car and (kind == "no_driver" or (kind == "skill" and what == "driver")):
            rides = ((0, 0, False), (1, 0, False))
        elif by_car and kind == "own_car":
            rides = ((0, seats, False),)
        found.append((Part(1, tuple(meets), rides), n))
    return tuple(found)


def _shortages(question: Question) -> Iterator[tuple[str, int]]:
    """What a need could be short of besides tools, in the order it is asked about, and the most that could help."""
    ask = question.ask
    # People first: where anybody would do, nobody need look for a leader.
    if question.women_only or question.women_min:
        yield "no_woman", ask.lo if question.women_only else question.women_min
    if not question.women_only:
        yield "people", ask.lo
    yield "no_leader", int(question.leader_exp <= MAX_EXP)
    for skill, quantity in zip(question.skills, ask.demands[1:], strict=False):
        yield f"skill:{skill}", quantity
    if question.lang:
        yield f"lang:{question.lang}", 1
    if ask.truck:
        yield "truck", 1
    cars = -(-ask.hi // VAN_SEATS)
    yield "no_driver", cars + ask.truck
    yield "own_car", cars
    yield "car", cars
    if any(mode == Mode.SHUTTLE for mode, _ in question.ways):
        yield "shuttle", max(0, ask.hi - question.seats)
