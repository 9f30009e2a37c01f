"""The production settings with the built front end of another release: RELEASE is the folder that has `dist` in it."""

import os
from pathlib import Path

from dvc.settings import *  # noqa: F403
from dvc.settings import BASE_DIR, DJANGO_VITE

FRONTEND = Path(os.environ["RELEASE"])
STATICFILES_DIRS = [BASE_DIR / "frontend" / "static", ("dist", FRONTEND / "dist")]
DJANGO_VITE["default"]["manifest_path"] = FRONTEND / "dist" / ".vite" / "manifest.json"
