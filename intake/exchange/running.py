"""The background work of an import: check, take in, undo, a chunk of lines at a time.

A chunk, the place it reached and the sign that the lease still holds are one transaction. A worker that is killed loses
the chunk it was at; whoever comes next begins after the last one that was committed. A slice of work ends after some
seconds and asks for the next, so that the queue's other work and the worker's own sign of life get their turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

from django.db import IntegrityError, models, transaction
from django.db.models import F

from dvc.audit.models import Entry
from dvc.audit.services import By, entry, record, record_all
from dvc.core.inserting import append_all, update_all
from dvc.core.refused import Refused
from dvc.outbox import services as outbox
from dvc.outbox.services import Claim
from intake.exchange import checking, reading, services
from intake.exchange.checking import ROW, Checked
from intake.exchange.columns import Kind
from intake.exchange.models import Import, ImportRow, ImportState, Outcome
from intake.exchange.problems import sentence
from intake.help_requests import receiving
from intake.help_requests.models import Need, NeedState
from intake.people import many, postal, towns
from intake.people.models import Household, Person
from intake.people.services import HouseholdAnswers, PersonAnswers

T = TypeVar("T")
CHUNK: Final = 250
SLICE_SECONDS: Final = 8.0
S = ImportState
REASON: Final = "取り込み：{name}"


def work(held: Claim, *, now: Callable[[], datetime]) -> None:
    """One slice of whatever the import is at. Safe to run twice."""
    imports = Import.objects.defer("content").select_related("operation__center", "by")
    imported = imports.get(pk=held.row.object_id)
    steps: dict[str, Callable[[Import, Callable[[], datetime]], Steps]] = {
        S.CHECKING: _check,
        S.IMPORTING: _take_in,
        S.UNDOING: _undo,
    }
    begun = time.monotonic()
    for commit, is_last in steps.get(imported.state, _nothing)(imported, now):
        with transaction.atomic():
            commit()
            if is_last or time.monotonic() - begun > SLICE_SECONDS:
                if not is_last:
                    services.go_on(imported)
                outbox.finish(held, at=now())
                return
            outbox.renew(held, at=now())


# What a kind of work is made of: prepared outside of a transaction (SQLite has one writer), committed in one.
Steps = Iterator[tuple[Callable[[], object], bool]]


def _nothing(imported: Import, now: Callable[[], datetime]) -> Steps:
    yield (lambda: None), True


def _by(imported: Import) -> By:
    return By(user=imported.by, via="import")


def _in_chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def scope(imported: Import) -> str:
    """Where a line is itself only once: needs in their operation, residents in the center's register (or the drill's)."""
    operation = imported.operation
    if imported.kind == Kind.NEEDS or operation.is_drill:
        return f"{imported.kind}:o{operation.pk}:"
    return f"{imported.kind}:c{operation.center_id}:"


# ── check ──────────────────────────────────────────────────────────────────────────────────────


def _check(imported: Import, now: Callable[[], datetime]) -> Steps:
    """Every line of the file into a row with its remarks."""
    known = towns.Known(imported.operation.center)
    codes = postal.Known(imported.operation.center)
    at = imported.operation.moment(now())
    mapping = {int(column): code for column, code in imported.mapping.items()}
    content, shape = bytes(imported.content or b""), services.shape_of(imported)
    done_before = max(imported.header_row, imported.upto)
    lines = (row for row in reading.rows(content, shape) if row.number > done_before)
    try:
        for chunk in _in_chunks(lines):
            checked = [
                checking.check(row, mapping, Kind(imported.kind), known=known, codes=codes, at=at)
                for row in chunk
            ]
            yield partial(_keep_checked, imported, checked, chunk[-1].number), False
    except Refused as refused:
        yield partial(_stop, imported, refused.text), True
        return
    yield partial(_checked, imported), True


def _keep_checked(imported: Import, checked: list[Checked | None], upto: int) -> None:
    append_all(_rows(imported, [one for one in checked if one is not None]))
    _advance(imported, upto=upto, done=len(checked))


def _stop(imported: Import, why: str) -> None:
    ImportRow.objects.filter(imported=imported).delete()
    Import.objects.filter(pk=imported.pk).update(state=S.STOPPED, stopped_by=why[:300], counts={})


def _checked(imported: Import) -> None:
    Import.objects.filter(pk=imported.pk).update(state=S.CHECKED, counts=services.count_rows(imported))


def _rows(imported: Import, checked: list[Checked]) -> list[ImportRow]:
    keys = [one.key for one in checked]
    before = {
        row.taken: row
        for row in ImportRow.objects.filter(taken__in=[scope(imported) + key for key in keys]).select_related(
            "need", "imported"
        )
    }
    earlier = dict(
        imported.rows.filter(key__in=keys).order_by("-number").values_list("key", "number")
    )  # the first of equal ones wins
    digests = dict(imported.rows.filter(key__in=keys).order_by("-number").values_list("key", "digest"))
    here = [number for one in checked if (number := checking.number_here(one.said, imported.operation))]
    ours = set(
        Need.objects.filter(operation=imported.operation, number__in=here).values_list("number", flat=True)
    )
    rows = []
    for one in checked:
        outcome, remarks = Outcome.WRONG if one.is_wrong else Outcome.NEW, list(one.remarks)
        known = before.get(scope(imported) + one.key)
        text = str(one.said.get("source_id", ""))
        if imported.kind == Kind.NEEDS and checking.number_here(one.said, imported.operation) in ours:
            outcome = Outcome.SAME
        elif one.key in earlier:
            same = digests[one.key] == one.digest
            code = "repeated" if same else "number_twice"
            remarks.append((ROW, code, sentence(code, first=earlier[one.key], text=text)))
            outcome = Outcome.REPEATED if same and not one.is_wrong else Outcome.WRONG
        elif known is not None and known.digest == one.digest:
            outcome = Outcome.SAME
        elif known is not None:
            where = (
                f"N{known.need.number}" if known.need else f"「{known.imported.name}」の{known.number}行目"
            )
            remarks.append((ROW, "number_taken", sentence("number_taken", text=text, where=where)))
            outcome = Outcome.WRONG
        earlier.setdefault(one.key, one.number)
        digests.setdefault(one.key, one.digest)
        rows.append(
            ImportRow(
                imported=imported, number=one.number, key=one.key, digest=one.digest, outcome=outcome,
                said=one.said, remarks=[list(remark) for remark in remarks],
            )
        )  # fmt: skip
    return rows


def _advance(imported: Import, *, upto: int, done: int) -> None:
    Import.objects.filter(pk=imported.pk).update(upto=upto, rows_done=F("rows_done") + done)


# ── take in ────────────────────────────────────────────────────────────────────────────────────


def _take_in(imported: Import, now: Callable[[], datetime]) -> Steps:
    """The lines that are right become rows of ours; then the file and the words of its lines go."""
    known = towns.Known(imported.operation.center)
    while wanted := list(imported.rows.filter(outcome=Outcome.NEW).order_by("number")[:CHUNK]):
        yield partial(_take_in_and_advance, imported, wanted, known, imported.operation.moment(now())), False
    yield partial(_taken_in, imported, imported.operation.moment(now())), True


def _take_in_and_advance(imported: Import, rows: list[ImportRow], known: towns.Known, at: datetime) -> None:
    _take_in_chunk(imported, rows, known, at=at)
    _advance(imported, upto=rows[-1].number, done=len(rows))


def _taken_in(imported: Import, at: datetime) -> None:
    counts = services.count_rows(imported)
    imported.rows.exclude(outcome=Outcome.WRONG).update(said={}, remarks=[])
    imported.rows.filter(outcome=Outcome.WRONG).update(said={})
    Import.objects.filter(pk=imported.pk).update(state=S.DONE, done_at=at, content=None, counts=counts)
    record(
        "import.done",
        imported,
        by=_by(imported),
        at=at,
        operation=imported.operation,
        rows=counts.get(Outcome.DONE, 0),
    )


def _take_in_chunk(imported: Import, rows: list[ImportRow], known: towns.Known, *, at: datetime) -> None:
    """`taken` is unique: of two imports with the same line one is first, and the other finds it taken."""
    for row in rows:
        row.taken = scope(imported) + row.key
    taken = set(
        ImportRow.objects.filter(taken__in=[row.taken for row in rows]).values_list("taken", flat=True)
    )
    free = [row for row in rows if row.taken not in taken]
    try:
        with transaction.atomic():
            if imported.kind == Kind.NEEDS:
                _make_needs(imported, free, known, at=at)
            else:
                _make_residents(imported, free, known, at=at)
            for row in free:
                row.outcome = Outcome.DONE
            names = ["taken", "outcome", "need", "household", "person", "caller", "need_version"]
            update_all(free, names)
    except IntegrityError:
        now_taken = ImportRow.objects.filter(taken__in=[row.taken for row in free])
        if not now_taken.exists():
            raise
        for row in free:  # they are asked about again: somebody took some of them just now
            row.need = row.household = row.person = row.caller = None
        _take_in_chunk(imported, free, known, at=at)
    gone = [row for row in rows if row.taken in taken]
    ImportRow.objects.filter(pk__in=[row.pk for row in gone]).update(outcome=Outcome.SAME)


def _make_needs(imported: Import, rows: list[ImportRow], known: towns.Known, *, at: datetime) -> None:
    operation = imported.operation
    houses = many.households(operation, [checking.household(row.said) for row in rows], known=known, at=at)
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
                answers=checking.need_answers(said),
                received_at=datetime.fromisoformat(received) if received else at,
                state=NeedState(said["state"]),
                reason=said.get("reason") or REASON.format(name=imported.name[:60]),
                item=checking.item(said, operation=operation),
                details={"imported": imported.pk, "line": row.number},
            )
        )
    needs = receiving.receive_many(operation, arriving, by=_by(imported), at=at)
    for row, need, house, lives_there, who in zip(rows, needs, houses, residents, callers, strict=True):
        row.need, row.household, row.person, row.need_version = need, house, lives_there, need.version
        row.caller = who if who is not lives_there else None


def _make_people(
    imported: Import, rows: list[ImportRow], houses: list[Household], *, at: datetime
) -> tuple[list[Person], list[Person]]:
    """(residents, callers), the same person where nobody else asked."""
    said: list[tuple[PersonAnswers, Household | None]] = []
    for row, house in zip(rows, houses, strict=True):
        if checking.asks_for_self(row.said):
            said.append((checking.both_in_one(row.said), house))
        else:
            said += [(checking.resident(row.said), house), (checking.caller(row.said), None)]
    made = iter(many.people(imported.operation, said, at=at))
    residents, callers = [], []
    for row in rows:
        residents.append(next(made))
        callers.append(residents[-1] if checking.asks_for_self(row.said) else next(made))
    return residents, callers


def _make_residents(imported: Import, rows: list[ImportRow], known: towns.Known, *, at: datetime) -> None:
    """People of one address are one household, whoever of them stands first in the file."""
    operation = imported.operation
    answers: dict[str, HouseholdAnswers] = {}
    keys = []
    for row in rows:
        said = checking.household(row.said)
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
        [(checking.resident(row.said), here[key]) for row, key in zip(rows, keys, strict=True)],
        at=at,
    )
    for row, key, person in zip(rows, keys, people, strict=True):
        row.household, row.person = here[key], person
    record_all(
        [
            entry("person.imported", row.person, by=_by(imported), at=at, operation=operation, imported=imported.pk, line=row.number)
            for row in rows
            if row.person is not None
        ]
    )  # fmt: skip


def _earlier_houses(imported: Import, keys: list[str]) -> dict[str, Household]:
    """Houses that earlier lines of this very file made, by address key."""
    ids = imported.rows.exclude(household=None).values("household")
    return {house.address_key: house for house in Household.objects.filter(pk__in=ids, address_key__in=keys)}


# ── undo ───────────────────────────────────────────────────────────────────────────────────────


def _undo(imported: Import, now: Callable[[], datetime]) -> Steps:
    """Every line nothing has happened to since goes, with what it made; the others stay and say why."""
    made = (
        imported.rows.filter(outcome__in=[Outcome.DONE, Outcome.STAYS])
        .select_related("need")
        .order_by("number")
    )
    upto = imported.upto
    while rows := list(made.filter(number__gt=upto)[:CHUNK]):
        upto = rows[-1].number
        yield partial(_undo_and_advance, imported, rows), False
    yield partial(_undone, imported, imported.operation.moment(now())), True


def _undo_and_advance(imported: Import, rows: list[ImportRow]) -> None:
    _undo_chunk(rows)
    _advance(imported, upto=rows[-1].number, done=len(rows))


def _undone(imported: Import, at: datetime) -> None:
    counts = services.count_rows(imported)
    Import.objects.filter(pk=imported.pk).update(state=S.UNDONE, counts=counts)
    record(
        "import.undone", imported, by=_by(imported), at=at, operation=imported.operation,
        rows=counts.get(Outcome.UNDONE, 0), stay=counts.get(Outcome.STAYS, 0),
    )  # fmt: skip


# What an import itself makes beside a row; anything else that leans on it happened since.
_OWN: Final = {"changes", "items"}


def _undo_chunk(rows: list[ImportRow]) -> None:
    why = dict.fromkeys([row.pk for row in rows], "") | _why_needs_stay(rows)
    going = [row for row in rows if not why[row.pk]]
    going_needs = [row.need_id for row in going if row.need_id]
    people = {pk for row in going for pk in (row.person_id, row.caller_id) if pk}
    kept_people = _edited(Person, people) | _leaned_on(
        Person, people, except_for={"help_requests.Need": going_needs}
    )
    for row in going:
        if {row.person_id, row.caller_id} & kept_people.keys():
            leans = next(kept_people[pk] for pk in (row.person_id, row.caller_id) if pk in kept_people)
            why[row.pk] = f"この人が、ほかの記録（{leans}）に出てくるため"
    kept_houses = _edited(Household, {row.household_id for row in going if row.household_id})
    for row in going:
        if row.household_id in kept_houses:
            why[row.pk] = "このお宅の記録が、取り込んだあとで直されたため"
    going = [row for row in going if not why[row.pk]]
    needs = [row.need_id for row in going if row.need_id]
    Need.objects.filter(pk__in=needs).delete()
    Person.objects.filter(
        pk__in=[pk for row in going for pk in (row.person_id, row.caller_id) if pk]
    ).delete()
    houses = {row.household_id for row in going if row.household_id}
    Household.objects.filter(pk__in=houses - _leaned_on(Household, houses, except_for={}).keys()).delete()
    for row in rows:
        row.why = why[row.pk][:120]
        row.outcome = Outcome.STAYS if row.why else Outcome.UNDONE
        row.taken = row.taken if row.why else None
        if not row.why:
            row.need = row.household = row.person = row.caller = None
    names = ["why", "outcome", "taken", "need", "household", "person", "caller"]
    update_all(rows, names)


def _why_needs_stay(rows: list[ImportRow]) -> dict[int, str]:
    needs = {row.need_id: row for row in rows if row.need_id}
    leaned = _leaned_on(Need, set(needs), except_for={}, own=_OWN)
    why = {}
    for pk, row in needs.items():
        assert row.need is not None
        if row.need.version != row.need_version:
            why[row.pk] = f"N{row.need.number} は、取り込んだあとで変えられたため"
        elif pk in leaned:
            why[row.pk] = f"N{row.need.number} が、ほかの記録（{leaned[pk]}）に出てくるため"
    return why


def _edited(model: type[models.Model], ids: set[int]) -> dict[int, str]:
    """Those of these people, or houses, that somebody has changed since the import made them, by the log."""
    entries = Entry.objects.filter(
        subject_type=model._meta.label_lower, subject_id__in=[str(pk) for pk in ids]
    )
    changed = entries.exclude(action="person.imported").values_list("subject_id", flat=True)
    return {int(pk): "名簿の直し" for pk in changed}


def _leaned_on(
    model: type[models.Model],
    ids: set[Any],
    *,
    except_for: dict[str, list[Any]],
    own: frozenset[str] | set[str] = frozenset(),
) -> dict[Any, str]:
    """Which of these rows another row points at, and what that is called. One query for each kind of row that could."""
    found: dict[Any, str] = {}
    if not ids:
        return found
    for relation in model._meta.get_fields(include_hidden=True):  # related_objects leaves out those named "+"
        if not isinstance(relation, models.ManyToOneRel):
            continue
        other: Any = relation.related_model
        label = other._meta.label
        if relation.get_accessor_name() in own or label == "exchange.ImportRow":
            continue
        field = relation.field.name
        pointing = other._base_manager.filter(**{f"{field}__in": ids}).exclude(
            pk__in=except_for.get(label, [])
        )
        if label == "help_requests.CrisisAlert":
            pointing = pointing.exclude(acks=None)  # the import raised it, and nobody has taken note of it
        for pk in pointing.values_list(relation.field.attname, flat=True):
            found.setdefault(pk, NAMES.get(label, "ほかの記録"))
    return found


# What may lean on a need, a person or a house, as people call it.
NAMES: Final = {
    "dispatch.Dispatch": "チームの派遣",
    "help_requests.CrisisAlert": "危機介入の知らせ",
    "help_requests.CallBack": "折り返しの電話",
    "proposals.Proposal": "マッチングの提案",
    "proposals.ProposalVisit": "マッチングの提案",
    "queue.Hold": "見合わせ",
    "queue.Ban": "行かせない人",
    "queue.Lock": "行き先の指定",
    "queue.Pin": "固定した班",
    "help_requests.CallerNote": "追加の電話",
    "help_requests.UnsavedEdit": "保存できなかった直し",
    "help_requests.Need": "ほかの困りごと",
    "web_requests.RequestLink": "本人用のリンク",
    "people.Person": "同じ世帯の人",
}
