"""One drawing of a screen for everybody who asks for the same: sixty tablets poll the same board.

In the memory of a web process, the newest few only. Whoever asks while one is being drawn waits for it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

MOST: Final = 32


class Drawn:
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, str] = OrderedDict()
        self._drawing: dict[Hashable, threading.Lock] = {}

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()

    def get(self, key: Hashable, draw: Callable[[], str]) -> str:
        """What was drawn for this key, or `draw()`; a failure is everybody's own and nothing is kept of it."""
        with self._lock:
            if key in self._kept:
                return self._kept[key]
            mine = self._drawing.setdefault(key, threading.Lock())
        with mine:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            made = draw()
            with self._lock:
                self._kept[key] = made
                self._drawing.pop(key, None)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            return made
