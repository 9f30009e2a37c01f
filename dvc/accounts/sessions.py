"""Sessions in the database, which end also when the server's clock was put back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as Database
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from dvc.core.compiled import compiled

LONGEST = timedelta(seconds=settings.SESSION_COOKIE_AGE, minutes=5)  # the clock may be set by a little


class SessionStore(Database):
    """One that lasts longer than any may was begun while the clock was ahead; who has it would stay in that much longer."""

    def _get_session_from_db(self) -> Session | None:
        now = timezone.now()
        found = next(iter(_living(self.session_key or "", now)), None)
        if found is None or found.expire_date > now + LONGEST:
            self._session_key = None
            return None
        return found


# Asked for every page of the staff.
@compiled
def _living(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)
