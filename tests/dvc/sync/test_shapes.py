"""A shape that looks once takes and refuses what DRF does, and gives back the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework import serializers

from dvc.core.shapes import Shape
from dvc.sync.api import ENVELOPE
from dvc.sync.envelope import SHAPE
from dvc.sync.kinds import KINDS
from dvc.sync.reporting import SHAPE as REPORT

SHAPES: dict[str, Shape] = {
    "envelope": ENVELOPE, "op": SHAPE, "report": REPORT, **{name: kind.shape for name, kind in KINDS.items()}
}  # fmt: skip
A_UUID = "0197c0de-0000-7000-8000-00000000000a"
VALUES: list[Any] = [
    "a", 1, A_UUID, "2026-07-01T09:00:00+09:00", "2026-07-01", {}, {"card": "VC1"}, [], [1], [{}], [{"a": None}], True, 0.5, None,
    "camera", "yes", "visit.arrive", "online", "seen_card", "shovel", "fine", "0" * 16, "0" * 64,
    False, 0, -1, 2**31 - 1, 2**31, 2**53, 2**62, 2**62 + 1, 10**400, 1.0, -0.0, float("inf"), float("nan"),
    "", " ", "\u3000", " a ", "\n", "a\x00", "\ud800", "𠮷", "あ" * 4096, "あ" * 4097, "x" * 60, "x" * 61, "1", "1.0", "TRUE", "null",
    A_UUID.upper(), A_UUID.replace("-", ""), "{" + A_UUID + "}", "urn:uuid:" + A_UUID, A_UUID + "0",
    "2026-07-01T09:00:00", "2026-07-01T00:00:00Z", "2026-07-01 00:00Z", "20260701T000000+0900", "2026-W27-3", "2026-13-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:00", "2026-07-01T09:00:00.123456789+09:00",
    {"": 1}, {"q": "yes"}, {"q": "no", "r": "x"}, {"deep": [{"a": None}]}, [None], ["a"], [[1, 2]], [[1, 2, 2001]],
]  # fmt: skip


def _said(read: Callable[[], Any]) -> tuple[str, Any]:
    """What came of it, with the types of all values."""
    try:
        return "taken", repr(read())
    except serializers.ValidationError as error:
        return "refused", repr(error.detail)


def _at_a_glance(shape: Shape, data: Any) -> tuple[str, Any]:
    return _said(lambda: shape.run_validation(data))


def _by_drf(shape: Shape, data: Any) -> tuple[str, Any]:
    return _said(lambda: serializers.Serializer.run_validation(shape, data))


def _takes(field: Any, value: Any) -> bool:
    return _said(lambda: field.run_validation(value))[0] == "taken"


def _whole(shape: Shape) -> dict[str, Any]:
    """Every field with the first value that DRF takes."""
    return {
        name: next(value for value in VALUES if _takes(field, value)) for name, field in shape.fields.items()
    }


def _changed(shape: Shape) -> Iterator[Any]:
    whole = _whole(shape)
    yield from (whole, {}, {**whole, "unknown": 1}, None, "", [], "VC1")
    for name in whole:
        yield {key: value for key, value in whole.items() if key != name}
        yield {name: whole[name]}
        yield from ({**whole, name: value} for value in VALUES)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_shape_says_what_drf_says(name: str) -> None:
    shape = SHAPES[name]
    for data in _changed(shape):
        assert _at_a_glance(shape, data) == _by_drf(shape, data), data


def test_what_is_plainly_right_never_reaches_drf(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any) -> Any:
        raise AssertionError("DRF was asked")

    scan = {
        "op_id": A_UUID, "seq": 1, "actor": 1, "operation": 1, "kind": "visit.arrive", "v": 1, "mode": "offline",
        "t_wall": "2026-07-01T00:00:00.000Z", "t_mono": 12, "boot_id": "b", "lane": "person:1", "base": {},
        "payload": {"card": "VC1", "input": "camera"},
    }  # fmt: skip
    envelope = {
        "epoch": 1,
        "sent_wall": "2026-07-01T00:00:00.000Z",
        "sent_mono": 5.5,
        "boot_id": "b",
        "app": "1",
        "ops": [scan],
    }
    monkeypatch.setattr(serializers.Serializer, "to_internal_value", asked)
    ops = ENVELOPE.run_validation(envelope)["ops"]
    assert SHAPE.run_validation(ops[0])["payload"] == scan["payload"]
