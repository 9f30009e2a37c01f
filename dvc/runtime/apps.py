"""Loads the Celery application in every Django process, so that `shared_task` finds our broker."""

from importlib import import_module

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "dvc.runtime"

    def ready(self) -> None:
        import_module("dvc.celery")
