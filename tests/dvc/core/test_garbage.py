"""Garbage is looked for between requests and never inside one."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from dvc.core.garbage import LIMITS, between_requests


class Knot:
    """Garbage that only looking finds."""

    def __init__(self) -> None:
        self.itself = self


def test_garbage_is_looked_for_after_a_request_and_not_inside_it() -> None:
    seen: list[weakref.ref[Knot]] = []
    inside: list[bool] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(weakref.ref(Knot()))
        for _ in range(2 * LIMITS[0]):
            Knot()
        inside.append(seen[0]() is not None)
        return [b"done"]

    was, limits = gc.isenabled(), gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    try:
        assert list(between_requests(application)({}, lambda *_: lambda _: None)) == [b"done"]
        assert inside == [True]
        assert seen[0]() is None
        # The control: as Python does it by itself, it is gone before the request has ended.
        gc.enable()
        seen.clear()
        application({}, None)
        assert inside == [True, False]
    finally:
        gc.set_threshold(*limits)
        (gc.enable if was else gc.disable)()
