"""Lines that ask for help: what they say, the needs they become with people, house and work, and taking them back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final

from dvc.core.japanese import phone_digits, search_key
from dvc.operations.models import Mode, Operation
from intake.exchange import residents, undoing
from intake.exchange.checking import Checked, Found, Known
from intake.exchange.models import Import, ImportRow, Outcome
from intake.exchange.problems import ROW
from intake.exchange.residents import household, resident
from intake.exchange.values import Heard
from intake.help_requests import receiving
from intake.help_requests.answers import KITS
from intake.help_requests.models import Hazard, Need, NeedState
from intake.help_requests.receiving import ENDED
from intake.help_requests.services import ItemAnswers, NeedAnswers
from intake.people import many, towns
from intake.people.models import Household, Person, Precision
from intake.people.services import PersonAnswers
from intake.volunteers.models import WorkCategory

S = NeedState
SAYS_SOMETHING: Final = (*residents.SAYS_SOMETHING, "caller_name", "caller_phone", "description", "summary")
REASON: Final = "取り込み：{name}"


def judge(said: dict[str, Any], heard: Heard, known: Known) -> None:
    """The names, the moment, the place, and the state the need comes in with."""
    residents.put_names_together(said)
    _put_day_and_clock_together(said)
    residents.compare_with_code(said, heard, known.codes)
    _judge_state(said, heard, residents.has_town(said, heard, known))


def _put_day_and_clock_together(said: dict[str, Any]) -> None:
    clock = said.pop("received_time", "")
    if clock and said.get("received_on"):
        moment = datetime.fromisoformat(said["received_on"])
        if moment.time() == time(0):
            hour, minute = map(int, clock.split(":"))
            said["received_on"] = moment.replace(hour=hour, minute=minute).isoformat()


def _judge_state(said: dict[str, Any], heard: Heard, has_town: bool) -> None:
    """The state the need comes in with, kept in `said`: what the file says, as far as a file can say it."""
    state = S(said.get("state", S.TRIAGE))
    if state in (S.RECEIVED, S.DUPLICATE):
        state = S.TRIAGE
    if said.get("crisis") and state not in ENDED and state not in (S.SURVEY_WAIT, S.SURVEYED):
        heard.note(ROW, "crisis")
        state = S.SURVEY_WAIT
    if state == S.READY:
        place = Precision.TOWN if has_town else Precision.NONE
        lacks = receiving.lacks(
            need_answers(said), name=resident(said).name or caller(said).name,
            phone=resident(said).phone or caller(said).phone, place=place, has_work=bool(said.get("category")),
        )  # fmt: skip
        if lacks:
            heard.note(ROW, "not_ready", text="・".join(lacks))
            state = S.TRIAGE
    said["state"] = str(state)


def compare(imported: Import, checked: Sequence[Checked]) -> dict[int, Found]:
    """The lines that come from an export of this very operation, by their number in the file."""
    operation = imported.operation
    numbers = {
        one.number: number for one in checked if (number := number_here(one.said, operation)) is not None
    }
    ours = set(
        Need.objects.filter(operation=operation, number__in=numbers.values()).values_list("number", flat=True)
    )
    return {line: Found(Outcome.SAME) for line, number in numbers.items() if number in ours}


def number_here(said: Mapping[str, Any], operation: Operation) -> int | None:
    """The number of a need of this very operation, when the line comes from one of its own exports."""
    found = _OWN_NUMBER.fullmatch(said.get("source_id", ""))
    return int(found[2]) if found and int(found[1]) == operation.pk else None


def own_number(need: Need) -> str:
    """How an export names a need, so that it is known again: VC7-N12."""
    return f"VC{need.operation_id}-N{need.number}"


_OWN_NUMBER: Final = re.compile(r"VC([0-9]{1,15})-N([0-9]{1,9})")


# ── in ─────────────────────────────────────────────────────────────────────────────────────────


def caller(said: Mapping[str, Any]) -> PersonAnswers:
    return PersonAnswers(
        said.get("caller_name", ""), said.get("caller_kana", ""), said.get("caller_phone", "")
    )


def asks_for_self(said: Mapping[str, Any]) -> bool:
    """Nobody else asked for them: the file has no caller, or the same one."""
    who, lives_there = caller(said), resident(said)
    if who == PersonAnswers():
        return True
    nobody = PersonAnswers(birth_year=lives_there.birth_year, note=lives_there.note)
    same_name = search_key(who.name) == search_key(lives_there.name)
    same_phone = (
        phone_digits(who.phone) == phone_digits(lives_there.phone) or not who.phone or not lives_there.phone
    )
    return lives_there == nobody or (same_name and same_phone)


def both_in_one(said: Mapping[str, Any]) -> PersonAnswers:
    """Who asks for themselves, from both groups of columns."""
    who, lives_there = caller(said), resident(said)
    return PersonAnswers(
        lives_there.name or who.name, lives_there.kana or who.kana, lives_there.phone or who.phone,
        lives_there.birth_year, lives_there.note,
    )  # fmt: skip


def need_answers(said: Mapping[str, Any]) -> NeedAnswers:
    return NeedAnswers(
        method=said.get("method", "other"),
        relation=said.get("relation", ""),
        summary=said.get("summary", ""),  # the list is read by many: never a line of the free text
        description=said.get("description", ""),
        health_note=said.get("health_note", ""),
        damage_kinds=said.get("damage", []),
        hazards=[str(Hazard.RED_TAG)] if said.get("tag") else [],
        parking=said.get("parking", ""),
        attendance=said.get("attendance", ""),
        needs_crisis=bool(said.get("crisis")),
        needs_watch=bool(said.get("watch")),
        consent_to_share=bool(said.get("consent")),
    )


def item(said: Mapping[str, Any], *, operation: Operation) -> ItemAnswers | None:
    """The first kind of work, with the usual people, tools and minutes for it; further kinds stand in the detail."""
    kinds: Sequence[str] = said.get("category", [])
    if not kinds:
        return None
    category = WorkCategory(kinds[0])
    kit = KITS.get(category, KITS[WorkCategory.OTHER])
    people = said.get("people")
    least = min(kit.people_min, people) if people else kit.people_min
    ideal = people or kit.people_ideal
    others = "・".join(WorkCategory(code).label for code in kinds[1:])
    return ItemAnswers(
        category=str(category), detail=f"ほかに：{others}"[:120] if others else "", people_min=least, people_ideal=ideal,
        people_max=max(ideal, kit.people_max), minutes=kit.minutes, skills=kit.skills,
        tools=kit.tools if operation.mode != Mode.ORDINARY else {}, needs_truck=kit.needs_truck,
        minors_ok=kit.minors_ok, stamina_min=kit.stamina_min,
        estimate_reason="取り込んだファイルの人数" if people else "取り込み：作業の種類の目安",
    )  # fmt: skip


def make(imported: Import, rows: list[ImportRow], known: towns.Known, at: datetime) -> None:
    operation = imported.operation
    houses = many.households(operation, [household(row.said) for row in rows], known=known, at=at)
    residents, callers = _make_people(imported, rows, houses, at=at)
    arriving = []
    for row, house, lives_there, who in zip(rows, houses, residents, callers, strict=True):
        said = row.said
        received = said.get("received_on")
        arriving.append(
            receiving.Arriving(
                household=house,
                caller=who,
                resident=lives_there,
                answers=need_answers(said),
                received_at=datetime.fromisoformat(received) if received else at,
                state=NeedState(said["state"]),
                reason=said.get("reason") or REASON.format(name=imported.name[:60]),
                item=item(said, operation=operation),
                details={"imported": imported.pk, "line": row.number},
            )
        )
    needs = receiving.receive_many(operation, arriving, by=imported.taker, at=at)
    for row, need, house, lives_there, who in zip(rows, needs, houses, residents, callers, strict=True):
        row.need, row.household, row.person, row.need_version = need, house, lives_there, need.version
        row.caller = who if who is not lives_there else None


def _make_people(
    imported: Import, rows: list[ImportRow], houses: list[Household], *, at: datetime
) -> tuple[list[Person], list[Person]]:
    """(residents, callers), the same person where nobody else asked."""
    said: list[tuple[PersonAnswers, Household | None]] = []
    for row, house in zip(rows, houses, strict=True):
        if asks_for_self(row.said):
            said.append((both_in_one(row.said), house))
        else:
            said += [(resident(row.said), house), (caller(row.said), None)]
    made = iter(many.people(imported.operation, said, at=at))
    residents, callers = [], []
    for row in rows:
        residents.append(next(made))
        callers.append(residents[-1] if asks_for_self(row.said) else next(made))
    return residents, callers


# ── and back ───────────────────────────────────────────────────────────────────────────────────

# What an import itself makes beside a need; anything else that leans on it happened since.
_OWN: Final = frozenset({"changes", "items"})


def take_back(rows: list[ImportRow]) -> dict[int, str]:
    """The needs nothing has happened to since go, with the people and houses: id of the line → why it stays."""
    why = _why_needs_stay(rows)
    return why | residents.take_back([row for row in rows if row.pk not in why])


def remove(rows: list[ImportRow]) -> None:
    Need.objects.filter(pk__in=[row.need_id for row in rows if row.need_id]).delete()
    residents.remove(rows)


def _why_needs_stay(rows: list[ImportRow]) -> dict[int, str]:
    needs = {row.need_id: row for row in rows if row.need_id}
    leaned = undoing.leaned_on(Need, set(needs), except_for={}, own=_OWN)
    why = {}
    for pk, row in needs.items():
        assert row.need is not None
        if row.need.version != row.need_version:
            why[row.pk] = f"N{row.need.number} は、取り込んだあとで変えられたため"
        elif pk in leaned:
            why[row.pk] = f"N{row.need.number} が、ほかの記録（{leaned[pk]}）に出てくるため"
    return why
