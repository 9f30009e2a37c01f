"""お受けできないことの決まり: read by everybody at the phone, edited by a coordinator, with its history."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.help_requests import triage
from intake.help_requests.answers import Damage
from intake.help_requests.fields import BAD_CHOICE, TextField, choices_of
from intake.help_requests.models import Hazard, Verdict
from intake.help_requests.triage import Rule, RuleAnswers
from intake.volunteers.models import WorkCategory

MOST_WORDS: Final = 30
_SIGNS: Final = (("hazards", Hazard), ("damage", Damage), ("works", WorkCategory))
_LABELS: Final = {code: str(label) for _, kind in _SIGNS for code, label in kind.choices}


class RuleForm(forms.Form):
    """One rule as it is typed."""

    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = TextField(
        label="何のこと",
        max_length=60,
        required=True,
        error_messages={"required": "何のことか、短く書いてください。"},
    )
    verdict = forms.ChoiceField(
        label="どうするか",
        choices=Verdict.choices,
        error_messages={"required": BAD_CHOICE, "invalid_choice": BAD_CHOICE},
    )
    say = TextField(
        label="電話での言い方", max_length=500, multiline=True, required=True, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="そのまま読み上げられる文で書きます。できないことだけでなく、できることも言います。",
        error_messages={"required": "電話での言い方を書いてください。"},
    )  # fmt: skip
    refer = TextField(
        label="つなぎ先", max_length=120, help_text="例：技術系NPO・市の担当課。電話番号も書けます。"
    )
    hazards = choices_of(Hazard.choices, "「危ないもの」にこの印があるとき")
    damage = choices_of(Damage.choices, "「家の様子」にこの印があるとき")
    works = choices_of(WorkCategory.choices, "この作業を頼まれたとき")
    words = TextField(
        label="話の中にこの言葉があるとき",
        max_length=300,
        help_text="2文字以上の言葉を「、」で区切ります。例：屋根、瓦、雨漏り",
    )
    is_used = forms.BooleanField(label="この決まりを使う", required=False)

    def answers(self) -> RuleAnswers:
        data = self.cleaned_data
        words = [word.strip() for word in data["words"].replace("，", "、").replace(",", "、").split("、")]
        return RuleAnswers(
            title=data["title"],
            verdict=Verdict(data["verdict"]),
            signs=[sign for name, _ in _SIGNS for sign in data[name]],
            words=[word for word in dict.fromkeys(words) if word][:MOST_WORDS],
            say=data["say"],
            refer=data["refer"],
            is_used=data["is_used"],
        )


def _values(rule: Rule) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: [sign for sign in rule.signs if sign in kind.values] for name, kind in _SIGNS
    }
    return values | {
        "revision": rule.revision, "title": rule.title, "verdict": rule.verdict, "say": rule.say, "refer": rule.refer,
        "words": "、".join(rule.words), "is_used": rule.is_used,
    }  # fmt: skip


@never_cache
@require_safe
def triage_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The whole table, to be read on the phone and to be printed."""
    rows = [(rule, [_LABELS.get(sign, sign) for sign in rule.signs]) for rule in triage.rules(request.center)]
    return render(request, "intake/help_requests/triage_list.html", {"section": "need_list", "rows": rows})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def triage_edit(request: StaffRequest, operation_id: int, rule: str) -> HttpResponse:
    """One rule, and what it was before. Of two people who save, the second is told and keeps what was typed."""
    now = triage.rule_of(request.center, rule)
    if now is None:
        raise Http404
    form = RuleForm(request.POST if request.method == "POST" else None, initial=_values(now))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                triage.edit(
                    request.center, rule, form.answers(), revision=form.cleaned_data["revision"] or 0,
                    by=by(request), at=request.now,
                )  # fmt: skip
            except Refused as refused:
                form.add_error(None, refused.text)
                status = 409
            else:
                messages.success(request, f"「{form.cleaned_data['title']}」の決まりを保存しました。")
                return redirect("triage_list", operation_id)
    context = {
        "section": "need_list", "form": form, "rule": now, "both": now if status == 409 else None,
        "history": triage.history(request.center, rule),
    }  # fmt: skip
    return render(request, "intake/help_requests/triage_edit.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def triage_new(request: StaffRequest, operation_id: int) -> HttpResponse:
    """A rule of the center's own."""
    form = RuleForm(request.POST if request.method == "POST" else None, initial={"is_used": True})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                triage.add(request.center, form.answers(), by=by(request), at=request.now)
            except Refused as refused:
                form.add_error(None, refused.text)
                status = 409
            else:
                messages.success(request, f"「{form.cleaned_data['title']}」の決まりを加えました。")
                return redirect("triage_list", operation_id)
    context = {"section": "need_list", "form": form, "rule": None, "history": []}
    return render(request, "intake/help_requests/triage_edit.html", context, status=status)
