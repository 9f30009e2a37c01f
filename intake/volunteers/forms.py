"""What is typed about a volunteer: at the desk in the order of the paper form, and from home. Shapes only,
no rules."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, Final, cast

from django import forms

from dvc.core.japanese import era_date, is_phone, normalise_text, parse_date_ja
from dvc.core.sealed_form import SealedForm
from intake.volunteers.models import Gender, InsurancePlan, Skill, VehicleKind, Volunteer, WorkCategory
from intake.volunteers.services import VolunteerFields, mark_of

LONGEST_LINE: Final = 2000
_OFF: Final = {"autocomplete": "off"}  # a shared computer must not offer the last person's data

EXPERIENCE: Final = [(0, "はじめて"), (1, "1～2回"), (2, "3回以上"), (3, "リーダーができる")]
STAMINA: Final = [(1, "軽い作業"), (2, "ふつう"), (3, "力仕事もできる")]
SEEN: Final = "seen"
JOINED: Final = "joined"
INSURANCE: Final = [
    ("", "あとで確認する"),
    (SEEN, "加入済み（カードや画面を見た）"),
    (JOINED, "今日加入の手続きをした"),
]


class NameField(forms.CharField):
    """One line, kept as typed but for the white space around it."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "max_length": "%(limit_value)d文字までです。短くして入力し直してください。"
    }

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        if len(text) > LONGEST_LINE:
            raise forms.ValidationError("長すぎて保存できません。短くして入力し直してください。")
        try:
            return normalise_text(text)
        except ValueError:
            raise forms.ValidationError(
                "保存できない文字が入っています。消して入力し直してください。"
            ) from None


