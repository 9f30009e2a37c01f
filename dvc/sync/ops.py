"""What a tablet sends and what it gets back (source: sync.md §4)."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from dvc.core.refused import Refused
from dvc.sync.clocks import Heard, Reading
from intake.checkin.verdicts import VERDICTS

# The field of a payload that is folded and then kept nowhere: what somebody said about their health today.
PRIVATE = "answers"
Status = Literal["applied", "replayed", "merged", "held", "review", "refused", "mismatch"]


@dataclass(frozen=True)
class Op:
    """One operation whose shape was validated. `t_wall` is the tablet's own clock, with its offset from UTC; `badge`
    the first half of the badge its actor signed in with, "" for other ways. `recorded`: `t_wall` beside the tablet's other
    clock; `heard`: what it knew of the server's (clocks.py)."""

    op_id: uuid.UUID
    seq: int
    actor: int | None
    operation: int
    kind: str
    t_wall: datetime
    lane: str
    mode: str
    payload: Mapping[str, Any]
    badge: str = ""
    recorded: Reading | None = None
    heard: Heard | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what must be equal for the same op_id to mean the same fact."""
        said = [self.actor, self.operation, self.kind, self.t_wall.isoformat(), self.lasting]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @cached_property
    def lasting(self) -> Mapping[str, Any]:
        """The payload as it may be kept for ever. A digest of a yes or no would tell it."""
        return lasting(self.payload)

    def as_json(self) -> dict[str, Any]:
        """For an op that is kept before it is folded: less the clocks, whose say is kept as one correction."""
        return {
            "op_id": str(self.op_id), "seq": self.seq, "actor": self.actor, "operation": self.operation,
            "kind": self.kind, "t_wall": self.t_wall.isoformat(), "lane": self.lane, "mode": self.mode,
            "payload": dict(self.payload), "badge": self.badge,
        }  # fmt: skip

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Op:
        op_id, t_wall = uuid.UUID(row["op_id"]), datetime.fromisoformat(row["t_wall"])
        return cls(**{**row, "op_id": op_id, "t_wall": t_wall})


def lasting(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload less what is kept nowhere."""
    if PRIVATE not in payload:
        return payload
    return {name: value for name, value in payload.items() if name != PRIVATE}


def without_private(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `Op.as_json` as it may be kept once nothing waits for it any more."""
    return {**row, "payload": dict(lasting(row.get("payload", {})))}


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one op: `tone` ok | warn | stop, `title` the big word, `text` what to do next. `was`: of a replay, the
    status it had the first time; that answer may have been lost, and with it what a person still has to look at."""

    op_id: str
    seq: int
    status: Status
    code: str
    tone: str
    title: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    was: Status | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "op_id": self.op_id, "seq": self.seq, "status": self.status, "code": self.code, "tone": self.tone,
            "title": self.title, "text": self.text, "data": dict(self.data), **({"was": self.was} if self.was else {}),
        }  # fmt: skip


def replay(first: Mapping[str, Any], seq: int) -> Result:
    """The answer an op got the first time (`Result.as_json`), to whoever sends it again under that number."""
    return Result(**{**first, "seq": seq, "status": "replayed", "was": first["status"]})


def verdict(
    op_id: object, seq: int, status: Status, code: str, data: Mapping[str, Any] | None = None
) -> Result:
    """A result whose words come from the verdict table. `code` must be a key of VERDICTS."""
    words = VERDICTS[code]
    return Result(str(op_id), seq, status, code, words.tone, words.title, words.say, data or {})


def refusal(op: Op, no: Refused) -> Result:
    """The answer to a decision that a rule refuses."""
    return Result(str(op.op_id), op.seq, "refused", no.code, "stop", "できませんでした", no.text)
