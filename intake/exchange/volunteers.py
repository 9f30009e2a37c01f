"""Lines of a list of volunteers: what they say, whom of the register they may be, the people they become, and taking them
back. The rules about a volunteer are with the volunteer (intake.volunteers)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.core.japanese import kana_key, normalise_text, phone_digits, search_key, split_name
from dvc.operations.models import Operation
from intake.exchange import undoing
from intake.exchange.checking import Checked, Found, Known, Remark
from intake.exchange.models import Import, ImportRow, Outcome
from intake.exchange.problems import ROW, sentence
from intake.exchange.values import Heard
from intake.people import towns
from intake.volunteers import services
from intake.volunteers.models import Group, InsurancePlan, Source, Volunteer
from intake.volunteers.services import Insured, VolunteerFields

SAYS_SOMETHING: Final = ("name", "family_name")
EVIDENCE: Final = "取り込んだ名簿"
_ADULT: Final = 18
_APRIL: Final = 4
_LIKE_A_FIELD: Final = (
    "phone", "email", "gender", "address", "emergency_name", "emergency_phone", "emergency_relation", "skills", "vehicle",
)  # fmt: skip


# ── what a line says ───────────────────────────────────────────────────────────────────────────


def judge(said: dict[str, Any], heard: Heard, known: Known) -> None:
    """The names apart, the day of birth as far as it is known, the insurance as far as it counts."""
    family, given = split_name(said.pop("name", ""))
    said["family_name"] = said.get("family_name") or family
    said["given_name"] = said.get("given_name") or given
    family, given = split_name(said.pop("kana", ""))
    said["family_kana"] = said.get("family_kana") or family
    said["given_kana"] = said.get("given_kana") or given
    if said.get("home_postal_code"):
        code = said.pop("home_postal_code")
        said["postal_code"] = f"{code[:3]}-{code[3:]}"
    today = timezone.localdate(known.at)
    if isinstance(said.get("birth_date"), int):
        said["said_minor"] = today.year - said.pop("birth_date") <= _ADULT
        minor = "18歳未満かもしれないので、受付で保護者の同意をたずねます。" if said["said_minor"] else ""
        heard.note(ROW, "birth_year", minor=minor)
    _judge_insurance(said, heard, today)
    for name in services.storable(fields(said), known.at)[1]:
        heard.note(ROW, "cannot_store", field=Volunteer._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    if said["family_name"]:
        said["who"] = _who(said)


def _judge_insurance(said: dict[str, Any], heard: Heard, today: date) -> None:
    """Only what is in force today is recorded: a policy ends with March, whoever has it."""
    year = said.get("insurance")
    if year is None:
        return
    this_year = today.year - (today.month < _APRIL)
    if isinstance(year, str):
        joined = date.fromisoformat(year)
        year = joined.year - (joined.month < _APRIL)
    if year != this_year:
        heard.note(ROW, "insurance_over" if year < this_year else "insurance_later", text=year)
        del said["insurance"]


def _who(said: Mapping[str, Any]) -> str:
    """Name and telephone as they are compared; empty unless both are known."""
    digits = phone_digits(said.get("phone", ""))
    return f"{search_key(said['family_name'] + said['given_name'])}|{digits}" if digits else ""


def fields(said: Mapping[str, Any]) -> VolunteerFields:
    """What the register takes of a line."""
    found: dict[str, Any] = {name: said[name] for name in _LIKE_A_FIELD if name in said}
    for name in ("family_name", "given_name", "family_kana", "given_kana", "postal_code"):
        found[name] = said.get(name, "")
    found["said_minor"] = bool(said.get("said_minor"))
    if said.get("birth_date"):
        found["birth_date"] = date.fromisoformat(said["birth_date"])
    if said.get("languages"):
        found["languages"] = [
            word for word in said["languages"].translate(_BETWEEN_LANGUAGES).split() if word
        ]
    return found  # type: ignore[return-value]  # its keys are those of the register


_BETWEEN_LANGUAGES: Final = str.maketrans(dict.fromkeys("、，,・／/　\n", " "))


# ── whom of the register they may be ───────────────────────────────────────────────────────────


def compare(imported: Import, checked: Sequence[Checked]) -> dict[int, Found]:
    """By the line's number: registered already, named before in this file, or only like somebody. Two queries."""
    earlier = _earlier_lines(imported, checked)
    registered = _registered(imported.operation, checked)
    found: dict[int, Found] = {}
    for one in checked:
        who = one.said.get("who", "")
        first = earlier.get(who) if who else None
        same, alike = _likest(one.said, registered)
        if same is not None:
            remark = _told("person_here", same)
            found[one.number] = Found(Outcome.SAME, remark)
        elif first is not None and first != one.number:
            remark = (ROW, "person_repeated", sentence("person_repeated", first=first))
            found[one.number] = Found(Outcome.REPEATED, remark)
        elif alike is not None:
            found[one.number] = Found(None, _told("person_alike", alike[0], what=alike[1]))
        if who:
            earlier.setdefault(who, one.number)
    return found


def _told(code: str, person: Volunteer, **said: object) -> Remark:
    day = timezone.localtime(person.registered_at)
    text = sentence(code, name=person.name, day=f"{day.year}年{day.month}月{day.day}日", **said)
    return ROW, code, text


