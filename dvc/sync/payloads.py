"""The shapes of what ops carry. Shape only: what it means is decided where it is folded."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from dvc.core.shapes import Shape
from intake.checkin import headcounts
from intake.help_requests.models import Tool
from matching.loans.models import Outcome
from matching.loans.services import MOST as MOST_LENT

MAX_TEXT = 4096
MAX_NAME = 100
MOST_ANSWERS, MAX_QUESTION = 50, 20
MOST_FIELDS, MOST_CHOICES, MOST_PHOTOS = 100, 50, 40
MOST_STROKES, MOST_POINTS = 200, 2000
INPUTS = ["camera", "reader", "typed", "list"]
EVIDENCE = ["seen_card", "online", "joined_here"]


class UUIDText(serializers.UUIDField):
    """A UUID kept as its text: receipts hold payloads as JSON."""

    def to_internal_value(self, data: Any) -> str:  # type: ignore[override]  # text is what JSON can hold
        return str(super().to_internal_value(data))


class DateText(serializers.DateField):
    """A day kept as YYYY-MM-DD."""

    def to_internal_value(self, value: Any) -> str:  # type: ignore[override]  # text is what JSON can hold
        return super().to_internal_value(value).isoformat()


def _text() -> serializers.CharField:
    return serializers.CharField(
        required=False, default="", max_length=MAX_TEXT, allow_blank=True, trim_whitespace=False
    )


def _instead_of() -> UUIDText:
    return UUIDText(required=False, help_text="the op with a typed name that meant this person")


class VisitPayload(Shape):
    """Somebody, by card, short code, id, typed name or as the guest of a walk-in, and how that was read."""

    card = serializers.CharField(required=False, max_length=MAX_TEXT, trim_whitespace=False)
    short_code = serializers.CharField(required=False, max_length=64)
    volunteer = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    guest = UUIDText(required=False)
    name = serializers.CharField(required=False, max_length=MAX_NAME)
    site = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    input = serializers.ChoiceField(INPUTS, required=False)
    instead_of = _instead_of()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() & {"card", "short_code", "volunteer", "guest", "name"}:
            raise serializers.ValidationError("card, short_code, volunteer, guest or name is required")
        return attrs


class AnswerPayload(VisitPayload):
    """Somebody, and what they said: question → yes or no."""

    answers = serializers.DictField(child=serializers.ChoiceField(["yes", "no"]), allow_empty=True)
    # No default: a payload of a tablet that does not know it keeps its digest.
    all = serializers.BooleanField(required=False, help_text="one button for every question that was open")

    def validate_answers(self, said: dict[str, str]) -> dict[str, str]:
        if len(said) > MOST_ANSWERS or any(len(question) > MAX_QUESTION for question in said):
            raise serializers.ValidationError("too many or too long")
        return said


class InsurancePayload(VisitPayload):
    evidence = serializers.ChoiceField(EVIDENCE)


class BindPayload(Shape):
    card = serializers.CharField(max_length=MAX_TEXT, trim_whitespace=False)
    volunteer = serializers.IntegerField(min_value=1, max_value=2**62)
    input = serializers.ChoiceField(INPUTS, required=False)
    lost = serializers.BooleanField(required=False, help_text="the person's card before this one is lost")


class FailedScanPayload(Shape):
    """What was read and could not be used. Longer text is cut where it is kept."""

    raw = serializers.CharField(max_length=MAX_TEXT, trim_whitespace=False, allow_blank=True)
    code = serializers.CharField(max_length=30)
    input = serializers.ChoiceField(INPUTS, required=False)


class GroupPayload(Shape):
    """A group that came or went: the members who did, and how many more whose names nobody has."""

    group = serializers.IntegerField(min_value=1, max_value=2**62)
    members = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), max_length=500
    )
    extra = serializers.IntegerField(required=False, default=0, min_value=0, max_value=headcounts.MOST)
    card = serializers.CharField(required=False, max_length=MAX_TEXT, trim_whitespace=False)
    site = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    input = serializers.ChoiceField(INPUTS, required=False)


class ToolPayload(Shape):
    """A numbered piece by card, short code or id, or `count` of a `tool`; to or from which team (or `person` with
    `reason`). Of a give-back `outcome` says what became of it."""

    card = serializers.CharField(required=False, max_length=MAX_TEXT, trim_whitespace=False)
    short_code = serializers.CharField(required=False, max_length=64)
    item = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    tool = serializers.ChoiceField(Tool.choices, required=False)
    count = serializers.IntegerField(required=False, min_value=1, max_value=MOST_LENT)
    team = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    person = serializers.CharField(required=False, max_length=60)
    reason = serializers.CharField(required=False, max_length=120)
    outcome = serializers.ChoiceField(Outcome.choices, required=False)
    site = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    input = serializers.ChoiceField(INPUTS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() & {"card", "short_code", "item", "tool"}:
            raise serializers.ValidationError("card, short_code, item or tool is required")
        return attrs


class UndoPayload(Shape):
    """`op`: the operation to take back; `of`: its kind, for the tablet's own counting."""

    op = UUIDText()
    of = serializers.CharField(required=False, max_length=30)