class PhoneField(NameField):
    """A telephone number in any writing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 40, **kwargs})
        self.widget.attrs.setdefault("inputmode", "tel")

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text and not is_phone(text):
            raise forms.ValidationError(
                "けた数が違います。市外局番から入力してください（例：090-0000-0012）。"
            )
        return text


class JapaneseDateField(forms.CharField):
    """A date as people write it: 1961-5-4, S36.5.4, 昭和36年5月4日."""

    def prepare_value(self, value: Any) -> Any:
        return era_date(value).partition("（")[0] if isinstance(value, date) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_date_ja(text)
        except ValueError:
            raise forms.ValidationError(
                "日付として読めません。1961-5-4 や S36.5.4、昭和36年5月4日 のように入力してください。"
            ) from None


class _PersonForm(forms.Form):
    """Names, birthday, telephone, address: what both doors ask for."""

    family_name = NameField(
        label="姓",
        max_length=40,
        error_messages={"required": "姓を入力してください。"},
    )
    given_name = NameField(label="名", max_length=40, required=False)
    family_kana = NameField(label="せい（ふりがな）", max_length=60, required=False)
    given_kana = NameField(label="めい（ふりがな）", max_length=60, required=False)
    birth_date = JapaneseDateField(label="生年月日", required=False, help_text="例：1961-5-4、S36.5.4")
    gender = forms.ChoiceField(
        label="性別（任意）",
        required=False,
        choices=Gender.choices,
        initial="",
        widget=forms.RadioSelect,
    )
    phone = PhoneField(label="電話番号（携帯）", required=False)
    email = forms.EmailField(label="メール", required=False, max_length=254)
    postal_code = NameField(label="郵便番号", max_length=8, required=False)
    address = NameField(label="住所", max_length=120, required=False)
    emergency_name = NameField(label="緊急連絡先の氏名", max_length=60, required=False)
    emergency_relation = NameField(label="続柄（妻・父など）", max_length=20, required=False)
    emergency_phone = PhoneField(label="緊急連絡先の電話", required=False)
    vehicle = forms.ChoiceField(
        label="乗ってきた車",
        required=False,
        choices=VehicleKind.choices,
        widget=forms.RadioSelect,
        initial="",
    )
    vehicle_seats = forms.IntegerField(
        label="乗れる人数（運転者を含む）",
        required=False,
        min_value=0,
        max_value=60,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "0～60の数字で入力してください。"
        ),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    skills = forms.MultipleChoiceField(
        label="資格・特技", required=False, choices=Skill.choices, widget=forms.CheckboxSelectMultiple
    )
    languages = NameField(
        label="話せる言葉（日本語のほかに）",
        max_length=200,
        required=False,
        help_text="例：英語、ベトナム語、手話",
    )
    experience = forms.TypedChoiceField(
        label="活動の経験",
        required=False,
        coerce=int,
        choices=EXPERIENCE,
        initial=0,
        widget=forms.RadioSelect,
    )
    guardian_consent = forms.BooleanField(label="保護者の同意がある（18歳未満のとき）", required=False)

    def clean_languages(self) -> list[str]:
        text: str = self.cleaned_data["languages"]
        for sign in "、，,・／/　":
            text = text.replace(sign, " ")
        languages = text.split()
        if len(languages) > 10 or any(len(language) > 30 for language in languages):
            raise forms.ValidationError("10個まで、「、」で区切って入力してください。")
        return languages

    def clean_vehicle_seats(self) -> int:
        return self.cleaned_data.get("vehicle_seats") or 0

    def person_fields(self) -> VolunteerFields:
        """What the services take. Only for a valid form."""
        names = VolunteerFields.__annotations__.keys() & self.cleaned_data.keys()
        chosen = {name: self.cleaned_data[name] for name in names}
        for number in ("experience", "stamina"):
            if chosen.get(number) in (None, ""):
                chosen.pop(number, None)
        return cast(VolunteerFields, chosen)


class VolunteerForm(_PersonForm):
    """Corrections: everything the register holds about a person."""

    stamina = forms.TypedChoiceField(
        label="できる作業の重さ",
        required=False,
        coerce=int,
        choices=STAMINA,
        initial=2,
        widget=forms.RadioSelect,
    )
    prefers = forms.MultipleChoiceField(
        label="希望する活動",
        required=False,
        choices=WorkCategory.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    avoids = forms.MultipleChoiceField(
        label="できない作業",
        required=False,
        choices=WorkCategory.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    group_name = NameField(
        label="団体名", max_length=80, required=False, help_text="個人で参加する人は空のままにします。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.widget.attrs.update(_OFF)

    @classmethod
    def initial_of(cls, volunteer: Volunteer) -> dict[str, Any]:
        """What the form shows of a registered person."""
        shown = {name: getattr(volunteer, name) for name in cls.base_fields if hasattr(volunteer, name)}
        shown["languages"] = "、".join(volunteer.languages)
        shown["group_name"] = volunteer.group.name if volunteer.group else ""
        return shown

    def differing(self, volunteer: Volunteer) -> list[tuple[str, str]]:
        """Label and what stands in the register, of each field where something else was typed. Only for a valid form."""
        stands = {**self.initial_of(volunteer), "languages": volunteer.languages}
        return [
            (str(self.fields[name].label), _in_words(self.fields[name], now))
            for name, now in stands.items()
            if not self[name].is_hidden
            and name in self.cleaned_data
            and (self.cleaned_data[name] or now)
            and self.cleaned_data[name] != now
        ]


def _in_words(field: forms.Field, value: Any) -> str:
    """A value of the register as the form's reader knows it."""
    if isinstance(field, forms.BooleanField):
        return "はい" if value else "いいえ"
    if isinstance(field, forms.ChoiceField):
        words = {str(code): str(word) for code, word in cast(Any, field.choices)}
        codes = value if isinstance(value, list) else [value]
        return "、".join(words.get(str(code), "") for code in codes) or "（なし）"
    if isinstance(value, date):
        return era_date(value)
    return "、".join(value) if isinstance(value, list) else str(value or "（空）")


class CorrectionForm(VolunteerForm):
    """Of somebody registered. `mark`: what stood there when it was opened."""

    mark = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    @classmethod
    def initial_of(cls, volunteer: Volunteer) -> dict[str, Any]:
        return {**super().initial_of(volunteer), "mark": mark_of(volunteer)}


