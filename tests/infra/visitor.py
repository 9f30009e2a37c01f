"""A browser without a screen: one line to a running center, which it keeps, and its cookies."""

from __future__ import annotations

import http.client
import re
import time
from dataclasses import dataclass, field

from tests.infra.center import RunningCenter

IDLE = 1  # seconds after which the server lets go of a line that says nothing


@dataclass
class Visitor:
    """`cookies`: a session's, for whoever is signed in."""

    running: RunningCenter
    cookies: dict[str, str] = field(default_factory=dict)
    line: http.client.HTTPConnection = field(init=False)
    used: float = 0.0

    def __post_init__(self) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=60)

    def close(self) -> None:
        self.line.close()

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, str, str]:
        """Status, X-Version and what came."""
        answer, came = self._ask(method, path, body)
        return answer.status, answer.headers.get("X-Version") or "", came.decode()

    def fetch(self, path: str, body: str) -> tuple[int, int]:
        """Status and size of a file that a form brings."""
        answer, came = self._ask("POST", path, body)
        return answer.status, len(came)

    def _ask(self, method: str, path: str, body: str) -> tuple[http.client.HTTPResponse, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": self.cookies["csrftoken"],
                "Referer": self.running.address,
            }  # fmt: skip
        if time.monotonic() - self.used > IDLE:
            self.line.close()
        self.line.request(method, path, body or None, headers)
        answer = self.line.getresponse()
        self.used = time.monotonic()
        came = answer.read()
        for name, value in re.findall(r"(csrftoken)=([^;]+)", str(answer.headers.get_all("Set-Cookie"))):
            self.cookies[name] = value
        return answer, came
