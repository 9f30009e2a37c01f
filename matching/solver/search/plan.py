"""The search from beginning to end: drawn by the linear program, manned, annealed, and where the morning is small some teams
remade exactly; or from an earlier plan on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from matching.solver.crews import Crew, State
from matching.solver.search.arrays import SCALE, U_LOCK, Ints, World
from matching.solver.search.crews_of import put_crews
from matching.solver.search.dealing import dealt_anew
from matching.solver.search.remake import drawn_whole, remade_plan
from matching.solver.search.run import MIX, PEOPLE_ONLY, Search
from matching.solver.search.sketch import NOTHING, ONE_ZONE, SEVERAL_ZONES, Drawing, draw
from matching.solver.search.zones import Dealt, Zone, dealt_to, zones_of

MOVES, MOST_MOVES = 20, 10_000
"""Moves per round of effort: for each unit and need, and at most."""
MANNING = 0.6
"""Share of the moves that go to manning the teams that were drawn."""
MANNED_AT, POLISHED_AT, MENDED_AT = (200.0, 8.0), (40.0, 4.0), (25.0, 4.0)
"""Temperatures, points, from … to: while teams are manned, polished after that, or polished from an earlier plan."""
EPOCHS, LONGEST = 10, 150_000
"""Steps of the temperature at least, and moves of a thread in one step at most: then it is asked whether to go on."""
SMALL = 250
"""Needs up to which two searches run side by side and the better one counts; above, two threads share one plan."""
DRAWN_FROM = 40
"""Effort from which it pays to draw teams by the linear program."""
DRAWING, DRAWN_BY = 0.45, 0.75
"""Share of the work that drawing usually is, and of the time it may take where time ends the search: a large morning that is
drawn in part only is hardly better than one made by hand, a whole drawing is good with little polish."""
KEPT = 0.1
"""Share of the time kept for what comes after the moves."""
POLISHED_IN = 0.4
"""The same with the polishing, where nothing tells how long that takes."""
POLISHING = 1.6
"""How much longer a step takes while teams are polished than while they are manned."""
LAST = 0.03
"""Share of the moves of the last pass, in which nothing may be missing."""
REMADE_FROM, EFFORT_PER_CUT = 100, 70
"""Effort from which teams are remade exactly where at most SMALL needs are, and how much of it each round of that takes."""
EFFORT_PER_DEAL, MOST_DEALS = 150, 3
"""How much of the effort each round takes in which people are dealt out anew, where the morning is not small, and rounds at most. Before
the polishing: polishing keeps what that brings."""
DEALING = 0.3
"""Share of the work that it is."""
DEALT_AT = (15.0, 2.0)
"""Temperatures, points, of the polishing after it."""
REMAKING, WHOLE_UNTIL = 0.4, 0.8
"""Share of the time for it; and until when a whole plan has to be drawn."""

Report = Callable[[float, float], bool]
"""Told the share of the work done and the points so far; False ends it."""


@dataclass
class Budget:
    """How much work: rounds of effort, and a time (time.monotonic) after which nothing new is begun."""

    effort: int
    began: float
    seconds: float | None
    report: Report
    stopped: bool = False
    whole: float = 1.0
    """Share of all the work that is told of as the whole."""
    before: float = 0.0
    """Share of all the work that was done before what is told of."""
    furthest: float = 0.0
    """What was told last: of two searches one after the other the second does not begin at nothing."""

    def goes_on(self, share: float, points: float) -> bool:
        """Tells how far it is and asks whether to go on; not asked again after a no."""
        self.furthest = max(self.furthest, self.before + share * self.whole)
        self.stopped = self.stopped or not self.report(self.furthest, points)
        return not self.stopped

    def left(self) -> float:
        """Share of the time left, 1 without a limit."""
        if self.seconds is None:
            return 1.0
        return 1.0 - (time.monotonic() - self.began) / max(1e-3, self.seconds)

    def until(self, share: float) -> float | None:
        return None if self.seconds is None else self.began + self.seconds * share


def planned(
    state: State, start: State, budget: Budget, *, seed: int, order: Sequence[int], again: bool
) -> State:
    """The best plan found from `start`, a state with teams that must or should stay. `state` is the same without them.
    `again`: most of a plan is there already."""
    if not state.ground.needs or not state.ground.units:
        return start
    # Whatever the seed: more work never gives less than the first plan.
    first = _Candidate(state, start, 0, order)
    if budget.effort <= 0 or not budget.goes_on(0.0, first.score / SCALE):
        return first.result()
    small = len(state.ground.needs) <= SMALL
    remakes = small and budget.effort >= REMADE_FROM
    budget.whole = 1.0 - REMAKING if remakes else 1.0
    with ThreadPoolExecutor(2) as threads:
        drawing, dealt = NOTHING, None
        draws = not again and budget.effort >= DRAWN_FROM and budget.left() > 0.2
        deals = not small and budget.effort >= EFFORT_PER_DEAL
        if draws or deals:
            zones = zones_of(state)
            dealt = dealt_to(state, zones)
            drawing = _drawn(zones, first, budget, threads) if draws else NOTHING
        # What time has cut short is better polished.
        deals = deals and not drawing.cut
        if deals:
            budget.whole = 1.0 - DEALING
        whole: Future[State | None] | None = None
        if remakes and not again:
            # In one thread, while the other moves.
            whole = threads.submit(drawn_whole, first.result(), first.fixed, until=budget.until(WHOLE_UNTIL))
        found = [
            _Candidate(state, start, seed * 2 + 1 + i, order, first.search.world, drawing, dealt, deals=deals)
            for i in range(2 if small else 1)
        ]
        if small:
            list(threads.map(lambda one: one.improve(budget, None), found))
        else:
            found[0].improve(budget, threads)
        # Of equals the first: what was told is not changed for nothing.
        best = max([first, *found], key=lambda one: one.score)
        drawn = whole.result() if whole is not None else None
        if not remakes or budget.stopped or budget.left() <= 0:
            return best.result()
        budget.whole = 1.0
        now = best.result()
        return remade_plan(
            drawn if drawn is not None and drawn.value > now.value else now, best.fixed, rounds=budget.effort // EFFORT_PER_CUT, seed=seed, threads=threads,
            go_on=lambda share, now: budget.left() > 0 and budget.goes_on(1 - REMAKING * (1 - share), now.value),
            until=budget.until(1.0),
        )  # fmt: skip


def _steps(moves: float) -> int:
    return max(EPOCHS, math.ceil(moves / LONGEST))


class _Steps:
    """A search's steps of the temperature; `short`: as many as there is time for."""

    def __init__(self, budget: Budget, *, short: bool) -> None:
        self.budget, self.short = budget, short
        self.quickest = 0.0

    def cooling(self, steps: int, *, each: float = 1.0, share: float = 1.0) -> Iterator[tuple[float, float]]:
        """From which share of a cooling to which the next step goes. `each`: how long a step of it takes, against others of this
        search; `share`: of the time left what is for this cooling. However few the steps of a short one are, its last is cold."""
        done, begun = 0, self.budget.left()
        end = begun - share * (begun - KEPT)
        while done < steps:
            many, before = 1, self.budget.left()
            if self.short and self.quickest:
                many = math.ceil((steps - done) / max(1, math.floor((before - end) / (each * self.quickest))))
            yield done / steps, min(steps, done + many) / steps
            done += many
            took = max(1e-6, before - self.budget.left()) / each
            self.quickest = min(self.quickest or took, took)


