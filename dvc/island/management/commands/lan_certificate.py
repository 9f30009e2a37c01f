"""`manage.py lan_certificate`: what `up --lan` does first."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dvc.island import services
from dvc.island.authority import NotOurs


class Command(BaseCommand):
    help = "Make or renew the authority and the server certificate of island mode in DATA/keys/lan."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = services.make_certificate(at=timezone.now())
        except (NotOurs, OSError) as error:
            raise CommandError(str(error)) from error
        if done:
            self.stdout.write(done)
