"""What every set of needs asks for, and what a team there is worth; sets that ask for the same share a *profile*."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.solver.bound.left import Left
from matching.solver.bound.people import Crowd
from matching.solver.bound.routes import Routes, Shorts
from matching.solver.model import Need, Problem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """Something a need asks for; of a set of needs the most demanding counts. `of` gives it, 0 for nothing."""

    name: str
    of: Callable[[Need], int]


class Demands:
    """Profiles of the sets of `routes`, sizes they allow, and points per need and head count."""

    def __init__(self, problem: Problem, left: Left, crowd: Crowd, routes: Routes) -> None:
        self.problem, self.left, self.routes, self.crowd = problem, left, routes, crowd
        needs = self.needs = left.needs
        self.skills = sorted({s for n in needs for s, q in n.skills.items() if q > 0})
        self.langs = sorted({n.lang for n in needs if n.lang is not None})
        self.tools = sorted({t for n in needs for t, q in n.equip.items() if q > 0})
        liked = {t for v in crowd.people.values() for t in v.prefs}
        disliked = {t for v in crowd.people.values() for t in v.avoid}
        self.liked = sorted({n.type for n in needs} & liked) if problem.params.w.pref > 0 else []
        self.types = sorted({n.type for n in needs} & (set(self.liked) | disliked))
        self.features = self._features()
        self.number = {feature.name: i for i, feature in enumerate(self.features)}
        asked = np.array(
            [[feature.of(n) for feature in self.features] for n in needs], dtype=np.int64
        ).reshape(len(needs), len(self.features))
        self.profile, self.asked = _profiles(asked, routes.needs)
        self.least, self.most = _sizes(needs, routes.needs)
        self.largest = max((n.max for n in needs), default=1)
        self.worth = self._worth()

    def __getitem__(self, feature: str) -> Ints:
        """[profile]: how much of a feature is asked for."""
        return self.asked[:, self.number[feature]]

    def _features(self) -> list[Feature]:
        site = {s.id: i for i, s in enumerate(self.problem.sites)}
        return [
            Feature("site", lambda n: site[n.site]),
            Feature("stamina", lambda n: n.min_stamina - 1),
            Feature("exp", lambda n: n.min_exp),
            Feature("adults", lambda n: int(not n.minors_ok)),
            Feature("women_only", lambda n: int(n.women_only)),
            Feature("women", lambda n: n.women_min),
            Feature("leader", lambda n: n.leader_exp),
            Feature("truck", lambda n: int(n.truck)),
            *(Feature(f"skill:{k}", lambda n, k=k: n.skills.get(k, 0)) for k in self.skills),  # type: ignore[misc]
            *(Feature(f"lang:{k}", lambda n, k=k: int(n.lang == k)) for k in self.langs),  # type: ignore[misc]
            *(Feature(f"tool:{k}", lambda n, k=k: n.equip.get(k, 0)) for k in self.tools),  # type: ignore[misc]
            *(Feature(f"type:{k}", lambda n, k=k: int(n.type == k)) for k in self.types),  # type: ignore[misc]
        ]

    def _worth(self) -> Floats:
        """[need, head count]: fill, people who were there before, and announcements kept, at their best."""
        w, here = self.problem.params.w, self.crowd.people
        told = Counter(need for person, need in self.problem.baseline.items() if person in here and need)
        worth = np.zeros((len(self.needs), self.largest + 1))
        for i, n in enumerate(self.needs):
            before = [p for p in n.prev if p in here]
            twice = len(set(before)) < len(before)
            for s in range(n.min, n.max + 1):
                known = len(before) if twice else min(s, len(before))
                worth[i, s] = (
                    w.need * n.weight * n.fill(s, w.min_fill)
                    + w.cont * min(w.cont_cap, known)
                    + w.churn * min(s, told[n.id])
                )
        return worth


def _profiles(asked: Ints, sets: Shorts) -> tuple[Shorts, Ints]:
    """[set] -> profile, and [profile, feature]: the most that any need of the set asks for."""
    padded = np.concatenate(
        [asked, np.zeros((1, asked.shape[1]), dtype=np.int64)]
    )  # −1 is the row of nothing
    key, room = np.zeros(len(sets), dtype=np.int64), 1
    for f in range(padded.shape[1]):
        levels, codes = np.unique(padded[:, f], return_inverse=True)  # codes keep the order of the values
        most = codes[sets].max(axis=1, initial=0)
        if room * len(levels) >= 2**62:
            _, key = np.unique(key, return_inverse=True)
            room = int(key.max(initial=0)) + 1
        key, room = key * len(levels) + most, room * len(levels)
    _, key = np.unique(key, return_inverse=True)
    first = np.zeros(int(key.max(initial=-1)) + 1, dtype=np.int64)
    first[key] = np.arange(len(sets))
    return key.astype(np.int32), padded[sets[first]].max(axis=1, initial=0)


def _sizes(needs: list[Need], sets: Shorts) -> tuple[Shorts, Shorts]:
    least = np.array([*(n.min for n in needs), 0], dtype=np.int32)
    most = np.array([*(n.max for n in needs), np.iinfo(np.int32).max], dtype=np.int32)
    return least[sets].max(axis=1, initial=0), most[sets].min(axis=1, initial=np.iinfo(np.int32).max)
