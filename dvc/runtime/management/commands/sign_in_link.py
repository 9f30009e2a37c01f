"""`manage.py sign_in_link`: a one-time link for whoever sits at this machine."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse
from django.utils import timezone

from dvc.accounts import services


class Command(BaseCommand):
    help = "Print a one-time sign-in link of the first user of this center."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        token = services.issue_sign_in_link(services.ensure_first_user(at=at), at=at)
        host = "127.0.0.1" if settings.BIND in {"0.0.0.0", "::", "127.0.0.1"} else settings.BIND
        link = f"http://{host}:{settings.PORT}{reverse('sign_in_by_link', args=[token])}"
        self.stdout.write(f"sign in, once, with: {link}")
