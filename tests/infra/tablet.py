"""A simulated tablet: the outbox and shelf of frontend/src/field in Python, so that a hundred of them fit in a test.

What it must do like the real one (frontend/src/field/outbox.ts, shelf.ts; when those change, this changes):
- facts are numbered without a gap as they are recorded; UUIDv7 ids; the wall clock may be wrong, the order is not;
- a second clock cannot be set; each op carries what the tablet last heard of the server's clock (clock.ts);
- a pass sends everything queued, oldest first, at most 200 a request; 413 and 400 split a batch, any other failure
  ends the pass and everything stays queued;
- only an op the server *named* in its answer leaves the queue; what it had no answer for stays;
- acknowledged ops are kept until the server says that they are in a backup; when the generation changes, everything
  above the server's `backed_up_seq` goes out again.

`told` is the oracle: the first durable answer to each op this tablet ever showed as ✓ 確定.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any, Protocol

from django.test import Client

MAX_OPS = 200
OPS_PATH = "/api/v1/sync/ops"
Json = dict[str, Any]
Clock = Callable[[], datetime]
Arrange = Callable[[list[Json]], list[Json]]


class NoAnswer(Exception):
    """The request may or may not have arrived: all a tablet knows after a broken connection."""


class Line(Protocol):
    """A way to the server. Raises `NoAnswer`."""

    def post(self, body: bytes, authorization: str) -> tuple[int, Any]: ...


@dataclass
class HttpLine:
    """A new TCP connection for each request to `port` of the loopback (a server's, or a proxy's)."""

    port: int
    timeout: float = 20.0

    def post(self, body: bytes, authorization: str) -> tuple[int, Any]:
        line = HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            line.request(
                "POST", OPS_PATH, body,
                {"Authorization": authorization, "Content-Type": "application/json", "Connection": "close"},
            )  # fmt: skip
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, HTTPException, ValueError) as error:
            raise NoAnswer(str(error)) from error
        finally:
            line.close()


@dataclass
class ClientLine:
    """Django's test client: the same views without a socket. `fate` of each request: None, or where it is cut."""

    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    fate: Callable[[], str | None] = lambda: None

    def post(self, body: bytes, authorization: str) -> tuple[int, Any]:
        fate = self.fate()
        if fate == "before":
            raise NoAnswer(fate)
        answer = self.client.post(
            OPS_PATH, body, content_type="application/json", headers={"authorization": authorization}
        )
        if fate == "after":
            raise NoAnswer(fate)
        try:
            return answer.status_code, json.loads(answer.content)
        except ValueError as error:
            raise NoAnswer(str(error)) from error


@dataclass
class Entry:
    """One op on the shelf; `queued` until a durable answer came."""

    op: Json
    queued: bool = True
    answer: Json | None = None

    @property
    def seq(self) -> int:
        return int(self.op["seq"])


@dataclass(frozen=True)
class Identity:
    """What a registered device knows of itself."""

    device: str
    secret: str
    operation: int
    actor: int | None = None
    epoch: int = 1

    @property
    def authorization(self) -> str:
        return f"Device {self.device}.{self.secret}"


