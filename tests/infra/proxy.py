"""A bad network of our own: a TCP proxy that delays, slows, cuts, resets, and drops answers whose request arrived.

What happens to a connection is decided when it is accepted, by its number: a test plans it, or a seeded mix rolls it.
A simulated tablet opens one connection per request, so a fault of a connection is a fault of a request.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["pass", "refuse", "cut_request", "drop_answer", "cut_answer", "slow"]
CHUNK = 16 * 1024
SECONDS_OF_SILENCE = 30.0  # an upstream that says nothing for so long ends the connection


@dataclass(frozen=True, slots=True)
class Fault:
    """What one connection suffers.

    `refuse` resets at once; `cut_request` passes `after` bytes of the request on and resets both sides (the server
    sees half a request); `drop_answer` delivers the request, reads the whole answer and resets the client;
    `cut_answer` passes `after` bytes of the answer and resets; `slow` passes `after` bytes a second both ways.
    `latency` seconds are waited before anything is passed on.
    """

    kind: Kind = "pass"
    after: int = 0
    latency: float = 0.0


PASS = Fault()
Plan = Callable[[int], Fault]


def always(fault: Fault) -> Plan:
    return lambda number: fault


def mix(seed: int, weights: Mapping[Fault, float]) -> Plan:
    """A plan that rolls one of the faults for each connection; the same seed gives the same sequence."""
    dice = random.Random(seed)
    faults, shares = list(weights), list(weights.values())
    return lambda number: dice.choices(faults, shares)[0]


@dataclass
class Proxy:
    """Listens on `port` of the loopback and passes to `upstream`. `plan` may be replaced while it runs.

    `told` counts connections by what happened to them: a plan that never came to anything shows as a zero.
    """

    upstream: int
    plan: Plan = field(default=lambda number: PASS)
    port: int = 0
    told: dict[Kind, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False
    _count: int = 0

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def stop(self) -> None:
        self._closed = True
        # Wakes accept(), which closing alone does not.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                fault = self.plan(self._count)
                self._count += 1
            threading.Thread(target=self._serve, args=(client, fault), daemon=True).start()

    def _serve(self, client: socket.socket, fault: Fault) -> None:
        """This thread closes both sockets, no other does: the number of a closed socket is given to the next
        connection, whose bytes a thread still waiting would take."""
        with suppress(OSError):
            self._pass_through(client, fault)
        # A reset is sent by closing: the fault is counted before the client can notice.
        with self._lock:
            self.told[fault.kind] = self.told.get(fault.kind, 0) + 1
        client.close()

    def _pass_through(self, client: socket.socket, fault: Fault) -> None:
        time.sleep(fault.latency)
        if fault.kind == "refuse":
            reset(client)
            return
        with socket.create_connection(("127.0.0.1", self.upstream), timeout=SECONDS_OF_SILENCE) as server:
            client.settimeout(SECONDS_OF_SILENCE)
            up = threading.Thread(target=self._up, args=(client, server, fault), daemon=True)
            up.start()
            try:
                self._down(client, server, fault)
            except OSError:  # one side is gone: the other hears of it
                reset(client)
            up.join(SECONDS_OF_SILENCE)

    def _up(self, client: socket.socket, server: socket.socket, fault: Fault) -> None:
        """Client to server, until the client says no more."""
        left = fault.after
        with suppress(OSError):
            while piece := client.recv(_size(fault)):
                if fault.kind == "cut_request":
                    server.sendall(piece[:left])
                    left -= len(piece)
                    if left <= 0:
                        reset(server)
                        reset(client)
                        return
                else:
                    server.sendall(piece)
                    _take_time(fault, len(piece))
            server.shutdown(socket.SHUT_WR)

    def _down(self, client: socket.socket, server: socket.socket, fault: Fault) -> None:
        """Server to client, until the server says no more."""
        left = fault.after
        while piece := server.recv(_size(fault)):
            if fault.kind == "drop_answer":
                # The first byte of an answer comes after the commit: whatever it says, the client shall not know.
                reset(client)
                return
            if fault.kind == "cut_answer":
                client.sendall(piece[:left])
                left -= len(piece)
                if left <= 0:
                    reset(client)
                    return
            else:
                client.sendall(piece)
                _take_time(fault, len(piece))
        if fault.kind != "cut_request":  # a client that is being reset shall see no end before it
            client.shutdown(socket.SHUT_WR)


def _size(fault: Fault) -> int:
    return max(1, fault.after // 10) if fault.kind == "slow" else CHUNK


def _take_time(fault: Fault, count: int) -> None:
    if fault.kind == "slow" and fault.after:
        time.sleep(count / fault.after)


def reset(line: socket.socket) -> None:
    """Let a connection end with RST instead of FIN when it is closed: the other side gets an error, not an end.

    A thread that waits for its bytes is woken and gets none."""
    with suppress(OSError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.shutdown(socket.SHUT_RD)


@contextmanager
def proxy(upstream: int, plan: Plan | None = None) -> Iterator[Proxy]:
    """A started proxy before `upstream` (a port of the loopback)."""
    made = Proxy(upstream, plan or always(PASS))
    made.start()
    try:
        yield made
    finally:
        made.stop()
