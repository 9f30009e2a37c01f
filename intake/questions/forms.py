"""Choosing what is asked."""

from __future__ import annotations

from django import forms

from dvc.operations.models import QuestionsStop
from intake.questions.catalog import QUESTIONS, Kind


def _field(label: str, kind: Kind, hint: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        help_text=hint,
        required=False,
        choices=[(each.code, each.ja.ask) for each in QUESTIONS.values() if each.kind == kind],
        widget=forms.CheckboxSelectMultiple,
    )


class QuestionsForm(forms.Form):
    """Nothing ticked: nothing is asked, and a scan stays a scan."""

    health = _field("体調", "health", "「よくない」などの答えのときは、班長が本人の話を聞きます。")
    gear = _field("装備", "gear", "「ない」のときは、貸し出しの案内を出します。")
    info = _field("知っておくこと", "info", "どちらの答えでも、出発を止めません。")
    stop = forms.ChoiceField(
        label="出発を止める人",
        choices=QuestionsStop.choices,
        widget=forms.RadioSelect,
        help_text="到着の受付は、どれを選んでも止まりません。",
    )

    def codes(self) -> list[str]:
        return [code for kind in ("health", "gear", "info") for code in self.cleaned_data[kind]]
