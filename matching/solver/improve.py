"""Ruin and recreate: take a few teams apart, build them anew, keep what is better.

The first plan serves needs in a fixed order and so spends leaders, cars and tools where they looked best at
the time. Each round here frees what a handful of teams hold and spends it again in another order. Simulated
annealing accepts small losses early, so that a plan can leave a corner it is stuck in.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np

from matching.solver.construct import Prices, extend, fill_up, insert
from matching.solver.crews import Floats, State, fit

WARMTH = 0.25
"""Share of a typical need that a round may lose at the start and still be kept now and then."""
EXTENDING = 0.5
"""Share of rounds in which a crew takes on more needs as soon as it is built."""
NEAR_TRIED, FAR_TRIED, CREWS_FILLED = 14, 5, 6


def improve(state: State, prices: Prices, *, seed: int, rounds: Callable[[int], float | None]) -> State:
    """The best state found. `rounds(i)` is the share of the work done before round i, or None to stop.

    The random numbers, and so the result, depend on `seed` and on the shares only.
    """
    if not state.ground.needs or not state.ground.units:
        return state
    search = _Search(state, prices, seed)
    done, i = rounds(0), 0
    while done is not None:
        search.round(done)
        i += 1
        done = rounds(i)
    return search.best


class _Search:
    def __init__(self, state: State, prices: Prices, seed: int) -> None:
        self.ground, self.prices = state.ground, prices
        self.best = self.now = state
        self.dice = random.Random(seed)  # noqa: S311
        self.noise = np.random.Generator(np.random.PCG64(seed))
        self.density = [n.weight / (1 + n.min) for n in state.ground.needs]

    def round(self, done: float) -> None:
        state = self.now.copy()
        dice = self.dice
        centre = self._centre(state)
        opened = self._ruin(state, centre)
        unit_price = self.prices.unit * (0.7 + 0.6 * self.noise.random(len(self.prices.unit)))
        touched = self._recreate(state, centre, opened, unit_price)
        others = list(state.crews)
        touched.update(dict.fromkeys(dice.sample(others, min(CREWS_FILLED, len(others)))))
        fill_up(state, self.prices, [key for key in touched if key in state.crews], unit_price)
        self._judge(state, done)

    def _judge(self, state: State, done: float) -> None:
        warmth = WARMTH * self.prices.typical * (1 - done) ** 2 + 1e-6
        loss = self.now.value - state.value
        if loss <= 0 or self.dice.random() < math.exp(-loss / warmth):
            self.now = state
            if state.value > self.best.value + 1e-6:
                self.best = state

    def _centre(self, state: State) -> int:
        """Where to work: mostly at a need that waits, the heavier the likelier."""
        waiting = [n for n in state.waiting() if self.ground.task((n,)).modes]
        if waiting and self.dice.random() < 0.7:
            few = [self.dice.choice(waiting) for _ in range(3)]
            return max(few, key=lambda n: self.ground.needs[n].weight)
        return self.dice.randrange(len(self.ground.needs))

    def _ruin(self, state: State, centre: int) -> list[int]:
        """Dissolves crews near the centre and elsewhere, thins out a few more. Returns the needs set free."""
        dice, opened = self.dice, list[int]()
        near = dict.fromkeys(
            state.crew_of[n] for n in self.ground.nearest[centre] if state.crew_of[n] >= 0
        )  # fmt: skip
        several = dice.randint(1, 6)
        keys = [key for key in list(near)[: 3 * several] if dice.random() < 0.6][:several]
        rest = [key for key in state.crews if key not in near or key not in keys]
        keys += dice.sample(rest, min(len(rest), dice.randint(0, 3)))
        for key in dict.fromkeys(keys):
            if not state.crews[key].keep:
                opened += state.drop(key).visits
        rest = list(state.crews)
        for key in dice.sample(rest, min(len(rest), dice.randint(0, 6))):
            self._thin_out(state, key)
        return opened

    def _thin_out(self, state: State, key: int) -> None:
        """Takes one unit out of a crew that does not need it."""
        crew = state.crews[key]
        spare = [
            u
            for u in crew.units
            if u not in crew.keep and crew.size - self.ground.units[u].size >= crew.task.lo
        ]
        if spare:
            gone = self.dice.choice(spare)
            new = fit(state, crew.task, [u for u in crew.units if u != gone], crew)
            if new is not None:
                state.replace(key, new)

    def _recreate(self, state: State, centre: int, opened: list[int], unit_price: Floats) -> dict[int, None]:
        dice, needs = self.dice, self.ground.needs
        waiting = [n for n in self.ground.nearest[centre] if state.crew_of[n] < 0][:NEAR_TRIED]
        anywhere = state.waiting()
        waiting += dice.sample(anywhere, min(len(anywhere), FAR_TRIED))
        order = {n: self.density[n] * (0.5 + dice.random()) for n in (*opened, *waiting)}
        touched: dict[int, None] = {}
        lengthen = dice.random() < EXTENDING
        for n in sorted(order, key=lambda n: (needs[n].tier != 1, -order[n])):
            if state.crew_of[n] < 0 and insert(state, n, self.prices, unit_price=unit_price):
                if lengthen:
                    while extend(state, state.crew_of[n], self.prices, unit_price=unit_price):
                        pass
                touched[state.crew_of[n]] = None
        return touched
