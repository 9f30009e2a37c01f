"""What ties people to needs in the tables: bans, who worked there before, destinations, fixed teams, what is on offer.
All in one statement, however many there are."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, TypeAlias

from django.db.models import DateField, F, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce

from dvc.core.compiled import compiled
from dvc.operations.models import Operation
from intake.help_requests.models import NeedState
from matching.dispatch.models import DispatchState
from matching.proposals.cars import Car
from matching.proposals.models import Proposal, ProposalState
from matching.queue.models import Ban, Lock, Pin
from matching.teams.models import Member

_BEEN, _BAN, _LOCK, _PIN, _OFFER = range(5)


@dataclass(frozen=True, slots=True)
class Destination:
    """`need` (pk) is where the person, or everybody of the group called `name`, goes on `day`."""

    need: int
    person: int | None
    group: int | None
    name: str
    day: date


@dataclass(frozen=True, slots=True)
class FixedTeam:
    """A `queue.Pin` by its pk, needs in order and people by theirs."""

    pk: int
    visits: tuple[int, ...]
    members: tuple[int, ...]
    leader: int
    cars: tuple[Car, ...]


@dataclass(frozen=True, slots=True)
class Ties:
    """Everything by pk. `bans` are (person, need); `before` need → who was there; `offered` person → need they are on
    offer for now. Destinations are of the day asked about and later ones, fixed teams of the day."""

    bans: frozenset[tuple[int, int]] = frozenset()
    before: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    destinations: tuple[Destination, ...] = ()
    fixed: tuple[FixedTeam, ...] = ()
    offered: Mapping[int, int] = field(default_factory=dict)


Rows: TypeAlias = QuerySet[Any, tuple[Any, ...]]

# The columns of the statement, and what stands in them for kinds of rows that have no such thing.
_EMPTY: Final[dict[str, Any]] = {
    "row": Value(0), "to": Value(0), "who": Value(0), "of_group": Value(0), "named": Value(""),
    "in_order": Value(""), "people": Value(""), "cars": Value(""),
}  # fmt: skip


def ties(operation: Operation, *, day: date, only: Collection[int] | None = None) -> Ties:
    """Those of the operation's needs that wait, or bans and who was there before at the needs `only` (pks)."""
    return _read(sorted(_of_waiting(operation, day) if only is None else _of_these(operation.pk, day, only)))


# Also what was said of a registration that has become one with another.
_WHO: Final = Coalesce("volunteer__merged_into", "volunteer", Value(0))


@compiled
def _of_these(operation: int, day: date, only: Collection[int]) -> Rows:
    bans = Ban.objects.filter(operation=operation, need__in=only)
    now = Value(day, output_field=DateField())
    return _bans(bans, now).union(_been(operation, now, team__dispatches__need__in=only))


def _of_waiting(operation: Operation, day: date) -> Rows:
    waiting = {"operation": operation, "need__state": NeedState.READY}
    now = Value(day, output_field=DateField())
    bans = Ban.objects.filter(operation=operation)
    locks = Lock.objects.filter(day__gte=day, **waiting)
    pins = Pin.objects.filter(day=day, **waiting)
    offers = Proposal.objects.filter(operation=operation, state=ProposalState.OFFERED)
    return _bans(bans, now).union(
        _been(operation.pk, now, team__dispatches__need__state=NeedState.READY),
        _part(
            _LOCK, locks, F("day"), row=F("pk"), to=F("need_id"), who=_WHO,
            of_group=Coalesce("group_id", 0), named=Coalesce("group__name", Value("")),
        ),
        _part(
            _PIN, pins, F("day"), row=F("pk"), to=F("need_id"), who=F("leader_id"),
            in_order=_text("visits"), people=_text("members"), cars=_text("rides"),
        ),
        _part(_OFFER, offers, now, row=F("pk"), to=F("need_id"), people=_text("members")),
    )  # fmt: skip


def _bans(rows: QuerySet[Any, Any], now: Value) -> Rows:
    return _part(_BAN, rows, now, to=F("need_id"), who=_WHO)


def _been(operation: int, now: Value, **wanted: Any) -> Rows:
    """In one call: everything is asked of the same visit of a team that may have made several."""
    been = Member.objects.filter(
        team__dispatches__need__operation=operation, team__dispatches__state=DispatchState.BACK, **wanted
    )
    return _part(_BEEN, been, now, to=F("team__dispatches__need_id"), who=_WHO)


def _text(json_field: str) -> Cast:
    """A list inside JSON as both databases write it: no statement of a union can compare their own kinds of JSON."""
    return Cast(json_field, TextField())


def _part(kind: int, rows: QuerySet[Any, Any], when: F | Value, **columns: Any) -> Rows:
    # No statement of a union may be in an order of its own.
    told: QuerySet[Any, Any] = rows.order_by().annotate(kind=Value(kind), when=when, **{**_EMPTY, **columns})
    return told.values_list("kind", *_EMPTY, "when")


def _read(rows: Iterable[tuple[Any, ...]]) -> Ties:
    bans: set[tuple[int, int]] = set()
    before: dict[int, tuple[int, ...]] = {}
    destinations, fixed, offered = [], [], dict[int, int]()
    for kind, row, need, person, group, name, visits, members, cars, day in rows:
        if kind == _BEEN:
            before[need] = (*before.get(need, ()), person)
        elif kind == _BAN:
            bans.add((person, need))
        elif kind == _LOCK:
            destinations.append(Destination(need, person or None, group or None, name, day))
        elif kind == _PIN:
            in_order, people, rides = (tuple(json.loads(one)) for one in (visits, members, cars))
            fixed.append(FixedTeam(row, in_order, people, person, rides))
        else:
            offered |= dict.fromkeys(json.loads(members), need)
    return Ties(frozenset(bans), before, tuple(destinations), tuple(fixed), offered)
