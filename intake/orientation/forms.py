"""When, where, who speaks; and the items of the checklist, one a line."""

from __future__ import annotations

from django import forms

from dvc.core.fields import ClockField
from intake.orientation.services import LONGEST_ITEM, MOST_ITEMS
from intake.volunteers.forms import NameField


class SessionForm(forms.Form):
    """A new briefing, today."""

    starts_at = ClockField(label="始まりの時刻")
    place = NameField(
        label="場所",
        max_length=60,
        error_messages={"required": "場所を入力してください（例：2階の会議室）。"},
    )
    speaker = NameField(
        label="話す人", max_length=60, error_messages={"required": "話す人の名前を入力してください。"}
    )


class ChecklistForm(forms.Form):
    """What is said beside the four that always stay."""

    others = forms.CharField(
        label="ほかに話すこと（1行に1つ）",
        required=False,
        max_length=(LONGEST_ITEM + 2) * MOST_ITEMS,
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    def clean_others(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["others"].splitlines()]
        return [line for line in lines if line]
