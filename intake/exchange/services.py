"""An import from upload to undoing. The work itself is done a chunk at a time by `running`, behind outbox rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, F

from dvc.audit.services import SYSTEM, By, record
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.operations.services import require_open
from dvc.outbox import services as outbox
from intake.exchange import columns, reading
from intake.exchange.columns import BY_CODE, Kind
from intake.exchange.kinds import HANDLING
from intake.exchange.models import ColumnMapping, Import, ImportRow, ImportState, Outcome
from intake.exchange.reading import Shape
from intake.exchange.values import plain

WORK: Final = "exchange.work"
COMPARE: Final = "exchange.compare"
SHOWN_ROWS: Final = 30
FORGOTTEN_AFTER: Final = timedelta(days=7)  # a file that nobody took in
QUOTED_FOR: Final = timedelta(days=30)  # what the remarks of an import quote
_LONGEST_HEADER: Final = 80
S = ImportState


def upload(operation: Operation, kind: Kind, *, name: str, content: bytes, by: By, at: datetime) -> Import:
    """Keep the file and guess what its columns mean. Refused: operation.closed, and what `reading.recognise` refuses."""
    require_open(operation)
    made = Import(
        operation=operation, kind=kind, name=name[:200], content=content, size=len(content), by=by.user, at=at
    )
    _look_at(made)
    with transaction.atomic():
        made.save()
        record("import.uploaded", made, by=by, at=at, operation=operation, kind=str(kind), size=made.size)
    return made


def look_again(imported: Import, *, sheet: str, header_row: int) -> Import:
    """Another sheet, or another line with the headings (its number in the file). Refused: import.not_now, and what
    `reading` refuses."""
    _look_at(imported, sheet=sheet, header_row=header_row)
    with transaction.atomic():
        _require(imported, S.UPLOADED, S.CHECKED, S.STOPPED)
        imported.state, imported.stopped_by = S.UPLOADED, ""
        imported.save()
    return imported


def _look_at(imported: Import, *, sheet: str = "", header_row: int = 0) -> None:
    """Outside of any transaction: a large file takes seconds, and nobody else waits for the database that long."""
    content = bytes(imported.content or b"")
    shape = reading.recognise(content, sheet=sheet)
    first = list(reading.rows(content, shape, limit=SHOWN_ROWS))
    if not first:
        raise Refused("import.empty")
    texts = [[plain(cell).strip() for cell in row.cells] for row in first]
    numbers = [row.number for row in first]
    at = (
        numbers.index(header_row) if header_row in numbers else columns.header_row(Kind(imported.kind), texts)
    )
    imported.shape = {
        "kind": shape.kind, "encoding": shape.encoding, "delimiter": shape.delimiter, "sheet": shape.sheet,
        "sheets": list(shape.sheets),
    }  # fmt: skip
    imported.header_row = numbers[at]
    imported.headers = [" ".join(text.split())[:_LONGEST_HEADER] for text in _trimmed(texts[at])]
    imported.mapping = {str(column): code for column, code in _remembered_or_guessed(imported).items()}


def _trimmed(cells: Sequence[str]) -> list[str]:
    end = max((i for i, cell in enumerate(cells) if cell), default=0) + 1
    return list(cells[:end])


def _remembered_or_guessed(imported: Import) -> dict[int, str]:
    kind, headers = Kind(imported.kind), imported.headers
    known = ColumnMapping.objects.filter(
        center=imported.operation.center_id, kind=kind, headings=columns.digest(headers)
    ).first()
    if known is None:
        return columns.guess(kind, headers)
    return {
        i: code
        for i, header in enumerate(headers)
        if (code := known.columns.get(columns.name_key(header))) in BY_CODE
    }


def shape_of(imported: Import) -> Shape:
    return Shape(**imported.shape)


@transaction.atomic
def start_check(imported: Import, mapping: Mapping[int, str], *, by: By, at: datetime) -> Import:
    """Remember how the columns are read and check every line in the background.

    Refused: import.not_now, import.nothing_mapped (neither name nor telephone nor address nor contents),
    import.no_name_mapped (of volunteers), import.mapped_twice.
    """
    _require(imported, S.UPLOADED, S.CHECKED, S.STOPPED)
    codes = list(mapping.values())
    for code in codes:
        if codes.count(code) > 1 and not BY_CODE[code].many:
            raise Refused("import.mapped_twice", field=BY_CODE[code].label)
    handling = HANDLING[Kind(imported.kind)]
    if not set(handling.says_something) & set(codes):
        raise Refused(handling.nothing_mapped)
    ColumnMapping.objects.update_or_create(
        center=imported.operation.center, kind=imported.kind, headings=columns.digest(imported.headers),
        defaults={
            "columns": {columns.name_key(imported.headers[i]): code for i, code in mapping.items() if imported.headers[i]},
            "at": at,
        },
    )  # fmt: skip
    ImportRow.objects.filter(imported=imported).delete()
    imported.mapping = {str(column): code for column, code in mapping.items()}
    imported.counts, imported.stopped_by = {}, ""
    _put_to_work(imported, S.CHECKING)
    record("import.checked", imported, by=by, at=at, operation=imported.operation)
    return imported


@transaction.atomic
def start_import(imported: Import, *, by: By, at: datetime) -> Import:
    """Take in the lines that are right, in the background. Refused: operation.closed, import.not_now,
    import.nothing_to_do."""
    require_open(imported.operation)
    _require(imported, S.CHECKED)
    wanted = imported.rows.filter(outcome=Outcome.NEW).count()
    if not wanted:
        raise Refused("import.nothing_to_do")
    imported.rows_total, imported.by = wanted, by.user
    _put_to_work(imported, S.IMPORTING)
    record("import.started", imported, by=by, at=at, operation=imported.operation, rows=wanted)
    return imported


@transaction.atomic
def start_undo(imported: Import, *, by: By, at: datetime) -> Import:
    """Take back every line that nothing has happened to since, in the background. Refused: import.not_now."""
    _require(imported, S.DONE, S.UNDONE)
    imported.rows_total = imported.rows.filter(outcome__in=[Outcome.DONE, Outcome.STAYS]).count()
    imported.by = by.user
    _put_to_work(imported, S.UNDOING)
    record(
        "import.undo_started", imported, by=by, at=at, operation=imported.operation, rows=imported.rows_total
    )
    return imported


@transaction.atomic
def discard(imported: Import, *, by: By, at: datetime) -> Import:
    """Give the file up before anything was taken in. Refused: import.not_now."""
    _require(imported, S.UPLOADED, S.CHECKING, S.CHECKED, S.STOPPED)
    outbox.withdraw(WORK, _key_of_work(imported), at=at)
    ImportRow.objects.filter(imported=imported).delete()
    imported.state, imported.content = S.DISCARDED, None
    imported.save()
    record("import.discarded", imported, by=by, at=at, operation=imported.operation)
    return imported


def _require(imported: Import, *states: ImportState) -> None:
    """Lock the row and see that it is in one of these states, or somebody else was first. Which slice of work is the last
    is read anew: it may have gone on since the row was read."""
    rows = Import.objects.select_for_update().filter(pk=imported.pk).values_list("state", "slices")
    state, slices = rows.first() or ("", 0)
    if state not in states:
        raise Refused("import.not_now")
    imported.slices = slices


def _put_to_work(imported: Import, state: ImportState) -> None:
    imported.state, imported.upto, imported.rows_done = state, 0, 0
    imported.slices += 1
    imported.save()
    outbox.put(WORK, imported.pk, dedupe_key=_key_of_work(imported))


def go_on(imported: Import) -> None:
    """The next piece of the same work, as a row of its own, so that other work of the queue is not kept waiting."""
    Import.objects.filter(pk=imported.pk).update(slices=F("slices") + 1)
    imported.slices += 1
    outbox.put(WORK, imported.pk, dedupe_key=_key_of_work(imported))


def compare_later(imported: Import) -> None:
    """Compare what came in with the open needs, a few at a time, behind everything else (`running.compare`)."""
    Import.objects.filter(pk=imported.pk).update(slices=F("slices") + 1)
    imported.slices += 1
    outbox.put(COMPARE, imported.pk, dedupe_key=_key_of_work(imported))


def _key_of_work(imported: Import) -> str:
    return f"{imported.pk}:{imported.slices}"


def count_rows(imported: Import) -> dict[str, int]:
    """Outcome → lines. One query."""
    return dict(imported.rows.order_by().values_list("outcome").annotate(n=Count("id")))


@transaction.atomic
def forget(*, at: datetime) -> int:
    """A file that was looked at and never taken in does not stay for ever, and neither do the cells that the remarks of an
    import quote. Returns how many imports it was about."""
    old = Import.objects.filter(at__lt=at - FORGOTTEN_AFTER, state__in=[S.UPLOADED, S.CHECKED, S.STOPPED])
    abandoned = list(old.defer("content").select_related("operation"))
    for imported in abandoned:
        discard(imported, by=SYSTEM, at=at)
    quoted = ImportRow.objects.filter(imported__done_at__lt=at - QUOTED_FOR).exclude(remarks=[])
    done = set(quoted.order_by().values_list("imported", flat=True).distinct())
    quoted.update(remarks=[])
    return len(abandoned) + len(done)
