"""The policy that is written once is the one django-csp writes each time."""

from __future__ import annotations

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from dvc.core.policy_header import OnePolicyMiddleware

HEADER = "Content-Security-Policy"


def _page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


def test_every_answer_carries_the_whole_policy(rf: RequestFactory) -> None:
    ours = OnePolicyMiddleware(_page)(rf.get("/"))
    assert ours.headers[HEADER] == CSPMiddleware(_page)(rf.get("/")).headers[HEADER]
    assert OnePolicyMiddleware(_page)(rf.get("/api/v1/sync/ops")).headers[HEADER] == ours.headers[HEADER]
    assert "frame-ancestors 'none'" in ours.headers[HEADER]
    assert "unsafe-inline" not in ours.headers[HEADER]


def test_a_page_may_bring_its_own(rf: RequestFactory) -> None:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse("", headers={HEADER: "default-src 'none'"})

    assert OnePolicyMiddleware(page)(rf.get("/")).headers[HEADER] == "default-src 'none'"
