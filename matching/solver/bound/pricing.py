"""The options worth most above the price of what they take."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]
Floats = NDArray[np.float64]


class Tables(NamedTuple):
    """What the kernels read: sets (their needs, head counts, options), options, and what things cost now.

    `gain` [need, head count] is worth less price, `price` [sign, head count] that of what a team takes,
    `way_price` [way, head count].
    """

    sets: Shorts
    least: Shorts
    most: Shorts
    start: Ints
    way: Shorts
    sign: Shorts
    legs: Shorts
    travel: float
    gain: Floats
    price: Floats
    way_price: Floats


@njit(cache=True, nogil=True)
def best_options(
    t: Tables, way_kind: Ints, best: Floats, best_at: Ints, best_size: Ints, lead: Floats
) -> None:
    """Fills, per need and kind of way, the option worth most above its price, where that is above zero.

    `best`, `best_at`, `best_size` [need, kind of way]. `lead` [need]: the most above its price of any option whose
    lowest need it is.
    """
    both = np.empty(t.gain.shape[1])
    for k in range(t.sets.shape[0]):
        a, b, c = t.sets[k, 0], t.sets[k, 1], t.sets[k, 2]
        for s in range(t.least[k], t.most[k] + 1):
            both[s] = t.gain[a, s]
            if b >= 0:
                both[s] += t.gain[b, s]
            if c >= 0:
                both[s] += t.gain[c, s]
        for o in range(t.start[k], t.start[k + 1]):
            w, q = t.way[o], t.sign[o]
            top, at = -1e300, 0
            for s in range(t.least[k], t.most[k] + 1):
                v = both[s] - t.price[q, s] - t.way_price[w, s]
                if v > top:
                    top, at = v, s
            top -= t.travel * t.legs[o]
            if top > lead[a]:
                lead[a] = top
            if top <= 0:
                continue
            kind = way_kind[w]
            for i in range(3):
                n = t.sets[k, i]
                if n >= 0 and top > best[n, kind]:
                    best[n, kind], best_at[n, kind], best_size[n, kind] = top, o, at


@njit(cache=True, nogil=True)
def options_near(t: Tables, below: float, out: Ints) -> tuple[int, float]:
    """Writes (option, head count) of everything at most `below` below its price; how many, and the best of the rest."""
    count, rest = 0, -1e300
    for k in range(t.sets.shape[0]):
        a, b, c = t.sets[k, 0], t.sets[k, 1], t.sets[k, 2]
        for o in range(t.start[k], t.start[k + 1]):
            for s in range(t.least[k], t.most[k] + 1):
                v = t.gain[a, s] - t.price[t.sign[o], s] - t.way_price[t.way[o], s] - t.travel * t.legs[o]
                if b >= 0:
                    v += t.gain[b, s]
                if c >= 0:
                    v += t.gain[c, s]
                if v < -below:
                    rest = max(rest, v)
                    continue
                if count < out.shape[0]:
                    out[count, 0], out[count, 1] = o, s
                count += 1
    return count, rest
