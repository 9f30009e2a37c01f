"""A try to call somebody back, and the promise of a call, as they are typed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from dvc.core.fields import ClockField
from intake.help_requests.fields import BAD_CHOICE, DayField, TextField
from intake.help_requests.models import TryOutcome


class _WhenForm(forms.Form):
    """`day` and `clock` of a call to come; both may stay empty."""

    def when(self, at: datetime) -> datetime | None:
        """The moment meant: without a day today, or tomorrow where that time is over. None for no time."""
        day, clock = self.cleaned_data["day"], self.cleaned_data["clock"]
        if clock is None:
            return None
        zone = timezone.get_current_timezone()
        meant = datetime.combine(day or timezone.localdate(at), clock, zone)
        return meant + timedelta(days=1) if day is None and meant <= at else meant


class TryForm(_WhenForm):
    outcome = forms.ChoiceField(
        label="どうだったか",
        choices=TryOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": BAD_CHOICE, "invalid_choice": BAD_CHOICE},
    )
    note = TextField(label="メモ", max_length=150, help_text="例：留守番電話に入れた、家族が出た")
    day = DayField(label="日")
    clock = ClockField(
        label="つぎにかける時刻", required=False, help_text="空のままなら、不在・番号違いは1時間後です。"
    )


class PromiseForm(_WhenForm):
    why = TextField(label="用件", max_length=100, help_text="例：調査の日を決める")
    day = DayField(label="日")
    clock = ClockField(label="かける時刻", error_messages={"required": "かける時刻を入れてください。"})

    def clean(self) -> dict[str, Any]:
        if not self.cleaned_data.get("why") and "why" not in self.errors:
            self.add_error("why", "用件を短く書いてください。")
        return self.cleaned_data
