"""A request from a resident's own phone becomes an unconfirmed need; what they answer later is kept and, where nobody
has phoned yet, applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from dvc.audit.services import By, record
from dvc.core.japanese import phone_digits
from dvc.core.refused import Refused
from dvc.core.throttle import Throttle
from dvc.operations.models import Mode, Operation
from intake.help_requests import services as needs
from intake.help_requests.answers import SELF
from intake.help_requests.models import Need, NeedState
from intake.help_requests.services import NeedAnswers
from intake.people.services import HouseholdAnswers, PersonAnswers
from intake.register import services as register
from intake.web_requests import links
from intake.web_requests.models import AnswerKind, RequestLink, ResidentAnswer, WebRequest

S = NeedState
BY_WEB: Final = By(via="web")
SUMMARY: Final = "ウェブからの依頼"
OTHER: Final = "家族・親族"
TO_CALL: Final = "ウェブから届いた依頼。電話で内容を確かめる"
# A whole evacuation center may stand behind one address.
FROM_ONE_ADDRESS: Final = Throttle("web-request-address", most=60, seconds=3600)
FROM_ONE_PHONE: Final = Throttle("web-request-phone", most=3, seconds=24 * 3600)
MOST_AN_HOUR: Final = 300

# What a link may correct: field → the word staff reads.
FIELDS: Final[Mapping[str, str]] = {
    "phone": "電話番号",
    "address": "場所",
    "description": "困っていること",
    "when": "電話してよい時間",
}
_ENDS_BY_LINK: Final = frozenset(
    {S.RECEIVED, S.TRIAGE, S.SURVEY_WAIT, S.SURVEYED, S.READY, S.ON_HOLD, S.CONTINUING}
)


@dataclass(frozen=True, slots=True)
class HelpAnswers:
    """What the short form asks. `resident_name` is empty when they ask for themselves."""

    name: str
    phone: str
    for_self: bool
    resident_name: str
    address: str
    description: str
    when: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A need and the secret of the link its form was given."""

    need: Need
    secret: str


def open_for_requests(operation: Operation) -> Operation | None:
    """The operation a request goes to now: this one while it is open, else what the center has open instead of it.
    None when nothing is. A drill is never stood in for."""
    if operation.is_open:
        return operation
    if operation.is_drill:
        return None
    others = operation.center.operations.filter(state="open").exclude(mode=Mode.DRILL)
    return others.main_first().first()


def ask_for_help(
    operation: Operation,
    answers: HelpAnswers,
    *,
    language: str,
    client: str,
    form_token: UUID,
    at: datetime,
) -> Sent:
    """An unconfirmed need on the call-back list, and a link. The same form again gives the same.

    `client` is the caller's address, counted and never stored. Refused: operation.closed, web_request.busy (too many
    from one address, or for the center in an hour), web_request.same_phone.
    """
    secret = links.secret_of_form(form_token)
    known = Need.objects.filter(operation=operation, form_token=form_token).first()
    if known is not None:
        return Sent(known, secret)
    lately = WebRequest.objects.filter(
        need__operation=operation, need__received_at__gt=at - timedelta(hours=1)
    )
    if not FROM_ONE_ADDRESS.count(client) or lately.count() >= MOST_AN_HOUR:
        raise Refused("web_request.busy", phone=operation.center.phone)
    if not FROM_ONE_PHONE.count(operation.pk, phone_digits(answers.phone)):
        raise Refused("web_request.same_phone", phone=operation.center.phone)
    return Sent(
        _receive(operation, answers, language=language, form_token=form_token, secret=secret, at=at), secret
    )


@transaction.atomic
def _receive(
    operation: Operation, answers: HelpAnswers, *, language: str, form_token: UUID, secret: str, at: datetime
) -> Need:
    resident = None if answers.for_self else PersonAnswers(name=answers.resident_name)
    need = needs.receive(
        operation,
        caller=PersonAnswers(name=answers.name, phone=answers.phone),
        resident=resident,
        household=HouseholdAnswers(address=answers.address),
        answers=NeedAnswers(
            method="web",
            relation=SELF if answers.for_self else OTHER,
            summary=SUMMARY,
            description=answers.description,
            attendance=_when_words(answers.when),
        ),
        form_token=form_token,
        unconfirmed=True,
        by=BY_WEB,
        at=at,
    )
    _, new = WebRequest.objects.get_or_create(need=need, defaults={"language": language})
    if new:
        needs.move(need, S.TRIAGE, by=BY_WEB, at=at, reason=TO_CALL)
        links.make(need, by=BY_WEB, at=at, secret=secret)
    return need


