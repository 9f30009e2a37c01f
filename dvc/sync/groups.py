"""Ops about a group that comes or goes as a whole, and what a tablet holds of groups."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from dvc.core.japanese import family_first_letter
from dvc.operations.models import Operation
from dvc.sync.context import Context
from dvc.sync.ops import Op, Result, verdict
from intake.checkin import groups
from intake.checkin.verdicts import VERDICTS
from intake.volunteers.models import Group, Volunteer

SMALLEST = 2
PREFIX_CHARS = 16


def fold(op: Op, operation: Operation, context: Context) -> Result:
    """One fact for each member; the answer names the exceptions."""
    payload = op.payload
    group = Group.objects.filter(center=operation.center_id, pk=payload["group"]).first()
    if group is None:
        return verdict(op.op_id, op.seq, "refused", "invalid")
    way: groups.Way = "arrive" if op.kind == "group.arrive" else "leave"
    told = groups.tell(
        operation, group, way, members=payload["members"], extra=payload["extra"],
        site=context.site(payload.get("site")), by=context.by(op), at=context.happened(op, operation),
    )  # fmt: skip
    exceptions = [_exception(member) for member in told.members if member.code not in groups.PLAIN]
    unknown = _unknown(payload["members"], told.members)
    data = {
        "group": group.pk,
        "volunteers": sorted(member.volunteer.pk for member in told.changed),
        "count": len(told.changed),
        "extra": told.nameless,
        "exceptions": exceptions,
    }
    result = verdict(
        op.op_id, op.seq, "applied", _code(way, told, more_to_say=bool(exceptions or unknown)), data
    )
    return dataclasses.replace(result, text=_say(group, told, unknown) + result.text)


def _code(way: groups.Way, told: groups.Together, *, more_to_say: bool) -> str:
    if not told.changed and not told.nameless:
        return "group_nobody_came" if way == "arrive" else "group_nobody_left"
    return ("group_arrived" if way == "arrive" else "group_left") + ("_but" if more_to_say else "")


def _unknown(members: Iterable[int], told: Iterable[groups.Member]) -> int:
    """How many of the registrations (ids) that were named stand for nobody who was told of."""
    known = {member.volunteer.pk for member in told}
    others = set(members) - known
    return len(others) - Volunteer.objects.filter(pk__in=others, merged_into__in=known).count()


def _exception(member: groups.Member) -> dict[str, Any]:
    words = VERDICTS[member.code]
    # Why somebody is received by the chief is nobody's business at the desk, and nor is the name on the screen long.
    return {
        "volunteer": member.volunteer.pk, "name": member.volunteer.name, "kana": member.volunteer.kana,
        "code": member.code, "title": words.title,
    }  # fmt: skip


def _say(group: Group, told: groups.Together, unknown: int) -> str:
    who = [f"{len(told.changed)}人"] if told.changed else []
    who += [f"名簿にない人{told.nameless}人"] if told.nameless else []
    who += [f"名簿から消えた人{unknown}人"] if unknown else []
    return f"{group.name}：{'、'.join(who)}{'。' if who else ''}"


def of_operation(operation: Operation) -> list[dict[str, Any]]:
    """For the snapshot: groups of two or more, and smaller ones with a sheet, with their members (family name and first
    letter). `sheet`: what their sheet's symbol is known by, as a card's prefix; `leader`: their id. Two queries."""
    rows = (
        Volunteer.objects.known_in(operation)
        .living()
        .filter(group__isnull=False)
        .order_by("group_id", "kana_key", "pk")
        .values_list(
            "group_id",
            "group__name",
            "group__sheet_id",
            "group__leader_id",
            "pk",
            "family_name",
            "given_name",
            "family_kana",
            "given_kana",
        )
    )
    found: dict[int, dict[str, Any]] = {}
    for group, name, sheet, leader, pk, family, given, family_kana, given_kana in rows:
        assert group is not None
        entry = found.setdefault(group, {"id": group, "name": name, "members": []})
        if sheet:
            entry["sheet"] = sheet[:PREFIX_CHARS]
        if leader:
            entry["leader"] = leader
        entry["members"].append(
            [pk, family_first_letter(family, given), family_first_letter(family_kana, given_kana)]
        )
    for bare in _with_a_sheet(operation).exclude(pk__in=found).order_by("pk"):
        found[bare.pk] = {
            "id": bare.pk,
            "name": bare.name,
            "members": [],
            "sheet": bare.sheet_id[:PREFIX_CHARS],
        }
    return [group for group in found.values() if len(group["members"]) >= SMALLEST or "sheet" in group]


def _with_a_sheet(operation: Operation) -> QuerySet[Group]:
    """Groups of which a sheet was printed, but for those of people invented for another drill."""
    invented = Volunteer.objects.filter(drill__isnull=False).exclude(drill=operation)
    return Group.objects.filter(center=operation.center_id, sheet_id__gt="").exclude(volunteers__in=invented)
