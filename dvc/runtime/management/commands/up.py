"""`manage.py up`: migrate, then become the supervisor of the whole center."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

from dvc.runtime import services
from dvc.runtime.lock import AlreadyRunning, take_lock
from dvc.runtime.process import run_apart
from dvc.runtime.supervisor import Output, supervise


class Command(BaseCommand):
    help = "Start the whole center: broker, web, workers, sweeper and beat; Ctrl-C stops it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-link",
            action="store_true",
            help="do not print a one-time sign-in link (for services whose output is kept in a log)",
        )

        parser.add_argument(
            "--lan", action="store_true", help="island mode: serve tablets over a Wi-Fi of our own (LAN=on)"
        )

    def handle(self, *args: Any, no_link: bool, lan: bool, **options: Any) -> None:
        if lan and not settings.LAN:
            # Settings are read once, from the environment.
            os.environ["LAN"] = "on"
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - ourselves again
        for folder in (settings.DATA, settings.RUN_DIR, settings.KEYS_DIR, settings.MEDIA_ROOT):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            take_lock(settings.RUN_DIR / "up.lock")  # held until this process ends
        except AlreadyRunning as error:
            raise CommandError(
                f"The center of this DATA folder is already running (process {error.pid}). Stop it first, "
                "or choose another DATA folder.\n"
                f"このデータフォルダーのセンターは、すでに動いています（プロセス {error.pid}）。"
                "先に止めるか、別の DATA を指定してください。"
            ) from error
        try:
            # In a process of its own: what the parts are forked from has never talked to a database.
            code = run_apart(prepare)
        except KeyboardInterrupt as error:
            raise CommandError("stopped before it was up / 起動の途中で止めました", returncode=130) from error
        if not code:
            os.chdir(settings.BASE_DIR)
            code = supervise(link=not no_link)
        sys.exit(code)


def prepare() -> None:
    """See that the database keeps what it is told and bring it up to date. Ends the process with one sentence when
    that cannot be."""
    try:
        services.assert_database_is_safe()  # first: nothing is written into one that would lose it
        if "django_migrations" not in connection.introspection.table_names():
            # Minutes on a slow laptop; whoever reads nothing meanwhile stops it.
            Output()(
                "center",
                "making the database; the first start takes a few minutes / "
                "データベースをつくっています。はじめての起動は、数分かかることがあります。",
            )
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        services.forget_beats()
        if settings.LAN:
            call_command("lan_certificate")
    except KeyboardInterrupt:
        sys.exit(130)
    except OperationalError as error:
        sys.exit(
            f"The database does not answer: {error}\nデータベースにつながりません。"
            "DATABASE_URL の値と、データベースが動いていることを確かめてください。"
        )
    except services.UnsafeDatabase as error:
        sys.exit(
            f"The database would lose saved work in a power cut: {error}\n"
            f"停電のときに記録が失われる設定です。データベースの設定を直してください: {error}"
        )
    except CommandError as error:
        sys.exit(str(error))