def words_of(need: Need) -> dict[str, str]:
    """What a link may correct, as it stands: the keys of FIELDS."""
    caller = need.requester or need.resident
    return {
        "phone": caller.phone if caller else "",
        "address": need.household.address if need.household else "",
        "description": need.description,
        "when": need.attendance.removeprefix(_WHEN),
    }


@transaction.atomic
def answer(link: RequestLink, kind: AnswerKind, words: Mapping[str, str], *, at: datetime) -> ResidentAnswer:
    """What the resident says by the link, which is used up by it. `words`: FIELDS as they want them, for CORRECT.

    Corrections of a need nobody has phoned about are applied; others wait for a person, so that nothing a person
    found out is overwritten, and so do those of a need that was merged into another. A withdrawal ends a need that no team is on its way to. Refused: web_request.link_old.
    """
    if not RequestLink.objects.live(at).filter(pk=link.pk).update(ended_at=at):
        raise Refused("web_request.link_old", phone=link.need.operation.center.phone)
    need = link.need
    before = words_of(need)
    changed = [
        [name, before[name], words[name]] for name in FIELDS if words.get(name, before[name]) != before[name]
    ]
    said = changed if kind == AnswerKind.CORRECT else []
    made = ResidentAnswer.objects.create(need=need, link=link, kind=kind, said=said, at=at)
    record(
        "web_request.answered",
        need,
        by=BY_WEB,
        at=at,
        operation=need.operation,
        answer=made.pk,
        kind=str(kind),
    )
    if kind == AnswerKind.WITHDRAW:
        if need.state in _ENDS_BY_LINK:
            needs.move(
                need,
                S.WITHDRAWN,
                by=BY_WEB,
                at=at,
                reason="本人が取り下げた（本人用リンク）",
                code="by_themself",
                told="本人（ウェブ）",
            )
            made.applied_at = at
    elif need.state == S.UNREACHABLE:
        needs.move(need, S.TRIAGE, by=BY_WEB, at=at, reason="連絡がつかなかった方から、リンクで返事があった")
    # Of a request that was merged into another one a person looks what it means for that one.
    if kind == AnswerKind.CORRECT and need.unconfirmed and need.state != S.DUPLICATE:
        _apply(need, {name: after for name, _, after in said}, by=BY_WEB, at=at)
        made.applied_at = at
    made.save(update_fields=["applied_at"])
    return made


@transaction.atomic
def take_in(made: ResidentAnswer, *, by: By, at: datetime) -> ResidentAnswer:
    """A person lets what the resident corrected into the need. Refused: web_request.settled."""
    if made.kind != AnswerKind.CORRECT or not ResidentAnswer.objects.filter(
        pk=made.pk, applied_at=None
    ).update(applied_at=at):
        raise Refused("web_request.settled")
    _apply(made.need, {name: after for name, _, after in made.said}, by=by, at=at)
    return mark_seen(made, by=by, at=at)


@transaction.atomic
def mark_seen(made: ResidentAnswer, *, by: By, at: datetime) -> ResidentAnswer:
    """Somebody has read it and knows what to do."""
    if ResidentAnswer.objects.filter(pk=made.pk, seen_at=None).update(seen_at=at, seen_by=by.user):
        record(
            "web_request.answer_seen", made.need, by=by, at=at, operation=made.need.operation, answer=made.pk
        )
    made.refresh_from_db()
    return made


def _apply(need: Need, words: Mapping[str, str], *, by: By, at: datetime) -> None:
    operation = need.operation
    if {"description", "when"} & words.keys():
        known = NeedAnswers(**{name: getattr(need, name) for name in asdict(NeedAnswers())})
        told_need = replace(
            known,
            description=words.get("description", known.description),
            attendance=_when_words(words["when"]) if "when" in words else known.attendance,
        )
        needs.edit(need, told_need, version=need.version, by=by, at=at)
    caller = need.requester or need.resident
    if "phone" in words and caller is not None:
        told = PersonAnswers(
            caller.name, caller.kana, words["phone"], birth_year=caller.birth_year, note=caller.note
        )
        register.correct_person(operation, caller, told, by=by, at=at)
    house = need.household
    if "address" in words and house is not None:
        # The pin was set for the old address.
        told_house = HouseholdAnswers(
            address=words["address"],
            landmark=house.landmark,
            lives_alone=house.lives_alone,
            members=house.members,
        )
        register.correct_household(operation, house, told_house, by=by, at=at)


_WHEN: Final = "電話："


def _when_words(when: str) -> str:
    return f"{_WHEN}{when}" if when else ""
