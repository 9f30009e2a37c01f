"""Who may use the system and with which tablets."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models

from dvc.accounts.roles import Role


class UserManager(BaseUserManager["User"]):
    def usable(self, at: datetime) -> models.QuerySet[User]:
        """Active and inside their rotation; the same question as `User.is_usable`."""
        return self.filter(is_active=True).filter(
            models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=at)
        )

    def create_user(self, sign_in_name: str, display_name: str, password: str | None = None) -> User:
        user = self.model(sign_in_name=sign_in_name, display_name=display_name)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A named member of staff; support staff expire with their rotation (`expires_at`)."""

    sign_in_name = models.CharField("サインイン名", max_length=40, unique=True)
    display_name = models.CharField("氏名", max_length=60)
    origin = models.CharField("所属", max_length=60, blank=True)
    is_active = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "sign_in_name"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    def __str__(self) -> str:
        return self.display_name

    def is_usable(self, at: datetime) -> bool:
        """Active and inside the rotation; the same question as `UserManager.usable`."""
        return self.is_active and (self.expires_at is None or at < self.expires_at)


class Membership(models.Model):
    """One role of one person in one center. A person may hold several."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    center = models.ForeignKey("operations.Center", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "center", "role"], name="one_membership_per_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()}"


class SignInLink(models.Model):
    """A one-time way in. Only the hash is stored; used once, within minutes."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link for {self.user}"


class DeviceProfile(models.TextChoices):
    RECEPTION = "reception", "受付"
    SURVEY = "survey", "現地調査"
    MATCHING = "matching", "マッチング"
    FIELD = "field", "現場"
    WALL = "wall", "掲示"
    KIOSK = "kiosk", "自分で受付"
    TOOLS = "tools", "資機材"


class Storage(models.TextChoices):
    """Whether the browser promised to keep what the tablet stores."""

    PERSISTED = "persisted", "消えない"
    BEST_EFFORT = "best_effort", "消えることがある"


class Device(models.Model):
    """A tablet that may record facts. Its secret is stored hashed; `revoked_at` ends it at once.

    From `reported_at` on it is what the tablet last said of itself (dvc.devices.reports): on this row, because every
    request of the tablet reads it anyway. `clock_error_ms`: server minus tablet, positive when the tablet is slow.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    center = models.ForeignKey("operations.Center", on_delete=models.PROTECT, related_name="devices")
    name = models.CharField("端末名", max_length=40)
    profile = models.CharField(max_length=10, choices=DeviceProfile.choices)
    secret_hash = models.CharField(max_length=64)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    backed_up = models.JSONField(
        default=dict, editable=False,
        help_text="epoch → number up to which all its ops lie in a backup elsewhere (dvc.sync.marks)",
    )  # fmt: skip
    app_version = models.CharField(max_length=20, blank=True)
    reported_at = models.DateTimeField(null=True)
    unsent = models.PositiveIntegerField(null=True)
    oldest_unsent_at = models.DateTimeField(null=True)
    unsent_photos = models.PositiveIntegerField(null=True)
    open_drafts = models.PositiveIntegerField(null=True, help_text="sheets that are being written on it")
    storage = models.CharField(max_length=12, choices=Storage.choices, blank=True)
    quota_bytes = models.PositiveBigIntegerField(null=True)
    used_bytes = models.PositiveBigIntegerField(null=True)
    secure_context = models.BooleanField(null=True)
    camera = models.BooleanField(null=True)
    operator = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    clock_error_ms = models.IntegerField(null=True)
    clock_jumped_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-registered_at"]

    def __str__(self) -> str:
        return self.name