class Tablet:
    """One device with its shelf. Not thread-safe, as a page is not."""

    def __init__(
        self, identity: Identity, line: Line, *, clock: Clock, seed: int = 0, arrange: Arrange | None = None,
        mono: Callable[[], float] | None = None,
    ) -> None:  # fmt: skip
        """`clock` is the tablet's own wall clock; `arrange` may reorder or repeat what goes into one request. `mono`:
        milliseconds on the clock that cannot be set; without it this is a tablet of a release that did not tell it."""
        self.identity = identity
        self.line = line
        self.clock = clock
        self.dice = random.Random(seed)
        self.arrange = arrange or list
        self.mono = mono
        self.boot = "simulated"
        self.heard: Json | None = None
        self.shelf: list[Entry] = []
        self.seq = 0
        self.generation: str | None = None
        self.backed_up_seq = 0
        self.told: dict[str, Json] = {}
        self.contradicted: list[tuple[Json, Json]] = []
        self.statuses: list[int] = []

    def record(
        self, kind: str, *, at: datetime | None = None, mode: str = "offline", **payload: Any
    ) -> Entry:
        """Write a fact on the shelf, as `Shelf.append` does. `at`: the tablet's clock when it happened."""
        wall = at or self.clock()
        self.seq += 1
        entry = Entry({
            "op_id": self._uuid7(wall), "seq": self.seq, "actor": self.identity.actor,
            "operation": self.identity.operation, "kind": kind, "v": 1, "t_wall": wall.isoformat(),
            "t_mono": self.mono() if self.mono else float(self.seq), "boot_id": self.boot, "lane": "", "base": {},
            "mode": mode, "payload": payload, **({"heard": self.heard} if self.heard else {}),
        })  # fmt: skip
        self.shelf.append(entry)
        return entry

    @property
    def queued(self) -> list[Entry]:
        return [entry for entry in self.shelf if entry.queued]

    def drain(self) -> bool:
        """One pass over the queue, as `Outbox.pass`. True when it came to its end without a failure."""
        after, size, greeted = 0, MAX_OPS, False
        while (batch := [entry for entry in self.queued if entry.seq > after][:size]) or not greeted:
            # Who has nothing to say asks all the same, or it would never hear of a restore.
            greeted = greeted or not batch
            outcome = self._send(batch)
            if outcome == "stop":
                return False
            if outcome == "restored":
                after = 0
                continue
            if not batch:
                break
            if outcome == "split" and len(batch) > 1:
                size = (len(batch) + 1) // 2
                continue
            after = batch[-1].seq
            if outcome == "done":
                size = MAX_OPS
        self._prune()
        return True

    def drain_until_empty(self, passes: int = 200) -> int:
        """Passes it took; raises `AssertionError` when the queue is not empty after so many."""
        for number in range(1, passes + 1):
            if self.drain() and not self.queued:
                return number
        raise AssertionError(
            f"{len(self.queued)} ops are still queued after {passes} passes: {self.statuses[-5:]}"
        )

    def _send(self, batch: Sequence[Entry]) -> str:
        sent = self.arrange([entry.op for entry in batch])
        body = {
            "epoch": self.identity.epoch,
            "sent_wall": self.clock().isoformat(),
            "app": "simulated",
            "ops": sent,
        }
        if self.mono:
            body |= {"sent_mono": self.mono(), "boot_id": self.boot}
        try:
            status, answer = self.line.post(json.dumps(body).encode(), self.identity.authorization)
        except NoAnswer:
            self.statuses.append(0)
            return "stop"
        self.statuses.append(status)
        if status == 200 and isinstance(answer, dict) and isinstance(answer.get("results"), list):
            return "restored" if self._settle(answer) else "done"
        return "split" if status in (400, 413) else "stop"

    def _settle(self, answer: Json) -> bool:
        """As `Shelf.settle`: a new generation first, then the answers. Whether the server was restored."""
        restored = self.generation not in (None, answer["generation"])
        if restored:
            for entry in self.shelf:
                if entry.seq > answer["backed_up_seq"]:
                    entry.queued = True
        self.generation, self.backed_up_seq = answer["generation"], answer["backed_up_seq"]
        if self.mono:
            said = datetime.fromisoformat(answer["server_time"]).timestamp() * 1000
            wall = self.clock().timestamp() * 1000
            self.heard = {"at": said, "wall": wall, "mono": self.mono(), "boot_id": self.boot}
        by_id = {str(entry.op["op_id"]): entry for entry in self.shelf}
        for result in answer["results"]:
            named = by_id.get(result["op_id"])
            if named is None:
                continue
            named.queued, named.answer = False, result
            self._hear(result)
        return restored

    def _hear(self, result: Json) -> None:
        """The first answer counts; a later one to the same op must say the same."""
        first = self.told.setdefault(result["op_id"], result)
        if result["status"] == "replayed" and result["code"] != first["code"]:
            self.contradicted.append((first, result))

    def _prune(self) -> None:
        self.shelf = [entry for entry in self.shelf if entry.queued or entry.seq > self.backed_up_seq]

    def _uuid7(self, wall: datetime) -> str:
        """The shelf's order is the order of recording: the counter is the number."""
        stamp = int(wall.timestamp() * 1000) & (1 << 48) - 1
        number = stamp << 80 | 7 << 76 | (self.seq & 0xFFF) << 64 | 2 << 62 | self.dice.getrandbits(62)
        return str(uuid.UUID(int=number))


class ForgetfulTablet(Tablet):
    """The negative control: drops what it sent without waiting for the answer, as tablets in the field did."""

    def _send(self, batch: Sequence[Entry]) -> str:
        outcome = super()._send(batch)
        for entry in batch:
            entry.queued = False
        return "done" if outcome == "stop" else outcome


class OneClockTablet(Tablet):
    """The negative control: of a release that told of its wall clock only, so that what waited while that was set is
    corrected by the wrong error."""

    def __init__(self, identity: Identity, line: Line, **more: Any) -> None:
        super().__init__(identity, line, **{**more, "mono": None})


def twice_and_shuffled(dice: random.Random) -> Arrange:
    """Every op of a batch twice in it, in any order."""

    def arrange(ops: list[Json]) -> list[Json]:
        doubled = [*ops, *ops][:MAX_OPS]
        dice.shuffle(doubled)
        return doubled

    return arrange


def clock_off_by(clock: Clock, error: timedelta) -> Clock:
    """A tablet's clock that is wrong by `error`."""
    return lambda: clock() + error
