"""People who help: register, correct, find, insure. Cards are in cards.py.

Every function takes the moment (`at`) and who is behind the change (`by`), and writes its audit entry in
the same transaction. Refusals: volunteer.*, insurance.*, group.* and, from `find`, card.* in
dvc/core/refusals.py.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final, TypedDict, Unpack
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.audit.services import By, entry, record, record_all
from dvc.core import card_token, japanese, short_code
from dvc.core.card_token import CardError
from dvc.core.inserting import insert_all
from dvc.core.refused import Refused
from dvc.core.throttle import Throttle
from dvc.operations.models import Center, Operation
from intake.volunteers import cards
from intake.volunteers.models import (
    Card,
    CardState,
    Gender,
    Group,
    InsurancePlan,
    InsurancePolicy,
    Skill,
    Source,
    VehicleKind,
    Volunteer,
    VolunteerQuerySet,
    WorkCategory,
)

OLDEST_AGE: Final = 120  # years
FROM_ONE_ADDRESS: Final = Throttle("volunteers-online", most=30, seconds=3600)  # a school registers a class
WEB_PER_CENTER: Final = 600  # an hour
FISCAL_YEAR_STARTS: Final = (4, 1)  # month and day; ボランティア活動保険 ends the night before


class VolunteerFields(TypedDict, total=False):
    """What the paper form asks for. Names of the model; lists hold codes of the model's choices."""

    family_name: str
    given_name: str
    family_kana: str
    given_kana: str
    phone: str
    email: str
    birth_date: date | None
    gender: str
    postal_code: str
    address: str
    emergency_name: str
    emergency_phone: str
    emergency_relation: str
    group: Group | None
    guardian: Volunteer | None
    guardian_consent: bool
    said_minor: bool
    skills: list[str]
    languages: list[str]
    experience: int
    stamina: int
    vehicle: str
    vehicle_seats: int
    prefers: list[str]
    avoids: list[str]
    consented_at: datetime | None


# What a correction may write; consent is a button of its own.
_WRITTEN_ANEW: Final = sorted(VolunteerFields.__annotations__.keys() - {"consented_at"})
_PHONES: Final = ("phone", "emergency_phone")
_NUMBERS: Final = {"experience": range(4), "stamina": range(1, 4), "vehicle_seats": range(61)}
_MOST_LANGUAGES: Final = 10
_CHOICES: Final[dict[str, Iterable[str]]] = {
    "gender": Gender.values,
    "vehicle": VehicleKind.values,
    "skills": Skill.values,
    "prefers": WorkCategory.values,
    "avoids": WorkCategory.values,
}


@transaction.atomic
def register(
    center: Center,
    *,
    by: By,
    at: datetime,
    drill: Operation | None = None,
    source: Source = Source.DESK,
    form_token: UUID | None = None,
    **fields: Unpack[VolunteerFields],
) -> Volunteer:
    """A new volunteer of the center. The same `form_token` again gives the person it made, not a second one.

    Names are kept as typed; a name without a reading is fine. Refused volunteer.* when something cannot be
    stored.
    """
    if form_token and (made := _made_by_form(center, form_token)):
        return made
    volunteer = _new(center, fields, drill=drill, source=source, form_token=form_token, at=at)
    try:
        with transaction.atomic():
            volunteer.save(force_insert=True)
    except IntegrityError:
        twin = _made_by_form(center, form_token) if form_token else None
        if twin is None:
            raise
        return twin
    record_all([_registered(volunteer, by=by, at=at)])
    return volunteer


@transaction.atomic
def register_many(
    center: Center,
    people: Iterable[VolunteerFields],
    *,
    by: By,
    at: datetime,
    drill: Operation | None = None,
    source: Source = Source.DESK,
) -> list[Volunteer]:
    """New volunteers in the order they are named, as an import brings them: as `register`, in few statements."""
    made = [_new(center, fields, drill=drill, source=source, at=at) for fields in people]
    insert_all(made)
    record_all([_registered(volunteer, by=by, at=at) for volunteer in made])
    return made


def _new(
    center: Center,
    fields: VolunteerFields,
    *,
    drill: Operation | None,
    source: Source,
    at: datetime,
    form_token: UUID | None = None,
) -> Volunteer:
    """A row that is not saved yet. Refused volunteer.*"""
    volunteer = Volunteer(
        center=center,
        drill=drill,
        source=source,
        form_token=form_token,
        registered_at=at,
        **_checked(fields, at),
    )
    if not volunteer.family_name:
        raise Refused("volunteer.name_missing")
    _check_guardian(volunteer, at)
    _set_keys(volunteer)
    volunteer.listed_at = at if volunteer.group else None
    return volunteer


