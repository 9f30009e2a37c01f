"""Shapes that are checked by the thousand. DRF asks every field a dozen questions whose answers never change, which takes
longer than all else that a batch of ops needs. A `Shape` is a DRF serializer that first looks at each value once: what is
plainly right (the very type that JSON gives, inside the field's own limits) is taken as DRF would take it. Whatever is
not goes through DRF as a whole, which alone says no and why. The limits stand once, in the fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from math import isfinite
from typing import Any, Final
from uuid import UUID

from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    ProhibitNullCharactersValidator,
)
from django.utils import timezone
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.settings import api_settings
from rest_framework.validators import ProhibitSurrogateCharactersValidator


class Unsure(Exception):
    """Not plainly right: DRF decides."""


Glance = Callable[[Any], Any]  # the value as DRF gives it back; raises Unsure


class Shape(serializers.Serializer[dict[str, Any]]):
    """A serializer whose one instance checks any number of dicts; what it gives back and what it raises is DRF's."""

    def run_validation(self, data: Any = empty) -> dict[str, Any]:
        if type(data) is dict:
            try:
                return self._at_a_glance(data)
            except (Unsure, serializers.ValidationError):
                pass  # DRF looks at all of it and names every wrong field
        checked: dict[str, Any] = super().run_validation(data)
        return checked

    def _at_a_glance(self, data: Mapping[str, Any]) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for name, glance, otherwise, own in self._glances:
            value = data.get(name, empty)
            if value is empty:
                if otherwise is _REQUIRED:
                    raise Unsure
                if otherwise is empty:
                    continue
                value = otherwise
            else:
                value = glance(value)
            read[name] = own(value) if own else value
        checked: dict[str, Any] = self.validate(read)
        return checked

    @cached_property
    def _glances(self) -> list[tuple[str, Glance, Any, Glance | None]]:
        """Of each field: its name, how to look at a value, what stands for a missing one, and the shape's own check of
        it."""
        return [
            (name, _glance(field), _otherwise(field), getattr(self, f"validate_{name}", None))
            for field in self._writable_fields
            for name in [str(field.field_name)]
        ]


_REQUIRED: Final = object()
_MISSING: Final = object()
_ANYTHING: Final = type(serializers.DictField().child)


def _otherwise(field: serializers.Field[Any, Any, Any, Any]) -> Any:
    if field.required:
        return _REQUIRED
    if field.default is empty:
        return empty
    # A default that is made anew each time must not be shared.
    return field.default if isinstance(field.default, str | int | None) else _REQUIRED


def _glance(field: serializers.Field[Any, Any, Any, Any]) -> Glance:
    if field.source != field.field_name:
        return _never
    look = _plain(field)
    if look is None:
        return field.run_validation  # slower, and always right
    if not field.allow_null:
        return look
    return lambda value: None if value is None else look(value)


def _plain(field: Any) -> Glance | None:
    """How to look at a field of exactly this class, or None for what is not known here."""
    kind, limits = type(field), _limits(field)
    if limits is None:
        return None
    if kind is serializers.CharField:
        return _text(field, limits.get(MaxLengthValidator))
    if kind is serializers.IntegerField:
        return _whole_number(limits.get(MinValueValidator), limits.get(MaxValueValidator))
    if limits:
        return None
    if kind is serializers.ChoiceField:
        return _choice(field.choice_strings_to_values)
    if kind is serializers.DateTimeField and list(api_settings.DATETIME_INPUT_FORMATS) == ["iso-8601"]:
        return None if hasattr(field, "input_formats") or hasattr(field, "timezone") else _moment
    if kind is serializers.DictField and type(field.child) is _ANYTHING and field.allow_empty:
        return _dict
    if kind is serializers.ListField and field.allow_empty:
        return _list_of(_glance(field.child))
    return _BY_CLASS.get(kind)


def _limits(field: Any) -> dict[type, Any] | None:
    """What the field's validators allow, or None when one of them is not known here."""
    limits: dict[type, Any] = {}
    for validator in field.validators:
        kind = type(validator)
        if kind in (ProhibitNullCharactersValidator, ProhibitSurrogateCharactersValidator):
            continue  # every CharField has them, and `_text` looks for both
        if kind not in (MaxLengthValidator, MinValueValidator, MaxValueValidator) or kind in limits:
            return None
        limits[kind] = validator.limit_value
        if callable(limits[kind]):
            return None
    return limits


# ── What is plainly right ──────────────────────────────────────────────────────────────────────
def _text(field: serializers.CharField, longest: int | None) -> Glance:
    trims, blank = field.trim_whitespace, field.allow_blank

    def look(value: Any) -> str:
        if type(value) is not str:
            raise Unsure
        text = value.strip() if trims else value
        if not text and not blank:
            raise Unsure
        # Half a character (a surrogate) and U+0000 are no text. What is ASCII and printable has neither.
        if not (text.isascii() and text.isprintable()) and not _is_whole(text):
            raise Unsure
        if longest is not None and len(text) > longest:
            raise Unsure
        return text

    return look


def _is_whole(text: str) -> bool:
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def _whole_number(least: int | None, most: int | None) -> Glance:
    def look(value: Any) -> int:
        if (
            type(value) is not int
            or (least is not None and value < least)
            or (most is not None and value > most)
        ):
            raise Unsure
        return value

    return look


def _choice(choices: Mapping[str, Any]) -> Glance:
    def look(value: Any) -> Any:
        if type(value) is not str or (chosen := choices.get(value, _MISSING)) is _MISSING:
            raise Unsure
        return chosen

    return look


def _list_of(glance: Glance) -> Glance:
    def look(value: Any) -> list[Any]:
        if type(value) is not list:
            raise Unsure
        return [glance(one) for one in value]

    return look


def _dict(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise Unsure
    return dict(value)  # out of JSON, so the keys are texts


def _moment(value: Any) -> datetime:
    if type(value) is not str:
        raise Unsure
    try:
        told = datetime.fromisoformat(value)
        if told.tzinfo is None:
            raise Unsure
        return told.astimezone(timezone.get_default_timezone())
    except (ValueError, OverflowError):
        raise Unsure from None


def _number(value: Any) -> float:
    if type(value) is not float and not (type(value) is int and abs(value) < 2**53):
        raise Unsure
    if not isfinite(value):
        raise Unsure
    return float(value)


def _uuid(value: Any) -> UUID:
    if type(value) is not str:
        raise Unsure
    try:
        return UUID(value)
    except ValueError:
        raise Unsure from None


def _never(value: Any) -> Any:
    raise Unsure


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise Unsure
    return value


_BY_CLASS: Final[dict[type, Glance]] = {
    serializers.FloatField: _number,
    serializers.UUIDField: _uuid,
    serializers.BooleanField: _flag,
}
