"""The report in the envelope: read kindly, because a tablet that describes itself badly must still get its ops through."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from rest_framework import serializers

from dvc.accounts.models import Device, Storage
from dvc.core.shapes import Shape
from dvc.devices.reports import Report, keep_report

MOST_BYTES = 2**62


class ReportSerializer(Shape):
    unsent = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    oldest_unsent = serializers.DateTimeField(required=False, allow_null=True)
    photos = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    drafts = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**31 - 1)
    storage = serializers.ChoiceField(Storage.choices, required=False, allow_blank=True)
    quota = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_BYTES)
    used = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_BYTES)
    secure = serializers.BooleanField(required=False, allow_null=True)
    camera = serializers.BooleanField(required=False, allow_null=True)
    operator = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=MOST_BYTES)


SHAPE: Final = ReportSerializer()  # one for all, as in envelope.py


def hear(device: Device, said: Any, *, app: str, sent_wall: datetime | None, at: datetime) -> None:
    """Keep what the tablet says of itself; a report of the wrong shape is as good as none."""
    keep_report(device, _read(said), app=app, clock_error=at - sent_wall if sent_wall else None, at=at)


def _read(said: Any) -> Report | None:
    if not isinstance(said, dict):
        return None
    try:
        return _report(SHAPE.run_validation(said))
    except serializers.ValidationError:
        return None


def _report(fields: dict[str, Any]) -> Report:
    return Report(
        unsent=fields.get("unsent"),
        oldest_unsent_at=fields.get("oldest_unsent"),
        photos=fields.get("photos"),
        drafts=fields.get("drafts"),
        storage=fields.get("storage", ""),
        quota_bytes=fields.get("quota"),
        used_bytes=fields.get("used"),
        secure_context=fields.get("secure"),
        camera=fields.get("camera"),
        operator=fields.get("operator"),
    )
