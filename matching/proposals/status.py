"""How the engine is, in one line for the matching screen: at rest, waiting for its turn, thinking, or silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import models

from dvc.operations.models import Operation
from matching.proposals.models import MatchRun, RunState
from matching.solver.gap import gap_sentence

SILENT_AFTER: Final = timedelta(seconds=20)
TIMES: Final = ("asked_at", "started_at", "preparing_at")
"""Of a question: what `is_silent` goes by."""


class Phase(models.TextChoices):
    REST = "rest", "休み"
    QUEUED = "queued", "順番待ち"
    PREPARING = "preparing", "準備中"
    THINKING = "thinking", "計算中"
    SILENT = "silent", "止まっている"


@dataclass(frozen=True, slots=True)
class Status:
    """`percent` and `score` are of the question being answered, `finished_at` (the operation's clock), `minutes` ago and
    `gap` (what may be missing to the best plan, as a share) of the last answer. `version` changes when the line should.
    """

    phase: Phase
    percent: int
    score: int | None
    finished_at: datetime | None
    minutes: int | None
    gap: float | None

    @property
    def gap_text(self) -> str:
        """How much better the proposals could be at most; nothing where that is not known."""
        return "" if self.gap is None else gap_sentence(self.gap)

    @property
    def score_text(self) -> str:
        """「12,345」, or nothing before the first word of the engine."""
        return "" if self.score is None else f"{self.score:,}"

    @property
    def version(self) -> str:
        return f"{self.phase.value}.{self.percent}.{self.score}.{self.minutes}.{self.gap_text}"


def status(operation: Operation, *, at: datetime, real: datetime) -> Status:
    """`at` is the operation's clock, `real` the real moment. Two queries."""
    runs = MatchRun.objects.filter(operation=operation)
    live = runs.filter(state=RunState.REQUESTED).only(*TIMES, "done", "score").first()
    answered = runs.filter(state__in=[RunState.DONE, RunState.FAILED])
    finished_at, gap = answered.values_list("finished_at", "gap").first() or (None, None)
    return Status(
        phase=_phase(live, real),
        percent=round(100 * live.done) if live else 0,
        score=round(live.score) if live and live.score is not None else None,
        finished_at=finished_at,
        minutes=max(0, int((at - finished_at).total_seconds() // 60)) if finished_at else None,
        gap=gap,
    )


def _phase(live: MatchRun | None, real: datetime) -> Phase:
    if live is None:
        return Phase.REST
    if is_silent(live.asked_at, live.started_at, live.preparing_at, real=real):
        return Phase.SILENT
    if live.started_at:
        return Phase.THINKING
    return Phase.PREPARING if live.preparing_at else Phase.QUEUED


def is_silent(
    asked_at: datetime, started_at: datetime | None, preparing_at: datetime | None, *, real: datetime
) -> bool:
    """A question (its `TIMES`) that found no worker, or whose worker has been at it for too long: the only sign matching
    has, and a true one."""
    return real - (started_at or preparing_at or asked_at) > SILENT_AFTER
