"""When something on a tablet really happened, on the server's clock. Pure.

A tablet has two clocks. The wall clock may be wrong and may be set at any moment. The other one counts from the page's
start (`boot`) and cannot be set, but it stands still while some tablets sleep: it may say that too little time passed,
never too much. So it gives bounds, and inside them the wall clock decides, read with the error it had when the server
was last heard before the recording (`then`) or with the one it has at sending (`now`). When the clock was set at most
once between hearing and sending, one of the two is right and inside the bounds. Where that does not single one out, the
time is a guess and doubtful: a person sees it, nothing is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

# Clocks that differ by less are taken as equal: the network's delay is of that size.
TOLERANCE: Final = timedelta(seconds=3)
# The time in which two good clocks drift apart by a second, at the very worst.
DRIFT: Final = 2000
# A difference that an operator would see in a list.
NOTICEABLE: Final = timedelta(minutes=2)
# Readings beyond are no readings, and arithmetic with them would overflow.
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_BOOT: Final = timedelta(days=3650)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_A_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """A moment by a tablet's two clocks. `mono`: since the beginning of `boot`; None when it was not told."""

    wall: datetime
    mono: timedelta | None = None
    boot: str = ""

    @classmethod
    def of(cls, wall: datetime | None, mono_ms: object, boot: object) -> Self | None:
        """What a tablet wrote, as far as it can be true; None without a wall clock's time that can."""
        if wall is None or not EARLIEST <= wall <= LATEST:
            return None
        return cls(wall, _span(mono_ms), boot if isinstance(boot, str) else "")

    def mono_since(self, earlier: Reading) -> timedelta | None:
        """How long the second clock ran between the two readings; None when they have no beginning in common."""
        if self.mono is None or earlier.mono is None or not self.boot or self.boot != earlier.boot:
            return None
        return self.mono - earlier.mono if self.mono >= earlier.mono else None


@dataclass(frozen=True, slots=True)
class Heard:
    """The server said that it was `at` when the tablet's clocks showed `reading`."""

    at: datetime
    reading: Reading

    @classmethod
    def of(cls, said: object) -> Self | None:
        """From {"at", "wall", "mono": milliseconds, "boot_id"}; None when that is not what was said."""
        if not isinstance(said, dict):
            return None
        at, wall = _moment(said.get("at")), _moment(said.get("wall"))
        reading = Reading.of(wall, said.get("mono"), said.get("boot_id"))
        return cls(at, reading) if at is not None and reading is not None else None


@dataclass(frozen=True, slots=True)
class Told:
    """The true time as far as it can be known. `by`: what the tablet's own time was corrected by: "" not at all, "sent"
    the error measured at sending, "heard" the one known at recording, "bounds" the clock that cannot be set."""

    at: datetime
    by: str
    doubtful: bool


def when(recorded: Reading, heard: Heard | None, sent: Reading | None, *, received_at: datetime) -> Told:
    """The moment of `recorded` on the server's clock, never after `received_at`."""
    if heard is not None and heard.at > received_at + TOLERANCE:
        heard = None  # the server's own clock was set back since
    now = recorded.wall + (received_at - sent.wall) if sent else None
    then = recorded.wall + (heard.at - heard.reading.wall) if heard else None
    guess = now or then or recorded.wall
    ran_after = sent.mono_since(recorded) if sent else None
    ran_before = recorded.mono_since(heard.reading) if heard else None
    latest = received_at - (ran_after or timedelta())
    earliest = heard.at + (ran_before or timedelta()) if heard else EARLIEST

    def told(moment: datetime, by: str, *, doubtful: bool = False) -> Told:
        if abs(moment - recorded.wall) <= TOLERANCE:
            moment, by = recorded.wall, ""
        return Told(min(moment, received_at), by, doubtful)

    # Both clocks went alike: nobody set the one, and the other did not stand still.
    if now is not None and ran_after is not None and abs(now - latest) <= _off(ran_after):
        return told(now, "sent")
    if then is not None and ran_before is not None and abs(then - earliest) <= _off(ran_before):
        return told(then, "heard")
    good = [
        (moment, by) for moment, by in ((now, "sent"), (then, "heard"))
        if moment is not None and earliest - _off(ran_before) <= moment <= latest + _off(ran_after)
    ]  # fmt: skip
    if len(good) == 2:
        return told(*good[0], doubtful=abs(good[1][0] - good[0][0]) > NOTICEABLE)
    if good:
        # More time on the wall than on the other clock is a sleep or a setting; without the server heard, who knows.
        unproven = heard is None and ran_after is not None and latest - good[0][0] > NOTICEABLE
        return told(*good[0], doubtful=unproven)
    if sent is None and heard is None:
        return told(guess, "")
    # The clock was set more than once, or a flat battery took it years back: only the bounds are left.
    tight = ran_after is not None and ran_before is not None and latest - earliest <= _off(ran_before)
    if ran_after is not None:
        return told(latest, "bounds", doubtful=not tight)
    if ran_before is not None:
        return told(earliest, "bounds", doubtful=True)
    return told(min(max(guess, earliest), latest), "bounds", doubtful=True)


def _off(ran: timedelta | None) -> timedelta:
    """By how much two clocks may differ that went side by side for so long."""
    return TOLERANCE + (ran or timedelta()) / DRIFT


def _span(milliseconds: object, longest: timedelta = LONGEST_BOOT) -> timedelta | None:
    if not isinstance(milliseconds, int | float) or not 0 <= milliseconds <= longest / _A_MS:
        return None
    return timedelta(milliseconds=milliseconds)


def _moment(milliseconds: object) -> datetime | None:
    """From milliseconds since 1970."""
    since = _span(milliseconds, LATEST - _EPOCH)
    return None if since is None else _EPOCH + since