def _drawn(zones: Sequence[Zone], first: _Candidate, budget: Budget, threads: ThreadPoolExecutor) -> Drawing:
    """Teams without people, zone by zone."""
    until = budget.until(DRAWN_BY)
    # Zones wait for a thread: the last ones must not find the time gone.
    turns = -(-len(zones) // 2)
    limits = [
        None if until is None else budget.began + (until - budget.began) * (i // 2 + 1) / turns
        for i in range(len(zones))
    ]
    care = SEVERAL_ZONES if len(zones) > 1 else ONE_ZONE
    drawings = list(threads.map(lambda zone, limit: draw(zone, limit, care), zones, limits))
    budget.goes_on(DRAWING / 2, first.score / SCALE)
    return Drawing(
        tuple(team for one in drawings for team in one.teams),
        tuple(p for one in drawings for p in one.prices),
        cut=any(one.cut for one in drawings),
    )


class _Candidate:
    """One search, with the teams that stay and the needs served greedily."""

    def __init__(
        self, state: State, start: State, seed: int, order: Sequence[int], world: World | None = None,
        drawing: Drawing = NOTHING, dealt: Dealt | None = None, *, deals: bool = False,
    ) -> None:  # fmt: skip
        self.state, self.drawing, self.seed = state, drawing, seed
        self.zone = dealt.need if dealt is not None and deals else None
        self.start, self.again = start, list[Crew]()
        search = self.search = Search(state, seed=seed, world=world)
        search.keep_out(start)
        search.load(start.crews.values())
        if drawing.teams and dealt is not None:
            search.set_prices(drawing.prices)
            number = state.ground.number_of
            search.draw([[number[n] for n in team.visits] for team in drawing.teams], dealt)
        else:
            search.first(order, steal=not start.crews)
        self.score = search.score
        self._keep_the_sent()

    def improve(self, budget: Budget, threads: ThreadPoolExecutor | None) -> None:
        search = self.search
        each = MOVES * (len(self.state.ground.units) + len(self.state.ground.needs))
        every = budget.effort * min(MOST_MOVES, each)
        moves = every // (2 if threads is not None else 1)
        hot, cold = MENDED_AT
        # Only a drawing that time has cut short makes the cooling short: where it is whole, to man its teams as hot as they like and
        # to break off is better, and a machine that stalls changes nothing.
        temperature, kept = _Steps(budget, short=self.drawing.cut), POLISHED_IN
        if self.drawing.teams:
            hot, cold = MANNED_AT
            steps, began = _steps(moves * MANNING), budget.left()
            for a, b in temperature.cooling(steps, share=MANNING):
                search.epoch(
                    round(moves * MANNING / steps), 0.5 * a, 0.5 * b, hot=hot * (cold / hot) ** a,
                    cold=hot * (cold / hot) ** b, mix=PEOPLE_ONLY, waste=1 - a, at_home=True, threads=threads,
                )  # fmt: skip
                if self._stopped(budget, DRAWING + MANNING * b * (1 - DRAWING)):
                    moves = 0
                    break
            polishing = (began - budget.left()) * POLISHING * (1 - MANNING) / MANNING
            moves, (hot, cold) = round(moves * (1 - MANNING)), POLISHED_AT
            kept = KEPT + polishing
        if self.zone is not None and threads is not None and not budget.stopped and budget.left() > kept:
            self._deal(self.zone, budget, threads, kept)
            hot, cold = DEALT_AT
        steps = _steps(moves)
        for a, b in temperature.cooling(steps, each=POLISHING):
            if budget.stopped or budget.left() < KEPT:
                break
            search.epoch(
                moves // steps, 0.5 + 0.5 * a, 0.5 + 0.5 * b, hot=hot * (cold / hot) ** a,
                cold=hot * (cold / hot) ** b, mix=MIX, threads=threads,
            )  # fmt: skip
            if self._stopped(budget, 1 - (1 - b) * (1 - MANNING) * (1 - DRAWING)):
                break
        search.finish(min(LONGEST, round(every * LAST)), threads)
        self.score = search.score
        self._keep_the_sent()

    def _deal(self, zone: Ints, budget: Budget, threads: ThreadPoolExecutor, kept: float) -> None:
        """Deals everybody out anew, zone by zone, while more than `kept` of the time is left; goes on from there."""
        self._keep_the_sent()
        number, whole = self.state.ground.number_of, budget.whole
        budget.before, budget.whole = budget.furthest, DEALING
        found = dealt_anew(
            self.result(), self.fixed, [[number[n] for n in team.visits] for team in self.drawing.teams], zone,
            rounds=min(MOST_DEALS, budget.effort // EFFORT_PER_DEAL), seed=self.seed, threads=threads,
            go_on=lambda share, now: budget.left() > kept and budget.goes_on(share, now.value),
            until=budget.until(1.0 - KEPT),
        )  # fmt: skip
        budget.before, budget.whole = DEALING, whole
        self.search.begin_again(found.crews.values())

    def _stopped(self, budget: Budget, share: float) -> bool:
        return not budget.goes_on(share, self.search.score / SCALE) or budget.left() <= 0

    @property
    def fixed(self) -> set[int]:
        """Units a coordinator sent somewhere, and those that may not be used."""
        locked = np.flatnonzero(self.search.world.u[:, U_LOCK] >= 0)
        return {*locked.tolist(), *self.search.out.tolist()}

    def _keep_the_sent(self) -> None:
        """A team somebody was sent to may lack something while the search goes on, and is dissolved in the end if it still does.
        Then it goes back as it was at first, before all others."""
        crews = [crew for crew in self.start.crews.values() if crew.keep]
        if not crews:
            return
        found, locks = self.result(), self.state.ground.problem.locks
        for crew in crews:
            who = {m.id: u for u in crew.keep for m in self.state.ground.units[u].members}
            where = {need.id: n for n, need in zip(crew.visits, crew.task.needs, strict=True)}
            sent = [(who[m], where[n]) for m, n in locks if m in who and n in where]
            if any(found.crew_of[n] < 0 or u not in found.crews[found.crew_of[n]].units for u, n in sent):
                self.again.append(crew)
        if self.again:
            self.score = round(self.result().value * SCALE)

    def result(self) -> State:
        """The plan as a state."""
        found = self.state.copy()
        for crew in self.again:
            found.put(crew)
        put_crews(self.search, found)
        return found
