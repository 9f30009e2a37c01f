"""What is typed at the phone desk, in the order of a real conversation. Shapes only, no rules."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Final, cast

from django import forms
from django.utils.functional import cached_property

from dvc.core.fields import ClockField
from dvc.core.japanese import is_phone, normalise_text
from dvc.operations.models import Mode, Operation
from intake.help_requests.answers import (
    KITS,
    ORDINARY_CATEGORIES,
    REASONS,
    RELATIONS,
    SELF,
    TOLD,
    Damage,
    Judgement,
    Lifeline,
)
from intake.help_requests.models import Hazard, Method, Need, NeedState, Tool, WorkItem
from intake.help_requests.services import ItemAnswers, NeedAnswers
from intake.people import towns
from intake.people.models import Precision, Town
from intake.people.services import HouseholdAnswers, PersonAnswers
from intake.volunteers.models import Skill, WorkCategory

ITEMS_ON_THE_SHEET: Final = 3
_OFF: Final = {"autocomplete": "off"}  # a shared computer must not offer the last caller's data
_UNREADABLE: Final = "保存できない文字が入っています。消して入力し直してください。"
_TOO_LONG: Final = "長すぎます。%(limit_value)d文字以内にしてください（いま%(show_value)d文字）。"
_BAD_CHOICE: Final = "この中から選んでください。"
_BAD_NUMBER: Final = "数字で入れてください。"


class TextField(forms.CharField):
    """Text kept as typed but for the white space around it; what cannot be stored is an error in words."""

    def __init__(self, *, multiline: bool = False, **kwargs: Any) -> None:
        self.multiline = multiline
        super().__init__(**{"required": False, "error_messages": {"max_length": _TOO_LONG}, **kwargs})
        self.widget.attrs = {**_OFF, **self.widget.attrs}

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        if self.max_length is not None and len(text) > self.max_length:
            return text  # the length is the error to show
        try:
            return _stored(text, multiline=self.multiline)
        except ValueError:
            raise forms.ValidationError(_UNREADABLE) from None


def _stored(text: str, *, multiline: bool) -> str:
    """ValueError for what cannot be stored, also for U+FFFD: that is what is left of a broken character."""
    if "\ufffd" in text:
        raise ValueError("text holds U+FFFD")
    return normalise_text(text, multiline=multiline)


class PhoneField(TextField):
    """A telephone number in any writing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 20, **kwargs})
        self.widget.attrs["inputmode"] = "tel"

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text and not is_phone(text):
            raise forms.ValidationError(
                "電話番号の桁数が違います。市外局番から入れてください。まだ分からないときは空欄にします（折り返しの一覧に残ります）。"
            )
        return text


class CountField(forms.IntegerField):
    """A small number; empty stays None."""

    def __init__(self, *, low: int = 0, high: int = 99, **kwargs: Any) -> None:
        messages = {
            "invalid": _BAD_NUMBER,
            "min_value": "%(limit_value)d以上の数字を入れてください。",
            "max_value": "%(limit_value)d以下の数字を入れてください。",
        }
        super().__init__(required=False, min_value=low, max_value=high, error_messages=messages, **kwargs)
        self.widget.attrs.update({**_OFF, "inputmode": "numeric"})


