"""The policy that is written once is the one django-csp writes each time."""

from __future__ import annotations

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from dvc.core.policy_header import OnePolicyMiddleware

HEADER = "Content-Security-Policy"


def _no_page(request: HttpRequest) -> HttpResponseBase:
    raise AssertionError("the answer is given below")


def _sent(middleware: type[CSPMiddleware], path: str, answer: HttpResponse) -> str:
    sent = middleware(_no_page).process_response(RequestFactory().get(path), answer)
    return sent.headers[HEADER]


def test_every_answer_carries_the_whole_policy() -> None:
    policy = _sent(OnePolicyMiddleware, "/", HttpResponse("a page"))
    assert policy == _sent(CSPMiddleware, "/", HttpResponse("a page"))
    assert policy == _sent(OnePolicyMiddleware, "/api/v1/sync/ops", HttpResponse("{}"))
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy


def test_a_page_may_bring_its_own() -> None:
    page = HttpResponse("", headers={HEADER: "default-src 'none'"})
    assert _sent(OnePolicyMiddleware, "/", page) == "default-src 'none'"
