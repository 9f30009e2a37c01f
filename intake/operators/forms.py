"""What a member of staff types to choose a PIN."""

from __future__ import annotations

from typing import Any

from django import forms

from dvc.core.card_token import clean as as_half_width
from dvc.core.refused import Refused
from intake.operators.services import check_pin

DIGITS = {"inputmode": "numeric", "autocomplete": "off", "maxlength": "12"}


class PinForm(forms.Form):
    pin = forms.CharField(
        label="暗証番号（数字4～6けた）",
        max_length=12,
        help_text="1234や生まれた年など、人に見破られやすい番号は使えません。紙に書いて職員証に付けないでください。",
        widget=forms.PasswordInput(attrs=DIGITS),
    )
    again = forms.CharField(
        label="暗証番号（もう一度）", max_length=12, widget=forms.PasswordInput(attrs=DIGITS)
    )

    def clean_pin(self) -> str:
        pin = as_half_width(self.cleaned_data["pin"])
        try:
            check_pin(pin)
        except Refused as refused:
            raise forms.ValidationError(refused.text) from None
        return pin

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "pin" in cleaned and as_half_width(cleaned.get("again", "")) != cleaned["pin"]:
            self.add_error("again", "2回の入力が同じではありません。もう一度入力してください。")
        return cleaned