class WalkInPayload(Shape):
    """A person written down at the desk. `guest` is the tablet's name for them until the server's is known. Texts are
    taken at any length: what cannot be stored is named in the answer, the person is here all the same."""

    guest = UUIDText()
    family_name = _text()
    given_name = _text()
    family_kana = _text()
    given_kana = _text()
    phone = _text()
    emergency_phone = _text()
    birth_date = DateText(required=False, allow_null=True)
    minor = serializers.BooleanField(required=False, default=False)
    guardian_consent = serializers.BooleanField(required=False, default=False)
    experience = serializers.IntegerField(required=False, default=0, min_value=0, max_value=3)
    insured = serializers.ChoiceField(EVIDENCE, required=False, allow_null=True)
    consent = serializers.BooleanField(required=False, default=False)
    proxy = serializers.BooleanField(required=False, default=False)
    card = serializers.CharField(required=False, max_length=MAX_TEXT, trim_whitespace=False)
    site = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    instead_of = _instead_of()


class PhotoPayload(Shape):
    """A photo by the hash of the file that is sent for it, and what is seen on it."""

    sent = serializers.RegexField(r"\A[0-9a-f]{64}\Z")
    caption = serializers.CharField(required=False, default="", max_length=60, allow_blank=True)


class SurveyPayload(Shape):
    """A survey as it was filled in: field → text, texts or a tick (intake.survey.forms.SurveyForm). What cannot be read is
    kept as it is. `signature`: strokes of x, y, x, y … in thousandths."""

    need = serializers.IntegerField(min_value=1, max_value=2**62)
    appointment = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    form = serializers.DictField(child=serializers.JSONField())
    photos = PhotoPayload(many=True, required=False)
    signature = serializers.ListField(
        child=serializers.ListField(
            child=serializers.IntegerField(min_value=-1000, max_value=2000), max_length=MOST_POINTS
        ),
        required=False,
        max_length=MOST_STROKES,
    )

    def validate_form(self, form: dict[str, Any]) -> dict[str, Any]:
        if len(form) > MOST_FIELDS or any(not _is_filled_in(name, value) for name, value in form.items()):
            raise serializers.ValidationError("text, texts and ticks only")
        return form

    def validate_photos(self, photos: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(photos) > MOST_PHOTOS:
            raise serializers.ValidationError("too many")
        return [dict(photo) for photo in photos]


def _is_filled_in(name: str, value: Any) -> bool:
    parts = value if isinstance(value, list) else [value]
    return (
        len(name) <= MAX_NAME
        and len(parts) <= MOST_CHOICES
        and all(isinstance(part, str | int) and len(str(part)) <= MAX_TEXT for part in parts)
    )


class AbsentPayload(Shape):
    """Nobody came to the door."""

    appointment = serializers.IntegerField(min_value=1, max_value=2**62)
    note = _text()
