"""The sheet of one call, in the order of a real conversation. Shapes only, no rules."""

from __future__ import annotations

import uuid
from datetime import time
from typing import Any, Final

from django import forms

from dvc.core.fields import ClockField
from dvc.operations.models import Mode, Operation
from intake.help_requests.answers import (
    RELATIONS,
    SELF,
    Damage,
    Judgement,
    Lifeline,
)
from intake.help_requests.fields import BAD_CHOICE, CountField, PhoneField, TextField, choices_of
from intake.help_requests.models import Hazard, Method, Need
from intake.help_requests.services import NeedAnswers
from intake.people import towns
from intake.people.models import Precision, Town
from intake.people.services import HouseholdAnswers, PersonAnswers

_OPEN_FROM: Final = time(9, 0)
_OPEN_UNTIL: Final = time(15, 30)
# Japan, roughly; what is in the sea or in another city is said with the nearest town (intake.people.places).
_NO_PLACE: Final = dict.fromkeys(
    ("invalid", "min_value", "max_value"),
    "この数字の場所はありません。地図を押して、印を付け直してください。",
)


class NeedForm(forms.Form):
    """The sheet of one call: who, where, who is at home, what happened. The work items are `ItemForm`s beside it."""

    form_token = forms.UUIDField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    known_caller = forms.IntegerField(required=False, widget=forms.HiddenInput)

    caller_name = TextField(
        label="電話をくれた方のお名前", max_length=80, widget=forms.TextInput(attrs={"autofocus": True})
    )
    caller_kana = TextField(label="ふりがな", max_length=120)
    caller_phone = PhoneField(label="電話番号", help_text="ハイフンはなくてもかまいません。")
    relation = forms.ChoiceField(
        label="困っている方との関係",
        choices=[(word, word) for word in RELATIONS],
        initial=SELF,
        required=False,
        error_messages={"invalid_choice": BAD_CHOICE},
    )
    method = forms.ChoiceField(
        label="受付方法",
        choices=Method.choices,
        initial=Method.PHONE,
        error_messages={"invalid_choice": BAD_CHOICE, "required": BAD_CHOICE},
    )
    resident_name = TextField(label="困っている方のお名前", max_length=80)
    resident_kana = TextField(label="ふりがな", max_length=120)
    resident_phone = PhoneField(label="その方の電話番号")

    town = TextField(
        label="町丁目",
        max_length=120,
        help_text="一部だけでも探せます。例：高橋1",
        widget=forms.TextInput(
            attrs={"list": "towns", "autocomplete": "on"}
        ),  # some browsers need it for the list
    )
    address = TextField(label="番地・建物・部屋", max_length=120, help_text="例：町前一丁目9999-1 ○○荘203")
    landmark = TextField(label="目印・行き方", max_length=120)
    lat = forms.FloatField(label="緯度", required=False, min_value=20, max_value=46, error_messages=_NO_PLACE)
    lng = forms.FloatField(
        label="経度", required=False, min_value=122, max_value=154, error_messages=_NO_PLACE
    )
    parking = TextField(label="駐車・搬入", max_length=120, help_text="車をとめる所、軽トラックが入れるか")

    age = CountField(label="年齢（だいたいで）", high=120)
    lives_alone = forms.BooleanField(label="一人暮らし", required=False)
    members = TextField(label="一緒に住んでいる方", max_length=120)
    health_note = TextField(label="体の具合・持病", max_length=300, help_text="重い物が持てるか、通院など")
    note = TextField(label="配慮すること", max_length=300, help_text="耳が遠い、日本語が苦手、犬がいる など")
    attendance = TextField(label="立ち会う方・希望日", max_length=120)
    open_from = ClockField(
        label="作業してよい時刻（から）",
        initial=_OPEN_FROM,
        required=False,
        step=900,
    )
    open_until = ClockField(
        label="作業してよい時刻（まで）",
        initial=_OPEN_UNTIL,
        required=False,
        step=900,
    )

    summary = TextField(
        label="ひとことで言うと",
        max_length=80,
        help_text="一覧やボードに出ます。病気や一人暮らしのことは書かず、作業だけを書きます。例：床下の泥かき",
    )
    description = TextField(
        label="困っていること（話されたとおりに）",
        max_length=4000,
        multiline=True,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="どこに、何が、どのくらい。いつから。だれが困っているか。",
    )
    damage_kinds = choices_of(Damage.choices, "家の様子")
    lifelines = choices_of(Lifeline.choices, "使えないもの")
    hazards = choices_of(Hazard.choices, "危ないもの", help_text="あるとき・分からないときは印を付けます。")

    needs_crisis = forms.BooleanField(
        label="危機介入が必要（命や心の危険。すぐ班長に知らせる）",
        required=False,
        help_text="全部に付けると、どれが急ぎか分からなくなります。",
    )
    needs_watch = forms.BooleanField(label="終わったあとも見守る", required=False)
    consent_to_share = forms.BooleanField(
        label="市・包括支援センター・民生委員・NPOと情報を共有してよい、と言われた", required=False
    )
    judgement = forms.ChoiceField(
        label="このあとどうするか",
        choices=Judgement.choices,
        initial=Judgement.SURVEY,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": BAD_CHOICE},
    )
    judgement_reason = TextField(
        label="そう判断した理由", max_length=150, help_text="「電話だけで決められる」ときは必ず書きます。"
    )
    call_back_at = ClockField(
        label="折り返す約束をした時刻",
        required=False,
        help_text="約束したときだけ。過ぎた時刻は、明日のことになります。",
    )

    def __init__(
        self, data: Any = None, *, operation: Operation, year: int, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial={"form_token": uuid.uuid4(), **(initial or {})})
        self.operation = operation
        self.year = year  # an age is kept as a year of birth
        if operation.mode == Mode.ORDINARY:
            del self.fields["damage_kinds"], self.fields["lifelines"]
            self.fields["hazards"].label = "気をつけること"
            self.fields["hazards"].help_text = ""
            self.fields["judgement"].widget.choices = self.fields["judgement"].choices = [  # type: ignore[attr-defined]
                (Judgement.SURVEY, "訪ねて確かめる"),
                (Judgement.PHONE, "電話だけで決められる"),
                (Judgement.ASK, "判断できない（担当に相談）"),
            ]
            self.initial.setdefault("judgement", Judgement.PHONE)
            self.fields["judgement_reason"].help_text = ""
            self.fields[
                "summary"
            ].help_text = "一覧やボードに出ます。病気や一人暮らしのことは書きません。例：週2回の配食"

    def clean_town(self) -> Town | None:
        text = self.cleaned_data["town"]
        town = towns.exactly(self.operation.center, text) if text else None
        if text and town is None:
            raise forms.ValidationError(
                "この町丁目は1つに決まりません。候補から選ぶか、ここを空欄にして番地の欄に町名から書いてください。"
            )
        return town

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if (data.get("lat") is None) != (data.get("lng") is None) and not {"lat", "lng"} & set(self.errors):
            self.add_error("lat", "緯度と経度は、両方入れるか、両方空欄にしてください。")
        for name, usual in (("open_from", _OPEN_FROM), ("open_until", _OPEN_UNTIL)):
            if name not in self.errors:
                data[name] = data.get(name) or usual  # emptied: as if nothing had been said
        start, end = data.get("open_from"), data.get("open_until")
        if start and end and start >= end:
            self.add_error("open_until", "終わりの時刻を、始まりより後にしてください。")
        return data

    @property
    def asks_for_self(self) -> bool:
        """Nobody else is named: the caller speaks for themself."""
        data = self.cleaned_data
        named = data["resident_name"] or data["resident_kana"] or data["resident_phone"]
        return data["relation"] in (SELF, "") and not named

    def caller(self) -> PersonAnswers:
        data = self.cleaned_data
        words = PersonAnswers(data["caller_name"], data["caller_kana"], data["caller_phone"])
        return self._with_home(words) if self.asks_for_self else words

    def resident(self) -> PersonAnswers | None:
        if self.asks_for_self:
            return None
        data = self.cleaned_data
        return self._with_home(
            PersonAnswers(data["resident_name"], data["resident_kana"], data["resident_phone"])
        )

    def _with_home(self, words: PersonAnswers) -> PersonAnswers:
        age = self.cleaned_data["age"]
        year = self.year - age if age is not None else None
        return PersonAnswers(words.name, words.kana, words.phone, year, self.cleaned_data["note"])

    def household(self) -> HouseholdAnswers:
        names = ("town", "address", "landmark", "lat", "lng", "lives_alone", "members")
        return HouseholdAnswers(**{name: self.cleaned_data[name] for name in names})

    def answers(self) -> NeedAnswers:
        """As the service takes them; what this form does not ask keeps its default."""
        names = (
            "method", "relation", "summary", "description", "health_note", "lifelines", "damage_kinds", "hazards",
            "parking", "attendance", "open_from", "open_until", "needs_crisis", "needs_watch", "consent_to_share",
        )  # fmt: skip
        return NeedAnswers(**{name: self.cleaned_data[name] for name in names if name in self.fields})

    def judged(self) -> Judgement:
        return Judgement(self.cleaned_data["judgement"] or Judgement.ASK)


