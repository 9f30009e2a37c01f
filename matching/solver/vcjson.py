"""vcmatch/1 and vcplan/1: the JSON the solver reads and writes, to and from the dataclasses of model.py.

Reading refuses a wrong shape with ProblemError; unknown keys are ignored, so newer writers stay readable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from matching.solver.model import (
    FleetVehicle,
    Group,
    Need,
    Note,
    OwnVehicle,
    Params,
    Pin,
    Plan,
    Problem,
    ProblemError,
    Reason,
    Ride,
    Site,
    Stop,
    Team,
    Volunteer,
    Weights,
)

PROBLEM_FORMAT = "vcmatch/1"
PLAN_FORMAT = "vcplan/1"

Json = dict[str, Any]
T = TypeVar("T")


class _Reader:
    """One JSON object being read; every refusal names it and the key."""

    def __init__(self, where: str, data: object) -> None:
        if not isinstance(data, Mapping):
            raise ProblemError(where, "", f"an object is expected, not {type(data).__name__}")
        self.where, self.data = where, data

    def _get(self, key: str, kind: type[T] | tuple[type[T], ...], what: str) -> T:
        if key not in self.data:
            raise ProblemError(self.where, key, "is missing")
        value = self.data[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ProblemError(self.where, key, f"{what} is expected, not {value!r}")
        return value

    def has(self, key: str) -> bool:
        return self.data.get(key) is not None

    def text(self, key: str) -> str:
        return self._get(key, str, "text")

    def text_or_none(self, key: str) -> str | None:
        """A text; an empty one is none, as other readers of the format take it."""
        return (self.text(key) or None) if self.has(key) else None

    def flag(self, key: str) -> bool:
        return self._get(key, bool, "true or false")

    def number(self, key: str) -> float:
        return self._get(key, (int, float), "a number")

    def whole(self, key: str) -> int:
        value = self.number(key)
        if value != value // 1:
            raise ProblemError(self.where, key, f"a whole number is expected, not {value!r}")
        return int(value)

    def texts(self, key: str) -> tuple[str, ...]:
        values: list[Any] = self._get(key, list, "a list of texts")
        if not all(isinstance(v, str) for v in values):
            raise ProblemError(self.where, key, "a list of texts is expected")
        return tuple(values)

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        pairs: list[Any] = self._get(key, list, "a list of pairs") if self.has(key) else []
        for pair in pairs:
            if not (
                isinstance(pair, (list, tuple)) and len(pair) == 2 and all(isinstance(p, str) for p in pair)
            ):
                raise ProblemError(self.where, key, f"a pair of ids is expected, not {pair!r}")
        return tuple((a, b) for a, b in pairs)

    def inner(self, key: str) -> _Reader:
        name = f"{self.where}.{key}" if self.where != "problem" else key
        return _Reader(name, self._get(key, dict, "an object"))

    def amounts(self, key: str) -> dict[str, int]:
        inner = self.inner(key)
        return {str(name): inner.whole(name) for name in inner.data}

    def records(self, key: str, make: Callable[[_Reader], T]) -> tuple[T, ...]:
        """Reads a list of objects with ids; an absent list is an empty one."""
        items: list[Any] = self._get(key, list, "a list") if self.has(key) else []
        return tuple(
            make(_Reader(f"{key}[{item.get('id', i) if isinstance(item, Mapping) else i}]", item))
            for i, item in enumerate(items)
        )


def problem_from_json(data: object) -> Problem:
    """Reads a vcmatch/1 instance. Raises ProblemError naming the record and field that is wrong."""
    r = _Reader("problem", data)
    if r.text("format") != PROBLEM_FORMAT:
        raise ProblemError("problem", "format", f"{PROBLEM_FORMAT} is expected, not {r.text('format')}")
    stock = r.inner("stock") if r.has("stock") else _Reader("stock", {})
    baseline = r.inner("baseline") if r.has("baseline") else _Reader("baseline", {})
    return Problem(
        id=r.text("id") if r.has("id") else "",
        now=r.whole("now"),
        params=_params(r.inner("params")),
        sites=r.records("sites", lambda s: Site(s.text("id"), s.number("lat"), s.number("lng"))),
        stops=r.records("stops", _stop),
        fleet=r.records("fleet", _fleet_vehicle),
        stock={str(site): stock.amounts(site) for site in stock.data},
        volunteers=r.records("volunteers", _volunteer),
        groups=r.records("groups", _group),
        needs=r.records("needs", _need),
        conflicts=r.pairs("conflicts"),
        bans=frozenset(r.pairs("bans")),
        pins=r.records("pins", lambda p: Pin(_team(p), p.whole("depart") if p.has("depart") else None)),
        locks=r.pairs("locks"),
        holds=frozenset(r.texts("holds")) if r.has("holds") else frozenset(),
        baseline={str(person): baseline.text_or_none(person) for person in baseline.data},
    )


def _params(r: _Reader) -> Params:
    w = r.inner("w")
    weights = Weights(
        need=w.number("need"), min_fill=w.number("min_fill"), idle=w.number("idle"),
        travel=w.number("travel"), pref=w.number("pref"), cont=w.number("cont"), cont_cap=w.whole("cont_cap"), churn=w.number("churn"),
    )  # fmt: skip
    return Params(
        work_end=r.whole("work_end"), walk_kmh=r.number("walk_kmh"), walk_max_km=r.number("walk_max_km"),
        drive_kmh=r.number("drive_kmh"), detour=r.number("detour"), park_min=r.whole("park_min"),
        shuttle_wait=r.whole("shuttle_wait"), chain_max_km=r.number("chain_max_km"),
        max_visits=r.whole("max_visits"), w=weights,
    )  # fmt: skip


def _stop(r: _Reader) -> Stop:
    return Stop(r.text("id"), r.text("site"), r.number("lat"), r.number("lng"), r.whole("seats"))


def _fleet_vehicle(r: _Reader) -> FleetVehicle:
    return FleetVehicle(r.text("id"), r.text("site"), r.text("kind"), r.whole("seats"))


def _group(r: _Reader) -> Group:
    return Group(
        id=r.text("id"),
        atomic=r.flag("atomic"),
        min_part=r.whole("min_part") if r.has("min_part") else 0,
        kind=r.text("kind") if r.has("kind") else "",
        parent=r.text_or_none("parent"),
    )


def _volunteer(r: _Reader) -> Volunteer:
    return Volunteer(
        id=r.text("id"), start=r.whole("from"), end=r.whole("to"), sites=r.texts("sites"),
        age=r.whole("age"), gender=r.text_or_none("gender") or "", exp=r.whole("exp"),
        stamina=r.whole("stamina"), skills=frozenset(r.texts("skills")), langs=frozenset(r.texts("langs")),
        group=r.text_or_none("group"), guardian=r.text_or_none("guardian"),
        vehicle=_own_vehicle(r.inner("vehicle")) if r.has("vehicle") else None, insured=r.flag("insured"),
        prefs=frozenset(r.texts("prefs")), avoid=frozenset(r.texts("avoid")), idle_w=r.number("idle_w"),
    )  # fmt: skip


def _own_vehicle(r: _Reader) -> OwnVehicle:
    kind, seats = r.text("kind"), r.whole("seats")
    if seats < 1:  # said here, because a vehicle does not know whose it is
        raise ProblemError(r.where, "seats", f"{seats} is not ≥ 1")
    return OwnVehicle(kind, seats)


def _need(r: _Reader) -> Need:
    return Need(
        id=r.text("id"), site=r.text("site"), lat=r.number("lat"), lng=r.number("lng"), type=r.text("type"),
        min=r.whole("min"), ideal=r.whole("ideal"), max=r.whole("max"), dur=r.whole("dur"),
        open=r.whole("open"), close=r.whole("close"), weight=r.number("weight"), tier=r.whole("tier"),
        skills=r.amounts("skills"), women_min=r.whole("women_min"), women_only=r.flag("women_only"),
        lang=r.text_or_none("lang"), hazard=r.whole("hazard") if r.has("hazard") else 0,
        min_exp=r.whole("min_exp"), minors_ok=r.flag("minors_ok"), min_stamina=r.whole("min_stamina"),
        leader_exp=r.whole("leader_exp"), equip=r.amounts("equip"), truck=r.flag("truck"),
        prev=r.texts("prev"), stop=r.text_or_none("stop"),
        days_waited=r.whole("days_waited") if r.has("days_waited") else 0,
    )  # fmt: skip


def _team(r: _Reader) -> Team:
    return Team(
        id=r.text("id"),
        members=r.texts("members"),
        leader=r.text("leader"),
        visits=r.texts("visits"),
        mode=r.text("mode"),
        vehicles=r.records("vehicles", lambda v: Ride(v.text("id"), v.text("driver"))),
    )


def problem_to_json(problem: Problem) -> Json:
    """The vcmatch/1 form of a problem; reading it again gives an equal problem."""
    p, w = problem.params, problem.params.w
    return {
        "format": PROBLEM_FORMAT,
        "id": problem.id,
        "now": problem.now,
        "params": {
            "work_end": p.work_end, "walk_kmh": p.walk_kmh, "walk_max_km": p.walk_max_km,
            "drive_kmh": p.drive_kmh, "detour": p.detour, "park_min": p.park_min,
            "shuttle_wait": p.shuttle_wait, "chain_max_km": p.chain_max_km, "max_visits": p.max_visits,
            "w": {
                "need": w.need, "min_fill": w.min_fill, "idle": w.idle, "travel": w.travel,
                "pref": w.pref, "cont": w.cont, "cont_cap": w.cont_cap, "churn": w.churn,
            },
        },
        "sites": [{"id": s.id, "lat": s.lat, "lng": s.lng} for s in problem.sites],
        "stops": [
            {"id": s.id, "site": s.site, "lat": s.lat, "lng": s.lng, "seats": s.seats} for s in problem.stops
        ],
        "fleet": [{"id": f.id, "site": f.site, "kind": f.kind, "seats": f.seats} for f in problem.fleet],
        "stock": {site: dict(tools) for site, tools in problem.stock.items()},
        "volunteers": [_volunteer_json(v) for v in problem.volunteers],
        "groups": [
            {"id": g.id, "kind": g.kind, "atomic": g.atomic, "min_part": g.min_part, "parent": g.parent}
            for g in problem.groups
        ],
        "needs": [_need_json(n) for n in problem.needs],
        "conflicts": [list(pair) for pair in problem.conflicts],
        "bans": [list(pair) for pair in sorted(problem.bans)],
        "pins": [_pin_json(pin) for pin in problem.pins],
        "locks": [list(pair) for pair in problem.locks],
        "holds": sorted(problem.holds),
        "baseline": dict(problem.baseline),
    }  # fmt: skip


def _volunteer_json(v: Volunteer) -> Json:
    return {
        "id": v.id, "group": v.group, "guardian": v.guardian, "gender": v.gender, "age": v.age, "exp": v.exp,
        "stamina": v.stamina, "skills": sorted(v.skills), "langs": sorted(v.langs),
        "from": v.start, "to": v.end,
        "vehicle": {"kind": v.vehicle.kind, "seats": v.vehicle.seats} if v.vehicle else None,
        "insured": v.insured, "prefs": sorted(v.prefs), "avoid": sorted(v.avoid), "idle_w": v.idle_w,
        "sites": list(v.sites),
    }  # fmt: skip


def _need_json(n: Need) -> Json:
    return {
        "id": n.id, "site": n.site, "lat": n.lat, "lng": n.lng, "type": n.type,
        "min": n.min, "ideal": n.ideal, "max": n.max, "skills": dict(n.skills), "women_min": n.women_min, "women_only": n.women_only,
        "lang": n.lang, "hazard": n.hazard, "min_exp": n.min_exp, "minors_ok": n.minors_ok,
        "min_stamina": n.min_stamina, "leader_exp": n.leader_exp, "dur": n.dur, "open": n.open,
        "close": n.close, "weight": n.weight, "tier": n.tier, "days_waited": n.days_waited,
        "equip": dict(n.equip), "truck": n.truck, "prev": list(n.prev), "stop": n.stop,
    }  # fmt: skip


def _team_json(team: Team) -> Json:
    return {
        "id": team.id,
        "members": list(team.members),
        "leader": team.leader,
        "visits": list(team.visits),
        "mode": team.mode,
        "vehicles": [{"id": ride.id, "driver": ride.driver} for ride in team.vehicles],
    }


def _pin_json(pin: Pin) -> Json:
    depart = {} if pin.depart is None else {"depart": pin.depart}
    return _team_json(pin.team) | depart


def plan_to_json(plan: Plan, instance: object = None) -> Json:
    """The vcplan/1 form; `why`, `near` and `notes` are ours and may be ignored by other readers.

    `instance` is the vcmatch/1 the plan answers: vehicles of teams that are out are written as they stand there, since
    another checker may compare them as text, with the order of their keys and what else they say.
    """
    pins = instance.get("pins") if isinstance(instance, Mapping) else None
    vehicles = {pin["id"]: {"vehicles": pin["vehicles"]} for pin in pins or () if pin.get("vehicles")}
    return {
        "format": PLAN_FORMAT,
        "teams": [_team_json(team) | vehicles.get(team.id, {}) for team in plan.teams],
        "waiting": {need: _reason_json(reason) for need, reason in plan.waiting.items()},
        "idle": {person: _reason_json(reason) for person, reason in plan.idle.items()},
        "why": {team: [_reason_json(reason) for reason in reasons] for team, reasons in plan.why.items()},
        "near": {team: list(people) for team, people in plan.near.items()},
        "notes": [
            {"code": n.code, "text": n.text, "team": n.team, "need": n.need, "volunteer": n.volunteer}
            for n in plan.notes
        ],
    }


def _reason_json(reason: Reason) -> Json:
    return {"code": reason.code, "text": reason.text, "params": dict(reason.params)}


def plan_from_json(data: object) -> Plan:
    """Reads a vcplan/1 plan, ours or another program's. Raises ProblemError naming what is wrong."""
    r = _Reader("plan", data)
    if r.text("format") != PLAN_FORMAT:
        raise ProblemError("plan", "format", f"{PLAN_FORMAT} is expected, not {r.text('format')}")
    why = r.inner("why") if r.has("why") else _Reader("why", {})
    near = r.inner("near") if r.has("near") else _Reader("near", {})
    return Plan(
        teams=r.records("teams", _team),
        waiting=_reasons(r, "waiting"),
        idle=_reasons(r, "idle"),
        notes=r.records("notes", _note),
        why={str(team): why.records(team, _reason) for team in why.data},
        near={str(team): near.texts(team) for team in near.data},
    )


def _reasons(r: _Reader, key: str) -> dict[str, Reason]:
    inner = r.inner(key) if r.has(key) else _Reader(key, {})
    return {str(name): _reason(inner.inner(name)) for name in inner.data}


def _reason(r: _Reader) -> Reason:
    params = dict(r.inner("params").data) if r.has("params") else {}
    return Reason(r.text("code"), r.text("text"), params)


def _note(r: _Reader) -> Note:
    return Note(
        r.text("code"),
        r.text("text"),
        r.text_or_none("team"),
        r.text_or_none("need"),
        r.text_or_none("volunteer"),
    )
