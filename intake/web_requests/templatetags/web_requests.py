"""What the page of a need shows of its web request. The page belongs to help_requests, which lies below and cannot ask."""

from __future__ import annotations

from typing import Any

from django import template

from dvc.core.languages import LANGUAGES
from intake.help_requests import duplicates
from intake.help_requests.models import Need, NeedState
from intake.web_requests.models import AnswerKind, RequestLink, ResidentAnswer
from intake.web_requests.services import FIELDS

register = template.Library()


@register.inclusion_tag("intake/web_requests/_panel.html", takes_context=True)
def web_request_panel(context: dict[str, Any], need: Need) -> dict[str, Any]:
    """Unconfirmed or not, what the resident answered by a link, whether a link is out, and who else it may be."""
    answers = [(made, _rows(made.said)) for made in need.resident_answers.select_related("seen_by")]
    web = getattr(need, "web_request", None)
    now = context["request"].now
    link = RequestLink.objects.filter(need=need).first()
    return {
        "operation": context["operation"],
        "csrf_token": context.get("csrf_token", ""),
        "need": need,
        "web": web,
        "language": LANGUAGES.get(web.language, "") if web else "",
        "answers": answers,
        "unseen": [made for made, _ in answers if made.seen_at is None],
        "likely": _likely(need) if need.unconfirmed else [],
        "link": link,
        "link_lives": link is not None and link.ended_at is None and link.expires_at > now,
        "kinds": AnswerKind,
        "merged_away": need.state == NeedState.DUPLICATE,
        "of_merged": _unseen_of_merged(need),
    }


def _unseen_of_merged(need: Need) -> list[ResidentAnswer]:
    """Unread answers about requests that were merged into this one, whose own pages nobody opens by themselves."""
    unseen = ResidentAnswer.objects.filter(need__duplicate_of=need, seen_at=None)
    return list(unseen.select_related("need"))


def _rows(said: list[list[str]]) -> list[tuple[str, str, str]]:
    return [(FIELDS.get(name, name), before, after) for name, before, after in said]


def _likely(need: Need) -> list[duplicates.Likely]:
    """Other needs of the operation that may be the same."""
    asked = duplicates.asked_of(need)
    return [one for one in duplicates.likely(need.operation, asked) if one.need and one.need.pk != need.pk]
