"""Beats, and what `/healthz` says about them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q

from dvc import __version__
from dvc.backups import services as backups
from dvc.runtime.models import Heartbeat

BEAT_EVERY = timedelta(seconds=5)
# Seconds without a beat after which a part counts as missing. A matching worker does one thing
# at a time and may be solving; its tasks end within their own limit.
MATCHING = [f"worker.{queue}" for queue in settings.MATCHING_PULSES]
LIMITS = {
    "worker.default.1": timedelta(seconds=35),
    "sweeper": timedelta(seconds=20),
    **dict.fromkeys(MATCHING, timedelta(seconds=120)),
}
BROKER_TIMEOUT = 0.5


@dataclass(frozen=True, slots=True)
class Health:
    """`parts` maps database, broker, worker, sweeper to whether they work; `ages` is in seconds. `backup` says how it
    stands with the backups (ok | warn | stop): information, a center without a backup still works."""

    parts: dict[str, bool]
    ages: dict[str, float]
    version: str
    backup: str
    backup_minutes: int | None

    @property
    def missing(self) -> list[str]:
        return [name for name, works in self.parts.items() if not works]


def beat(name: str, *, at: datetime) -> bool:
    """Write a sign of life for `name`, at most every BEAT_EVERY. True when it was written.

    A beat from the future (the clock was put back) counts as old, or the part would look alive
    until the clock has caught up.
    """
    old = Q(at__lte=at - BEAT_EVERY) | Q(at__gt=at) | ~Q(pid=os.getpid())
    values = {"at": at, "pid": os.getpid(), "version": __version__}
    if Heartbeat.objects.filter(old, name=name).update(**values):
        return True
    return Heartbeat.objects.get_or_create(name=name, defaults=values)[1]


def sweeper_beat(*, at: datetime) -> None:
    """The sweeper's check (settings.SWEEP_CHECKS): a round was begun."""
    beat("sweeper", at=at)


def forget_beats() -> None:
    """At a start: what an earlier run wrote says nothing about this one."""
    Heartbeat.objects.all().delete()


def health(*, at: datetime) -> Health:
    """What works now: a few queries, one ping."""
    backup, minutes = "stop", None
    try:
        ages = Heartbeat.objects.ages(at)
        status = backups.status(at=at)
        backup, minutes = status.tone, status.last.minutes_since(at) if status.last else None
        database = True
    except DatabaseError:
        ages, database = {}, False
    alive = {name: name in ages and abs(ages[name]) <= limit for name, limit in LIMITS.items()}
    parts = {
        "database": database,
        "broker": broker_answers(),
        "worker": alive["worker.default.1"] and all(alive[name] for name in MATCHING),
        "sweeper": alive["sweeper"],
    }
    seconds = {name: round(age.total_seconds(), 1) for name, age in ages.items() if name in LIMITS}
    return Health(parts, seconds, __version__, backup, minutes)


def broker_answers() -> bool:
    """One ping on a fresh connection, given up after BROKER_TIMEOUT seconds."""
    url = settings.BROKER_URL.replace("redis+socket://", "unix://", 1)
    try:
        with redis.Redis.from_url(
            url, socket_timeout=BROKER_TIMEOUT, socket_connect_timeout=BROKER_TIMEOUT, retry=None
        ) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


class UnsafeDatabase(Exception):
    """The database would lose acknowledged data in a power cut; `str()` says what is wrong."""


def assert_database_is_safe() -> None:
    """Check what the durability of a commit hangs on. Raises `UnsafeDatabase`."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            found = {}
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
                cursor.execute(f"PRAGMA {name}")
                found[name] = cursor.fetchone()[0]
            wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 20000}
            if settings.DATABASES["default"]["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
                found["transaction_mode"], wanted["transaction_mode"] = "DEFERRED", "IMMEDIATE"
        else:
            cursor.execute("SHOW synchronous_commit")
            found = {"synchronous_commit": cursor.fetchone()[0]}
            wanted = {"synchronous_commit": "on"}
            cursor.execute("SHOW fsync")
            found["fsync"], wanted["fsync"] = cursor.fetchone()[0], "on"
    wrong = [f"{name}={found[name]} (needed: {need})" for name, need in wanted.items() if found[name] != need]
    if wrong:
        raise UnsafeDatabase(", ".join(wrong))
