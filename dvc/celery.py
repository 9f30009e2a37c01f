"""The Celery application. Tasks live in their apps; the one that matters is `outbox.handle`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dvc.settings")

app = Celery("dvc")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
