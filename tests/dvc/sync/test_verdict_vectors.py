"""One table of cases for the server and for the tablet's preview (frontend/test/verdicts.test.ts): sync.md §5."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode
from intake.checkin.verdicts import VERDICTS
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of

pytestmark = pytest.mark.django_db
CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "verdicts.json").read_text()
)["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["note"]))
def test_the_server_says_what_the_table_says(case: dict[str, Any]) -> None:
    asked = case.get("operation", {})
    tablet = Tablet(make.operation(mode=Mode(asked.get("mode", Mode.DISASTER))))
    started = timezone.now()
    if days := asked.get("clock_days"):
        operations.set_clock(
            tablet.operation, reading=started + timedelta(days=days), speed=1, by=SYSTEM, at=started
        )
    if "insurance_required" in asked:
        operations.edit_operation(
            tablet.operation, by=SYSTEM, at=make.at(8), insurance_required=asked["insurance_required"]
        )
    if asked.get("is_open") is False:
        operations.close_operation(tablet.operation, teams_out=0, by=SYSTEM, at=make.at(8))
    missing = case["person"]
    fields: dict[str, Any] = {
        "said_minor": missing.get("minor", False),
        "guardian_consent": missing.get("consent", False),
        "blocked_reason": "前回のこと" if missing.get("blocked") else "",
    }
    if missing.get("old_consent"):
        fields["consented_at"] = make.at(8)
        operations.renew_consent(tablet.operation, note="", by=SYSTEM, at=make.at(9))
    if missing.get("emergency") is False:
        fields["emergency_phone"] = ""
    person = make.volunteer(tablet.operation.center, insured=missing.get("insured", True), **fields)
    last_days = {
        "expired": timezone.localdate(started) - timedelta(days=1),
        "last_day": timezone.localdate(started),
    }
    token = card_of(person, expires=last_days.get(case.get("card", ""))).token
    sites = {
        name: operations.add_site(
            tablet.operation.center, name=name, lat=38.3, lng=141.0, by=SYSTEM, at=make.at(8)
        ).pk
        for name in dict.fromkeys(case.get("sites", []))
    }
    before, now = [sites.get(name) for name in case.get("sites", ["", ""])]
    ops = [tablet.op(kind, card=token, site=before) for kind in case["before"]]
    ops.append(tablet.op(case["kind"], card=token, site=now))
    for number, op in enumerate(ops):
        op["t_wall"] = (timezone.now() - timedelta(seconds=len(ops) - number)).isoformat()
    assert tablet.send(*ops)[-1]["code"] == case["code"]


def test_a_tablet_without_a_snapshot_speaks_the_words_of_the_table() -> None:
    script = Path(__file__).parents[3] / "frontend" / "src" / "field" / "snapshot.ts"
    table = script.read_text().partition("const FIRST_TEXTS")[2].partition("};")[0]
    told = re.findall(r'(\w+): \{ tone: "(\w+)", title: "([^"]+)", say: "([^"]+)" \}', table)
    assert {code for code, *_ in told} >= {"recorded", "unreadable", "no_such_code"}
    for code, *words in told:
        assert words == [VERDICTS[code].tone, VERDICTS[code].title, VERDICTS[code].say]
