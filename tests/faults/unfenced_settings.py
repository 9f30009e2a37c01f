"""The production settings with a matching worker that knows no fence."""

from dvc.settings import *  # noqa: F403
from dvc.settings import OUTBOX_HANDLERS

OUTBOX_HANDLERS["matching.run"] = ("tests.faults.unfenced.solve_run", "matching")