def _registered(volunteer: Volunteer, *, by: By, at: datetime) -> Entry:
    return entry(
        "volunteer.registered", volunteer, by=by, at=at, center_id=volunteer.center_id, operation=volunteer.drill,
        source=str(volunteer.source),
    )  # fmt: skip


@transaction.atomic
def correct(
    volunteer: Volunteer,
    *,
    by: By,
    at: datetime,
    group_name: str | None = None,
    seen: str | None = None,
    **fields: Unpack[VolunteerFields],
) -> Volunteer:
    """Change what is given and nothing else. Nothing changed, nothing recorded.

    `group_name` puts the person into the group of that name (made when there is none), "" takes them out of
    theirs. Whoever leaves a group leads it no more. `seen`: the mark (`mark_of`) of what was looked at; Refused
    volunteer.changed when somebody else has corrected it since, volunteer.merged when it was put together with another.
    """
    # Two desks, one after the other: the columns that searches use come from all of the name. Arrivals need not wait.
    volunteer.refresh_from_db(from_queryset=Volunteer.objects.select_for_update(no_key=True))
    if seen is not None and volunteer.merged_into_id:
        raise Refused("volunteer.merged", name=volunteer.standing.name)
    if seen is not None and mark_of(volunteer) != seen:
        raise Refused("volunteer.changed")
    before = volunteer.group_id
    if group_name is not None:
        center = volunteer.center
        fields["group"] = register_group(center, name=group_name, by=by, at=at) if group_name else None
    changed = []
    for field, value in _checked(fields, at).items():
        if getattr(volunteer, field) != value:
            setattr(volunteer, field, value)
            changed.append(field)
    if not changed:
        return volunteer
    if not volunteer.family_name:
        raise Refused("volunteer.name_missing")
    _check_guardian(volunteer, at)
    _set_keys(volunteer)
    written = [*changed, "name_key", "kana_key", "phone_digits"]
    if "group" in changed:
        volunteer.listed_at = at if volunteer.group else None
        written.append("listed_at")
    volunteer.save(update_fields=written)
    record(
        "volunteer.corrected", volunteer, by=by, at=at, center_id=volunteer.center_id,
        operation=volunteer.drill, fields=sorted(changed),
    )  # fmt: skip
    if "group" in changed and before is not None:
        _leads_no_more(volunteer, before, by=by, at=at)
    return volunteer


def _leads_no_more(volunteer: Volunteer, group: int, *, by: By, at: datetime) -> None:
    led = Group.objects.filter(pk=group, leader=volunteer).first()
    if led is not None:
        Group.objects.filter(pk=led.pk, leader=volunteer).update(leader=None)
        record("group.leader_set", led, by=by, at=at, center_id=led.center_id)


def mark_of(volunteer: Volunteer) -> str:
    """What the register says of the person, in short: whoever writes it anew says by it what they have seen."""
    said = [str(getattr(volunteer, _field(name, Volunteer).attname)) for name in _WRITTEN_ANEW]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


class Enrolment(TypedDict, total=False):
    """What the desk does beside writing the person down."""

    group_name: str
    insured: InsurancePlan | None
    joined_today: bool
    card: str


@transaction.atomic
def enrol(
    operation: Operation,
    fields: VolunteerFields,
    *,
    form_token: UUID,
    by: By,
    at: datetime,
    **extra: Unpack[Enrolment],
) -> Volunteer:
    """Everything one stay at the desk does, or nothing of it: person, group, insurance and card (scanned or
    typed).

    In a drill the person belongs to the drill. Sent twice, done once. Refused as register, record_insurance
    and bind.
    """
    drill = operation if operation.is_drill else None
    person = register(
        operation.center, by=by, at=at, drill=drill,
        source=Source.DRILL if drill else Source.DESK, form_token=form_token, **fields,
    )  # fmt: skip
    if name := extra.get("group_name"):
        correct(person, group_name=name, by=by, at=at)
    if plan := extra.get("insured"):
        record_insurance(
            person, plan=plan, by=by, at=at, special_rule=operation.insurance_special_rule,
            joined_on=timezone.localdate(at) if extra.get("joined_today") else None,
        )  # fmt: skip
    if text := extra.get("card"):
        cards.bind(cards.read(operation.center, text), person, by=by, at=at, on=operation.real_day(at))
    return person


