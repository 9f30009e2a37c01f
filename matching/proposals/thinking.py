"""While the engine thinks: the worker shows life and how far it is, and finds out when nobody wants the answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.db import OperationalError, connection

from dvc.outbox import services as outbox
from matching.proposals.models import MatchRun, RunState, WhatIf

log = logging.getLogger(__name__)

SIGN_OF_LIFE: Final = timedelta(seconds=1)
# Whoever is at one question for longer hangs, however much its thread is alive: the lease is left to run out.
LONGEST: Final = timedelta(seconds=120)


class Thinking:
    """Between the engine, which tells how far it is, and the thread that passes it on."""

    def __init__(self, *, effort: int, seconds: float) -> None:
        self.effort, self.seconds = effort, seconds
        self.began = time.monotonic()
        self.rounds = 0
        self.score: float | None = None
        self.lost = False

    def told(self, rounds: int, score: float) -> bool:
        """The engine's `progress`: False as soon as the lease is lost."""
        self.rounds, self.score = rounds, score
        return not self.lost

    @property
    def done(self) -> float:
        """How far it is, 0–1: the rounds or the seconds, whichever end first."""
        return min(1.0, max(self.rounds / max(1, self.effort), self.taken / self.seconds))

    @property
    def taken(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began


@contextmanager
def thinking(
    run: MatchRun | WhatIf,
    held: outbox.Claim,
    now: Callable[[], datetime],
    *,
    effort: int,
    seconds: float,
    every: timedelta = SIGN_OF_LIFE,
) -> Iterator[Thinking]:
    """Renew the lease and write the progress from a thread of its own: the engine may be deep in one step for long.

    A lease that is lost (withdrawn by somebody who asked anew or wants no answer, or taken over) stops the engine at
    its next word; the commit is fenced by `outbox.finish` in any case.
    """
    outbox.renew(held, at=now())
    state, stop = Thinking(effort=effort, seconds=seconds), threading.Event()
    if connection.in_atomic_block:
        # Nobody else can see the question yet, so nobody can take it.
        yield state
        return

    def show_life() -> None:
        while not stop.wait(every.total_seconds()) and state.taken < LONGEST.total_seconds():
            try:
                outbox.renew(held, at=now())
                type(run)._default_manager.filter(pk=run.pk, state=RunState.REQUESTED).update(
                    done=state.done, score=state.score
                )
            except outbox.LeaseLost:
                state.lost = True
                break
            except OperationalError as error:  # a busy database: the lease is long enough for another try
                log.warning("outbox row %s: no sign of life this time: %s", held.row.pk, error)
                connection.close()
        connection.close()

    thread = threading.Thread(target=show_life, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        stop.set()
        thread.join()
