"""What the tool desk's tablet holds to lend without a network: teams with their leaders, numbered pieces, counts. No
phone, no address, no volunteer but the leaders by family name and first letter (source: sync.md §3)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dvc.accounts.models import Device, DeviceProfile
from dvc.core.japanese import family_first_letter
from dvc.operations.models import Operation
from dvc.sync import snapshot
from dvc.sync.api import DeviceView, device_of, operation_asked
from dvc.sync.models import Receipt
from dvc.sync.services import MAX_OPS
from dvc.sync.snapshot import HEAD, Scope
from intake.help_requests.models import Tool
from matching.dispatch.handing_over import suggested_for_all
from matching.equipment.models import ToolItem, ToolStock
from matching.loans import queries
from matching.teams.models import Member, Team

# Of the reception's small sections those that say nothing about anybody.
SHARED: Final = ("operation", "center", "sites", "keys", "texts", "purged", "queue_key", "settled")
_NOBODY: Final[dict[str, Any]] = {
    "prefixes": "",
    "codes": "",
    "volunteers": [],
    "names": [],
    "kanas": [],
    "flags": [],
}


def tools(operation: Operation) -> dict[str, Any]:
    """`kinds`: code and label in order; `teams`: those that are about, what to offer each and what it has; `items`; `stock`:
    site → tool → how many can be lent. Eight queries and one a team with open work."""
    teams = list(Team.objects.filter(operation=operation).live().select_related("leader").order_by("number"))
    people = Counter(
        Member.objects.filter(team__in=teams, left_at__isnull=True).values_list("team_id", flat=True)
    )
    offers = suggested_for_all(teams, people)
    loans = list(queries.open_loans(operation))
    lent: dict[int, Counter[str]] = {}
    for loan in loans:
        if loan.team_id is not None and loan.item_id is None:
            lent.setdefault(loan.team_id, Counter())[loan.tool] += loan.out
    with_whom = {loan.item_id: loan.who for loan in loans if loan.item_id}
    stock: dict[str, dict[str, int]] = {}
    for row in ToolStock.objects.filter(operation=operation):
        stock.setdefault(str(row.site_id), {})[row.tool] = row.free
    items = ToolItem.objects.kept().filter(operation=operation)
    return {
        "kinds": [{"code": tool.value, "label": str(tool.label)} for tool in Tool],
        "teams": [
            {
                "id": team.pk, "name": str(team), "out": team.state == "out", "leader": _leader(team),
                "offer": offers.get(team.pk, {}), "has": dict(lent.get(team.pk, {})),
            }
            for team in teams
        ],
        "items": [
            {
                "id": item.pk, "name": str(item), "tool": item.tool, "site": item.site_id, "prefix": item.card_id[:16],
                "code": item.short_code, "condition": item.condition, "with": with_whom.get(item.pk, ""),
            }
            for item in items
        ],
        "stock": stock,
    }  # fmt: skip


def _leader(team: Team) -> str:
    return family_first_letter(team.leader.family_name, team.leader.given_name) if team.leader else ""


def told_by(device: Device) -> list[str]:
    """The newest ops of this device that have an answer: what they came to is in what is counted from now on. The answers
    themselves may be on their way, or lost. Two batches: one that is on its way, and one answered since this was asked for."""
    newest = Receipt.objects.filter(device=device).order_by("-epoch", "-seq")
    return [str(op_id) for op_id in newest.values_list("op_id", flat=True)[: 2 * MAX_OPS]]


def seen_by(device: Device, operation: Operation) -> dict[str, Any]:
    """`tools`, and which of the device's own ops are in it (`told`): those it counts no second time. The two must tell of the
    same moment, so they are looked at again when a batch of this device came in between."""
    told = told_by(device)
    while True:
        made = tools(operation)
        if (since := told_by(device)) == told:
            return {**made, "told": told}
        told = since


def head(device: Device, operation: Operation, *, at: datetime) -> dict[str, Any]:
    """The small sections of a tool desk's snapshot."""
    scope = Scope(operation, at)
    today = {"day": timezone.localdate(at).isoformat(), "arrived": 0, "left": [], "sites": {}}
    return {
        **{name: HEAD[name](scope) for name in SHARED},
        "today": today,
        "groups": [],
        "tools": seen_by(device, operation),
    }


class ToolsView(DeviceView):
    """GET /api/v1/sync/tools?operation=<id>&since=<cursor>: as the reception's snapshot, without any card."""

    profiles = frozenset({DeviceProfile.TOOLS})

    @extend_schema(
        parameters=[
            OpenApiParameter("operation", int, required=True),
            OpenApiParameter("since", str, description="the cursor of the last answer, empty for the whole"),
        ],
        responses=serializers.DictField(),
    )
    def get(self, request: Request) -> Response:
        operation, now = operation_asked(request), timezone.now()
        made = head(device_of(request), operation, at=now)
        digest = hashlib.sha256(json.dumps(made, sort_keys=True, default=str).encode()).hexdigest()[:16]
        cursor, since = f"{snapshot.generation()}.{digest}", request.query_params.get("since", "")
        answer: dict[str, Any] = {"cursor": cursor, "server_time": now.isoformat()}
        if since.startswith(f"{snapshot.generation()}."):
            # Few enough to send whole when anything changed.
            changed = {} if since == cursor else made
            answer |= {
                "head": changed,
                "cards": {},
                "short_codes": {},
                "unbound": [],
                "revoked": [],
                "present": {},
            }
        else:
            answer |= {"whole": True, "head": made, "columns": _NOBODY, "revoked": "", "present": {}}
        response = Response(answer)
        response["Cache-Control"] = "no-store"
        return response
