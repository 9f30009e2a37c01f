"""The center's web server with another release of the front end: what an update of the laptop changes for a tablet.

`python -m gunicorn` with DJANGO_SETTINGS_MODULE=tests.infra.release_settings and RELEASE, a folder with `dist` in it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.infra.center import BASE

BUILT = BASE / "frontend" / "dist"


def another_release(folder: Path) -> Path:
    """A folder with a `dist` in which every script has another name than in ours, as after a change in each of them. The
    old names are not there: only a tablet that kept them still has them."""
    names = {one.name: _renamed(one.name) for one in (BUILT / "assets").glob("*.js")}
    assert names
    for file in BUILT.rglob("*"):
        if file.is_dir() or file.suffix in (".gz", ".br"):
            continue
        target = folder / "dist" / file.relative_to(BUILT).with_name(names.get(file.name, file.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix in (".js", ".json"):
            target.write_text(_in_another_release(file.read_text(), names))
        else:
            os.symlink(file, target)
    return folder


def _in_another_release(text: str, names: dict[str, str]) -> str:
    """The service worker's own version changes with the names, as the build would have it."""
    text = re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], text)
    return re.sub(r"kit-(?:\$\{)?[`'\"]?[0-9a-f]{12}", lambda found: found[0][:-1] + "_", text)


def _renamed(name: str) -> str:
    """reception-BraH5QCM.js becomes reception-BraH5QCx.js."""
    stem = name.removesuffix(".js")
    return f"{stem[:-1]}{'x' if stem[-1] != 'x' else 'y'}.js"
