"""Fields of the phone desk: text in any writing, telephone numbers, small counts. What is wrong is said in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django import forms

from dvc.core.japanese import is_phone, normalise_text, parse_date_ja

_OFF: Final = {"autocomplete": "off"}  # a shared computer must not offer the last caller's data
_UNREADABLE: Final = "保存できない文字が入っています。消して入力し直してください。"
_TOO_LONG: Final = "長すぎます。%(limit_value)d文字以内にしてください（いま%(show_value)d文字）。"
BAD_CHOICE: Final = "この中から選んでください。"
BAD_NUMBER: Final = "数字で入れてください。"


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
                "電話番号のけた数が違います。市外局番から入れてください。まだ分からないときは空欄にします（折り返しの一覧に残ります）。"
            )
        return text


class CountField(forms.IntegerField):
    """A small number; empty stays None."""

    def __init__(self, *, low: int = 0, high: int = 99, **kwargs: Any) -> None:
        messages = {
            "invalid": BAD_NUMBER,
            "min_value": "%(limit_value)d以上の数字を入れてください。",
            "max_value": "%(limit_value)d以下の数字を入れてください。",
        }
        super().__init__(required=False, min_value=low, max_value=high, error_messages=messages, **kwargs)
        self.widget.attrs.update({**_OFF, "inputmode": "numeric"})


class DayField(forms.DateField):
    """A day, from the browser's calendar or typed as people write it."""

    def __init__(self, **kwargs: Any) -> None:
        wrong = "その日付はありません。カレンダーから選ぶか、2026-7-21 のように入れてください。"
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(
            **{"required": False, "widget": widget, "error_messages": {"invalid": wrong}, **kwargs}
        )

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, str) and value.strip():
            try:
                return parse_date_ja(value)
            except ValueError:
                pass  # no day: said below
        found: date | None = super().to_python(value)
        return found


def choices_of(kinds: Iterable[tuple[str, str]], label: str, **kwargs: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=list(kinds),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": BAD_CHOICE, "invalid_list": BAD_CHOICE},
        **kwargs,
    )
