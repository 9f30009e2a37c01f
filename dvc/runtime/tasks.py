"""What beat and the outbox ask of the runtime: a sign of life, and a backup."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from dvc.accounts.sessions import SessionStore
from dvc.backups import services as backups
from dvc.backups.archive import BackupFailed
from dvc.backups.models import Backup
from dvc.outbox import services as outbox
from dvc.outbox.services import Claim
from dvc.runtime import services


@shared_task(name="runtime.heartbeat", ignore_result=True)
def heartbeat(name: str) -> bool:
    """Reaching this line shows that beat, broker, worker and database work together."""
    return services.beat(name, at=timezone.now())


def back_up(held: Claim) -> None:
    """The outbox row `backup.write`: one backup. While it is written the lease is renewed and the worker shows life."""
    backup = Backup.objects.get(pk=held.row.object_id)

    def tick() -> None:
        at = timezone.now()
        outbox.renew(held, at=at)
        services.beat("worker.default.1", at=at)

    SessionStore.clear_expired()  # they quote names (the sentence for a next page that never came), in every backup as well
    promises = [import_string(path)() for path in settings.BACKUP_WITNESSES]
    try:
        backups.write(backup, at=timezone.now(), tick=tick)
    except (BackupFailed, OSError) as error:
        backups.note_failure(backup, error)
        raise
    with transaction.atomic():
        at = timezone.now()
        backup.finished_at = at
        backup.save()
        if backup.elsewhere:
            for promise in promises:
                promise()
        backups.forget_old_rows(at=at)
        outbox.finish(held, at=at)
