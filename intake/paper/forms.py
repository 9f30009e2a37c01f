"""From when to when, and why; how many sheets."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from django import forms

from dvc.core.fields import ClockField
from intake.paper.models import SheetKind
from intake.paper.services import MOST_SHEETS
from intake.volunteers.forms import NameField

_COUNT: Final = dict.fromkeys(
    ("required", "invalid", "min_value", "max_value"), f"1～{MOST_SHEETS}の数字で入力してください。"
)


class PeriodForm(forms.Form):
    """A stretch of one day on paper."""

    day = forms.DateField(
        label="日付",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages=dict.fromkeys(("required", "invalid"), "日付を選んでください。"),
    )
    started = ClockField(label="紙にした時刻")
    ended = ClockField(label="紙をやめた時刻（まだ紙なら空のまま）", required=False)
    reason = NameField(
        label="理由",
        max_length=120,
        help_text="例：停電、サーバーの故障",
        error_messages={"required": "理由を短く書いてください（例：停電）。"},
    )


class EndForm(forms.Form):
    ended = ClockField(label="紙をやめた時刻")


class _PrintForm(forms.Form):
    """Sent again, because no answer came, it asks for the same sheets."""

    form_token = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid4)


class PrintForm(_PrintForm):
    kind = forms.ChoiceField(
        label="用紙",
        choices=[
            (SheetKind.ROSTER.value, "名簿（1枚に20人）"),
            (SheetKind.FORM.value, "受付票（1枚に1人。A4に2枚）"),
        ],
        initial=SheetKind.ROSTER.value,
        widget=forms.RadioSelect,
    )
    count = forms.IntegerField(
        label="枚数",
        min_value=1,
        max_value=MOST_SHEETS,
        initial=3,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages=_COUNT,
    )

    def chosen(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"kind": SheetKind(given["kind"]), "count": given["count"], "token": given["form_token"]}


class RequestPrintForm(_PrintForm):
    """How many sheets for calls for help."""

    count = forms.IntegerField(
        label="枚数",
        min_value=1,
        max_value=MOST_SHEETS,
        initial=10,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages=_COUNT,
    )
