"""An import of 10,000 needs, as CSV and as a workbook, and of 10,000 volunteers (goal ≤ 20 s, ≤ 300 MB), its undoing, and the
export of needs, in the worker's own code.

`python -m tests.bench exchange`. Each part runs in a process of its own, so that the memory is that part's.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.infra.broker import broker
from tests.infra.center import BASE

if TYPE_CHECKING:
    from intake.exchange.models import Import

LINES = 10_000
PARTS = ("check", "import", "compare", "export", "undo")
PARTS_OF_VOLUNTEERS = ("check", "import", "undo")
SLICES_COMPARED = 3  # the whole of it takes minutes, behind everything else


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="dvc-bench-exchange-") as folder, broker() as url:
        for kind in ("csv", "xlsx", "volunteers"):
            path = Path(folder) / f"{kind}.json"
            variables = {
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "dvc.settings",
                "LOG_LEVEL": "ERROR",
                "BROKER_URL": url,
            }
            if "DATABASE_URL" not in os.environ:
                variables["DATA"] = folder
            whole = worked = 0.0
            for part in ("prepare", *(PARTS if kind != "volunteers" else PARTS_OF_VOLUNTEERS)):
                done = subprocess.run(
                    [sys.executable, "-m", "tests.bench.exchange", part, kind, str(path)],
                    cwd=BASE, env=variables, check=True, stdout=subprocess.PIPE, text=True,
                )  # fmt: skip
                told = json.loads(done.stdout.splitlines()[-1])
                if part == "prepare":
                    continue
                if part in ("check", "import"):
                    whole, worked = whole + told["seconds"], worked + told["processor"]
                if part == "compare":
                    print(
                        f"{kind}: {told['compared'] / told['seconds']:.0f} needs/s compared with the open ones",
                        flush=True,
                    )
                    continue
                print(
                    f"{kind}, {LINES:,} lines, {part}: {told['seconds']:.1f} s (processor of this process "
                    f"{told['processor']:.1f} s), peak {told['mb']:.0f} MB",
                    flush=True,
                )
            print(f"{kind}: check and import {whole:.1f} s, processor {worked:.1f} s (goal ≤ 20)", flush=True)


def _part(part: str, kind: str, path: Path) -> dict[str, float]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from dvc.audit.services import By
    from dvc.outbox import services as outbox
    from dvc.outbox.models import Row, State
    from intake.exchange import exporting, reading, services
    from intake.exchange.columns import Kind
    from intake.exchange.exporting import Format
    from intake.exchange.models import Import
    from intake.people.models import Town
    from tests import make
    from tests.intake.exchange import files

    at = timezone.now()
    if part == "prepare":
        call_command("migrate", verbosity=0)
        operation = make.operation()
        for number in range(150):
            Town.objects.create(
                center=operation.center,
                name=f"町前{number}丁目" if number else "町前一丁目",
                lat=38.3,
                lng=141.0,
            )
        content = files.many(LINES) if kind != "volunteers" else files.many_volunteers(LINES)
        if kind == "xlsx":
            rows = [list(row.cells) for row in reading.rows(content, reading.recognise(content))]
            content = files.workbook_bytes(rows)
        table = Kind.VOLUNTEERS if kind == "volunteers" else Kind.NEEDS
        made = services.upload(operation, table, name=f"x.{kind}", content=content, by=By(), at=at)
        path.write_text(json.dumps(made.pk))
        return {}
    made = Import.objects.get(pk=json.loads(path.read_text()))
    begun, worked = time.monotonic(), time.process_time()
    if part == "check":
        services.start_check(made, {int(c): code for c, code in made.mapping.items()}, by=By(), at=at)
    elif part == "import":
        services.start_import(made, by=By(), at=at)
    elif part == "compare":
        return _compared(made)
    elif part == "undo":
        services.start_undo(made, by=By(), at=at)
    else:
        needs = exporting.filtered(made.operation, tab="", question="", at=at)
        with tempfile.TemporaryFile() as out:
            rows_ = [exporting.headings(sensitive=True), *exporting.lines(needs, sensitive=True)]
            exporting.write(rows_, Format.XLSX, out, title="x")
    while waiting := list(
        Row.objects.filter(kind=services.WORK).exclude(state__in=[State.DONE, State.PARKED])
    ):
        for row in waiting:
            outbox.work(row.pk, now=timezone.now)
    made.refresh_from_db()
    print(made.state, services.count_rows(made))
    return {
        "seconds": time.monotonic() - begun,
        "processor": time.process_time() - worked,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _compared(made: Import) -> dict[str, float]:
    """The first slices of looking for open needs that are the same."""
    from django.utils import timezone

    from dvc.outbox import services as outbox
    from dvc.outbox.models import Row, State
    from intake.exchange import services

    begun = time.monotonic()
    for _ in range(SLICES_COMPARED):
        for row in Row.objects.filter(kind=services.COMPARE, state=State.PENDING):
            outbox.work(row.pk, now=timezone.now)
    seconds = time.monotonic() - begun
    made.refresh_from_db()
    return {"seconds": seconds, "compared": made.rows.filter(number__lte=made.upto).count()}


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(_part(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
    else:
        main()