def _earlier_lines(imported: Import, checked: Sequence[Checked]) -> dict[str, int]:
    """Name and telephone → the first line of this file with them, among those that were checked before."""
    who = [one.said["who"] for one in checked if one.said.get("who")]
    rows = imported.rows.filter(said__who__in=who).exclude(outcome=Outcome.WRONG).order_by("-number")
    return dict(rows.values_list("said__who", "number"))


def _registered(operation: Operation, checked: Sequence[Checked]) -> list[Volunteer]:
    """Everybody of the register with a name, a reading or a telephone of these lines."""
    names, readings, phones = set(), set(), set()
    for one in checked:
        said = one.said
        if said.get("family_name"):
            names.add(search_key(said["family_name"] + said["given_name"]))
            readings.add(kana_key(said["family_kana"] + said["given_kana"]))
            phones.add(phone_digits(said.get("phone", "")))
    alike = Q(name_key__in=names - {""}) | Q(kana_key__in=readings - {""}) | Q(phone_digits__in=phones - {""})
    return list(Volunteer.objects.known_in(operation).living().filter(alike).order_by("-id"))


def _likest(
    said: Mapping[str, Any], registered: Iterable[Volunteer]
) -> tuple[Volunteer | None, tuple[Volunteer, str] | None]:
    """(the same person, somebody who may be the same and what is the same of them). Another day of birth is somebody
    else, unless the telephone is the same."""
    name = search_key(said.get("family_name", "") + said.get("given_name", ""))
    reading = kana_key(said.get("family_kana", "") + said.get("given_kana", ""))
    digits = phone_digits(said.get("phone", ""))
    alike = None
    for person in registered:
        same_phone = bool(digits) and person.phone_digits == digits
        same_name = bool(name) and person.name_key == name
        same_reading = bool(reading) and person.kana_key == reading
        born = person.birth_date.isoformat() if person.birth_date else ""
        other_birthday = bool(born and said.get("birth_date") and born != said["birth_date"])
        if same_name and same_phone and not other_birthday:
            return person, None
        if same_phone or ((same_name or same_reading) and not other_birthday):
            what = "電話番号" if same_phone else "名前" if same_name else "読み"
            alike = alike or (person, what)
    return None, alike


# ── in ─────────────────────────────────────────────────────────────────────────────────────────


def make(imported: Import, rows: list[ImportRow], known: towns.Known, at: datetime) -> None:
    """Each line a volunteer as the desk registers them, with group and insurance. In a drill they belong to the drill."""
    operation, by = imported.operation, imported.taker
    drill = operation if operation.is_drill else None
    groups: dict[str, Group] = {}
    people: list[VolunteerFields] = []
    for row in rows:
        said = row.said
        answers = fields(said)
        if name := said.get("group_name"):
            key = normalise_text(name)
            if key not in groups:
                groups[key] = services.register_group(operation.center, name=name, by=by, at=at)
            answers["group"] = groups[key]
        people.append(answers)
    made = services.register_many(
        operation.center, people, by=by, at=at, drill=drill, source=Source.DRILL if drill else Source.IMPORT
    )
    insured = []
    for row, person in zip(rows, made, strict=True):
        row.volunteer = person
        if "insurance" in row.said:
            joined = row.said["insurance"] if isinstance(row.said["insurance"], str) else None
            plan = InsurancePlan(row.said.get("plan", InsurancePlan.BASIC))
            insured.append(Insured(person, plan, date.fromisoformat(joined) if joined else None))
    services.insure_new(
        insured, special_rule=operation.insurance_special_rule, evidence=EVIDENCE, by=by, at=at
    )


# ── and back ───────────────────────────────────────────────────────────────────────────────────

# What an import itself makes beside a volunteer; anything else that leans on one happened since.
_OWN: Final = frozenset({"policies"})


def take_back(rows: list[ImportRow]) -> dict[int, str]:
    """Whoever was changed or came since stays: id of the line → why."""
    people = {row.volunteer_id for row in rows if row.volunteer_id}
    changed = undoing.edited(Volunteer, people, own={"volunteer.registered"})
    leaned = undoing.leaned_on(Volunteer, people, except_for={}, own=_OWN)
    why = {}
    for row in rows:
        if row.volunteer_id in changed:
            why[row.pk] = "この人の登録が、取り込んだあとで直されたため"
        elif row.volunteer_id in leaned:
            why[row.pk] = f"この人が、ほかの記録（{leaned[row.volunteer_id]}）に出てくるため"
    return why


def remove(rows: list[ImportRow]) -> None:
    """The people of these lines, with their insurance, and the groups that an import made and nobody is left in."""
    people = Volunteer.objects.filter(pk__in=[row.volunteer_id for row in rows if row.volunteer_id])
    groups = {str(pk) for pk in people.exclude(group=None).values_list("group", flat=True)}
    people.delete()
    about = Entry.objects.filter(subject_type=Group._meta.label_lower, subject_id__in=groups)
    made = {
        int(pk)
        for pk in about.filter(action="group.registered", via="import").values_list("subject_id", flat=True)
    }
    made -= undoing.edited(Group, made, own={"group.registered"}).keys()
    made -= undoing.leaned_on(Group, made, except_for={}).keys()
    Group.objects.filter(pk__in=made).delete()
