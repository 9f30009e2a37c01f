"""The shape of an op as it travels, in a request or in a file."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from dvc.core.shapes import Shape
from dvc.sync.clocks import Heard, Reading
from dvc.sync.kinds import KINDS
from dvc.sync.ops import Op


class OpSerializer(Shape):
    op_id = serializers.UUIDField()
    seq = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    actor = serializers.IntegerField(allow_null=True, min_value=1, max_value=2**62)
    badge = serializers.RegexField(r"\A[0-9a-f]{16}\Z", required=False)
    operation = serializers.IntegerField(min_value=1, max_value=2**62)
    kind = serializers.ChoiceField(sorted(KINDS))
    v = serializers.IntegerField(min_value=1, max_value=1)
    t_wall = serializers.DateTimeField()
    t_mono = serializers.FloatField(required=False)
    boot_id = serializers.CharField(required=False, max_length=64, allow_blank=True)
    heard = serializers.JSONField(required=False, allow_null=True, help_text="clocks.Heard")
    lane = serializers.CharField(required=False, max_length=60, allow_blank=True, default="")
    base = serializers.DictField(required=False)
    mode = serializers.ChoiceField(["online", "offline", "paper", "import"])
    payload = serializers.DictField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {**attrs, "payload": KINDS[attrs["kind"]].shape.run_validation(attrs["payload"])}


# One serializer for all: making one copies its fields, which takes longer than checking an op. It keeps nothing of what
# it checks.
SHAPE: Final = OpSerializer()


def read_ops(raw_ops: list[dict[str, Any]]) -> tuple[list[Op], list[tuple[dict[str, Any], list[str]]]]:
    """Well-shaped ops, and those that are not with their wrong fields: a bad op never blocks the others."""
    ops: list[Op] = []
    misshapen: list[tuple[dict[str, Any], list[str]]] = []
    for raw in raw_ops:
        try:
            fields = SHAPE.run_validation(raw)
        except serializers.ValidationError as error:
            misshapen.append((raw, sorted(str(name) for name in error.detail)))
            continue
        ops.append(
            Op(
                op_id=fields["op_id"], seq=fields["seq"], actor=fields["actor"], operation=fields["operation"],
                kind=fields["kind"], t_wall=fields["t_wall"], lane=fields["lane"], mode=fields["mode"],
                payload=fields["payload"], badge=fields.get("badge", ""),
                recorded=Reading.of(fields["t_wall"], fields.get("t_mono"), fields.get("boot_id")),
                heard=Heard.of(fields.get("heard")),
            )
        )  # fmt: skip
    return ops, misshapen
