"""The Celery application. Tasks live in their apps; the one that matters is `outbox.handle`."""

from __future__ import annotations

import os
import warnings

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dvc.settings")

# On a bare laptop the first start may be by root. Messages are JSON, so no code can come with them.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("dvc")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Not every app's: what an outbox row asks for is imported by its handler's name when it is due.
app.autodiscover_tasks(["dvc.outbox", "dvc.runtime"])
