"""Everybody is called back while worker, matching worker, sweeper, beat and broker are killed and nobody starts them again.
Control: what does need them waits as long as they are dead, and is done once they live."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.infra.center import SIGNS, RunningCenter, center, until
from tests.infra.processes import alive
from tests.infra.visitor import Visitor

TEAMS = 12
DEAD = ("sweeper", "beat", "worker", "matching", "broker")
DAY = f"""
import json
from datetime import timedelta
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from matching.dispatch import services, tokens
from tests import make
from tests.matching.dispatch import scene

now = timezone.now()
operation = make.operation()
type(operation).objects.filter(pk=operation.pk).update(auto_match=False)
user = make.user(operation.center, Role.CHIEF)
session = SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
teams = []
for _ in range({TEAMS}):
    crew = [scene.present(operation, make.volunteer(operation.center, name), at=now - timedelta(hours=2)) for name in ("髙﨑", "佐藤")]
    out = scene.assigned(operation, *crew)
    services.depart(out, checks=scene.ALL, by=SYSTEM, at=now - timedelta(hours=1), due_back_at=now + timedelta(hours=3))
    teams.append([out.team_id, out.pk, tokens.leader_token(out.token_nonce)])
print(json.dumps({{"operation": operation.pk, "session": session.session_key, "cookie": settings.SESSION_COOKIE_NAME, "teams": teams}}))
"""
ASK_FOR_A_RUN = """
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from matching.proposals import runs
runs.request_run(Operation.objects.get(pk={operation}), why="test", by=SYSTEM, at=timezone.now())
"""
STATE_OF_THE_RUN = """
import json
from matching.proposals.models import MatchRun
print(json.dumps(MatchRun.objects.filter(operation={operation}).latest("id").state))
"""
FACTS = """
import json
from collections import Counter
from dvc.audit.models import Entry
from matching.control import recalls
from matching.safety.models import Recall, RecallAnswer
recall = Recall.objects.get(operation={operation})
print(json.dumps({{
    "answers": sorted(RecallAnswer.objects.filter(recall=recall).values_list("team", "how")),
    "audit": Counter(Entry.objects.filter(operation={operation}, action__startswith="recall.").values_list("action", flat=True)),
    "status": {{called.team.pk: called.status for called in recalls.progress(recall).teams}},
}}))
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningCenter]:
    with center(tmp_path / "center", LOG_LEVEL="ERROR") as one:
        yield one


def kill_all_but_the_web(running: RunningCenter) -> dict[str, int]:
    """kill -9 of each, with the supervisor held still, so that none is started again. Name → its old id."""
    old = {name: int(until(partial(running.child, name))) for name in DEAD}
    os.kill(running.process.pid, signal.SIGSTOP)
    for pid in old.values():
        os.killpg(pid, signal.SIGKILL)
    for pid in old.values():
        until(partial(is_dead, pid))
    return old


def is_dead(pid: int) -> bool:
    return not alive(pid)


def test_everybody_is_called_back_and_found_while_only_the_web_server_lives(running: RunningCenter) -> None:
    day = running.shell.run(DAY)
    base, facts = f"/o/{day['operation']}/dispatch", FACTS.format(**day)
    old = kill_all_but_the_web(running)
    try:
        running.shell.run(ASK_FOR_A_RUN.format(**day))
        desk, colleague = (Visitor(running, {day["cookie"]: day["session"]}) for _ in range(2))
        page = desk.ask("GET", f"{base}/recall/")
        assert page[0] == 200
        assert desk.ask("POST", f"{base}/recall/", "reason=tsunami&place=&words=")[0] == 302
        assert "呼び戻し中" in colleague.ask("GET", f"/o/{day['operation']}/board/alerts/")[2]
        by_page, by_phone, home, silent = (
            day["teams"][:8],
            day["teams"][8:10],
            day["teams"][10],
            day["teams"][11],
        )
        for _, _, token in by_page:
            with closing(Visitor(running)) as leader:
                assert leader.ask("GET", f"/l/{token}/")[0] == 200
                assert "全員" in leader.ask("GET", f"/l/{token}/recall/")[2]
                for _ in range(2):  # a thumb that trembles
                    assert leader.ask("POST", f"/l/{token}/recall/safe/", "how=safe")[0] == 302
        for team, _, _ in by_phone:
            assert desk.ask("POST", f"{base}/recall/teams/{team}/", "how=phone&said=")[0] == 302
        desk.ask("POST", f"{base}/recall/teams/{silent[0]}/", "how=tried&said=")
        said = "sheets_back=0&injury=&near_miss=&outcome=completed&people=2"
        assert desk.ask("POST", f"{base}/{home[1]}/return/", said)[0] == 302
        desk.close()
        colleague.close()
        told = running.shell.run(facts)
        assert [how for _, how in told["answers"]].count("page") == len(by_page)
        assert told["audit"]["recall.started"] == 1
        assert told["status"] == {
            **{str(team): "reached" for team, _, _ in (*by_page, *by_phone)},
            str(home[0]): "back",
            str(silent[0]): "silent",
        }
        # The control: they are dead, so a question to the engine waits, and the center says which parts are missing.
        assert running.shell.run(STATE_OF_THE_RUN.format(**day)) == "requested"
        assert not any(running.child(name) for name in DEAD), SIGNS
        status, body = running.health()
        assert status == 503
        assert body["broker"] == "missing"
    finally:
        os.kill(running.process.pid, signal.SIGCONT)
    for name, pid in old.items():
        running.wait_for_another(name, pid)
    until(lambda: answered(running, day), what="the engine to answer once it lives")
    assert running.shell.run(facts) == told  # and nothing about the recall was waiting for them


def answered(running: RunningCenter, day: dict[str, Any]) -> bool:
    return bool(running.shell.run(STATE_OF_THE_RUN.format(**day)) == "done")