@transaction.atomic
def register_online(
    center: Center, fields: VolunteerFields, *, client: str, form_token: UUID, at: datetime
) -> Volunteer:
    """A registration from home. `client` is the caller's address, used for counting only and never stored.

    Refused volunteer.online_busy beyond FROM_ONE_ADDRESS or WEB_PER_CENTER an hour
    in all.
    """
    if made := _made_by_form(center, form_token):
        return made
    hour_ago = at - timedelta(hours=1)
    lately = Volunteer.objects.filter(center=center, source=Source.WEB, registered_at__gt=hour_ago).count()
    if lately >= WEB_PER_CENTER or not FROM_ONE_ADDRESS.count(client):
        raise Refused("volunteer.online_busy", phone=center.phone)
    by = By(via="web")
    return register(center, by=by, at=at, source=Source.WEB, form_token=form_token, **fields)


def find(operation: Operation, text: str) -> VolunteerQuerySet:
    """Registered people this operation may see, by kana, kanji in any variant, phone, short code or scanned
    card.

    A text that is a whole card or short code finds its holder alone. Refused card.* for a card that is not
    good.
    """
    people = Volunteer.objects.known_in(operation).living()
    card = _card_behind(operation.center, text)
    if card is None:
        return people.matching(text)
    if card.state in (CardState.LOST, CardState.REPLACED):
        raise Refused("card.revoked")
    return people.filter(pk=card.holder.standing.pk) if card.holder else people.none()


@transaction.atomic
def block(volunteer: Volunteer, *, reason: str, by: By, at: datetime, seen: str | None = None) -> Volunteer:
    """Stop the person at the door from now on. `reason` is for staff; `seen`: the one that was read before ("": the
    person was not stopped). Refused volunteer.blocked_without_reason | volunteer.blocked_meanwhile |
    volunteer.unblocked_meanwhile."""
    reason = _stored_text("blocked_reason", reason)
    if not reason:
        raise Refused("volunteer.blocked_without_reason")
    return _set_block(volunteer, reason, seen=seen, by=by, at=at)


@transaction.atomic
def unblock(volunteer: Volunteer, *, by: By, at: datetime, seen: str | None = None) -> Volunteer:
    """Let the person in again. `seen`: the reason that was read. Refused volunteer.blocked_meanwhile."""
    return _set_block(volunteer, "", seen=seen, by=by, at=at)


@transaction.atomic
def withdraw(volunteer: Volunteer, *, by: By, at: datetime) -> Volunteer:
    """End the registration; the person is not found any more and the card is revoked, also one they hold under a
    registration that was merged into this one. Safe to repeat. Refused volunteer.here while they are: without name and
    card nobody could record that they went home."""
    if volunteer.visits.present().exists():
        raise Refused("volunteer.here", name=volunteer.name)
    if Volunteer.objects.filter(pk=volunteer.pk, withdrawn_at__isnull=True).update(withdrawn_at=at):
        held = models.Q(holder=volunteer) | models.Q(holder__merged_into=volunteer)
        for card in Card.objects.filter(held, state=CardState.BOUND):
            cards.lose(card, by=by, at=at)
        record("volunteer.withdrawn", volunteer, by=by, at=at, center_id=volunteer.center_id)
    volunteer.refresh_from_db()
    return volunteer


@transaction.atomic(savepoint=False)
def agree(volunteer: Volunteer, *, by: By, at: datetime) -> bool:
    """The person read the notes and agreed at the moment `at`. A later consent stands; False when nothing changed."""
    known = Volunteer.objects.filter(pk=volunteer.pk)
    before = known.values_list("consented_at", flat=True).get()
    if not known.exclude(consented_at__gte=at).update(consented_at=at):
        return False
    volunteer.consented_at = at
    record(
        "volunteer.agreed", volunteer, by=by, at=at, center_id=volunteer.center_id,
        before=before.isoformat() if before else None,
    )  # fmt: skip
    return True


@transaction.atomic
def take_back_agreement(volunteer: Volunteer, *, op: str, by: By, at: datetime) -> bool:
    """It was somebody else who agreed by the tablet's operation `op`: the consent before it stands again. False when
    that is not the consent that stands."""
    agreed = Entry.objects.about(volunteer).filter(action="volunteer.agreed", details__op=op).last()
    if agreed is None:
        return False
    before = agreed.details.get("before")
    standing = Volunteer.objects.filter(pk=volunteer.pk, consented_at=agreed.at)
    if not standing.update(consented_at=datetime.fromisoformat(before) if before else None):
        return False
    record("volunteer.agreement_taken_back", volunteer, by=by, at=at, center_id=volunteer.center_id)
    return True


