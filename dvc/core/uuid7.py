"""UUIDs that sort by the moment they were made (RFC 9562, version 7)."""

import secrets
import uuid
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def uuid7(at: datetime) -> uuid.UUID:
    """A new id whose first 48 bits are `at` in milliseconds and whose other 74 free bits are random.

    `at` must carry a time zone and lie after 1970: ValueError otherwise.
    """
    if at.tzinfo is None:
        raise ValueError("uuid7 needs a time with a time zone")
    milliseconds = (at - _EPOCH) // _MILLISECOND
    if not 0 <= milliseconds < 1 << 48:
        raise ValueError("uuid7 needs a time from 1970 on")
    rand_a = secrets.randbits(12)
    rand_b = secrets.randbits(62)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)


def uuid7_time(value: uuid.UUID) -> datetime:
    """The moment a version 7 id was made, in UTC, to the millisecond. ValueError for another version."""
    if value.version != 7:
        raise ValueError("not a version 7 UUID")
    return _EPOCH + (value.int >> 80) * _MILLISECOND
