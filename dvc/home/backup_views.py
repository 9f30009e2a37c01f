"""The chief's page about backups, and the recovery sheet for the safe."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts.policy import StaffRequest, by
from dvc.backups import recovery
from dvc.backups import services as backups
from dvc.backups.models import Backup
from dvc.core import qr

SHOWN = 20


@require_safe
def backup_page(request: StaffRequest, operation_id: int) -> HttpResponse:
    """How it stands, the last backups, where they lie, and how to restore one."""
    context = {
        "status": backups.status(at=timezone.now()),
        "backups": Backup.objects.all()[:SHOWN],
        "minutes": settings.BACKUP_MINUTES,
        "second": settings.BACKUP_TO,
        "passphrase": bool(settings.BACKUP_PASSPHRASE),
        "sheet_shown_at": backups.sheet_shown_at(request.center),
    }
    return render(request, "dvc/home/backup_page.html", context)


@never_cache
@require_POST
def backup_sheet(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The recovery key, once asked for: who looked is in the log, the key is not."""
    backups.note_sheet(request.center, by=by(request), at=timezone.now())
    key = "" if settings.BACKUP_PASSPHRASE else recovery.display(recovery.secret())
    context = {"key": key, "symbol": qr.svg(key.replace("-", "")) if key else "", "at": timezone.now()}
    return render(request, "dvc/home/backup_sheet.html", context)
