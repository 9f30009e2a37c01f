"""What a center leader types: the center, an operation, a place, a colleague."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final

from django import forms

from dvc.accounts.roles import Role
from dvc.core.fields import ClockField
from dvc.core.japanese import format_phone, is_phone, normalise_text
from dvc.operations.models import Mode, Operation

# Where the map opens. Tagajo's city hall; other towns set their own.
DEFAULT_LAT: Final = 38.2939
DEFAULT_LNG: Final = 141.0044

TEXT_INPUT: Final = forms.TextInput


class CleanText(forms.CharField):
    """One line, trimmed, as `normalise_text` stores it."""

    def to_python(self, value: Any) -> str:
        return normalise_text(super().to_python(value) or "")


class PhoneField(forms.CharField):
    """A telephone number in any writing, given back with hyphens."""

    widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"})

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if text and not is_phone(text):
            raise forms.ValidationError("電話番号を市外局番から入力してください。例：022-368-6300")
        return format_phone(text) if text else ""


class Place(forms.Form):
    """A point on the map. Left empty, it is the middle of the center's town."""

    lat = forms.FloatField(label="緯度", required=False, min_value=20, max_value=46, help_text="例：38.2939")
    lng = forms.FloatField(
        label="経度", required=False, min_value=122, max_value=154, help_text="例：141.0044"
    )

    def point(self, *, default: tuple[float, float]) -> tuple[float, float]:
        """(lat, lng) in degrees WGS84."""
        lat, lng = self.cleaned_data.get("lat"), self.cleaned_data.get("lng")
        return default if lat is None or lng is None else (lat, lng)


class CenterForm(forms.Form):
    name = CleanText(label="センターの名前", max_length=80, help_text="例：多賀城市災害ボランティアセンター")
    city = CleanText(label="市町村", max_length=40, help_text="例：多賀城市")
    phone = PhoneField(
        label="センターの電話番号", max_length=30, help_text="活動依頼書や班のリーダーの画面に出ます。"
    )


class SetUpForm(Place, CenterForm):
    site_name = CleanText(
        label="最初の拠点の名前", max_length=60, help_text="受付をする場所です。例：市総合体育館"
    )
    display_name = CleanText(
        label="あなたの氏名",
        max_length=60,
        help_text="センター長として登録します。役割はあとで変えられます。",
        widget=TEXT_INPUT(attrs={"autocomplete": "name"}),
    )


class SiteForm(Place):
    name = CleanText(label="拠点の名前", max_length=60, help_text="例：第二中学校サテライト")
    address = CleanText(label="住所", max_length=120, required=False)

    field_order = ("name", "address", "lat", "lng")


class OperationForm(forms.Form):
    """Name, hours and rules of an operation; shared by opening and correcting."""

    name = CleanText(label="名称", max_length=80, help_text="例：令和8年7月豪雨、総合防災訓練")
    day_start = ClockField(label="受付をはじめる時刻", initial=time(9, 0), step=300)
    work_end = ClockField(
        label="現地での作業を終える時刻",
        initial=time(15, 30),
        step=300,
        help_text="この時刻に終わらない作業は提案しません。",
    )
    capacity = forms.IntegerField(
        label="1日の定員（人）",
        required=False,
        min_value=1,
        max_value=9999,
        help_text="決めていなければ空のままにします。",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    insurance_required = forms.BooleanField(
        label="出発の前に、ボランティア活動保険を確かめる", required=False, initial=True
    )
    insurance_special_rule = forms.BooleanField(
        label="大規模災害特例を使う（加入した時から補償）",
        required=False,
        help_text="全国社会福祉協議会が特例を出したときだけ選びます。ふだんは、加入した次の日から補償されます。",
    )
    orientation_required = forms.BooleanField(
        label="出発の前に、説明（オリエンテーション）を求める", required=False, initial=True
    )
    auto_match = forms.BooleanField(
        label="班の提案を自動で作る", required=False, initial=True, help_text="決めるのは、いつも人です。"
    )
    max_visits = forms.TypedChoiceField(
        label="1つの班が続けて行く件数（多くて）",
        choices=[(1, "1件だけ"), (2, "2件まで"), (3, "3件まで")],
        coerce=int,
        empty_value=None,
        required=False,
        initial=3,
        widget=forms.RadioSelect,
        help_text="近くの困りごとを続けて回ると、少ないリーダーで多くのお宅に伺えます。",
    )
    recruiting = forms.BooleanField(label="ボランティアを募集している", required=False, initial=True)
    notice = CleanText(
        label="お知らせ",
        max_length=300,
        required=False,
        help_text="公開ページに出ます。個人の名前は書かないでください。",
    )

    def clean_max_visits(self) -> int:
        """What was chosen; a page that does not ask changes nothing."""
        return int(
            self.cleaned_data["max_visits"]
            or self.get_initial_for_field(self.fields["max_visits"], "max_visits")
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("day_start"), cleaned.get("work_end")
        if start and end and end <= start:
            self.add_error("work_end", "受付をはじめる時刻より後の時刻にしてください。")
        return cleaned

    @classmethod
    def initial_of(cls, operation: Operation) -> dict[str, Any]:
        """The operation's present values."""
        return {name: getattr(operation, name) for name in cls.base_fields if hasattr(operation, name)}


class OpenForm(OperationForm):
    mode = forms.ChoiceField(
        label="種類",
        choices=[(Mode.DRILL.value, "訓練（練習です）"), (Mode.DISASTER.value, "災害（実際の活動です）")],
        widget=forms.RadioSelect,
        help_text="あとから変えられません。訓練では、すべての画面と印刷物に「訓練」と出ます。",
    )
    field_order = ("mode", "name")

    def settings(self) -> dict[str, Any]:
        """What `edit_operation` takes."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("mode", "name")}


class CloseForm(forms.Form):
    reason = CleanText(label="閉所の理由・引きつぎ", max_length=200, required=False)


class ConsentForm(forms.Form):
    note = CleanText(
        label="何が変わったか",
        max_length=200,
        required=False,
        help_text="操作の記録に残ります。例：床下の作業のときの防じんマスクを加えた",
    )


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label="役割",
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "役割を1つ以上選んでください。"},
        help_text="兼ねている役割は、すべて選びます。",
    )

    def chosen(self) -> list[Role]:
        return [Role(role) for role in self.cleaned_data["roles"]]


class StaffForm(RolesForm):
    display_name = CleanText(label="氏名", max_length=60)
    origin = CleanText(
        label="所属", max_length=60, required=False, help_text="応援の方は元の所属。例：仙台市社協"
    )
    days = forms.TypedChoiceField(
        label="いつまで使えるか",
        choices=[
            ("1", "今日から1日"),
            ("3", "3日"),
            ("7", "7日（応援の1クール）"),
            ("30", "30日"),
            ("0", "期限なし（職員）"),
        ],
        initial="7",
        coerce=int,
        widget=forms.RadioSelect,
    )
    field_order = ("display_name", "origin", "roles", "days")

    def expires_at(self, *, at: datetime) -> datetime | None:
        days: int = self.cleaned_data["days"]
        return at + timedelta(days=days) if days else None


class TownFileForm(forms.Form):
    file = forms.FileField(
        label="町丁目のファイル（JSON）",
        help_text="町の名前と緯度・経度の一覧です。町（town）・小字（koaza）・lat・lng を持つ JSON を選んでください。",
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )
