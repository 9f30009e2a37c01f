"""Check-ins per second through the real server: one op per request over 8 connections, as fast as it goes and at half of
what is wanted; then batches of 200."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any

from tests.infra.center import BASE, RunningCenter

CONNECTIONS = 8
SINGLE = 1000
HALF_LOAD = 200  # ops a second: half of the 400 that are wanted one by one
PACED = 2000
BATCHES = 10
BATCH = 200


@dataclass(frozen=True)
class Rate:
    """`per_second` ops; latencies of the requests in ms."""

    ops: int
    seconds: float
    p50: float
    p95: float
    p99: float

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
    bodies = []
    seq = 0
    for group in groups:
        ops = []
        for token in group:
            seq += 1
            ops.append(_op(told, token, seq))
        bodies.append(json.dumps({"epoch": epoch, "sent_wall": None, "ops": ops}))
    took: list[float] = []
    lock = threading.Lock()
    waiting = iter(enumerate(bodies))

    def one_connection() -> None:
        line = HTTPConnection("127.0.0.1", running.port, timeout=60)
        headers = {
            "Authorization": f"Device {told['device']}.{told['secret']}", "Content-Type": "application/json",
        }  # fmt: skip
        while True:
            with lock:
                number, body = next(waiting, (0, None))
            if body is None:
                return
            due = begun + number / per_second if per_second else time.perf_counter()
            time.sleep(max(0.0, due - time.perf_counter()))
            line.request("POST", "/api/v1/sync/ops", body, headers)
            answer = json.loads(line.getresponse().read())
            seconds = time.perf_counter() - due
            told_us = {result["status"] for result in answer["results"]}
            if told_us != {"applied"}:
                raise RuntimeError(f"not every check-in was applied: {told_us}")
            with lock:
                took.append(seconds)

    threads = [threading.Thread(target=one_connection) for _ in range(connections)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    if len(took) != len(bodies):
        raise RuntimeError(f"{len(bodies) - len(took)} requests failed")
    ranked = sorted(took)

    def at(share: float) -> float:
        return 1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    return Rate(seq, seconds, at(0.5), at(0.95), at(0.99))


def _op(told: dict[str, Any], token: str, seq: int) -> dict[str, Any]:
    return {
        "op_id": str(uuid.uuid4()), "seq": seq, "actor": told["actor"], "operation": told["operation"],
        "kind": "visit.arrive", "v": 1, "t_wall": datetime.now(UTC).isoformat(), "t_mono": 0.0, "boot_id": "bench",
        "lane": "", "base": {}, "mode": "online", "payload": {"card": token, "input": "reader"},
    }  # fmt: skip
