"""SQL statements of one scan and of the polls: `python -m tests.bench.queries TOLD.json` in the center's
environment. Prints the numbers."""

from __future__ import annotations

import json
import re
import sys
from html import unescape
from pathlib import Path
from typing import Any

import django


def count(told: dict[str, Any]) -> dict[str, int]:
    """Statements as the database sees them, BEGIN and COMMIT included."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tests.bench.checkin import _op

    client = Client(SERVER_NAME="localhost")  # a host the running center answers to
    headers = {"authorization": f"Device {told['device']}.{told['secret']}"}
    scans = []
    # The first contact of a while also writes when the tablet was seen.
    for seq, token in enumerate(told["tokens"], start=1):
        body = {"epoch": 9, "ops": [_op(told, token, seq)]}
        with CaptureQueriesContext(connection) as scan:
            answer = client.post(
                "/api/v1/sync/ops", json.dumps(body), content_type="application/json", headers=headers
            )
        assert answer.status_code == 200, answer.content
        scans.append(len(scan))
    banner = r'data-alerts="([^"]+)"()'
    return {
        "scan": scans[-1], "unchanged board poll": _poll(told), "unchanged poll of the crisis banner": _poll(told, banner),
    }  # fmt: skip


def _poll(told: dict[str, Any], address: str = r'data-poll-url="([^"]+)" data-version="([^"]+)"') -> int:
    """A signed-in screen asks again and nothing has changed."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from dvc.accounts.models import User

    client = Client(SERVER_NAME="localhost")  # a host the running center answers to
    client.force_login(User.objects.get(pk=told["actor"]))
    for _ in range(5):  # the center lives: something may change between the page and the poll
        page = client.get(f"/o/{told['operation']}/board/").content.decode()
        found = re.search(address, page)
        assert found, "the board has no poll"
        asked = unescape(found[1])
        version = found[2] or client.get(asked)["X-Version"]
        with CaptureQueriesContext(connection) as poll:
            answer = client.get(f"{asked}{'&' if '?' in asked else '?'}version={version}")
        if answer.status_code == 204:
            return len(poll)
    raise RuntimeError(f"the board changed each time it was asked: {answer.status_code}")


if __name__ == "__main__":
    django.setup()
    print(json.dumps(count(json.loads(Path(sys.argv[1]).read_text()))))
