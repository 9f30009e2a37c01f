"""Sessions in the database, which end also when the server's clock was put back."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as Database
from django.contrib.sessions.models import Session
from django.utils import timezone

LONGEST = timedelta(seconds=settings.SESSION_COOKIE_AGE, minutes=5)  # the clock may be set by a little


class SessionStore(Database):
    """One that lasts longer than any may was begun while the clock was ahead; who has it would stay in that much longer."""

    def _get_session_from_db(self) -> Session | None:
        found: Session | None = super()._get_session_from_db()  # type: ignore[misc]  # unknown to the stubs
        if found is not None and found.expire_date > timezone.now() + LONGEST:
            self._session_key = None
            return None
        return found
