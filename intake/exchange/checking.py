"""The dry run of a line: what its cells say by the mapping, and everything that is the matter with it. No writing."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

from dvc.core.addresses import parse
from dvc.core.japanese import phone_digits, search_key
from dvc.operations.models import Mode, Operation
from intake.exchange.columns import BY_CODE, Kind
from intake.exchange.problems import is_error
from intake.exchange.reading import Row
from intake.exchange.values import Heard, hear, plain, shown
from intake.help_requests import receiving
from intake.help_requests.answers import KITS
from intake.help_requests.models import Hazard, Need, NeedState
from intake.help_requests.receiving import ENDED
from intake.help_requests.services import ItemAnswers, NeedAnswers
from intake.people import postal, towns
from intake.people.models import Precision
from intake.people.services import HouseholdAnswers, PersonAnswers
from intake.volunteers.models import WorkCategory

S = NeedState
ROW: Final = -1  # the column of a remark about the whole line
# Where words go that have no place of their own: the field, how a sentence calls it, and what stands between them.
_REST: Final = {
    Kind.NEEDS: ("description", "依頼の内容", "\n"),
    Kind.RESIDENTS: ("note", "配慮すること", "　"),
}
# Columns that together say whether there is anything at all.
_SAYS_SOMETHING: Final = (
    "name",
    "family_name",
    "caller_name",
    "phone",
    "caller_phone",
    "address",
    "description",
    "summary",
)
_NAMES: Final = ("name", "family_name", "caller_name")
_CONTINUATION: Final = "*"


@dataclass(frozen=True, slots=True)
class Checked:
    """A line as it would come in: values by field, remarks (column, code, sentence), who it is."""

    number: int
    said: dict[str, Any]
    remarks: list[tuple[int, str, str]]
    key: str
    digest: str

    @property
    def is_wrong(self) -> bool:
        return any(is_error(code) for _, code, _ in self.remarks)


def check(
    row: Row, mapping: Mapping[int, str], kind: Kind, *, known: towns.Known, codes: postal.Known, at: datetime
) -> Checked | None:
    """Read one line. None for a line that belongs to the record before (a table inside a kintone record)."""
    heard = Heard(rest=_REST[kind][1])
    for column, code in sorted(mapping.items()):
        value = row.cells[column] if column < len(row.cells) else None
        hear(heard, column, BY_CODE[code], value, mark=row.marks.get(column, ""), at=at)
    said = heard.values
    if "subrow" in mapping.values() and said.pop("subrow", "") != _CONTINUATION:
        return None
    _put_names_together(said)
    _keep_the_rest(said, heard, kind)
    if not any(said.get(name) for name in _SAYS_SOMETHING) and not any(
        is_error(code) for _, code, _ in heard.remarks
    ):
        heard.note(ROW, "nothing")
    if said.get("postal_code"):
        _compare_with_code(said, heard, codes)
    if said.get("address"):
        town = known.of_address(said["address"])
        if town is None:
            heard.note(ROW, "no_town")
    else:
        town = None
    if kind == Kind.NEEDS:
        _judge(said, heard, town is not None)
    digest = _digest(row)
    return Checked(row.number, said, heard.remarks, _key(said, digest), digest)


def _keep_the_rest(said: dict[str, Any], heard: Heard, kind: Kind) -> None:
    """Words without a place of their own go where a person reads them."""
    code, _, sign = _REST[kind]
    if not heard.extra:
        return
    text = sign.join([*filter(None, [said.get(code)]), *heard.extra])
    most = BY_CODE[code].most
    if len(text) > most:
        heard.note(ROW, "rest_too_long", text=shown(sign.join(heard.extra)), most=most)
    else:
        said[code] = text


def _compare_with_code(said: dict[str, Any], heard: Heard, codes: postal.Known) -> None:
    """What the postal code says beside the address; a house number without a town gets the town of the code."""
    code, address = said["postal_code"], said.get("address", "")
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


def _digest(row: Row) -> str:
    """Of what stands in the line, however its columns are read: the same file again has the same."""
    text = "\x1f".join(" ".join(plain(cell).split()) for cell in row.cells).rstrip("\x1f")
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _put_names_together(said: dict[str, Any]) -> None:
    family, given = said.pop("family_name", ""), said.pop("given_name", "")
    if family or given:
        said.setdefault("name", f"{family} {given}".strip()[:80])
    clock = said.pop("received_time", "")
    if clock and said.get("received_on"):
        moment = datetime.fromisoformat(said["received_on"])
        if moment.time() == time(0):
            hour, minute = map(int, clock.split(":"))
            said["received_on"] = moment.replace(hour=hour, minute=minute).isoformat()


def _judge(said: dict[str, Any], heard: Heard, has_town: bool) -> None:
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


def _key(said: Mapping[str, Any], digest: str) -> str:
    """By the file's own number when it has one, else by the content."""
    own = unicodedata.normalize("NFKC", said.get("source_id", "")).casefold()
    return f"id:{own}"[:100] if own else f"sha:{digest}"


def number_here(said: Mapping[str, Any], operation: Operation) -> int | None:
    """The number of a need of this very operation, when the line comes from one of its own exports."""
    found = _OWN_NUMBER.fullmatch(said.get("source_id", ""))
    return int(found[2]) if found and int(found[1]) == operation.pk else None


def own_number(need: Need) -> str:
    """How an export names a need, so that it is known again: VC7-N12."""
    return f"VC{need.operation_id}-N{need.number}"


_OWN_NUMBER: Final = re.compile(r"VC([0-9]{1,15})-N([0-9]{1,9})")


# ── from values to answers ─────────────────────────────────────────────────────────────────────


def caller(said: Mapping[str, Any]) -> PersonAnswers:
    return PersonAnswers(
        said.get("caller_name", ""), said.get("caller_kana", ""), said.get("caller_phone", "")
    )


def resident(said: Mapping[str, Any]) -> PersonAnswers:
    return PersonAnswers(
        said.get("name", ""),
        said.get("kana", ""),
        said.get("phone", ""),
        said.get("birth"),
        said.get("note", ""),
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


def household(said: Mapping[str, Any]) -> HouseholdAnswers:
    return HouseholdAnswers(
        address=said.get("address", ""), landmark=said.get("landmark", ""),
        lives_alone=bool(said.get("lives_alone")), members=said.get("members", ""),
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