def sheet_of(need: Need, *, year: int) -> dict[str, Any]:
    """The sheet as it was filled in: initial values of `NeedForm`."""
    house, caller, resident = need.household, need.requester, need.resident
    for_self = resident is None or resident == caller
    lives_there = caller if for_self else resident
    values: dict[str, Any] = {
        name: getattr(need, name)
        for name in (
            "version", "method", "relation", "summary", "description", "health_note", "lifelines", "damage_kinds",
            "hazards", "parking", "attendance", "open_from", "open_until", "needs_crisis", "needs_watch",
            "consent_to_share",
        )
    }  # fmt: skip
    if caller is not None:
        values |= {"caller_name": caller.name, "caller_kana": caller.kana, "caller_phone": caller.phone}
    if resident is not None and not for_self:
        values |= {
            "resident_name": resident.name,
            "resident_kana": resident.kana,
            "resident_phone": resident.phone,
        }
    if lives_there is not None:
        values |= {
            "note": lives_there.note,
            "age": year - lives_there.birth_year if lives_there.birth_year else None,
        }
    if house is not None:
        names = ("address", "landmark", "lives_alone", "members")
        values |= {name: getattr(house, name) for name in names} | {
            "town": str(house.town) if house.town else ""
        }
        if house.precision == Precision.PIN:
            values |= {"lat": house.lat, "lng": house.lng}
    return values


