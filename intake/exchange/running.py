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
from typing import Final, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F

from dvc.audit.services import record
from dvc.core.inserting import append_all, update_all
from dvc.core.refused import Refused
from dvc.outbox import services as outbox
from dvc.outbox.services import Claim
from intake.exchange import reading, services
from intake.exchange.checking import Checked, Found, Known
from intake.exchange.columns import Kind
from intake.exchange.kinds import HANDLING, check
from intake.exchange.models import Import, ImportRow, ImportState, Outcome
from intake.exchange.problems import ROW, sentence
from intake.help_requests import lookalikes
from intake.help_requests.models import Need
from intake.people import postal, towns

T = TypeVar("T")
CHUNK: Final = 250
SLICE_SECONDS: Final = 8.0
COMPARED_AT_ONCE: Final = 10
COMPARE_SECONDS: Final = 3.0
S = ImportState


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


def _in_chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def scope(imported: Import) -> str:
    """Where a line is itself only once: needs in their operation, residents in the center's register (or the drill's)."""
    operation = imported.operation
    if HANDLING[Kind(imported.kind)].belongs_to_operation or operation.is_drill:
        return f"{imported.kind}:o{operation.pk}:"
    return f"{imported.kind}:c{operation.center_id}:"


# ── check ──────────────────────────────────────────────────────────────────────────────────────


def _check(imported: Import, now: Callable[[], datetime]) -> Steps:
    """Every line of the file into a row with its remarks."""
    center = imported.operation.center
    known = Known(towns.Known(center), postal.Known(center), imported.operation.moment(now()))
    mapping = {int(column): code for column, code in imported.mapping.items()}
    content, shape = bytes(imported.content or b""), services.shape_of(imported)
    done_before = max(imported.header_row, imported.upto)
    lines = (row for row in reading.rows(content, shape) if row.number > done_before)
    try:
        for chunk in _in_chunks(lines):
            checked = [check(row, mapping, Kind(imported.kind), known) for row in chunk]
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
    register = HANDLING[Kind(imported.kind)].compare(imported, checked)
    rows = []
    for one in checked:
        outcome, remarks = Outcome.WRONG if one.is_wrong else Outcome.NEW, list(one.remarks)
        known = before.get(scope(imported) + one.key)
        text = str(one.said.get("source_id", ""))
        found = register.get(one.number, Found(None))
        if known is not None and known.digest == one.digest:
            outcome = Outcome.SAME
        elif found.outcome and not one.is_wrong:
            outcome = found.outcome
            remarks += [found.remark] if found.remark else []
        elif one.key in earlier:
            same = digests[one.key] == one.digest
            code = "repeated" if same else "number_twice"
            remarks.append((ROW, code, sentence(code, first=earlier[one.key], text=text)))
            outcome = Outcome.REPEATED if same and not one.is_wrong else Outcome.WRONG
        elif known is not None:
            where = (
                f"N{known.need.number}" if known.need else f"「{known.imported.name}」の{known.number}行目"
            )
            remarks.append((ROW, "number_taken", sentence("number_taken", text=text, where=where)))
            outcome = Outcome.WRONG
        elif found.remark:
            remarks.append(found.remark)
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
    Import.objects.filter(pk=imported.pk).update(
        state=S.DONE, done_at=at, content=None, counts=counts, upto=0
    )
    if imported.kind == Kind.NEEDS:
        services.compare_later(imported)
    record(
        "import.done",
        imported,
        by=imported.taker,
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
            HANDLING[Kind(imported.kind)].make(imported, free, known, at)
            for row in free:
                row.outcome = Outcome.DONE
            names = ["taken", "outcome", *ImportRow.MADE, "need_version"]
            update_all(free, names)
    except IntegrityError:
        now_taken = ImportRow.objects.filter(taken__in=[row.taken for row in free])
        if not now_taken.exists():
            raise
        for row in free:  # they are asked about again: somebody took some of them just now
            row.forget()
        _take_in_chunk(imported, free, known, at=at)
    gone = [row for row in rows if row.taken in taken]
    ImportRow.objects.filter(pk__in=[row.pk for row in gone]).update(outcome=Outcome.SAME)


# ── compare ────────────────────────────────────────────────────────────────────────────────────


def compare(held: Claim, *, now: Callable[[], datetime]) -> None:
    """One slice of looking for the open needs that are probably the same as one that came in (似た依頼). It ends when the
    import is undone. Safe to run twice: a pair that is known is not asked about again."""
    imported = Import.objects.defer("content").select_related("operation__center").get(pk=held.row.object_id)
    came_in = imported.rows.filter(outcome=Outcome.DONE, need__in=Need.objects.open()).order_by("number")
    begun = time.monotonic()
    upto = imported.upto
    while True:
        rows = list(
            came_in.filter(number__gt=upto).select_related("need__operation__center")[:COMPARED_AT_ONCE]
        )
        upto = rows[-1].number if rows else upto
        # Before anything is locked: nobody at a desk waits for it.
        alike = [(row.need, lookalikes.look(row.need)) for row in rows if row.need is not None]
        with transaction.atomic():
            stands = Import.objects.filter(pk=imported.pk, state=S.DONE).update(upto=upto)
            if not stands or not rows:
                outbox.finish(held, at=now())
                return
            for need, found in alike:
                lookalikes.keep(need, found, at=imported.operation.moment(now()))
            if time.monotonic() - begun > COMPARE_SECONDS:
                services.compare_later(imported)
                outbox.finish(held, at=now())
                return
            outbox.renew(held, at=now())


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
    _take_back(imported, rows)
    _advance(imported, upto=rows[-1].number, done=len(rows))


def _undone(imported: Import, at: datetime) -> None:
    counts = services.count_rows(imported)
    Import.objects.filter(pk=imported.pk).update(state=S.UNDONE, counts=counts)
    record(
        "import.undone", imported, by=imported.taker, at=at, operation=imported.operation,
        rows=counts.get(Outcome.UNDONE, 0), stay=counts.get(Outcome.STAYS, 0),
    )  # fmt: skip


def _take_back(imported: Import, rows: list[ImportRow]) -> None:
    handling = HANDLING[Kind(imported.kind)]
    why = handling.take_back(rows)
    handling.remove([row for row in rows if row.pk not in why])
    for row in rows:
        row.why = why.get(row.pk, "")[:120]
        row.outcome = Outcome.STAYS if row.why else Outcome.UNDONE
        row.taken = row.taken if row.why else None
        if not row.why:
            row.forget()
    names = ["why", "outcome", "taken", *ImportRow.MADE]
    update_all(rows, names)
