"""Two needs, two people or two houses are one: what was said of lookalikes, and the needs that go along with a merge.

Needs are merged by being marked a duplicate (`services.mark_duplicate`), and come apart by being reopened. People and
houses are merged in intake.people.merge; their needs and calls are moved here, by the same view in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import models, transaction
from django.db.models import Q

from dvc.audit.services import By, record
from dvc.core.refused import Refused
from intake.help_requests import services
from intake.help_requests.answers import OTHER_REASON
from intake.help_requests.corrections import hold, next_version
from intake.help_requests.models import CallerNote, Lookalike, Need, Opinion
from intake.people import merge as register
from intake.people.models import Household, HouseholdMerge, Person, PersonMerge

_OF_A_PERSON: Final[tuple[tuple[str, type[models.Model], str], ...]] = (
    ("requested", Need, "requester"),
    ("needs", Need, "resident"),
    ("calls", CallerNote, "person"),
)
_OF_A_HOUSE: Final[tuple[tuple[str, type[models.Model], str], ...]] = (("needs", Need, "household"),)
_NEEDS: Final = "help_requests"


@transaction.atomic
def say_same(pair: Lookalike, *, by: By, at: datetime) -> Need:
    """The newer of the two is a duplicate of the older, which is returned. Refused: need.lookalike_done, and what
    `mark_duplicate` refuses."""
    _say(pair, Opinion.SAME, by=by, at=at)
    services.mark_duplicate(
        pair.need, pair.other, reason="似た依頼を確かめた", code=OTHER_REASON, by=by, at=at
    )
    return pair.other.standing


@transaction.atomic
def say_two(pair: Lookalike, *, by: By, at: datetime) -> None:
    """They are two requests, and are not asked about again. Refused: need.lookalike_done."""
    _say(pair, Opinion.TWO, by=by, at=at)


def _say(pair: Lookalike, opinion: Opinion, *, by: By, at: datetime) -> None:
    said = Lookalike.objects.filter(pk=pair.pk, opinion=Opinion.OPEN)
    if not said.update(opinion=opinion, by=by.user, at=at):
        raise Refused("need.lookalike_done")
    need = pair.need
    record(
        "need.lookalike_said",
        need,
        by=by,
        at=at,
        operation=need.operation,
        other=pair.other_id,
        opinion=str(opinion),
    )


@transaction.atomic
def merge_people(twin: Person, into: Person, *, by: By, at: datetime) -> PersonMerge:
    """`into` stands for both, with the needs and calls of both. Refused: what intake.people.merge refuses."""
    hold(_of_people(twin, into))
    made = register.merge_people(twin, into, by=by, at=at)
    register.keep_moved(made, _NEEDS, _move(_OF_A_PERSON, twin, into))
    next_version(Q(requester=into) | Q(resident=into))
    return made


@transaction.atomic
def undo_people(made: PersonMerge, *, by: By, at: datetime) -> bool:
    """They are two after all, each with what was theirs. Refused: register.merge_later."""
    of_them = _of_people(made.twin, made.into)
    hold(of_them)
    undone = register.undo_people(made, by=by, at=at)
    if undone:
        _move_back(_OF_A_PERSON, made.moved.get(_NEEDS, {}), made.twin, made.into)
        next_version(of_them)
        services.recheck_ready_of(of_them, by=by, at=at)
    return undone


@transaction.atomic
def merge_households(twin: Household, into: Household, *, by: By, at: datetime) -> HouseholdMerge:
    """`into` stands for both, with the people and needs of both. Refused: what intake.people.merge refuses."""
    hold(_of_houses(twin, into))
    made = register.merge_households(twin, into, by=by, at=at)
    register.keep_moved(made, _NEEDS, _move(_OF_A_HOUSE, twin, into))
    next_version(Q(household=into))
    return made


@transaction.atomic
def undo_households(made: HouseholdMerge, *, by: By, at: datetime) -> bool:
    """They are two after all, each with what was theirs. Refused: register.merge_later."""
    of_them = _of_houses(made.twin, made.into)
    hold(of_them)
    undone = register.undo_households(made, by=by, at=at)
    if undone:
        _move_back(_OF_A_HOUSE, made.moved.get(_NEEDS, {}), made.twin, made.into)
        next_version(of_them)
        services.recheck_ready_of(of_them, by=by, at=at)
    return undone


def _of_people(*both: Person) -> Q:
    return Q(requester__in=both) | Q(resident__in=both)


def _of_houses(*both: Household) -> Q:
    return Q(household__in=both)


def _move(
    what: tuple[tuple[str, type[models.Model], str], ...], twin: models.Model, into: models.Model
) -> dict[str, list[int]]:
    moved = {}
    for name, model, field in what:
        theirs = model._default_manager.filter(**{field: twin})
        moved[name] = list(theirs.values_list("pk", flat=True))
        model._default_manager.filter(pk__in=moved[name]).update(**{field: into})
    return moved


def _move_back(
    what: tuple[tuple[str, type[models.Model], str], ...],
    moved: dict[str, list[int]],
    twin: models.Model,
    into: models.Model,
) -> None:
    for name, model, field in what:
        rows = model._default_manager.filter(pk__in=moved.get(name, ()), **{field: into})
        rows.update(**{field: twin})
