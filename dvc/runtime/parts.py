"""What a center consists of. Each part is run in a fork of the supervisor, which has loaded what they share."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from pathlib import Path

import django

from dvc import settings
from dvc.core import env
from dvc.runtime import broker

# What the parts would otherwise each load for themselves.
SHARED = (
    *("dvc.wsgi", "dvc.urls", "dvc.celery"),
    *("celery.apps.worker", "celery.apps.beat", "celery.concurrency.solo", "celery.worker.consumer"),
    *("gunicorn.app.wsgiapp", "gunicorn.workers.gthread"),
)


def load() -> None:
    """Load the center's code once, for all parts. Opens nothing and starts no thread: what is forked afterwards would
    share the one and miss the other."""
    # numpy would start threads for matrices, of which we have none.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dvc.settings")
    django.setup()
    for name in SHARED:
        import_module(name)
    # What is there now stays; looking through it for garbage would only copy its pages in every part.
    gc.collect()
    gc.freeze()


# ── The parts ──────────────────────────────────────────────────────────────────────────────────
def sweeper() -> None:
    from django.core.management import call_command

    call_command("sweep")


def worker() -> int:
    from dvc.runtime.worker import main

    return main("default")


def matching(number: int) -> int:
    from dvc.runtime.worker import main

    return main("matching", number)


def beat() -> None:
    from dvc.runtime.beat import main

    main()


def web() -> None:
    from gunicorn.app.wsgiapp import run

    sys.argv = web_command()
    run()


def sign_in_link() -> None:
    from django.core.management import call_command

    call_command("sign_in_link")


def lan_sheet() -> None:
    from django.core.management import call_command

    call_command("lan_sheet")


# ── Command lines ──────────────────────────────────────────────────────────────────────────────
def gunicorn_command() -> list[str]:
    beats = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else settings.RUN_DIR  # noqa: S108
    return [
        *("gunicorn", "dvc.wsgi:application", "--no-control-socket"),
        *("--worker-tmp-dir", str(beats), "--timeout", "60"),
        *("--graceful-timeout", "10", "--log-level", "warning", "--error-logfile", "-"),
    ]


PATIENT = ("--worker-class", "dvc.island.gunicorn_plain.PatientWorker")


def web_command() -> list[str]:
    """gunicorn's arguments for the pages: in island mode the encrypted line."""
    command = [
        *gunicorn_command(),
        "--workers",
        str(settings.WEB_WORKERS),
        "--threads",
        str(settings.WEB_THREADS),
    ]
    if not settings.LAN:
        return [*command, *PATIENT, "--bind", f"{settings.BIND}:{settings.PORT}"]
    return [
        *command,
        # Tablets ask every half minute; a kept connection saves them a handshake each time.
        *("--worker-class", "gthread", "--keep-alive", "75"),
        *("--bind", f"{settings.BIND}:{settings.HTTPS_PORT}"),
        *("--certfile", str(settings.LAN_KEYS / "server.pem")),
        *("--config", "python:dvc.island.gunicorn_tls"),
    ]


def plain_command() -> list[str]:
    """gunicorn's arguments for the unencrypted line of island mode."""
    return [
        *(*gunicorn_command(), *PATIENT, "--workers", "1", "--threads", "4"),
        *("--bind", f"{settings.BIND}:{settings.PORT}"),
        *("--env", "DJANGO_SETTINGS_MODULE=dvc.island.plain_settings"),
    ]


def broker_command() -> list[str]:
    """The embedded broker's; its folders belong to this user alone."""
    place = env.broker_socket(settings.DATA)
    for folder in (settings.DATA / "broker", place.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            sys.exit(f"{folder} belongs to another user / {folder} は別の利用者のフォルダーです")
    try:
        return broker.command(settings.DATA / "broker", place)
    except broker.NoBroker:
        sys.exit(
            "No broker program was found: install valkey-server or redis-server, or set BROKER_URL.\n"
            "ブローカーがありません。valkey-server か redis-server を入れてください。"
            "BROKER_URL で別のブローカーを指定することもできます。"
        )
