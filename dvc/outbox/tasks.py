"""The one Celery task: a hint that a row may be ripe."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from dvc.outbox import services


@shared_task(name="outbox.handle", acks_late=True, ignore_result=True)
def handle(row_id: int) -> bool:
    """Work on one outbox row; safe to run twice, early, late or never."""
    return services.work(row_id, now=timezone.now)