@transaction.atomic
def register_group(
    center: Center, *, name: str, by: By, at: datetime, atomic: bool = True, min_part: int = 2
) -> Group:
    """The center's group of this name, made when there is none. Refused group.name_missing."""
    name = _stored_text("name", name, model=Group)
    if not name:
        raise Refused("group.name_missing")
    known = Group.objects.filter(center=center, name=name).order_by("id")
    if found := known.first():
        return found
    # Two desks may write the same new name: one after the other, and look again.
    Center.objects.select_for_update(no_key=True).get(pk=center.pk)
    if found := known.all().first():
        return found
    group = Group.objects.create(center=center, name=name, atomic=atomic, min_part=min_part, created_at=at)
    record("group.registered", group, by=by, at=at, center_id=center.pk)
    return group


@transaction.atomic
def record_insurance(
    volunteer: Volunteer,
    *,
    by: By,
    at: datetime,
    plan: InsurancePlan = InsurancePlan.BASIC,
    joined_on: date | None = None,
    special_rule: bool = False,
    evidence: str = "",
) -> InsurancePolicy:
    """The person's ボランティア活動保険 as it was seen or joined.

    `joined_on` is the day of the procedure: cover starts at 0:00 of the next day, or, when it was today and
    the large-disaster special rule holds, at once. Without it the policy was seen to be in force already (a
    card shown): it counts from today. It ends with the fiscal year, 31 March 24:00. The same policy again
    changes nothing. Refused insurance.joined_in_future. Source: domain.md §3.5.
    """
    policy = _policy(Insured(volunteer, plan, joined_on), special_rule=special_rule, evidence=evidence, at=at)
    known = volunteer.policies.filter(
        plan=plan, valid_to=policy.valid_to, valid_from__lte=policy.valid_from
    ).first()
    if known:
        return known
    policy.save(force_insert=True)
    record_all([_insured(policy, by=by, at=at)])
    return policy


@dataclass(frozen=True, slots=True)
class Insured:
    """Who has which plan; `joined_on` as `record_insurance` takes it."""

    volunteer: Volunteer
    plan: InsurancePlan = InsurancePlan.BASIC
    joined_on: date | None = None


@transaction.atomic
def insure_new(people: Iterable[Insured], *, special_rule: bool, evidence: str, by: By, at: datetime) -> None:
    """The insurance of people who have just been registered and have none: as `record_insurance`, in two statements."""
    policies = [_policy(one, special_rule=special_rule, evidence=evidence, at=at) for one in people]
    insert_all(policies)
    record_all([_insured(policy, by=by, at=at) for policy in policies])


def _policy(said: Insured, *, special_rule: bool, evidence: str, at: datetime) -> InsurancePolicy:
    """A row that is not saved yet. Refused insurance.joined_in_future."""
    today = timezone.localdate(at)
    if said.joined_on is not None and said.joined_on > today:
        raise Refused("insurance.joined_in_future")
    starts = _cover_starts(said.joined_on, today=today, special_rule=special_rule, at=at)
    return InsurancePolicy(
        volunteer=said.volunteer,
        plan=said.plan,
        valid_from=starts,
        valid_to=fiscal_year_end(timezone.localdate(starts)),
        evidence=_stored_text("evidence", evidence, model=InsurancePolicy),
        recorded_at=at,
    )


def _insured(policy: InsurancePolicy, *, by: By, at: datetime) -> Entry:
    volunteer = policy.volunteer
    return entry(
        "insurance.recorded", policy, by=by, at=at, center_id=volunteer.center_id, operation=volunteer.drill,
        volunteer=volunteer.pk, plan=str(policy.plan),
    )  # fmt: skip


def fiscal_year_end(day: date) -> datetime:
    """31 March 24:00 (that is 1 April 0:00, local) of the fiscal year in which `day` lies."""
    month, first = FISCAL_YEAR_STARTS
    year = day.year + ((day.month, day.day) >= (month, first))
    return _local_midnight(date(year, month, first))


def _cover_starts(joined_on: date | None, *, today: date, special_rule: bool, at: datetime) -> datetime:
    if joined_on is None:
        return _local_midnight(today)
    if special_rule and joined_on == today:
        return at
    return _local_midnight(joined_on + timedelta(days=1))


def _local_midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _made_by_form(center: Center, form_token: UUID) -> Volunteer | None:
    return Volunteer.objects.filter(center=center, form_token=form_token).first()


