"""The shapes of what ops carry. Shape only: what it means is decided where it is folded."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

MAX_TEXT = 4096
INPUTS = ["camera", "reader", "typed", "list"]


class VisitPayload(serializers.Serializer[dict[str, Any]]):
    """Somebody, by card, short code or id, and how that was read."""

    card = serializers.CharField(required=False, max_length=MAX_TEXT, trim_whitespace=False)
    short_code = serializers.CharField(required=False, max_length=64)
    volunteer = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    site = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    input = serializers.ChoiceField(INPUTS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.keys() & {"card", "short_code", "volunteer"}:
            raise serializers.ValidationError("card, short_code or volunteer is required")
        return attrs


class InsurancePayload(VisitPayload):
    evidence = serializers.ChoiceField(["seen_card", "online", "joined_here"])


class BindPayload(serializers.Serializer[dict[str, Any]]):
    card = serializers.CharField(max_length=MAX_TEXT, trim_whitespace=False)
    volunteer = serializers.IntegerField(min_value=1, max_value=2**62)
    input = serializers.ChoiceField(INPUTS, required=False)
