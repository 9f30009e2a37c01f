"""着きました, つぎのお宅へ向かいます, 帰ります: for a page without its script."""

from __future__ import annotations

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from dvc.core.refused import Refused
from matching.dispatch.field_views import LEADER, NoSheet, back_to_page, leaders, refuse, show_gone
from matching.field import services


@require_POST
def leader_on_site(request: HttpRequest, token: str) -> HttpResponse:
    """着きました."""
    return _tell(request, token, "on_site")


@require_POST
def leader_next(request: HttpRequest, token: str) -> HttpResponse:
    """つぎのお宅へ向かいます. The secret is of the house they leave, so that a second tap changes nothing."""
    return _tell(request, token, "next")


@require_POST
def leader_leaving(request: HttpRequest, token: str) -> HttpResponse:
    """帰ります."""
    return _tell(request, token, "leaving")


def _tell(request: HttpRequest, token: str, what: str) -> HttpResponse:
    try:
        dispatch, at = leaders(request, token)
        noted = services.fact(dispatch, what, op=uuid4(), by=LEADER, told_at=at, at=at)
    except NoSheet as gone:
        return show_gone(request, gone.dispatch)
    except Refused as refused:
        return refuse(request, refused)
    return back_to_page(token, "told" if noted else what)
