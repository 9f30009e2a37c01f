"""numba's compiler with a type mypy can follow, and machine code kept between processes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def _kept_in() -> Path:
    """Where machine code is kept: beside the sources, or where this process may write. numba compares only the file a
    function is in, not those of the functions it calls, so the directory is named after all sources that are compiled
    and the columns they are compiled for. The rest of the search may change without a minute of compiling."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for source in sorted(here.glob("*.py")):
        text = source.read_bytes()
        if b"search.jit import" in text or source.name in {"jit.py", "arrays.py"}:
            digest.update(text)
    name = f"search-{digest.hexdigest()[:16]}"
    beside = here / "__pycache__"
    if os.access(beside if beside.exists() else here, os.W_OK):
        return beside / name
    return Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"


cast(Any, numba.config).CACHE_DIR = str(_kept_in())  # read where a function is decorated


def compiled(function: F) -> F:
    """`function` as machine code, without the GIL. No fast-math: every machine rounds the same way."""
    return _made(function)


def inner(function: F) -> F:
    """The same for a function that only compiled ones call: Python has no way in, which is code not to be made."""
    return _made(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _made(function: F, **options: bool) -> F:
    made = cast(Any, numba.njit)(cache=True, nogil=True, error_model="numpy", **options)(function)
    asked, plain = made.get_call_template, cast(Any, numba.types).unliteral
    # Called with 0, -1 or True a function would be compiled anew for each: the types are enough.
    made.get_call_template = lambda args, kws: asked([plain(arg) for arg in args], kws)
    return cast(F, made)
