"""Find people and houses of the register by what is typed, from an index, with a hundred thousand of them.

Every condition is the beginning of a stored key (`dvc.core.prefix`): name, reading, given name and reading, telephone
number from either end, house, building. The keys are made by intake.people.services. Which register is meant (the
center's, or a drill's) is asked with an expression on purpose: SQLite, which knows nothing of how many people a center
has, would otherwise read all of them by the index of the center instead of the few that the key leaves.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, TypeVar, cast

from django.db.models import Case, F, IntegerField, Model, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from dvc.core.addresses import Address, parse
from dvc.core.japanese import bare_name, phone_key, search_key
from dvc.core.prefix import Begins
from dvc.operations.models import Operation
from intake.people.likeness import Call
from intake.people.models import Household, Person, Town
from intake.people.naming import SHORTEST_PHONE

M = TypeVar("M", bound=Model)
SHORTEST_PHONE_PART: Final = 4  # digits: 下4けた
_CANDIDATES: Final = 300
_HOUSES: Final = 100
_SHORTEST_FAMILY: Final = 2  # letters
_CUT_SHORT: Final = range(8, 10)  # digits of a number whose end was not heard
_WITH_CHOME: Final = 3  # numbers of 町前1-2-3
_CHOMES: Final = range(1, 10)


def words(text: str) -> list[str]:
    """What is typed, in words; a house number that stands apart belongs to the word before it: 町前 1-2 is one."""
    found: list[str] = []
    for word in unicodedata.normalize("NFKC", text).split():
        is_part = re.match("[0-9]{1,4}(?:-|丁目|番|号|の|$)", word) and not re.fullmatch("[0-9]{4}", word)
        if found and is_part and not found[-1][-1].isdecimal():
            found[-1] += word
        else:
            found.append(word)
    return found


def people(operation: Operation, text: str, *, most: int) -> list[Person]:
    """Whoever the whole text speaks of, else whoever each of its words speaks of; those it names exactly first. With
    their houses. Three queries.

    An entry that was merged is found by what it says itself: look at `merged_into`. Nobody for a text without letters.
    """
    apart = words(text)
    found = _best(operation, text, [text], most)
    if not found and len(apart) > 1:
        found = _best(operation, text, apart, most)
    rows = Person.objects.select_related(
        "household__town", "merged_into__household__town", "merged_into__household__center"
    ).in_bulk(found)
    return [rows[pk] for pk in found]


def _best(operation: Operation, text: str, all_of: list[str], most: int) -> list[int]:
    """The ids alone, so that only of `most` people the rest is read. The first word is asked by each table's index, one
    question for each: with an OR between two tables PostgreSQL reads everybody."""
    key, digits = search_key(bare_name(text)), phone_key(text)
    exact = Q(name_key=key) | Q(kana_key=key) | (Q(phone_digits=digits) if digits else Q(pk__in=[]))
    rank = Case(When(exact, then=Value(0)), default=Value(1), output_field=IntegerField())
    first, *others = [_spoken_of(operation, word) for word in all_of]
    questions = []
    for spoken_of in first:
        found = spoken_of
        for either in others:
            ids = [one.values("pk") for one in either]
            found = found.filter(pk__in=ids[0].union(*ids[1:])) if ids else found.none()
        questions.append(found.annotate(rank=rank).values_list("pk", "rank"))
    if not questions:
        return []
    best = questions[0].union(*questions[1:]).order_by("rank", "-pk")[:most]
    return [pk for pk, _ in best]


def houses(operation: Operation, text: str) -> QuerySet[Household]:
    """Houses at an address or in a building that begins like this, in any common writing."""
    condition = house_condition(operation, text)
    if not condition:
        return Household.objects.none()
    found: QuerySet[Household] = Household.objects.filter(condition)
    return in_register(operation, found).order_by("address_key", "unit_key", "pk")


def in_register(operation: Operation, rows: QuerySet[M]) -> QuerySet[M]:
    """Those of the center's register, or of the drill's. As expressions: see above."""
    drill = operation.pk if operation.is_drill else 0
    here = rows.alias(of_center=F("center_id") + 0, of_drill=Coalesce("drill_id", 0)).filter(
        of_center=operation.center_id, of_drill=drill
    )
    return cast("QuerySet[M]", here)


def _spoken_of(operation: Operation, text: str) -> list[QuerySet[Person]]:
    """The people this text speaks of: by name or number, or by their house; none when it has neither letter nor digit.

    Of a house it is the house that is asked for its register, never the people in it: PostgreSQL takes a condition on an
    expression for one that leaves nearly nobody, reads everybody for it, and looks the house of each of them up.
    """
    names, at = _names(text), house_condition(operation, text)
    houses = in_register(operation, Household.objects.filter(at)).values("pk")
    return [
        *([in_register(operation, Person.objects.filter(names))] if names else []),
        *([Person.objects.filter(household__in=houses)] if at else []),
    ]


def _names(text: str) -> Q:
    condition = Q()
    key, digits = search_key(bare_name(text)), phone_key(text)
    if key and not key.isdecimal():
        for column in ("name_key", "given_key", "kana_key", "given_kana_key"):
            condition |= Q(Begins(column, key))
    if len(digits) >= SHORTEST_PHONE_PART and not re.search("[^\\W\\d_]", _without_extension(text)):
        condition |= Q(Begins("phone_digits", digits)) | Q(Begins("phone_reversed", digits[::-1]))
    return condition


def _without_extension(text: str) -> str:
    return re.split("内線|ext|x", text, maxsplit=1, flags=re.IGNORECASE)[0]


def house_condition(operation: Operation, text: str) -> Q:
    """A house by its address from the town on, by the building, or by the reading of its town."""
    place = parse(text, city=operation.center.city)
    key, condition = search_key(text), Q()
    if place.building and not place.numbers:
        condition |= Q(Begins("unit_key", place.unit))
    if place.area:
        condition |= Q(Begins("address_key", place.house)) | Q(Begins("unit_key", key))
        if len(key) >= 2 and all("ぁ" <= letter <= "ゖ" for letter in key):
            read_so = [
                town.pk for town in operation.center.towns.all() if search_key(town.kana).startswith(key)
            ]
            condition |= Q(town__in=read_so) if read_so else Q()
    return condition


# ── who may be meant by a call ─────────────────────────────────────────────────────────────────


def candidates(operation: Operation, call: Call, town: Town | None) -> tuple[list[Person], list[Household]]:
    """Everybody who shares enough with the call to be compared with it, and the houses: four queries by index at most.

    Shared is one of: a telephone number, a whole name or reading, the house; or, in the same 町丁目, the first letter of
    a family name or a given name, so that a slip in either still leaves the other; or, outside the center's towns, the family
    name.
    """
    condition = Q()
    for one in call.people:
        for number in one.phones:
            is_whole = len(number) >= SHORTEST_PHONE
            condition |= Q(phone_digits=number) if is_whole else Q(Begins("phone_reversed", number[::-1]))
            if number[0] == "0" and len(number) in _CUT_SHORT:
                condition |= Q(Begins("phone_digits", number))
        turned = one.given + one.family, one.given_kana + one.family_kana
        for key in {one.name, one.kana, *turned} - {""}:
            condition |= Q(name_key=key) | Q(kana_key=key)
    people = _some(operation, condition)
    houses = _houses_at(operation, call.house)
    near = Q()
    for one in call.people:
        for key, column in ((one.name[:1], "name_key"), (one.kana[:2], "kana_key")):
            near |= Q(Begins(column, key)) if key else Q()
        for key, column in ((one.given, "given_key"), (one.given_kana, "given_kana_key")):
            near |= Q(**{column: key}) if key else Q()
    same_town = _in_town(call.house, town)
    if near and same_town:
        people += _some(operation, near & same_town)
    if town is None and call.people:
        people += _some(operation, _families(call))
    people += list(Person.objects.filter(household__in=houses).select_related("household__town"))
    return list({person.pk: person for person in people}.values()), houses


def _families(call: Call) -> Q:
    """Of the resident's family name, where the town is none of the center's, which every desk writes in its own way. Not of
    a name that half the register has."""
    condition = Q()
    one = call.people[-1]
    if not one.is_common:
        for key, column in (
            (one.family or one.name[:2], "name_key"),
            (one.family_kana or one.kana[:3], "kana_key"),
        ):
            condition |= Q(Begins(column, key)) if len(key) >= _SHORTEST_FAMILY else Q()
    return condition


def _some(operation: Operation, condition: Q) -> list[Person]:
    if not condition:
        return []
    found = in_register(operation, Person.objects.filter(condition))
    return list(found.select_related("household__town").order_by("-pk")[:_CANDIDATES])


def _in_town(place: Address, town: Town | None) -> Q:
    condition = Q(household__town=town) if town is not None else Q()
    if place.area and place.numbers:
        chome = Address(place.area, place.numbers[:1]).house
        condition |= Q(household__address_key=chome) | Q(Begins("household__address_key", f"{chome}-"))
    return condition


def _houses_at(operation: Operation, place: Address) -> list[Household]:
    """The house itself, those whose number says more or less of the same, and those of the same building."""
    if not place.area:
        return []
    condition = Q(pk__in=[])
    if place.is_a_house:
        condition |= Q(address_key=place.house) | Q(Begins("address_key", f"{place.house}-"))
        less = Address(place.area, place.numbers[:-1])
        written = [less.house] if less.is_a_house else []
        if len(place.numbers) == _WITH_CHOME:
            written.append(Address(place.area, place.numbers[1:]).house)
        elif len(place.numbers) == _WITH_CHOME - 1:
            written += [Address(place.area, (str(chome), *place.numbers)).house for chome in _CHOMES]
        condition |= Q(address_key__in=written) if written else Q()
    if place.building:
        condition |= Q(Begins("unit_key", place.building)) & Q(Begins("address_key", place.area))
    found = in_register(operation, Household.objects.filter(condition))
    return list(found.select_related("town").order_by("-pk")[:_HOUSES])
