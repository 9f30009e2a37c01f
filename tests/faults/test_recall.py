"""Everybody is called back while everything but the web server and the database is dead. Control: what does need the others
waits as long as they are dead, and is done once they live."""

from __future__ import annotations

from pathlib import Path

from tests.infra.center import center, until
from tests.infra.visitor import Visitor

_DAY = """
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

now, operation, pages = timezone.now(), make.operation(), []
for _ in range(3):
    crew = [scene.present(operation, make.volunteer(operation.center, name), at=now - timedelta(hours=2)) for name in ("髙﨑", "佐藤")]
    dispatch = services.assign(scene.team(operation, *crew, at=now), make.need(operation), by=SYSTEM, at=now)
    services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=now, due_back_at=now + timedelta(hours=3))
    pages.append(tokens.leader_token(dispatch.token_nonce))
user = make.user(operation.center, Role.CHIEF)
session = SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(json.dumps({"operation": operation.pk, "pages": pages, "session": session.session_key, "cookie": settings.SESSION_COOKIE_NAME}))
"""
_SAID = """
import json
from matching.safety.models import Recall, RecallAnswer
answers = RecallAnswer.objects.filter(recall__operation=%d, taken_back_at__isnull=True).order_by("at")
running = Recall.objects.running().filter(operation=%d).count()
print(json.dumps([running, [[one.team.number, one.how] for one in answers]]))
"""
_ASK_THE_ENGINE = """
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from matching.proposals import runs
runs.request_run(Operation.objects.get(pk=%d), why="test", by=SYSTEM, at=timezone.now())
"""
_ANSWERED = """
import json
from matching.proposals.models import MatchRun
print(json.dumps(MatchRun.objects.filter(operation=%d).latest("id").state))
"""
PARTS = ("broker", "sweeper", "worker", "matching", "beat")


def test_a_recall_reaches_every_team_while_broker_and_workers_are_dead(tmp_path: Path) -> None:
    with center(tmp_path, LOG_LEVEL="ERROR") as running:
        day = running.shell.run(_DAY)
        base = f"/o/{day['operation']}"
        desk = Visitor(running, {day["cookie"]: day["session"]})
        leader = Visitor(running)
        desk.ask("GET", f"{base}/dispatch/recall/")
        for name in PARTS:
            until(lambda name=name: running.child(name), 30, f"no {name}")  # type: ignore[misc]
        with running.unattended():
            for name in PARTS:
                running.kill(name)
            # The control: the center itself says that nothing works in the background any more, and the engine is silent.
            until(lambda: running.health()[0] == 503, 60, "the parts were not missed")
            running.shell.run(_ASK_THE_ENGINE % day["operation"])
            assert "すぐ" not in leader.ask("GET", f"/l/{day['pages'][0]}/recall/")[2]
            status, _, _ = desk.ask("POST", f"{base}/dispatch/recall/", "reason=tsunami&place=x&words=")
            assert status == 302
            for page in day["pages"]:
                assert "すぐ逃げてください" in leader.ask("GET", f"/l/{page}/recall/")[2]
            assert "まだ" in desk.ask("GET", f"{base}/dispatch/recall/")[2]
            # One says so itself, one is told by telephone, the third calls for help; no team leaves meanwhile.
            assert leader.ask("POST", f"/l/{day['pages'][0]}/tell/", "kind=recall_safe&how=safe")[0] == 302
            teams = sorted(set(_teams(desk.ask("GET", f"{base}/dispatch/recall/")[2])))
            assert len(teams) == 2
            assert desk.ask("POST", f"{base}/dispatch/recall/teams/{teams[0]}/", "how=phone")[0] == 302
            assert leader.ask("POST", f"/l/{day['pages'][2]}/tell/", "kind=recall_help&how=help")[0] == 302
            said = running.shell.run(_SAID % (day["operation"], day["operation"]))
            assert said == [1, [[1, "page"], [2, "phone"], [3, "help"]]]
            assert running.shell.run(_ANSWERED % day["operation"]) == "requested"
            assert not any(running.child(name) for name in PARTS)
        until(running.is_healthy, 90, "the center did not get well")
        until(
            lambda: running.shell.run(_ANSWERED % day["operation"]) == "done", 90, "the engine did not answer"
        )
        assert running.shell.run(_SAID % (day["operation"], day["operation"])) == said
        desk.close()
        leader.close()


def _teams(html: str) -> list[int]:
    return [
        int(part.split("/")[0])
        for part in html.split("/dispatch/recall/teams/")[1:]
        if part.split("/")[0].isdigit()
    ]
