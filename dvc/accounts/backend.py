"""Who is behind a session: Django's own way in, with its question for every page of the staff written once."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.db.models import QuerySet

from dvc.accounts.models import User
from dvc.core.compiled import compiled


class Staff(ModelBackend):
    def get_user(self, user_id: int) -> User | None:
        found = next(iter(_user(user_id)), None)
        return found if found is not None and self.user_can_authenticate(found) else None


@compiled
def _user(pk: int) -> QuerySet[User]:
    return User.objects.filter(pk=pk)
