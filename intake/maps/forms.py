"""A note for the map."""

from __future__ import annotations

from django import forms

from intake.help_requests.fields import TextField
from intake.maps.models import NoteKind

_WHERE = "地図を押して、場所を決めてください。"


class NoteForm(forms.Form):
    kind = forms.ChoiceField(
        label="種類", choices=NoteKind.choices, error_messages={"required": "種類を選んでください。", "invalid_choice": "この中から選んでください。"},
    )  # fmt: skip
    text = TextField(
        label="書くこと", max_length=200, required=True, help_text="例：橋が落ちている、入口は裏から",
        error_messages={"required": "何があるかを短く書いてください。"},
    )  # fmt: skip
    latitude = forms.FloatField(
        label="緯度", min_value=-90, max_value=90, error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), _WHERE)
    )  # fmt: skip
    longitude = forms.FloatField(
        label="経度", min_value=-180, max_value=180, error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), _WHERE)
    )  # fmt: skip
