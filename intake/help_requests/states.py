"""The need's state table (source: domain.md §3.2, sync.md §7). One table, tested edge by edge."""

from __future__ import annotations

from typing import Final

from intake.help_requests.models import CLOSED
from intake.help_requests.models import NeedState as S

ENDINGS: Final = CLOSED - {S.COMPLETED}
_ASIDE = ENDINGS | {S.ON_HOLD}

STEPS: Final[dict[S, frozenset[S]]] = {
    S.RECEIVED: frozenset({S.TRIAGE, S.SURVEY_WAIT, S.READY}) | _ASIDE,
    S.TRIAGE: frozenset({S.SURVEY_WAIT, S.READY}) | _ASIDE,
    S.SURVEY_WAIT: frozenset({S.TRIAGE, S.SURVEYED, S.READY}) | _ASIDE,
    S.SURVEYED: frozenset({S.READY, S.SURVEY_WAIT}) | _ASIDE,
    S.READY: frozenset({S.TRIAGE, S.SURVEY_WAIT, S.ASSIGNED}) | _ASIDE,
    S.ASSIGNED: frozenset({S.READY, S.IN_PROGRESS}) | _ASIDE,
    S.IN_PROGRESS: frozenset({S.ASSIGNED, S.CONTINUING, S.COMPLETED}),  # back: the departure was a mistake
    S.CONTINUING: frozenset({S.READY, S.SURVEY_WAIT, S.COMPLETED}) | _ASIDE,
    S.ON_HOLD: frozenset({S.TRIAGE, S.SURVEY_WAIT, S.READY}) | ENDINGS,
    **{ending: frozenset({S.TRIAGE}) for ending in ENDINGS},
    S.COMPLETED: frozenset({S.TRIAGE}),
}

# Where the outcome of a day left a need, and a person says that the day ended otherwise: back to work, and on from there in
# the same transaction. No screen offers this step.
AT_WORK_AFTER_ALL: Final = frozenset({S.COMPLETED, S.READY, S.ON_HOLD})

REASON_REQUIRED: Final = _ASIDE


def needs_reason(before: S, to: S) -> bool:
    """Whether a step is taken only with a reason: setting aside, ending, and going to the same house a second time."""
    return to in REASON_REQUIRED or (before, to) == (S.SURVEYED, S.SURVEY_WAIT)


# Nobody goes to a house before somebody has talked to the people in it.
CONFIRMED_FIRST: Final = frozenset({S.SURVEY_WAIT, S.SURVEYED, S.READY})

# The five words people know (domain.md §3.1), and what is set aside.
COARSE: Final[dict[S, str]] = {
    S.RECEIVED: "受付中", S.TRIAGE: "受付中", S.SURVEY_WAIT: "調査中", S.SURVEYED: "調査中",
    S.READY: "マッチング待ち", S.ASSIGNED: "活動中", S.IN_PROGRESS: "活動中", S.CONTINUING: "マッチング待ち",
    S.COMPLETED: "完了", S.ON_HOLD: "保留", S.DECLINED: "終了", S.REFERRED: "終了", S.WITHDRAWN: "終了",
    S.UNREACHABLE: "終了", S.DONE_OTHERS: "終了", S.DUPLICATE: "終了",
}  # fmt: skip

# The css class of each word's chip (frontend/css/app.css).
CHIPS: Final[dict[str, str]] = {
    "受付中": "received", "調査中": "survey", "マッチング待ち": "ready", "活動中": "active", "完了": "done",
    "保留": "warn", "終了": "closed",
}  # fmt: skip
