"""Mornings for tests and benches, from a seed: `python -m tests.matching.instances KIND SIZE SEED -o FILE`.

`instance(kind, size, seed)` is a vcmatch/1 dict, `problem(...)` the same as a Problem; both depend on nothing but
their arguments. The shares (types of work, head counts, windows, skills, stock, groups, places) are those of the
examples that came with the task; each harder kind turns one screw. `tiny(seed)` is a small morning for property
tests, with everything that may be broken, broken now and then. SIZE is S, M, L, XL or PEOPLExNEEDS.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from matching.solver.model import Group, Need, OwnVehicle, Pin, Problem, Ride, Team, Volunteer
from matching.solver.vcjson import problem_from_json
from tests.matching.solver.mornings import random_morning

Json = dict[str, Any]
T = TypeVar("T")

SIZES: Final = {"S": (100, 40), "M": (500, 150), "L": (1500, 400), "XL": (3000, 1000), "P": (10000, 3000)}
CENTER: Final = (38.294, 141.004)
DEGREE_KM: Final = 111.2
MORNING, EVENING = 540, 930
PARAMS: Final[Json] = {
    "work_end": EVENING, "walk_kmh": 4.0, "walk_max_km": 1.8, "drive_kmh": 20.0, "detour": 1.3, "park_min": 3,
    "shuttle_wait": 8, "chain_max_km": 0.8, "max_visits": 3,
    "w": {"need": 100, "min_fill": 0.7, "idle": 60, "travel": 2, "pref": 10, "cont": 40, "cont_cap": 3, "churn": 80},
}  # fmt: skip


@dataclass(frozen=True)
class Work:
    """One type of work: its share, sizes (mean ideal, spread), durations with shares, and what it asks for."""

    share: float
    ideal: tuple[float, float, int]
    dur: Mapping[int, float]
    hazard: Mapping[int, float]
    stamina: int
    leader: int
    skills: Mapping[str, float]
    women: float = 0.06
    women_only: float = 0.0
    truck: float = 0.0
    minors: bool = True


WORKS: Final = {
    "mud": Work(0.25, (6.6, 3.6, 3), {120: 0.25, 180: 0.37, 240: 0.18, 300: 0.2}, {1: 0.76, 2: 0.24}, 2, 2, {"machinery": 0.04}),
    "furniture": Work(0.165, (5.2, 2.6, 2), {60: 0.2, 90: 0.2, 120: 0.37, 180: 0.23}, {1: 0.91, 2: 0.09}, 2, 2, {"carpenter": 0.035}, 0.14, truck=0.23),
    "clean": Work(0.136, (3.8, 1.6, 2), {90: 0.3, 120: 0.5, 180: 0.2}, {0: 0.89, 1: 0.11}, 1, 2, {"carpenter": 0.05}, 0.28, 0.052),
    "survey": Work(0.086, (2.6, 0.7, 2), {90: 0.3, 120: 0.38, 180: 0.32}, {0: 1}, 1, 1, {}, 0.155),
    "listen": Work(0.086, (2.6, 0.8, 2), {60: 0.53, 90: 0.2, 120: 0.27}, {0: 1}, 1, 1, {"counselor": 0.64}, 0.41, 0.063),
    "haul": Work(0.071, (2.8, 0.8, 2), {60: 0.37, 90: 0.33, 120: 0.3}, {0: 0.6, 1: 0.4}, 2, 2, {}, truck=0.7),
    "garden": Work(0.054, (4.5, 1.7, 2), {90: 0.3, 120: 0.37, 180: 0.33}, {0: 0.6, 1: 0.4}, 2, 2, {}),
    "roof": Work(0.051, (3.8, 0.9, 3), {90: 0.35, 120: 0.31, 180: 0.34}, {3: 1}, 2, 3, {"roofing": 1}, minors=False),
    "tree": Work(0.038, (4.1, 1.3, 3), {120: 0.32, 180: 0.33, 240: 0.35}, {3: 1}, 2, 3, {"chainsaw": 1}, minors=False),
    "child": Work(0.033, (2.9, 0.8, 2), {120: 0.4, 180: 0.29, 240: 0.31}, {0: 1}, 1, 1, {"childcare": 1}, 0.47, minors=False),
    "photo": Work(0.03, (5.3, 1.7, 3), {120: 0.44, 180: 0.35, 240: 0.21}, {0: 1}, 1, 1, {}),
}  # fmt: skip
SKILLS: Final = {
    "nurse": 0.018, "counselor": 0.047, "chainsaw": 0.025, "childcare": 0.025, "carpenter": 0.02, "roofing": 0.019,
    "machinery": 0.01, "sign": 0.0055, "driver": 0.212,
}  # fmt: skip
TOOLS: Final = {
    "cart": 0.6,
    "generator": 0.6,
    "ladder": 0.6,
    "shovel": 0.75,
    "washer": 0.5,
    "wheelbarrow": 0.55,
}
LANGS: Final = {"en": 0.095, "zh": 0.031, "vi": 0.012, "pt": 0.011}
CARS: Final = {("car", 5): 0.45, ("car", 4): 0.29, ("car", 7): 0.12, ("car", 8): 0.11, ("truck", 2): 0.03}


@dataclass(frozen=True)
class Kind:
    """What a kind of morning turns: shares of 1 are those of the examples."""

    people: float = 1.0
    needs: float = 1.0
    leaders: float = 1.0
    cars: float = 1.0
    fleet: float = 1.0
    tools: float = 1.0
    late: float = 0.115
    late_until: int = 660
    grouped: float = 0.4
    split: float = 0.0
    sites: int = 1
    apart_km: float = 6.0
    stops: int = 3
    seats: float = 1.0
    far: float = 0.0
    pins: float = 0.0
    locks: float = 0.0
    holds: float = 0.0
    announced: float = 0.0


KINDS: Final = {
    "base": Kind(),
    "scarce": Kind(people=0.45, tools=0.62),
    "surplus": Kind(needs=0.45, tools=1.29),
    "leaders": Kind(leaders=0.3),
    "cars": Kind(cars=0.15, fleet=0.25, seats=0.5),
    "tools": Kind(tools=0.3),
    "late": Kind(late=0.6, late_until=780),
    "split": Kind(grouped=0.7, split=0.8),
    "pins": Kind(pins=0.3, locks=0.02, holds=0.03, announced=0.6),
    "sites": Kind(sites=3),
    "shuttle": Kind(stops=6, seats=1.8, far=0.85, cars=0.2, fleet=0.3),
    "storm": Kind(leaders=0.5, cars=0.5, fleet=0.5, tools=0.5, late=0.4, late_until=750, split=0.5, sites=2, pins=0.2,
                  locks=0.01, holds=0.03, announced=0.4),  # everything at once
    "prefecture": Kind(sites=8, apart_km=25.0, split=0.3),
}  # fmt: skip


def size_of(size: str) -> tuple[int, int]:
    """(people, needs) of "S", "M", "L", "XL", "P" or "1500x400"."""
    if size in SIZES:
        return SIZES[size]
    people, _, needs = size.partition("x")
    return int(people), int(needs)


def instance(kind: str, size: str, seed: int) -> Json:
    """A vcmatch/1 instance of a kind (a key of KINDS) and size; the same arguments give the same bytes."""
    turned, (people, needs) = KINDS[kind], size_of(size)
    dice = random.Random(zlib.crc32(f"{kind} {size} {seed}".encode()))
    made = _Morning(dice, turned, round(people * turned.people), round(needs * turned.needs)).made()
    made["id"] = f"{size}-{kind}-{seed}"
    return _decided(made, turned, dice) if turned.pins else made


def problem(kind: str, size: str, seed: int) -> Problem:
    return problem_from_json(instance(kind, size, seed))


def _pick(dice: random.Random, shares: Mapping[T, float]) -> T:
    return dice.choices(list(shares), list(shares.values()))[0]


def _moved(lat: float, lng: float, km: float, towards: float) -> tuple[float, float]:
    """The place `km` from here in the direction `towards` (radians)."""
    north, east = km * math.cos(towards), km * math.sin(towards)
    return lat + north / DEGREE_KM, lng + east / (DEGREE_KM * math.cos(math.radians(lat)))


def _km(a: Mapping[str, Any], b: Mapping[str, Any]) -> float:
    north = (a["lat"] - b["lat"]) * DEGREE_KM
    return math.hypot(north, (a["lng"] - b["lng"]) * DEGREE_KM * math.cos(math.radians(a["lat"])))


class _Morning:
    """One morning being made, in a fixed order of throws of the dice."""

    def __init__(self, dice: random.Random, kind: Kind, people: int, needs: int) -> None:
        self.dice, self.kind, self.people, self.wanted = dice, kind, people, needs

    def made(self) -> Json:
        self.sites = self._sites()
        self.stops = self._stops()
        self.groups: list[Json] = []
        volunteers = self._volunteers()
        needs = self._needs([v["id"] for v in volunteers])
        return {
            "format": "vcmatch/1", "id": "", "now": MORNING, "params": PARAMS | {"w": dict(PARAMS["w"])},
            "sites": self.sites, "stops": self.stops, "fleet": self._fleet(), "stock": self._stock(needs),
            "volunteers": volunteers, "groups": self.groups, "needs": needs,
            "conflicts": self._pairs(volunteers, volunteers, round(0.012 * self.people)),
            "bans": self._pairs(volunteers, needs, round(0.01 * self.people)),
            "pins": [], "baseline": {},
        }  # fmt: skip

    # ---- places

    def _sites(self) -> list[Json]:
        sites: list[Json] = []
        for i in range(self.kind.sites):
            lat, lng = CENTER
            if i:
                km = self.kind.apart_km * self.dice.uniform(0.6, 1.4) * math.sqrt(i)
                lat, lng = _moved(lat, lng, km, 2.4 * i + self.dice.uniform(-0.3, 0.3))
            sites.append({"id": f"C{i + 1}", "lat": round(lat, 6), "lng": round(lng, 6)})
        self.villages = {site["id"]: self._villages(site) for site in sites}
        return sites

    def _villages(self, site: Json) -> list[tuple[float, float, float]]:
        """(lat, lng, share of the needs): where houses stand close together."""
        count = self.dice.randint(8, 11)
        nearest = 1.6 if self.kind.far else 0.3
        villages = []
        for _ in range(count):
            km = nearest + (2.6 - nearest) * math.sqrt(self.dice.random())
            lat, lng = _moved(site["lat"], site["lng"], km, self.dice.uniform(0, 2 * math.pi))
            villages.append((lat, lng, self.dice.uniform(0.5, 1.5)))
        return villages

    def _stops(self) -> list[Json]:
        """Stops lie in the villages that are far to walk; their seats are given when the needs are known."""
        stops: list[Json] = []
        for site in self.sites:
            far = sorted(
                self.villages[site["id"]], key=lambda v: -_km(site, {"lat": v[0], "lng": v[1]})
            )[: self.kind.stops + 2]  # fmt: skip
            for lat, lng, _ in self.dice.sample(far, min(len(far), self.kind.stops)):
                place = _moved(lat, lng, self.dice.uniform(0, 0.25), self.dice.uniform(0, 2 * math.pi))
                at = {"lat": round(place[0], 6), "lng": round(place[1], 6)}
                stops.append({"id": f"R{len(stops) + 1}", "site": site["id"], **at, "seats": 0})
        return stops

    def _place(self, site: Json) -> tuple[float, float]:
        villages = self.villages[site["id"]]
        lat, lng, _ = self.dice.choices(villages, [v[2] for v in villages])[0]
        lat, lng = _moved(lat, lng, abs(self.dice.gauss(0, 0.45)), self.dice.uniform(0, 2 * math.pi))
        return round(lat, 6), round(lng, 6)

    # ---- what there is

    def _fleet(self) -> list[Json]:
        half = max(1, int(0.009 * self.people * self.kind.fleet / len(self.sites) + 0.51))
        kinds = [("truck", 2)] * half + [("van", 8)] * half
        every = [(site["id"], *one) for site in self.sites for one in kinds]
        return [
            {"id": f"K{i + 1}", "site": site, "kind": kind, "seats": seats}
            for i, (site, kind, seats) in enumerate(every)
        ]

    def _stock(self, needs: Sequence[Json]) -> Json:
        asked: Counter[tuple[str, str]] = Counter()
        for one in needs:
            for tool, quantity in one["equip"].items():
                asked[one["site"], tool] += quantity
        stock: Json = {site["id"]: {} for site in self.sites}
        for (site, tool), quantity in sorted(asked.items()):
            stock[site][tool] = max(1, int(TOOLS[tool] * self.kind.tools * quantity))
        return stock

    def _pairs(self, left: Sequence[Json], right: Sequence[Json], count: int) -> list[list[str]]:
        pairs: set[tuple[str, str]] = set()
        while len(pairs) < min(count, len(left) * len(right) // 4):
            a, b = self.dice.choice(left), self.dice.choice(right)
            if a["id"] != b["id"] and not (a.get("group") and a.get("group") == b.get("group")):
                pairs.add((a["id"], b["id"]))
        return [list(pair) for pair in sorted(pairs)]

    # ---- people

    def _volunteers(self) -> list[Json]:
        grouped = round(self.people * self.kind.grouped)
        people = [self._person(i + 1) for i in range(self.people - grouped)]
        for one in people:
            one["insured"] = self.dice.random() >= 0.027
        while len(people) < self.people:
            self._company(people)
        return people

    def _person(self, number: int) -> Json:
        dice, kind = self.dice, self.kind
        age = min(82, max(18, round(dice.gauss(43.8, 14.5))))
        skills = [skill for skill, share in SKILLS.items() if dice.random() < share]
        drives = "driver" in skills
        car = _pick(dice, CARS) if drives and dice.random() < 0.55 * kind.cars else None
        if drives and kind.cars < 1 and dice.random() > math.sqrt(kind.cars):
            skills.remove("driver")
        leads = 0.17 * kind.leaders
        exp = _pick(dice, {0: 0.54 + 0.17 - leads, 1: 0.29, 2: leads * 0.65, 3: leads * 0.35})
        tired = 0.6 if age >= 70 else 0.17
        late = dice.random() < kind.late
        langs = [lang for lang, share in LANGS.items() if dice.random() < share]
        home = dice.choice(self.sites)["id"]
        return {
            "id": f"V{number}", "group": None, "guardian": None, "gender": "F" if dice.random() < 0.3 else "M",
            "age": age, "exp": exp,
            "stamina": _pick(dice, {1: tired, 2: 0.55, 3: 0.0 if age >= 70 else 0.28}),
            "skills": skills, "langs": langs if langs and dice.random() < 0.15 else ["ja", *langs],
            "from": MORNING + 30 * dice.randint(1, (kind.late_until - MORNING) // 30) if late else MORNING,
            "to": _pick(dice, {720: 0.105, 840: 0.085, 930: 0.81}),
            "vehicle": {"kind": car[0], "seats": car[1]} if car else None, "insured": True,
            "prefs": self._works(0.39), "avoid": self._works(0.145),
            "idle_w": 2 if dice.random() < 0.105 else 1, "sites": self._may_go(home),
        }  # fmt: skip

    def _works(self, chance: float) -> list[str]:
        if self.dice.random() >= chance:
            return []
        shares = {work: about.share for work, about in WORKS.items()}
        return sorted({_pick(self.dice, shares) for _ in range(self.dice.choice((1, 2)))})

    def _may_go(self, home: str) -> list[str]:
        """Everybody works from their own site, some from the next one too."""
        if len(self.sites) == 1 or self.dice.random() < 0.65:
            return [home]
        here = next(site for site in self.sites if site["id"] == home)
        others = sorted((site for site in self.sites if site is not here), key=lambda s: _km(here, s))
        return [home, others[0]["id"]]

    def _company(self, people: list[Json]) -> None:
        """A family, friends, a school class or the parts of a company, which come and go together."""
        dice = self.dice
        what = _pick(dice, {"friends": 0.55, "family": 0.32, "company": 0.08, "school": 0.05})
        split = dice.random() < self.kind.split
        if split:
            sizes = [dice.randint(5, 24)]
        elif what == "company":
            sizes = [dice.randint(4, 8) for _ in range(dice.randint(1, 6))]
        elif what == "school":
            sizes = [dice.randint(6, 8)]
        else:
            sizes = [_pick(dice, {2: 0.52, 3: 0.26, 4: 0.13, 5: 0.09})]
        parent = f"G{len(self.groups) + 1}" if what == "company" and not split else None
        for wanted in sizes:
            size = min(wanted, self.people - len(people))
            if size:
                self._group(people, what, size, split, parent)

    def _group(self, people: list[Json], what: str, size: int, split: bool, parent: str | None) -> None:
        dice, name = self.dice, f"G{len(self.groups) + 1}"
        together = [self._person(len(people) + 1 + i) for i in range(size)]
        first = together[0]
        for one in together:
            one |= {"group": name, "from": first["from"], "to": first["to"], "sites": list(first["sites"])}
        if what in ("family", "school") and size > 1:
            children = together[1:] if what == "family" else together[2:]
            for child in children:
                if dice.random() < (0.5 if what == "family" else 0.8):
                    guardian = together[dice.randrange(2)]["id"] if what == "school" else first["id"]
                    child |= {
                        "age": dice.randint(13, 17), "exp": min(child["exp"], 1), "skills": [],
                        "vehicle": None, "guardian": guardian,
                    }  # fmt: skip
        people += together
        part = dice.randint(2, 4) if split else 0
        self.groups.append(
            {"id": name, "kind": what, "atomic": not split, "min_part": min(part, size), "parent": parent}
        )

    # ---- work

    def _needs(self, people: Sequence[str]) -> list[Json]:
        needs = [self._need(i + 1, people) for i in range(self.wanted)]
        for stop in self.stops:
            here = sum(one["stop"] == stop["id"] for one in needs)
            stop["seats"] = max(2, 2 * round(0.66 * here * self.kind.seats))
        return needs

    def _need(self, number: int, people: Sequence[str]) -> Json:
        dice = self.dice
        name = _pick(dice, {work: about.share for work, about in WORKS.items()})
        work = WORKS[name]
        site = dice.choice(self.sites)
        lat, lng = self._place(site)
        mean, spread, least = work.ideal
        ideal = min(20, max(least, round(dice.gauss(mean, spread) * dice.uniform(0.75, 1.25))))
        women_only = dice.random() < work.women_only
        hazard = _pick(dice, work.hazard)
        tier = _pick(dice, {1: 0.06, 2: 0.3, 3: 0.64})
        days = min(30, int(dice.expovariate(0.2)))
        weight = {1: dice.randint(94, 240), 2: dice.randint(30, 57), 3: dice.randint(11, 23)}[tier]
        begin, close = _pick(
            dice, {(540, 930): 0.78, (540, 720): 0.085, (540, 780): 0.045, (690, 930): 0.035, (780, 930): 0.055}
        )  # fmt: skip
        dur = min(_pick(dice, work.dur), 120 if close - begin <= 180 else 300)
        skills = {skill: 1 for skill, share in work.skills.items() if dice.random() < share}
        if name in ("roof", "tree") and dice.random() < 0.33:
            skills = dict.fromkeys(skills, 2)
        for skill, share in (("nurse", 0.015), ("sign", 0.008)):
            if dice.random() < share:
                skills[skill] = 1
        return {
            "id": f"N{number}", "site": site["id"], "lat": lat, "lng": lng, "type": name,
            "min": max(2, round(0.6 * ideal)), "ideal": ideal, "max": min(24, ideal + ideal // 3 + 2),
            "skills": skills, "women_min": int(women_only or dice.random() < work.women), "women_only": women_only,
            "lang": _pick(dice, {None: 0.965, "en": 0.022, "zh": 0.008, "vi": 0.003, "pt": 0.002}),
            "hazard": hazard, "min_exp": int(hazard == 3), "minors_ok": work.minors and hazard < 2,
            "min_stamina": work.stamina, "leader_exp": work.leader, "dur": dur, "open": begin, "close": close,
            "weight": weight + round(days * {1: 4, 2: 1.7, 3: 0.9}[tier]), "tier": tier, "days_waited": days,
            "equip": self._tools(name, ideal), "truck": dice.random() < work.truck,
            "prev": sorted(dice.sample(people, min(len(people), dice.randint(2, 5)))) if dice.random() < 0.115 else [],
            "stop": self._stop_near(site, lat, lng),
        }  # fmt: skip

    def _tools(self, work: str, ideal: int) -> Json:
        dice = self.dice
        match work:
            case "mud":
                shovels = math.ceil(0.66 * ideal)
                more = {"washer": 1} if dice.random() < 0.2 else {}
                return {"shovel": shovels, "wheelbarrow": max(1, shovels // 2), **more}
            case "garden":
                return {"shovel": max(1, round(0.4 * ideal)), "wheelbarrow": 1}
            case "furniture":
                return {"cart": 1 if ideal < 7 else 2}
            case "clean":
                return {"washer": 1} if dice.random() < 0.45 else {}
            case "roof":
                return {"ladder": 2 if dice.random() < 0.28 else 1}
            case "tree":
                return {"generator": 1} if dice.random() < 0.34 else {}
        return {}

    def _stop_near(self, site: Json, lat: float, lng: float) -> str | None:
        here = {"lat": lat, "lng": lng}
        near = [
            (_km(stop, here), stop["id"]) for stop in self.stops
            if stop["site"] == site["id"] and _km(stop, here) <= (0.8 if self.kind.far else 0.5)
        ]  # fmt: skip
        return min(near)[1] if near else None


def _decided(made: Json, kind: Kind, dice: random.Random) -> Json:
    """Adds what a coordinator decided: all of it can stand together, because one real plan keeps it."""
    from tests.bench.greedy import by_cards

    plan = by_cards(problem_from_json(made))
    teams = list(plan.teams)
    dice.shuffle(teams)
    out = teams[: round(kind.pins * len(teams))]
    rest = teams[len(out) :]
    served = {need for team in teams for need in team.visits}
    made["pins"] = [
        {
            "id": team.id, "members": list(team.members), "leader": team.leader, "visits": list(team.visits),
            "mode": team.mode, "vehicles": [{"id": ride.id, "driver": ride.driver} for ride in team.vehicles],
        }
        for team in out
    ]  # fmt: skip
    members = [(m, team.visits[0]) for team in rest for m in team.members]
    made["locks"] = [list(pair) for pair in sorted(dice.sample(members, round(kind.locks * len(members))))]
    waiting = [one["id"] for one in made["needs"] if one["id"] not in served]
    held = {team.visits[-1] for team in rest if dice.random() < kind.holds} - {n for _, n in made["locks"]}
    made["holds"] = sorted(held | set(waiting[: round(kind.holds * len(waiting))]))
    made["baseline"] = {
        m: team.visits[0] for team in teams for m in team.members if dice.random() < kind.announced
    }
    return made


# ---- small mornings in which anything may be wrong


def tiny(seed: int) -> Problem:
    """A morning of 0 to 40 people and 0 to 14 needs; nothing, or up to three things, are broken in it."""
    dice = random.Random(seed)
    if dice.random() < 0.3:
        made = random_morning(seed)
    else:
        kind = dice.choice([name for name in KINDS if name != "prefecture"])
        made = problem(kind, f"{dice.randint(6, 40)}x{dice.randint(2, 14)}", seed)
    for breaks in dice.sample(BREAKS, dice.choice((0, 0, 1, 1, 2, 3))):
        made = breaks(made, dice)
    return made


def _nobody_leads(made: Problem, dice: random.Random) -> Problem:
    return replace(made, volunteers=tuple(replace(v, exp=0) for v in made.volunteers))


def _no_tools(made: Problem, dice: random.Random) -> Problem:
    """The stock of a site is unknown, or one of its tools."""
    stock = {site: dict(tools) for site, tools in made.stock.items()}
    for site in list(stock):
        if dice.random() < 0.5:
            del stock[site]
        elif stock[site]:
            del stock[site][dice.choice(sorted(stock[site]))]
    return replace(made, stock=stock)


def _nobody_drives(made: Problem, dice: random.Random) -> Problem:
    people = tuple(replace(v, skills=v.skills - {"driver"}, vehicle=None) for v in made.volunteers)
    return replace(made, volunteers=people)


def _children_alone(made: Problem, dice: random.Random) -> Problem:
    """Minors without a guardian, or with one who is unknown, uninsured or in another group."""
    others = [v.id for v in made.volunteers] + ["V?"]

    def child(v: Volunteer) -> Volunteer:
        guardian = dice.choice((None, *others))
        return replace(v, age=15, guardian=None if guardian == v.id else guardian)

    return replace(
        made, volunteers=tuple(child(v) if dice.random() < 0.3 else v for v in made.volunteers)
    )  # fmt: skip


def _strangers(made: Problem, dice: random.Random) -> Problem:
    """Decisions about people and needs that are gone."""
    v = [p.id for p in made.volunteers] + ["V?"]
    n = [one.id for one in made.needs] + ["N?"]
    return replace(
        made,
        conflicts=(*made.conflicts, ("V?", dice.choice(v)), (dice.choice(v),) * 2),
        bans=made.bans | {("V?", dice.choice(n)), (dice.choice(v), "N?")},
        locks=(*made.locks, (dice.choice(v), "N?"), ("V?", dice.choice(n)), (dice.choice(v), dice.choice(n))),
        holds=made.holds | {"N?", dice.choice(n)},
        baseline={**made.baseline, "V?": dice.choice(n), dice.choice(v): "N?", dice.choice(v): None},
    )


def _bad_pins(made: Problem, dice: random.Random) -> Problem:
    """Teams that are out, real ones and such as break a rule: together, or each for itself."""
    from tests.bench.greedy import by_cards

    v = [p.id for p in made.volunteers] + ["V?"]
    n = [one.id for one in made.needs] + ["N?"]
    vehicles = [one.id for one in made.fleet] + v
    teams = [team for team in by_cards(made).teams if dice.random() < 0.6]
    for i, team in enumerate(teams):
        if dice.random() < 0.5:
            continue
        teams[i] = dice.choice(
            (
                replace(team, members=(*team.members, dice.choice(v))),
                replace(team, members=team.members[1:]),
                replace(team, visits=(*team.visits, dice.choice(n))),
                replace(team, visits=team.visits[::-1], leader=dice.choice(v)),
                replace(team, mode=dice.choice(("walk", "shuttle", "car", "balloon", "balloon"))),
                replace(team, mode="car", vehicles=(*team.vehicles, Ride(dice.choice(vehicles), dice.choice(v)))),
                replace(team, members=(), visits=()),
            )
        )  # fmt: skip
    if dice.random() < 0.3:
        teams.append(Team("lost", (dice.choice(v), "V?"), "V?", (dice.choice(n),), "walk"))
    pins = {pin.team.id: pin for pin in made.pins}
    pins |= {team.id: Pin(team, dice.choice((None, None, 540, 900))) for team in teams}
    return replace(made, pins=tuple(pins.values()))


def _quarrels(made: Problem, dice: random.Random) -> Problem:
    """Many conflicts, inside groups too, and many bans."""
    v, n = [p.id for p in made.volunteers], [one.id for one in made.needs]
    if not v or not n:
        return made
    return replace(
        made,
        conflicts=tuple((dice.choice(v), dice.choice(v)) for _ in range(len(v))),
        bans=frozenset((dice.choice(v), dice.choice(n)) for _ in range(len(v) * len(n) // 3)),
    )


def _too_late(made: Problem, dice: random.Random) -> Problem:
    """The day is nearly over, or some people go before they come."""
    if dice.random() < 0.5:
        return replace(made, now=dice.choice((700, 860, 925, 931)))
    people = tuple(
        replace(v, end=max(0, v.start - 10)) if dice.random() < 0.3 else v for v in made.volunteers
    )
    return replace(made, volunteers=people)


def _no_room(made: Problem, dice: random.Random) -> Problem:
    """No seat on any shuttle, no vehicle of the center, own cars for one."""
    people = tuple(
        replace(v, vehicle=OwnVehicle(v.vehicle.kind, 1)) if v.vehicle else v for v in made.volunteers
    )
    stops = tuple(replace(stop, seats=0) for stop in made.stops)
    return replace(made, volunteers=people, stops=stops, fleet=())


def _other_rules(made: Problem, dice: random.Random) -> Problem:
    """Other speeds, distances, tour lengths and weights than those of the examples."""
    p = made.params
    weights = replace(
        p.w, need=dice.choice((0, 1, 100)), min_fill=dice.choice((0, 0.5, 1)), idle=dice.choice((0, 60, 5000)),
        travel=dice.choice((0, 2, 300)), pref=dice.choice((0, 10, 5000)), cont=dice.choice((0, 40, 5000)),
        cont_cap=dice.choice((0, 1, 9)), churn=dice.choice((0, 80, 10000)),
    )  # fmt: skip
    return replace(
        made,
        params=replace(
            p, work_end=dice.choice((660, 930, 1440)), walk_kmh=dice.choice((0.5, 4, 9)), walk_max_km=dice.choice((0, 1.8, 50)),
            drive_kmh=dice.choice((2, 20, 90)), detour=dice.choice((1, 1.3, 3)), park_min=dice.choice((0, 3, 30)),
            shuttle_wait=dice.choice((0, 8, 60)), chain_max_km=dice.choice((0, 0.8, 40)),
            max_visits=dice.choice((1, 2, 3, 4, 5, 7)), w=weights,
        ),
    )  # fmt: skip


def _odd_needs(made: Problem, dice: random.Random) -> Problem:
    """Work of no minutes, for one, for hundreds, in one place, at night, worth nothing, with many demands."""

    def odd(n: Need) -> Need:
        return dice.choice(
            (
                replace(n, dur=0, open=0, close=1440), replace(n, min=1, ideal=1, max=1), replace(n, weight=0),
                replace(n, min=1, ideal=2, max=400), replace(n, min=300, ideal=300, max=400),
                replace(n, lat=made.needs[0].lat, lng=made.needs[0].lng, dur=20), replace(n, open=1200, close=1300),
                replace(n, open=n.close), replace(n, lat=-n.lat), replace(n, women_min=40), replace(n, leader_exp=9),
                replace(n, skills={"driver": 2, "nurse": 1, "counselor": 1, "carpenter": 0}, equip={}),
                replace(n, equip={"shovel": 0, "rope": 1}), replace(n, women_only=True, truck=True, lang="en"),
                replace(n, prev=tuple(v.id for v in made.volunteers)), replace(n, min_stamina=9), replace(n, site=made.sites[-1].id),
            )
        )  # fmt: skip

    return replace(made, needs=tuple(odd(n) if dice.random() < 0.5 else n for n in made.needs))


def _odd_people(made: Problem, dice: random.Random) -> Problem:
    """A bus, cars for one, everybody a driver, one group of all, people of no site."""
    match dice.randrange(5):
        case 0:
            change: dict[str, Any] = {"vehicle": OwnVehicle("bus", 60)}
        case 1:
            change = {"vehicle": OwnVehicle("car", 1), "skills": frozenset({"driver"})}
        case 2:
            change = {"sites": ()}
        case 3:
            change = {"group": "all", "guardian": None}
        case _:
            change = {"gender": "", "langs": frozenset(), "start": 0, "end": 1440, "idle_w": 0}
    share = 1.0 if dice.random() < 0.5 else 0.5
    people = tuple(replace(v, **change) if dice.random() < share else v for v in made.volunteers)
    everybody = Group("all", atomic=dice.random() < 0.3, min_part=dice.choice((0, 2, 7)))
    return replace(made, volunteers=people, groups=(*made.groups, everybody))


def _many_words(made: Problem, dice: random.Random) -> Problem:
    """Far more skills, languages, types of work, tools and kinds of vehicle than any list of them foresees."""
    words = [f"word{i}" for i in range(90)]

    def some() -> frozenset[str]:
        return frozenset(dice.sample(words, dice.randint(0, 45)))

    people = tuple(
        replace(v, skills=v.skills | some(), langs=v.langs | some(), prefs=some(), avoid=frozenset(dice.sample(words, 3)))
        for v in made.volunteers
    )  # fmt: skip
    needs = tuple(
        replace(
            n, type=dice.choice(words), skills=dict.fromkeys(dice.sample(words, dice.randint(0, 3)), 1),
            lang=dice.choice((None, *words[:20])), equip=dict.fromkeys(dice.sample(words, 3), 1),
        )
        for n in made.needs
    )  # fmt: skip
    stock = {site.id: dict.fromkeys(words, 1 + len(needs) // 2) for site in made.sites}
    return replace(made, volunteers=people, needs=needs, stock=stock)


ODD: Final = (_other_rules, _odd_needs, _odd_people, _many_words)
"""Not broken, only unlike any example."""
BREAKS: Final = (
    _nobody_leads, _no_tools, _nobody_drives, _children_alone, _strangers, _bad_pins, _bad_pins, _bad_pins, _quarrels,
    _too_late, _no_room, *ODD,
)  # fmt: skip


def odd(seed: int) -> Problem:
    """A small morning with nothing broken in it but unlike any example: see ODD."""
    dice = random.Random(seed)
    kind = dice.choice([name for name in KINDS if name != "prefecture"])
    made = problem(kind, f"{dice.randint(15, 50)}x{dice.randint(3, 12)}", seed)
    for changes in dice.sample(ODD, dice.choice((1, 1, 2, 3))):
        made = changes(made, dice)
    return made


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("kind", choices=list(KINDS))
    asked.add_argument("size", help="S, M, L, XL, P or PEOPLExNEEDS")
    asked.add_argument("seed", type=int)
    asked.add_argument("-o", "--out", type=Path, required=True)
    given = asked.parse_args()
    given.out.write_text(json.dumps(instance(given.kind, given.size, given.seed), ensure_ascii=False))


if __name__ == "__main__":
    main()
