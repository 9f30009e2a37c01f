"""Check-ins per second through the real server: one op per request over 8 connections, as fast as it goes and at half of
what is wanted; then batches of 200."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.infra.center import BASE, RunningCenter
from tests.infra.processes import family

CONNECTIONS = 8
SINGLE = 1000
HALF_LOAD = 200  # ops a second: half of the 400 that are wanted one by one
PACED = 2000
BATCHES = 10
BATCH = 200


@dataclass(frozen=True)
class Rate:
    """`per_second` ops; latencies of the requests in ms; processor time for each op in ms, of the web processes and of the
    database's. The time on the clock says what else this machine was doing, the processor's hardly does."""

    ops: int
    seconds: float
    p50: float
    p95: float
    p99: float
    web: float
    database: float

    @property
    def per_second(self) -> float:
        return self.ops / self.seconds


def prepared(running: RunningCenter, count: int) -> dict[str, Any]:
    """People, cards and a tablet in the running center's database."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.prepare", str(count)],
        cwd=BASE, env=running.environment(), check=True, capture_output=True, text=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def measure(running: RunningCenter) -> tuple[Rate, Rate, Rate]:
    """(one by one, at half load, batched). Every op is a first arrival of a person of their own."""
    told = prepared(running, SINGLE + PACED + BATCHES * BATCH)
    tokens = told["tokens"]
    ones, paced, rest = tokens[:SINGLE], tokens[SINGLE : SINGLE + PACED], tokens[SINGLE + PACED :]
    single = _run(running, told, [[token] for token in ones], epoch=1, connections=CONNECTIONS)
    calm = _run(
        running, told, [[token] for token in paced], epoch=2, connections=CONNECTIONS, per_second=HALF_LOAD
    )
    groups = [rest[start : start + BATCH] for start in range(0, len(rest), BATCH)]
    batched = _run(running, told, groups, epoch=3, connections=2)
    return single, calm, batched


def _run(
    running: RunningCenter,
    told: dict[str, Any],
    groups: Sequence[Sequence[str]],
    *,
    epoch: int,
    connections: int,
    per_second: float = 0.0,
) -> Rate:
    """`per_second`: requests come at this pace, and each is timed from the moment it was due, so that one that has to
    wait for a free connection counts with its waiting. Without it, as fast as the connections can."""
    requests = []
    seq = 0
    for group in groups:
        ops = []
        for token in group:
            seq += 1
            ops.append(_op(told, token, seq))
        requests.append(_request(told, {"epoch": epoch, "sent_wall": None, "ops": ops}))
    took: list[float] = []
    answers: list[bytes] = []
    lock = threading.Lock()
    waiting = iter(enumerate(requests))

    def one_connection() -> None:
        with socket.create_connection(("127.0.0.1", running.port), timeout=60) as line:
            while True:
                with lock:
                    number, request = next(waiting, (0, b""))
                if not request:
                    return
                due = begun + number / per_second if per_second else time.perf_counter()
                time.sleep(max(0.0, due - time.perf_counter()))
                line.sendall(request)
                answer = _answer(line)
                seconds = time.perf_counter() - due
                with lock:
                    took.append(seconds)
                    answers.append(answer)

    threads = [threading.Thread(target=one_connection) for _ in range(connections)]
    before = spent(running)
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    web, database = (now - then for now, then in zip(spent(running), before, strict=True))
    if len(took) != len(requests):
        raise RuntimeError(f"{len(requests) - len(took)} requests failed")
    told_us = {result["status"] for answer in answers for result in json.loads(answer)["results"]}
    if told_us != {"applied"}:
        raise RuntimeError(f"not every check-in was applied: {told_us}")
    ranked = sorted(took)

    def at(share: float) -> float:
        return 1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    return Rate(seq, seconds, at(0.5), at(0.95), at(0.99), 1000 * web / seq, 1000 * database / seq)


def spent(running: RunningCenter) -> tuple[float, float]:
    """Seconds of processor time until now: of the center's web processes, of PostgreSQL's for the center's database."""
    web = database = 0.0
    name = urlsplit(running.environment().get("DATABASE_URL", "")).path.strip("/")
    for pid in family(running.child("web")):
        web += _processor_seconds(Path(f"/proc/{pid}/stat"))
    for place in Path("/proc").glob("[0-9]*") if name else ():
        try:
            command = (place / "cmdline").read_text()
        except OSError:
            continue  # it ended while we looked
        if command.startswith("postgres:") and f" {name} " in command:
            database += _processor_seconds(place / "stat")
    return web, database


def _processor_seconds(stat: Path) -> float:
    try:
        user, system = stat.read_text().rsplit(")", 1)[1].split()[11:13]
    except OSError:
        return 0.0
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _request(told: dict[str, Any], envelope: dict[str, Any]) -> bytes:
    """Written out beforehand, and the answers read afterwards: the one who asks runs on the server's cores."""
    body = json.dumps(envelope).encode()
    head = (
        f"POST /api/v1/sync/ops HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Device {told['device']}.{told['secret']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _answer(line: socket.socket) -> bytes:
    """The body of a 200 with its length. Raises `RuntimeError` for anything else."""
    head, received = b"", b""
    while not head:
        received += _more(line)
        head, _, body = received.partition(b"\r\n\r\n") if b"\r\n\r\n" in received else (b"", b"", b"")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if not head.startswith(b"HTTP/1.1 200") or length is None:
        raise RuntimeError(received[:500].decode(errors="replace"))
    while len(body) < int(length[1]):
        body += _more(line)
    return body


def _more(line: socket.socket) -> bytes:
    piece = line.recv(262144)
    if not piece:
        raise RuntimeError("the server hung up")
    return piece


def _op(told: dict[str, Any], token: str, seq: int) -> dict[str, Any]:
    return {
        "op_id": str(uuid.uuid4()), "seq": seq, "actor": told["actor"], "operation": told["operation"],
        "kind": "visit.arrive", "v": 1, "t_wall": datetime.now(UTC).isoformat(), "t_mono": 0.0, "boot_id": "bench",
        "lane": "", "base": {}, "mode": "online", "payload": {"card": token, "input": "reader"},
    }  # fmt: skip
