"""A person and a house of the register, as they are corrected away from any request."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from intake.help_requests.fields import CountField, PhoneField, TextField
from intake.people import towns
from intake.people.models import Household, Person, Precision, Town
from intake.people.services import HouseholdAnswers, PersonAnswers, mark_of

_OLDEST: Final = 1890


class PersonForm(forms.Form):
    """Name, reading, telephone, year of birth, what to be careful about. `mark`: what stood there when it was opened."""

    mark = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    name = TextField(label="お名前", max_length=80, help_text="姓と名のあいだを空けます。例：髙橋 キヨ")
    kana = TextField(label="ふりがな", max_length=120)
    phone = PhoneField(label="電話番号")
    birth_year = CountField(label="生まれた年（西暦）", low=_OLDEST, high=2100, help_text="例：1941")
    note = TextField(label="配慮すること", max_length=300, help_text="例：耳が遠い。ゆっくり話す")

    def __init__(self, data: Any = None, *, person: Person, year: int) -> None:
        names = ("name", "kana", "phone", "birth_year", "note")
        super().__init__(
            data, initial={name: getattr(person, name) for name in names} | {"mark": mark_of(person)}
        )
        self.year = year

    def clean_birth_year(self) -> int | None:
        year: int | None = self.cleaned_data["birth_year"]
        if year and year > self.year:
            raise forms.ValidationError(f"{self.year}年より先の年です。生まれた年を西暦で入れてください。")
        return year

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not self.errors and not (data["name"] or data["kana"] or data["phone"]):
            raise forms.ValidationError("お名前・ふりがな・電話番号のどれか1つは入れてください。")
        return data

    def answers(self) -> PersonAnswers:
        data = {name: value for name, value in self.cleaned_data.items() if name != "mark"}
        return PersonAnswers(**data)


class HouseholdForm(forms.Form):
    """Where a house is and who lives there. The pin stays as long as neither town nor address changes."""

    mark = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    town = TextField(
        label="町丁目",
        max_length=120,
        help_text="一部だけでも探せます。例：高橋1",
        widget=forms.TextInput(attrs={"list": "towns", "autocomplete": "on"}),
    )
    address = TextField(label="番地・建物・部屋", max_length=120, help_text="例：町前一丁目9999-1 ○○荘203")
    landmark = TextField(label="目印・行き方", max_length=120)
    lives_alone = forms.BooleanField(label="一人暮らし", required=False)
    members = TextField(label="一緒に住んでいる方", max_length=120)

    def __init__(self, data: Any = None, *, house: Household) -> None:
        names = ("address", "landmark", "lives_alone", "members")
        initial = {name: getattr(house, name) for name in names}
        initial |= {"town": str(house.town) if house.town else "", "mark": mark_of(house)}
        super().__init__(data, initial=initial)
        self.house = house

    def clean_town(self) -> Town | None:
        text = self.cleaned_data["town"]
        town = towns.exactly(self.house.center, text) if text else None
        if text and town is None:
            raise forms.ValidationError(
                "この町丁目は1つに決まりません。候補から選ぶか、ここを空欄にして番地の欄に町名から書いてください。"
            )
        return town

    @property
    def loses_pin(self) -> bool:
        """Whether there was a pin, for another address than the one that is typed now."""
        return self.house.precision == Precision.PIN and not self._is_same_place

    @property
    def _is_same_place(self) -> bool:
        return (self.cleaned_data["town"], self.cleaned_data["address"]) == (
            self.house.town,
            self.house.address,
        )

    def answers(self) -> HouseholdAnswers:
        data = self.cleaned_data
        has_pin = self.house.precision == Precision.PIN and self._is_same_place
        return HouseholdAnswers(
            town=data["town"],
            address=data["address"],
            landmark=data["landmark"],
            lat=self.house.lat if has_pin else None,
            lng=self.house.lng if has_pin else None,
            lives_alone=data["lives_alone"],
            members=data["members"],
        )
