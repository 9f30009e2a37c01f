"""Form fields that read what people write."""

from __future__ import annotations

from datetime import time
from typing import Any, ClassVar

from django import forms

from dvc.core.japanese import parse_time_ja

_HOW = "時刻を 9:40 のように入力してください。"


class ClockField(forms.TimeField):
    """A time of day, in the browser's own way or typed as people write it (`parse_time_ja`). `step` in seconds."""

    default_error_messages: ClassVar[dict[str, Any]] = {"required": _HOW, "invalid": _HOW}

    def __init__(self, *, step: int | None = None, **options: Any) -> None:
        attrs = {"type": "time"} if step is None else {"type": "time", "step": str(step)}
        super().__init__(widget=forms.TimeInput(attrs=attrs, format="%H:%M"), **options)

    def to_python(self, value: Any) -> time | None:
        if isinstance(value, str) and value.strip():
            try:
                return parse_time_ja(value)
            except ValueError:
                pass  # with seconds, as some browsers send it
        found: time | None = super().to_python(value)
        return found