def _choices(kinds: Iterable[tuple[str, str]], label: str, **kwargs: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=list(kinds),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _BAD_CHOICE, "invalid_list": _BAD_CHOICE},
        **kwargs,
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
        error_messages={"invalid_choice": _BAD_CHOICE},
    )
    method = forms.ChoiceField(
        label="受付方法",
        choices=Method.choices,
        initial=Method.PHONE,
        error_messages={"invalid_choice": _BAD_CHOICE, "required": _BAD_CHOICE},
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
    lat = forms.FloatField(
        label="緯度", required=False, min_value=20, max_value=46, error_messages={"invalid": _BAD_NUMBER}
    )
    lng = forms.FloatField(
        label="経度", required=False, min_value=122, max_value=154, error_messages={"invalid": _BAD_NUMBER}
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
        initial="09:00",
        step=900,
    )
    open_until = ClockField(
        label="作業してよい時刻（まで）",
        initial="15:30",
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
    damage_kinds = _choices(Damage.choices, "家の様子")
    lifelines = _choices(Lifeline.choices, "使えないもの")
    hazards = _choices(Hazard.choices, "危ないもの", help_text="あるとき・分からないときは印を付けます。")

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
        error_messages={"invalid_choice": _BAD_CHOICE},
    )
    judgement_reason = TextField(
        label="そう判断した理由", max_length=150, help_text="「電話だけで決められる」ときは必ず書きます。"
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


YES_NO: Final = [("", "目安のまま"), ("yes", "はい"), ("no", "いいえ")]


class ItemForm(forms.Form):
    """One piece of work. What is left empty becomes the usual for its category (`answers.KITS`)."""

    category = forms.ChoiceField(
        label="何をするか", required=False, error_messages={"invalid_choice": _BAD_CHOICE}
    )
    detail = TextField(label="量・場所", max_length=120, help_text="例：6畳2間、たんす3つ")
    people_min = CountField(label="最少の人数", low=1)
    people_ideal = CountField(label="ほしい人数", low=1)
    people_max = CountField(label="多くても", low=1)
    minutes = CountField(label="作業の時間（分）", low=10, high=600)
    needs_truck = forms.ChoiceField(
        label="軽トラックが要る",
        choices=YES_NO,
        required=False,
        error_messages={"invalid_choice": _BAD_CHOICE},
    )
    minors_ok = forms.ChoiceField(
        label="高校生など未成年も可",
        choices=YES_NO,
        required=False,
        error_messages={"invalid_choice": _BAD_CHOICE},
    )
    stamina_min = forms.TypedChoiceField(
        label="体力",
        choices=[("", "目安のまま"), (1, "軽い作業"), (2, "ふつう"), (3, "力仕事")],
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": _BAD_CHOICE},
    )
    women_min = CountField(label="女性が何人以上")
    women_only = forms.BooleanField(label="女性だけで来てほしい", required=False)
    language = TextField(label="話せるとよい言葉", max_length=10, help_text="例：英語、手話")
    estimate_reason = TextField(
        label="そう見立てた理由", max_length=200, help_text="人数に正解はありません。理由を残します。"
    )

    def __init__(
        self, data: Any = None, *, operation: Operation, prefix: str, item: WorkItem | None = None
    ) -> None:
        super().__init__(data, prefix=prefix, initial=_item_values(item) if item else {"people_min": None})
        self.from_scratch = item is None
        ordinary = operation.mode == Mode.ORDINARY
        categories = ORDINARY_CATEGORIES if ordinary else tuple(WorkCategory)
        category = cast(forms.ChoiceField, self.fields["category"])
        category.choices = [("", "選んでください"), *((c.value, c.label) for c in categories)]
        if item and item.category not in categories:
            category.choices = [*category.choices, (item.category, WorkCategory(item.category).label)]
        for kind, prefix_ in ((Skill, "skill"), (Tool, "tool")):
            for code, label in kind.choices:
                self.fields[f"{prefix_}_{code}"] = CountField(label=label)

    @property
    def skill_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("skill_")]

    @property
    def tool_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("tool_")]

    @cached_property
    def is_blank(self) -> bool:
        """Nothing was filled in: this part of the sheet does not count."""
        return not any(self[name].data for name in self.fields)

    def clean(self) -> dict[str, Any]:
        if not self.is_blank and "category" not in self.errors and not self.cleaned_data.get("category"):
            self.add_error(
                "category", "何をするかを選んでください。この作業がいらないときは、ほかの欄も空にします。"
            )
        return self.cleaned_data

    def answers(self) -> ItemAnswers:
        data = self.cleaned_data
        kit = KITS[WorkCategory(data["category"])]
        skills, tools = self._counts("skill_"), self._counts("tool_")
        lowest = data["people_min"] or min(
            kit.people_min, data["people_ideal"] or 99, data["people_max"] or 99
        )
        ideal = data["people_ideal"] or max(lowest, min(kit.people_ideal, data["people_max"] or 99))
        return ItemAnswers(
            category=data["category"],
            detail=data["detail"],
            people_min=lowest,
            people_ideal=ideal,
            people_max=data["people_max"] or max(ideal, kit.people_max),
            minutes=data["minutes"] or kit.minutes,
            skills=skills if skills or not self.from_scratch else kit.skills,
            tools=tools if tools or not self.from_scratch else kit.tools,
            needs_truck=_yes(data["needs_truck"], kit.needs_truck),
            minors_ok=_yes(data["minors_ok"], kit.minors_ok),
            stamina_min=data["stamina_min"] or kit.stamina_min,
            women_min=data["women_min"] or 0,
            women_only=data["women_only"],
            language=data["language"],
            estimate_reason=data["estimate_reason"],
        )

    def _counts(self, prefix: str) -> dict[str, int]:
        data = self.cleaned_data
        return {
            name.removeprefix(prefix): data[name]
            for name in self.fields
            if name.startswith(prefix) and data[name]
        }


def _yes(answer: str, usual: bool) -> bool:
    return usual if answer == "" else answer == "yes"


def _item_values(item: WorkItem) -> dict[str, Any]:
    names = (
        "category", "detail", "people_min", "people_ideal", "people_max", "minutes", "stamina_min", "women_min",
        "women_only", "language", "estimate_reason",
    )  # fmt: skip
    values = {name: getattr(item, name) for name in names}
    values |= {
        "needs_truck": "yes" if item.needs_truck else "no",
        "minors_ok": "yes" if item.minors_ok else "no",
    }
    values |= {f"skill_{code}": count for code, count in item.skills.items()}
    return values | {f"tool_{code}": count for code, count in item.tools.items()}


def item_forms(data: Any = None, *, operation: Operation) -> list[ItemForm]:
    """The parts for work on a new sheet."""
    return [ItemForm(data, operation=operation, prefix=f"w{n}") for n in range(1, ITEMS_ON_THE_SHEET + 1)]


class StepForm(forms.Form):
    """One step of the need: the reason from the list and in words, who was told, the first of two duplicates."""

    to = forms.ChoiceField(choices=NeedState.choices, widget=forms.HiddenInput)
    reason_kind = TextField(label="理由", max_length=40)
    reason = TextField(label="くわしく", max_length=150)
    told = TextField(label="だれに伝えたか", max_length=80)
    first_number = CountField(label="先に受け付けた番号", low=1, high=2**31 - 1)

    def __init__(self, data: Any = None, *, to: NeedState | None = None) -> None:
        super().__init__(data, initial={"to": to})
        kinds = REASONS.get(to, ()) if to else ()
        self.fields["reason_kind"].widget = forms.Select(
            choices=[("", "選んでください"), *((k, k) for k in kinds)]
        )
        self.fields["told"].widget = forms.Select(choices=[("", "選んでください"), *((t, t) for t in TOLD)])
        if to:
            self.auto_id = f"id_{to}_%s"

    def full_reason(self) -> str:
        data = self.cleaned_data
        return "：".join(part for part in (data["reason_kind"], data["reason"]) if part)


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
