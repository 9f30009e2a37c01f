"""What a resident types on their own phone: as little as a call back needs. Shapes only, no rules."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from dvc.core.japanese import is_phone, normalise_text
from dvc.core.languages import Language
from dvc.core.sealed_form import SealedForm
from intake.web_requests.services import FIELDS, HelpAnswers
from intake.web_requests.texts import texts

SELF: Final = "self"
OTHER: Final = "other"
_LENGTHS: Final = {
    "name": 80, "phone": 20, "resident": 80, "address": 120, "description": 1000, "when": 60,
}  # fmt: skip
_AUTOCOMPLETE: Final = {"name": "name", "phone": "tel", "address": "street-address"}


class _PlainText(forms.CharField):
    """One answer, kept as typed but for the white space around it; what is wrong with it is a key of TEXTS."""

    def to_python(self, value: Any) -> str:
        text: str = super().to_python(value) or ""
        if self.max_length is not None and len(text) > self.max_length:
            return text
        try:
            return normalise_text(text, multiline=isinstance(self.widget, forms.Textarea))
        except ValueError:
            raise forms.ValidationError("error_letters") from None


def _field(name: str) -> _PlainText:
    widget = forms.Textarea(attrs={"rows": 4}) if name == "description" else forms.TextInput()
    if name == "phone":
        widget.attrs |= {"type": "tel", "inputmode": "tel"}
    if name in _AUTOCOMPLETE:
        widget.attrs["autocomplete"] = _AUTOCOMPLETE[name]
    return _PlainText(
        required=False, widget=widget, max_length=_LENGTHS[name], error_messages={"max_length": "error_long"}
    )


class _InALanguage(forms.Form):
    """Labels, hints and errors come from TEXTS."""

    language: Language

    def _speak(self) -> None:
        self.t = texts(self.language)
        for name, field in self.fields.items():
            field.label = self.t.get(name, field.label)
            field.help_text = self.t.get(f"{name}_hint", "")

    def add_error(self, field: str | None, error: Any) -> None:
        if isinstance(error, forms.ValidationError):
            said = [self.t.get(text, text) for text in error.messages]
            error = forms.ValidationError(said)
        super().add_error(field, error)

    def clean_phone(self) -> str:
        phone: str = self.cleaned_data["phone"]
        if not phone:
            raise forms.ValidationError("error_phone_missing")
        if not is_phone(phone):
            raise forms.ValidationError("error_phone")
        return phone

    def clean_description(self) -> str:
        description: str = self.cleaned_data["description"]
        if not description:
            raise forms.ValidationError("error_description")
        return description


class HelpForm(_InALanguage, SealedForm):
    """The request: who, phone, where, what."""

    SALT = "intake.web_requests.form"

    name = _field("name")
    phone = _field("phone")
    who = forms.ChoiceField(
        choices=[(SELF, SELF), (OTHER, OTHER)], initial=SELF, required=False, widget=forms.RadioSelect
    )
    resident = _field("resident")
    address = _field("address")
    description = _field("description")
    when = _field("when")

    def __init__(self, data: Any = None, *, language: Language, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.language = language
        self._speak()
        self.fields["who"].choices = [(SELF, self.t["who_self"]), (OTHER, self.t["who_other"])]  # type: ignore[attr-defined]
        if data is None:
            self.initial.setdefault("seal", self.fresh_seal())

    def said(self) -> dict[str, str]:
        return {key: self.t[f"error_{key}"] for key in ("filled", "old", "fast")}

    def renew_seal(self) -> None:
        """Sent back after its time: what was typed stays, and the next try is in time."""
        self.data = {**{name: self.data.get(name) for name in self.fields}, "seal": self.fresh_seal()}

    def answers(self) -> HelpAnswers:
        data = self.cleaned_data
        for_self = data["who"] != OTHER and not data["resident"]
        return HelpAnswers(
            name=data["name"], phone=data["phone"], for_self=for_self, resident_name=data["resident"],
            address=data["address"], description=data["description"], when=data["when"],
        )  # fmt: skip


class CorrectionForm(_InALanguage):
    """What a link may correct."""

    phone = _field("phone")
    address = _field("address")
    description = _field("description")
    when = _field("when")

    def __init__(self, data: Any = None, *, language: Language, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.language = language
        self._speak()

    def words(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in FIELDS}
