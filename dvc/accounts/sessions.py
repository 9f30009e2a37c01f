"""Sessions in the database, which end also when the server's clock was put back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as Database
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from dvc.core.changing import change
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

    def save(self, must_create: bool = False) -> None:
        """One that is there already in one statement: each sentence that waits for the next page is kept here, and Django
        opens a transaction around it and words it anew each time."""
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        row = self.create_model_instance(self._get_session())  # type: ignore[attr-defined]  # not in the stubs
        values = {"session_data": row.session_data, "expire_date": row.expire_date}
        if not change(Session, values, where={"session_key": row.session_key}):
            raise UpdateError  # signed out meanwhile: it must not come back


# Asked for every page of the staff.
@compiled
def _living(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)
