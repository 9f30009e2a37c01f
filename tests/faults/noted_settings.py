"""The production settings with work that can be counted."""

from dvc.settings import *  # noqa: F403
from dvc.settings import OUTBOX_HANDLERS

OUTBOX_HANDLERS["test.note"] = ("tests.faults.noted.note", "default")