class DeskForm(VolunteerForm):
    """A new person at the desk: the paper form from top to bottom, then the card."""

    insurance = forms.ChoiceField(
        label="ボランティア活動保険", required=False, choices=INSURANCE, initial="", widget=forms.RadioSelect
    )
    plan = forms.ChoiceField(
        label="プラン", required=False, choices=InsurancePlan.choices, initial=InsurancePlan.BASIC
    )
    card = forms.CharField(
        label="QRカード",
        required=False,
        max_length=1024,
        help_text="箱から新しいカードを1枚取り、バーコードリーダーで読み取るか、カードの下の8文字を入力します。あとでもかまいません。",
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
    )
    consented = forms.BooleanField(
        label="個人情報の扱いと注意事項を説明し、同意をもらった",
        error_messages={"required": "説明して同意をもらってから、ここを選んでください。"},
    )
    different_person = forms.BooleanField(label="同じ名前や電話の、別の人です", required=False)
    form_token = forms.UUIDField(widget=forms.HiddenInput)

    field_order = ("family_name", "given_name", "family_kana", "given_kana", "birth_date", "gender")

    @classmethod
    def blank(cls, starting: Mapping[str, Any]) -> DeskForm:
        """An empty form with a token of its own; `starting` may hold what was typed into a search."""
        form = cls(initial={**starting, "form_token": uuid.uuid4()})
        form.fields["family_name"].widget.attrs["autofocus"] = True
        return form

    def start_at_first_error(self) -> None:
        """The cursor stands where something is to be mended."""
        if wrong := [name for name in self.fields if name in self.errors]:
            self.fields[wrong[0]].widget.attrs["autofocus"] = True


class PublicForm(SealedForm, _PersonForm):
    """Registration from home, sealed (`dvc.core.sealed_form`)."""

    SALT = "intake.volunteers.public_form"

    consented = forms.BooleanField(
        label="個人情報の扱いと注意事項を読み、同意します",
        error_messages={"required": "読んで、同意できるときに選んでください。"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].required = True
        self.fields["phone"].error_messages["required"] = "連絡のつく電話番号を入力してください。"
        for name, token in {
            "family_name": "family-name",
            "given_name": "given-name",
            "phone": "tel",
            "email": "email",
            "postal_code": "postal-code",
            "address": "street-address",
        }.items():
            self.fields[name].widget.attrs["autocomplete"] = token


class InsuranceForm(forms.Form):
    """A policy that was shown, or joined here today."""

    insurance = forms.ChoiceField(
        label="確認の方法", choices=INSURANCE[1:], initial=SEEN, widget=forms.RadioSelect
    )
    plan = forms.ChoiceField(label="プラン", choices=InsurancePlan.choices, initial=InsurancePlan.BASIC)


class CardForm(forms.Form):
    """The next card for a person."""

    NEW, LOST, WORN = "new", "lost", "worn"

    card = forms.CharField(
        label="新しいカード",
        max_length=1024,
        help_text="バーコードリーダーで読み取るか、カードの下の8文字を入力します。",
        error_messages={"required": "カードを読み取るか、8文字を入力してください。"},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    why = forms.ChoiceField(
        label="理由",
        choices=[(LOST, "前のカードをなくした"), (WORN, "前のカードが破れた・読めない")],
        widget=forms.RadioSelect,
        required=False,
        initial=LOST,
    )


class StockForm(forms.Form):
    """How many blank cards to make."""

    sheets = forms.IntegerField(
        label="印刷する枚数（A4用紙。1枚に10人分）",
        min_value=1,
        max_value=100,
        initial=5,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "min_value": "1～100枚の間で入力してください。",
            "max_value": "1～100枚の間で入力してください。",
            "invalid": "数字で入力してください。",
        },
    )
    form_token = forms.UUIDField(widget=forms.HiddenInput)

    @classmethod
    def blank(cls) -> StockForm:
        return cls(initial={"form_token": uuid.uuid4(), "sheets": 5})


class ReasonForm(forms.Form):
    """Why somebody is not let in."""

    reason = NameField(label="受付を止める理由", max_length=200)
