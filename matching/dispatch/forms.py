"""Shapes of what people type here. The rules are in services and gate."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from dvc.core.fields import ClockField
from dvc.core.japanese import normalise_text
from matching.dispatch.gate import Check
from matching.dispatch.models import Outcome

CANCEL_REASONS = (
    ("雨・警報など天候のため", "雨・警報など天候のため"),
    ("依頼した人の都合のため", "依頼した人の都合のため"),
    ("人数・資機材がそろわないため", "人数・資機材がそろわないため"),
    ("チームを組み直すため", "チームを組み直すため"),
)


class Text(forms.CharField):
    """A line of Japanese text, brought into one writing."""

    def __init__(self, *, multiline: bool = False, rows: int = 3, **options: Any) -> None:
        if multiline:
            options.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        self.multiline = multiline
        super().__init__(**options)

    def to_python(self, value: object) -> str:
        text = super().to_python(value) or ""
        # Far beyond its length a text is only measured and refused, not brought into shape.
        too_long = self.max_length is not None and len(text) > 4 * self.max_length
        return text if too_long else normalise_text(text, multiline=self.multiline)


def moment_of(clock: time, *, at: datetime) -> datetime:
    """The moment a typed time means: today; past midnight when a team leaves in the evening."""
    local = timezone.localtime(at)
    found = local.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return found + timedelta(days=1) if found <= at - timedelta(hours=12) else found


class DepartForm(forms.Form):
    """The five points, the return time, and the chief's reason when something is missing."""

    checks = forms.MultipleChoiceField(
        label="出発前の5つの確認",
        choices=Check.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="チームの前で、声に出して確かめてから印をつけます。",
    )
    due_back = ClockField(label="センターに戻る時刻", help_text="過ぎると、ボードに赤で出ます。")
    override = Text(label="足りないものがあっても出発させる理由", max_length=200, required=False)


class PostponeForm(forms.Form):
    """The new return time that was agreed by phone."""

    due_back = ClockField(label="新しい戻りの時刻")


class CancelForm(forms.Form):
    """One of the usual reasons, or another."""

    reason = forms.ChoiceField(
        label="理由", choices=(*CANCEL_REASONS, ("", "そのほか（下に書く）")), required=False,
        widget=forms.RadioSelect,
    )  # fmt: skip
    other = Text(label="そのほかの理由", max_length=120, required=False)

    def chosen(self) -> str:
        return str(self.cleaned_data["other"] or self.cleaned_data["reason"])


class ReportForm(forms.Form):
    """What the team tells, in the order people ask: are you well, then what was done."""

    injury = Text(
        label="けが・体調の悪い人はいませんか", max_length=500, required=False, multiline=True, rows=2,
        help_text="いなければ空のままで。いたら、だれが・どうしたかを書いてください。",
    )  # fmt: skip
    near_miss = Text(
        label="ヒヤリとしたことはありませんか", max_length=500, required=False, multiline=True, rows=2,
        help_text="次のチームを守ります。小さなことでも書いてください。",
    )  # fmt: skip
    outcome = forms.ChoiceField(
        label="作業はどうなりましたか", choices=Outcome.choices, widget=forms.RadioSelect
    )
    people = forms.IntegerField(label="活動した人数", min_value=0, max_value=500)
    text = Text(label="やったこと", max_length=4000, required=False, multiline=True)
    remaining = Text(
        label="残っていること", max_length=2000, required=False, multiline=True, rows=2,
        help_text="「継続」のときは必ず書いてください。",
    )  # fmt: skip
    people_next = forms.IntegerField(label="次に必要な人数", min_value=1, max_value=100, required=False)
    watch = forms.BooleanField(
        label="気になる様子があった（見守りが必要）", required=False,
        help_text="一人で困っている、体調が悪そう、など。センターの担当が訪ねます。",
    )  # fmt: skip

    def story(self) -> dict[str, Any]:
        """Keyword arguments of `services.report`."""
        names = ("outcome", "people", "text", "remaining", "people_next", "injury", "near_miss", "watch")
        return {name: self.cleaned_data[name] for name in names}


class ReturnForm(ReportForm):
    """The same at the desk, with paper and tools, and where the need goes after 中止 or 不在."""

    next_step = forms.ChoiceField(
        label="「中止」「不在」のとき、この困りごとを", initial="hold", required=False, widget=forms.RadioSelect,
        choices=(("hold", "保留にする（住んでいる人に電話してから決める）"), ("ready", "マッチング待ちにもどす")),
    )  # fmt: skip
    sheets_back = forms.IntegerField(
        label="戻ってきた依頼書の枚数", min_value=0, max_value=99, required=False
    )
    tools_missing = Text(
        label="足りない・こわれた資機材", max_length=200, required=False,
        help_text="全部そろっていれば空のままで。",
    )  # fmt: skip

    def __init__(self, *args: Any, report_wanted: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        if not report_wanted:
            for name in (*ReportForm.base_fields, "next_step"):
                del self.fields[name]
