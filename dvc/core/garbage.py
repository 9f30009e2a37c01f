"""When a web process looks for garbage: between requests, never inside one.

Python looks whenever it has made enough objects, in whatever thread that happens, and a thread that holds SQLite's one write
lock may so come upon another thread's cursor. To let go of it, it waits for that thread's connection, which waits for the
lock: nobody writes any more, and reading goes on, so that nobody sees it. It took twenty tablets that came back at once to a
slow machine.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# A request leaves a few thousand objects behind, and nearly all of them go by themselves.
LIMITS = (20_000, 20, 50)


def between_requests(application: WSGIApplication) -> WSGIApplication:
    """The same application, in whose requests nobody looks for garbage."""

    def asked(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        gc.disable()
        try:
            return application(environ, start_response)
        finally:
            look()

    return asked


def look() -> Any:
    """As Python would have looked by itself."""
    due = [generation for generation, found in enumerate(gc.get_count()) if found > LIMITS[generation]]
    return gc.collect(due[-1]) if due else None
