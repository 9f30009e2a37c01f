"""What a tablet holds to answer without a network (source: sync.md §3). A table of sections, each a small function;
nothing here knows how they travel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from dvc.audit.models import Entry
from dvc.operations.models import Center, Operation, Site
from dvc.sync import answers, desk, groups, holders, inbox, queue_files
from intake.checkin.verdicts import VERDICTS
from intake.volunteers.models import CardKey

_TEXTS = {code: {"tone": v.tone, "title": v.title, "say": v.say} for code, v in VERDICTS.items()}


@dataclass(frozen=True)
class Scope:
    """What a snapshot is of: one operation at one moment (real time)."""

    operation: Operation
    at: datetime

    @property
    def center(self) -> Center:
        return self.operation.center

    @property
    def today(self) -> date:
        """The operation's own day."""
        return timezone.localdate(self.operation.moment(self.at))

    @cached_property
    def reception(self) -> desk.Reception:
        """Who is here, looked at once for all of a snapshot."""
        return desk.look(self.operation, at=self.at)


def _operation(scope: Scope) -> dict[str, Any]:
    operation = scope.operation
    return {
        "id": operation.pk, "name": operation.name, "mode": operation.mode,
        "mode_label": operation.get_mode_display(), "is_open": operation.is_open,
        "insurance_required": operation.insurance_required,
        "orientation_required": operation.orientation_required,
        "consent_since": operation.consent_since.isoformat() if operation.consent_since else None,
        "questions": answers.for_tablet(operation),
    }  # fmt: skip


def _center(scope: Scope) -> dict[str, Any]:
    center = scope.center
    return {"id": center.pk, "name": center.name, "phone": center.phone, "issuer": center.issuer}


def _sites(scope: Scope) -> list[Any]:
    return list(Site.objects.filter(center=scope.center).values("id", "name"))


def _keys(scope: Scope) -> list[Any]:
    return list(CardKey.objects.filter(center=scope.center).values("kid", "public_key"))


def _texts(scope: Scope) -> dict[str, Any]:
    return _TEXTS


def _queue_key(scope: Scope) -> str:
    """What a tablet that reaches no server encrypts its file to."""
    return queue_files.public_key(scope.center)


def _purged(scope: Scope) -> list[int]:
    """Drills of this center that were wiped: a tablet forgets what it holds of them."""
    wiped = Entry.objects.filter(
        center=scope.center, action="drill.purged", subject_type="operations.operation"
    )
    return sorted(wiped.values_list("operation_id", flat=True).distinct())


def _today(scope: Scope) -> dict[str, Any]:
    return scope.reception.today


def _groups(scope: Scope) -> list[dict[str, Any]]:
    return groups.of_operation(scope.operation)


def _settled(scope: Scope) -> list[str]:
    return inbox.settled_ops(scope.operation, at=scope.operation.moment(scope.at))


Section = Callable[[Scope], Any]

# Sections of a few kilobytes: each is sent whole, and again when it differs from what the tablet holds. To add one:
# a function of the scope in a module of its concept, and a line here.
HEAD: Final[dict[str, Section]] = {
    "operation": _operation,
    "center": _center,
    "sites": _sites,
    "keys": _keys,
    "texts": _texts,
    "today": _today,
    "groups": _groups,
    "purged": _purged,
    "queue_key": _queue_key,
    "settled": _settled,
}


def generation() -> str:
    """Changes when the database was restored from a backup (written beside the database by deploy/restore)."""
    try:
        return (settings.DATA / "generation").read_text().strip()
    except FileNotFoundError:
        return "1"


def build(operation: Operation, *, at: datetime) -> dict[str, Any]:
    """The whole snapshot as JSON-able data; `version` is the SHA-256 of everything but the time."""
    scope = Scope(operation, at)
    content: dict[str, Any] = {name: section(scope) for name, section in HEAD.items()}
    content.update(holders.everybody(operation, at=at), present=scope.reception.present)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return {"version": digest, "server_time": at.isoformat(), **content}