def _card_behind(center: Center, text: str) -> Card | None:
    """The card a search text stands for; None when the text is a name or a number."""
    if card_token.looks_like_card(text):
        return cards.read(center, text)
    try:
        code = short_code.parse(text)
    except CardError:
        return None
    return Card.objects.by_short_code(center, code).first()


def _set_block(volunteer: Volunteer, reason: str, *, seen: str | None, by: By, at: datetime) -> Volunteer:
    """A reason that nobody has read is not written over. The same again changes nothing."""
    one_after_the_other = Volunteer.objects.select_for_update(no_key=True)
    volunteer.refresh_from_db(fields=["blocked_reason"], from_queryset=one_after_the_other)
    stands = volunteer.blocked_reason
    if stands == reason:
        return volunteer
    if seen is not None and stands != seen:
        raise Refused(
            "volunteer.blocked_meanwhile" if stands else "volunteer.unblocked_meanwhile", reason=stands
        )
    volunteer.blocked_reason = reason
    volunteer.save(update_fields=["blocked_reason"])
    action = "volunteer.blocked" if reason else "volunteer.unblocked"
    record(action, volunteer, by=by, at=at, center_id=volunteer.center_id)
    return volunteer


def _set_keys(volunteer: Volunteer) -> None:
    """The columns that searches use. Cut to the column: one typed sign may unfold to many letters."""
    volunteer.name_key = japanese.search_key(volunteer.name)[:100]
    volunteer.kana_key = japanese.kana_key(volunteer.kana)[:140]
    volunteer.phone_digits = japanese.phone_digits(volunteer.phone)[:20]


def _checked(fields: VolunteerFields, at: datetime) -> dict[str, object]:
    """The fields as they will be stored, or the first Refused of a field that cannot be."""
    stored: dict[str, object] = dict(fields)
    for field, value in fields.items():
        if isinstance(value, str):
            stored[field] = _stored_text(field, value)
        if field == "languages":
            stored[field] = [_stored_text("languages", language, limit=30) for language in _listed(value)]
        if not _may_be(field, value):
            raise Refused("volunteer.choice", field=_field(field, Volunteer).verbose_name)
    for kana in ("family_kana", "given_kana"):
        if kana in stored:
            stored[kana] = japanese.to_hiragana(str(stored[kana]))[: _field(kana, Volunteer).max_length]
    for phone in _PHONES:
        if stored.get(phone):
            if not japanese.is_phone(str(stored[phone])):
                raise Refused("volunteer.phone", field=_field(phone, Volunteer).verbose_name)
            stored[phone] = japanese.format_phone(str(stored[phone]))[:20]
    born = fields.get("birth_date")
    if born is not None and not 0 <= timezone.localdate(at).year - born.year <= OLDEST_AGE:
        raise Refused("volunteer.birth_date")
    if born is not None and born > timezone.localdate(at):
        raise Refused("volunteer.birth_date")
    return stored


def storable(fields: VolunteerFields, at: datetime) -> tuple[VolunteerFields, list[str]]:
    """What of these can be stored, and the names of the fields that cannot: for facts told by a tablet, where a wrong
    telephone number must not lose the person."""
    kept, dropped = dict(fields), []
    for name, value in fields.items():
        try:
            _checked({name: value}, at)  # type: ignore[misc]  # a field at a time, its name is one of them
        except Refused:
            del kept[name]
            dropped.append(name)
    return kept, dropped  # type: ignore[return-value]  # a part of the same fields


def _check_guardian(volunteer: Volunteer, at: datetime) -> None:
    guardian = volunteer.guardian
    if guardian is not None and (
        guardian.pk == volunteer.pk
        or guardian.center_id != volunteer.center_id
        or guardian.is_minor_on(timezone.localdate(at))
    ):
        raise Refused("volunteer.guardian")


def _stored_text(
    field: str, text: str, *, model: type[models.Model] = Volunteer, limit: int | None = None
) -> str:
    label = _field(field, model).verbose_name
    most = limit or _field(field, model).max_length or 0
    try:
        stored = japanese.normalise_text(text)
    except ValueError:
        raise Refused("volunteer.text", field=label) from None
    if len(stored) > most:
        raise Refused("volunteer.too_long", field=label, most=most)
    return stored


@cache
def _field(name: str, model: type[models.Model]) -> "models.Field[object, object]":
    return next(field for field in model._meta.fields if field.name == name)


def _may_be(field: str, value: object) -> bool:
    if field in _CHOICES:
        return set(_listed(value)) <= set(_CHOICES[field])
    if field in _NUMBERS:
        return value in _NUMBERS[field]
    return field != "languages" or len(_listed(value)) <= _MOST_LANGUAGES


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
