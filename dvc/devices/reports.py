"""What a tablet says of itself with each sync, and how far its clock can be trusted.

Stored on the device's row, which every request has read anyway: nothing is asked of the database unless a minute has
passed since the last report, or the clock jumped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dvc.accounts.models import Device, User

REPORT_EVERY: Final = timedelta(minutes=1)
HEARD_EVERY: Final = timedelta(
    minutes=2
)  # of a tablet that reports nothing; longer, so that a report is never late for it
CLOCK_DOUBTED: Final = timedelta(minutes=10)
CLOCK_JUMP: Final = timedelta(minutes=2)
_INT32: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Report:
    """A tablet's own words; None where it did not say. `photos` not sent yet, `drafts`: sheets being written; `operator` is a user id, sizes are bytes."""

    unsent: int | None = None
    oldest_unsent_at: datetime | None = None
    photos: int | None = None
    drafts: int | None = None
    storage: str = ""
    quota_bytes: int | None = None
    used_bytes: int | None = None
    secure_context: bool | None = None
    camera: bool | None = None
    operator: int | None = None


def clock_jumped(device: Device, clock_error: timedelta | None) -> bool:
    """Whether the tablet's clock was set since the last report. `clock_error`: server minus tablet."""
    if clock_error is None or device.clock_error_ms is None:
        return False
    return abs(clock_error - timedelta(milliseconds=device.clock_error_ms)) > CLOCK_JUMP


def time_is_doubtful(device: Device, clock_error: timedelta | None, *, happened: datetime) -> bool:
    """Whether the corrected time of something recorded at `happened` may be wrong by minutes. Never a reason to refuse.

    The clock is far off, or was set since: a correction measured now does not fit what was recorded before.
    """
    if clock_error is None:
        return False
    if abs(clock_error) > CLOCK_DOUBTED or clock_jumped(device, clock_error):
        return True
    return device.clock_jumped_at is not None and happened <= device.clock_jumped_at


def keep_report(
    device: Device, report: Report | None, *, app: str, clock_error: timedelta | None, at: datetime
) -> bool:
    """Write down what the tablet said, at most once a minute. Returns whether it was written. At most two statements.

    Between reports, and from a tablet of an older release, come ops alone: that it was heard of is kept all the same.
    """
    jumped = clock_jumped(device, clock_error)
    last, every = (device.reported_at, REPORT_EVERY) if report else (device.last_seen_at, HEARD_EVERY)
    # One from a time to come was written while the server's clock was ahead.
    if not jumped and last is not None and timedelta() <= at - last < every:
        return False
    said: dict[str, object] = {"last_seen_at": at, "app_version": app[:20]}
    if clock_error is not None:
        milliseconds = int(clock_error.total_seconds() * 1000)
        said["clock_error_ms"] = max(-_INT32, min(_INT32, milliseconds))
    if jumped:
        said["clock_jumped_at"] = at
    if report is not None:
        said |= {
            "reported_at": at,
            "unsent": report.unsent,
            "oldest_unsent_at": report.oldest_unsent_at,
            "unsent_photos": report.photos,
            "open_drafts": report.drafts,
            "storage": report.storage,
            "quota_bytes": report.quota_bytes,
            "used_bytes": report.used_bytes,
            "secure_context": report.secure_context,
            "camera": report.camera,
            "operator": _colleague(device, report.operator),
        }
    Device.objects.filter(pk=device.pk).update(**said)
    return True


def _colleague(device: Device, user_id: int | None) -> User | None:
    if user_id is None:
        return None
    return User.objects.filter(pk=user_id, memberships__center=device.center_id).first()
