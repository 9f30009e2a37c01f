"""Steps of a need, cleared dangers and further calls, as they are typed."""

from __future__ import annotations

from typing import Any

from django import forms

from intake.help_requests.answers import (
    REASONS,
    RELATIONS,
    TOLD,
)
from intake.help_requests.fields import CountField, DayField, PhoneField, TextField
from intake.help_requests.models import NeedState
from intake.help_requests.triage import Ending
from intake.people.services import PersonAnswers


class StepForm(forms.Form):
    """One step of the need: the reason from the list and in words, who was told, the first of two duplicates."""

    to = forms.ChoiceField(choices=NeedState.choices, widget=forms.HiddenInput)
    reason_kind = TextField(label="理由", max_length=40)
    reason = TextField(label="くわしく", max_length=150)
    told = TextField(label="だれに伝えたか", max_length=80)
    review_on = DayField(
        label="いつ見直すか", help_text="空のままなら3日後です。その日の朝、折り返しの一覧に出ます。"
    )
    first_number = CountField(label="先に受け付けた番号", low=1, high=2**31 - 1)

    def __init__(
        self, data: Any = None, *, to: NeedState | None = None, ending: Ending | None = None
    ) -> None:
        words = {"reason_kind": ending.code, "reason": ending.words} if ending else {}
        super().__init__(data, initial={"to": to, **words})
        self.kinds = REASONS.get(to, {}) if to else {}
        self.fields["reason_kind"].widget = forms.Select(
            choices=[("", "選んでください"), *self.kinds.items()]
        )
        self.fields["told"].widget = forms.Select(choices=[("", "選んでください"), *((t, t) for t in TOLD)])
        if to:
            self.auto_id = f"id_{to}_%s"

    @property
    def code(self) -> str:
        """The reason of the list; a word that is none of it counts as text."""
        kind: str = self.cleaned_data["reason_kind"]
        return kind if kind in self.kinds else ""

    def full_reason(self) -> str:
        data = self.cleaned_data
        kind = self.kinds.get(data["reason_kind"], data["reason_kind"])
        return "：".join(part for part in (kind, data["reason"]) if part)


class ClearForm(forms.Form):
    note = TextField(
        label="だれが、何を確認したか", max_length=120, help_text="例：電気工事店が漏電なしと確認（7/18）"
    )


class CallForm(forms.Form):
    """A further call about a need that is known: whose, and what they added."""

    caller_name = TextField(label="電話をくれた方のお名前", max_length=80)
    caller_kana = TextField(label="ふりがな", max_length=120)
    caller_phone = PhoneField(label="電話番号")
    relation = TextField(label="困っている方との関係", max_length=20)
    description = TextField(
        label="電話の内容", max_length=4000, multiline=True, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Any = None, *, from_sheet: bool = False) -> None:
        super().__init__(data)
        self.from_sheet = from_sheet
        self.fields["relation"].widget = forms.Select(choices=[(word, word) for word in RELATIONS])

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if (
            not self.errors
            and not self.from_sheet
            and not (data["caller_name"] or data["caller_phone"] or data["description"])
        ):
            raise forms.ValidationError("電話をくれた方のお名前か、電話の内容を入れてください。")
        return data

    def caller(self) -> PersonAnswers:
        data = self.cleaned_data
        return PersonAnswers(data["caller_name"], data["caller_kana"], data["caller_phone"])
