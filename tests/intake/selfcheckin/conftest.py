"""Keys go to a folder of the test; counters of wrong answers start at nothing."""

from pathlib import Path

import pytest
from django.core.cache import cache
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def keys_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.KEYS_DIR = tmp_path / "keys"
    cache.clear()
    return tmp_path / "keys"
