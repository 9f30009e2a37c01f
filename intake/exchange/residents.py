"""Lines about a house and who lives there: what they say, the rows they become, and taking them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dvc.audit.services import entry, record_all
from dvc.core.addresses import parse
from intake.exchange import undoing
from intake.exchange.checking import Checked, Found, Known
from intake.exchange.columns import BY_CODE
from intake.exchange.models import Import, ImportRow
from intake.exchange.problems import ROW
from intake.exchange.values import Heard
from intake.people import many, postal, towns
from intake.people.models import Household, Person
from intake.people.services import HouseholdAnswers, PersonAnswers

SAYS_SOMETHING: Final = ("name", "family_name", "phone", "address")


def judge(said: dict[str, Any], heard: Heard, known: Known) -> None:
    """The name in one, the address beside its postal code, the town."""
    put_names_together(said)
    compare_with_code(said, heard, known.codes)
    has_town(said, heard, known)


def put_names_together(said: dict[str, Any]) -> None:
    family, given = said.pop("family_name", ""), said.pop("given_name", "")
    if family or given:
        said.setdefault("name", f"{family} {given}".strip()[:80])


def has_town(said: Mapping[str, Any], heard: Heard, known: Known) -> bool:
    """Whether the address lies in a town of the center; the remark when it does not."""
    if not said.get("address"):
        return False
    if known.towns.of_address(said["address"]) is None:
        heard.note(ROW, "no_town")
        return False
    return True


def compare_with_code(said: dict[str, Any], heard: Heard, codes: postal.Known) -> None:
    """What the postal code says beside the address; a house number without a town gets the town of the code."""
    code, address = said.get("postal_code"), said.get("address", "")
    if not code:
        return
    places = codes.of(code)
    text = f"{code[:3]}-{code[3:]}"
    if places is None:
        return
    if not places:
        heard.note(ROW, "postal_unknown", text=text)
        return
    area = parse(address, city=codes.center.city).area
    names = [place.town for place in places if place.town]
    here = [place.town for place in places if place.town and place.city == codes.center.city]
    if address and not area and len(here) == 1 and len(here[0] + address) <= BY_CODE["address"].most:
        said["address"] = here[0] + address
        heard.note(ROW, "postal_town", town=here[0])
    elif area and names and not any(area.startswith(parse(name).area) or name in address for name in names):
        heard.note(ROW, "postal_other", text=text, town="・".join(names[:3]))


def compare(imported: Import, checked: Sequence[Checked]) -> dict[int, Found]:
    """A resident is known again by the line alone."""
    return {}


# ── in ─────────────────────────────────────────────────────────────────────────────────────────


def resident(said: Mapping[str, Any]) -> PersonAnswers:
    return PersonAnswers(
        said.get("name", ""),
        said.get("kana", ""),
        said.get("phone", ""),
        said.get("birth"),
        said.get("note", ""),
    )


def household(said: Mapping[str, Any]) -> HouseholdAnswers:
    return HouseholdAnswers(
        address=said.get("address", ""), landmark=said.get("landmark", ""),
        lives_alone=bool(said.get("lives_alone")), members=said.get("members", ""),
    )  # fmt: skip


def make(imported: Import, rows: list[ImportRow], known: towns.Known, at: datetime) -> None:
    """People of one address are one household, whoever of them stands first in the file."""
    operation = imported.operation
    answers: dict[str, HouseholdAnswers] = {}
    keys = []
    for row in rows:
        said = household(row.said)
        key = towns.address_key(said.address, city=operation.center.city)
        key = key if any(c.isdecimal() for c in key) else f"line {row.number}"
        answers.setdefault(key, said)
        keys.append(key)
    here = _earlier_houses(imported, [key for key in answers if not key.startswith("line ")])
    new = [key for key in answers if key not in here]
    made = many.households(operation, [answers[key] for key in new], known=known, at=at)
    here |= dict(zip(new, made, strict=True))
    people = many.people(
        operation,
        [(resident(row.said), here[key]) for row, key in zip(rows, keys, strict=True)],
        at=at,
    )
    for row, key, person in zip(rows, keys, people, strict=True):
        row.household, row.person = here[key], person
    record_all(
        [
            entry("person.imported", row.person, by=imported.taker, at=at, operation=operation, imported=imported.pk, line=row.number)
            for row in rows
            if row.person is not None
        ]
    )  # fmt: skip


def _earlier_houses(imported: Import, keys: list[str]) -> dict[str, Household]:
    """Houses that earlier lines of this very file made, by address key."""
    ids = imported.rows.exclude(household=None).values("household")
    return {house.address_key: house for house in Household.objects.filter(pk__in=ids, address_key__in=keys)}


# ── and back ───────────────────────────────────────────────────────────────────────────────────


def take_back(rows: list[ImportRow]) -> dict[int, str]:
    """What these lines made goes, unless somebody has changed or used it since: id of the line → why it stays. Lines
    about residents alone, or about needs that are going."""
    why: dict[int, str] = {}
    needs = [row.need_id for row in rows if row.need_id]
    people = people_of(rows)
    kept_people = undoing.edited(Person, people, own={"person.imported"}) | undoing.leaned_on(
        Person, people, except_for={"help_requests.Need": needs}
    )
    kept_houses = undoing.edited(Household, {row.household_id for row in rows if row.household_id})
    for row in rows:
        kept = [kept_people[pk] for pk in (row.person_id, row.caller_id) if pk in kept_people]
        if kept:
            why[row.pk] = f"この人が、ほかの記録（{kept[0]}）に出てくるため"
        if row.household_id in kept_houses:
            why[row.pk] = "このお宅の記録が、取り込んだあとで直されたため"
    return why


def remove(rows: list[ImportRow]) -> None:
    """The people of these lines, and the houses where nobody is left."""
    Person.objects.filter(pk__in=people_of(rows)).delete()
    houses = {row.household_id for row in rows if row.household_id}
    Household.objects.filter(
        pk__in=houses - undoing.leaned_on(Household, houses, except_for={}).keys()
    ).delete()


def people_of(rows: list[ImportRow]) -> set[int]:
    return {pk for row in rows for pk in (row.person_id, row.caller_id) if pk}
