"""Files in and out: choose, map the columns, look at what is the matter, take in, undo; export with a reason."""

from __future__ import annotations

from itertools import islice
from tempfile import TemporaryFile
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked
from dvc.core.refused import Refused
from dvc.outbox.models import Row as OutboxRow
from dvc.outbox.models import State as OutboxState
from intake.exchange import exporting, reading, services
from intake.exchange.columns import Kind
from intake.exchange.exporting import Format
from intake.exchange.forms import ExportForm, LookForm, MappingForm, UploadForm
from intake.exchange.models import Import, ImportRow, ImportState, Outcome
from intake.exchange.problems import ROW
from intake.exchange.values import shown
from intake.help_requests.list_views import TAB_WORDS

FORM = require_http_methods(["GET", "HEAD", "POST"])
S = ImportState
LATEST: Final = 30
SAMPLES: Final = 3
ROWS_PER_PAGE: Final = 50
_CONTENT_TYPES: Final = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.UTF8: "text/csv; charset=utf-8",
    Format.CP932: "text/csv; charset=shift_jis",
}


@never_cache
@FORM
def exchange_home(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The files of this operation, and a new one."""
    asked = request.GET.get("kind", "")
    form = UploadForm(initial={"kind": asked if asked in Kind.values else Kind.NEEDS})
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                made = services.upload(
                    request.operation,
                    Kind(form.cleaned_data["kind"]),
                    name=upload.name or "",
                    content=upload.read(reading.LARGEST_BYTES + 1),
                    by=by(request),
                    at=request.now,
                )
            except Refused as refused:
                form.add_error("file", f"「{upload.name}」：{refused.text}")
            else:
                return redirect("import_page", operation_id, made.pk)
    imports = Import.objects.filter(operation=request.operation).defer("content").select_related("by")
    context = {"form": form, "imports": imports.exclude(state=S.DISCARDED)[:LATEST]}
    status = 422 if request.method == "POST" else 200
    return render(request, "intake/exchange/home.html", context, status=status)


def _import(request: StaffRequest, import_id: int) -> Import:
    """Without the file, which may be 20 MB: it is read where the columns are shown, and not each time the page asks how
    far it is."""
    imports = Import.objects.defer("content").select_related("operation__center", "by")
    return access.of_operation(request.operation, imports, import_id)


@never_cache
@require_safe
def import_page(request: StaffRequest, operation_id: int, import_id: int) -> HttpResponse:
    """Where the import stands: the columns, the check, the progress or what came of it."""
    imported = _import(request, import_id)
    if imported.state == S.UPLOADED:
        return _show_columns(request, imported, MappingForm(imported=imported))
    return _show(request, imported)


@never_cache
@require_safe
def import_columns(request: StaffRequest, operation_id: int, import_id: int) -> HttpResponse:
    """The columns once more, after a check."""
    imported = _import(request, import_id)
    if imported.content is None or imported.is_at_work:
        return redirect("import_page", operation_id, import_id)
    return _show_columns(request, imported, MappingForm(imported=imported))


def _show_columns(
    request: StaffRequest, imported: Import, form: MappingForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    looked(imported, by=by(request), classes="P1 P2 P3", why="import preview", at=request.now)
    shape = services.shape_of(imported)
    first = list(reading.rows(bytes(imported.content or b""), shape, limit=services.SHOWN_ROWS))
    below = [row for row in first if row.number > imported.header_row]
    columns = [
        (reading.column_letter(column), form[f"c{column}"], _samples(below, column))
        for column in range(len(imported.headers))
    ]
    choices = [
        (row.number, f"{row.number}行目：{'・'.join(filter(None, map(shown, row.cells)))[:40]}")
        for row in first
    ]
    context = {
        "imported": imported,
        "columns": columns,
        "look_form": LookForm(imported=imported, rows=choices),
        "left_out": sum(1 for _, field, _ in columns if not field.value()),
        "refusal": refusal,
        "encoding": {"utf-8-sig": "UTF-8", "cp932": "Shift_JIS", "utf-16": "UTF-16"}.get(shape.encoding, ""),
    }
    return render(request, "intake/exchange/columns.html", context, status=status)


def _samples(rows: list[reading.Row], column: int) -> list[str]:
    """The first few cells of a column that hold anything."""
    cells = (shown(row.cells[column]) for row in rows if column < len(row.cells))
    return list(islice(filter(None, cells), SAMPLES))


@require_POST
def import_look(request: StaffRequest, operation_id: int, import_id: int) -> HttpResponse:
    """Another sheet or another line with the headings."""
    imported = _import(request, import_id)
    number = request.POST.get("header_row", "")
    try:
        services.look_again(
            imported,
            sheet=request.POST.get("sheet", imported.shape.get("sheet", ""))[:100],
            header_row=int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 0,
        )
    except Refused as refused:
        messages.error(request, refused.text)
    return redirect("import_page", operation_id, import_id)


@never_cache
@require_POST
def import_check(request: StaffRequest, operation_id: int, import_id: int) -> HttpResponse:
    """These columns mean this: check every line."""
    imported = _import(request, import_id)
    form = MappingForm(request.POST, imported=imported)
    if not form.is_valid():
        return _show_columns(
            request, imported, form, refusal="⚠ のついた列を選び直してください。", status=422
        )
    try:
        services.start_check(imported, form.mapping(), by=by(request), at=request.now)
    except Refused as refused:
        if refused.code == "import.not_now":
            raise
        return _show_columns(request, imported, form, refusal=refused.text, status=409)
    return redirect("import_page", operation_id, import_id)


@require_POST
def import_start(request: StaffRequest, operation_id: int, import_id: int) -> HttpResponse:
    """Take the right lines in."""
    services.start_import(_import(request, import_id), by=by(request), at=request.now)
    return redirect("import_page", operation_id, import_id)


@require_POST
def import_undo(request: StaffRequest, operation_id: int, import_id: int) -> HttpResponse:
    """Take the whole import back, as far as nothing has happened since."""
    services.start_undo(_import(request, import_id), by=by(request), at=request.now)
    return redirect("import_page", operation_id, import_id)


@require_POST
def import_discard(request: StaffRequest, operation_id: int, import_id: int) -> HttpResponse:
    """Give the file up."""
    services.discard(_import(request, import_id), by=by(request), at=request.now)
    messages.success(request, "取り込みをやめました。ファイルの中身は消しました。")
    return redirect("exchange_home", operation_id)


@never_cache
@require_safe
def import_part(request: StaffRequest, operation_id: int, import_id: int) -> HttpResponse:
    """How far it is. A part of the page while it is at work; afterwards the page is asked for anew."""
    imported = _import(request, import_id)
    if not imported.is_at_work:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return render(request, "intake/exchange/_progress.html", _progress(request, imported))


def _progress(request: HttpRequest, imported: Import) -> dict[str, Any]:
    parked = OutboxRow.objects.filter(
        kind=services.WORK, object_id=str(imported.pk), state=OutboxState.PARKED
    ).exists()
    return {"imported": imported, "operation": imported.operation, "parked": parked}


def _show(request: StaffRequest, imported: Import) -> HttpResponse:
    outcome = request.GET.get("show", "")
    rows = imported.rows.select_related("need").order_by("number")
    if outcome in Outcome.values:
        rows = rows.filter(outcome=outcome)
    elif imported.state in (S.DONE, S.UNDONE):
        rows = rows.filter(outcome__in=[Outcome.WRONG, Outcome.STAYS])
    else:
        rows = rows.exclude(remarks=[])
    counts = services.count_rows(imported) if not imported.is_at_work else {}
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **_progress(request, imported),
        "counts": counts,
        "new": counts.get(Outcome.NEW, 0),
        "done": counts.get(Outcome.DONE, 0),
        "stays": counts.get(Outcome.STAYS, 0),
        "outcomes": [(o, o.label, counts[o]) for o in Outcome if counts.get(o)],
        "page": page,
        "rows": [(row, _remarks(imported, row)) for row in page],
        "chosen": outcome if outcome in Outcome.values else "",
        "query": f"&show={outcome}" if outcome in Outcome.values else "",
    }
    return render(request, "intake/exchange/import.html", context)


def _remarks(imported: Import, row: ImportRow) -> list[tuple[str, str]]:
    """(column as people name it, sentence)."""
    return [(_column_words(imported, column), text) for column, _, text in row.remarks]


def _column_words(imported: Import, column: int) -> str:
    if column == ROW:
        return "行"
    header = imported.headers[column] if column < len(imported.headers) else ""
    return f"{reading.column_letter(column)}列「{header}」"


# ── out ────────────────────────────────────────────────────────────────────────────────────────


@never_cache
@FORM
def needs_export(request: StaffRequest, operation_id: int) -> HttpResponseBase:
    """The needs of the list as a file. What CP932 cannot hold is shown first."""
    asked = request.POST if request.method == "POST" else request.GET
    tab, question = asked.get("tab", "open")[:20], asked.get("q", "")[:100].replace("\0", "").strip()
    form = (
        ExportForm(request.POST)
        if request.method == "POST"
        else ExportForm(initial={"tab": tab, "q": question})
    )
    needs = exporting.filtered(request.operation, tab=tab, question=question, at=request.now)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return _show_export(request, form, tab, question, needs.count(), status=status)
    said = form.cleaned_data
    chosen = Format(said["form"])
    listed = list(needs)
    sensitive = said["sensitive"]
    rows = [exporting.headings(sensitive=sensitive), *exporting.lines(needs, sensitive=sensitive)]
    lost = exporting.replaced(rows) if chosen == Format.CP932 and not said["agreed"] else []
    if lost:
        return _show_export(request, form, tab, question, len(listed), lost=lost)
    exporting.note_export(
        request.operation, listed, reason=said["reason"], sensitive=sensitive, form=chosen, by=by(request),
        at=request.now,
    )  # fmt: skip
    out = TemporaryFile()  # noqa: SIM115 - the response closes it
    exporting.write(rows, chosen, out, title="困りごと")
    out.seek(0)
    ending = "xlsx" if chosen == Format.XLSX else "csv"
    name = f"needs-{operation_id}-{request.now:%Y%m%d-%H%M}.{ending}"
    return FileResponse(out, as_attachment=True, filename=name, content_type=_CONTENT_TYPES[chosen])


def _show_export(
    request: StaffRequest,
    form: ExportForm,
    tab: str,
    question: str,
    count: int,
    *,
    lost: list[exporting.Replaced] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "section": "need_list",
        "form": form,
        "count": count,
        "what": f"「{question}」で見つかったもの" if question else TAB_WORDS.get(tab, "すべて"),
        "lost": (lost or [])[:200],
        "lost_count": len(lost or []),
    }
    return render(request, "intake/exchange/export.html", context, status=status)