# What a need does not keep as a field of its own, and how the sheet was sent.
_NOT_KEPT: Final = frozenset({
    "form_token", "version", "known_caller", "judgement", "judgement_reason", "call_back_at",
})  # fmt: skip


def in_words(form: NeedForm, name: str, value: Any) -> str:
    """One answer of the sheet as people read it; empty for what was not filled in."""
    if value in (None, "", False, []):
        return ""
    if value is True:
        return "はい"
    if isinstance(value, time):
        return value.strftime("%H:%M")
    choices = dict(getattr(form.fields[name], "choices", ()))
    if isinstance(value, list):
        return "、".join(str(choices.get(code, code)) for code in value)
    return str(choices.get(value, value))


def typed(form: NeedForm) -> list[tuple[str, str]]:
    """Every field of a sheet that was filled in and understood, by its label, in words."""
    hidden = ("form_token", "version")
    rows = [(field, in_words(form, field.name, form.cleaned_data.get(field.name))) for field in form]
    return [(str(field.label), words) for field, words in rows if words and field.name not in hidden]


def differences(need: Need, form: NeedForm) -> list[tuple[str, str, str]]:
    """(label, what stands now, what was typed) of every field in which a valid sheet differs from the need."""
    now = sheet_of(need, year=form.year)
    rows = []
    for field in form:
        if field.name in _NOT_KEPT:
            continue
        stands = in_words(form, field.name, now.get(field.name))
        said = in_words(form, field.name, form.cleaned_data.get(field.name))
        if stands != said:
            rows.append((str(field.label), stands, said))
    return rows
