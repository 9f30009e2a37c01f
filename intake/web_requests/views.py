"""What opens on a resident's own phone: the request, and the link to confirm, correct or withdraw it.

No account, no script needed. A link shows nothing about anybody before the last digits of the number were told.
"""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dvc.core import languages
from dvc.core.languages import LANGUAGES
from dvc.core.refused import Refused
from dvc.operations.models import Center, Operation
from intake.web_requests import links, services
from intake.web_requests.forms import CorrectionForm, HelpForm
from intake.web_requests.models import AnswerKind, RequestLink
from intake.web_requests.texts import texts

FORM = require_http_methods(["GET", "HEAD", "POST"])
SENT_LASTS: Final = 3600  # seconds the page with the link can be opened again
_SENT: Final = "vc_sent"
_SALT: Final = "intake.web_requests.sent"


def _page(
    request: HttpRequest,
    template: str,
    operation: Operation | None,
    *,
    center: Center | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    language = languages.chosen(request)
    response = render(
        request,
        f"intake/web_requests/{template}.html",
        {
            "t": texts(language),
            "language": language,
            "languages": LANGUAGES.items(),
            "is_drill": operation is not None and operation.is_drill,
            "world": operation,
            "place": operation.center if operation else center,
            **context,
        },
        status=status,
    )
    if "lang" in request.GET:
        languages.keep(response, language)
    return response


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


@never_cache
@FORM
def help_form(request: HttpRequest, operation_id: int) -> HttpResponse:
    """Who, phone, where, what: the wish for a call back. What was typed comes back with every no."""
    asked = Operation.objects.select_related("center").filter(pk=operation_id).first()
    operation = services.open_for_requests(asked) if asked else None
    if operation is None:
        return _page(request, "closed", None, center=asked.center if asked else _only_center(), status=404)
    if operation.pk != operation_id and request.method != "POST":
        return redirect("help_form", operation.pk)
    language = languages.chosen(request)
    if request.method != "POST":
        return _page(request, "form", operation, form=HelpForm(language=language))
    form = HelpForm(request.POST, language=language)
    if not form.is_valid():
        form.renew_seal()
        return _page(request, "form", operation, form=form, status=422)
    try:
        sent = services.ask_for_help(
            operation,
            form.answers(),
            language=language,
            client=_address(request),
            form_token=form.cleaned_data["form_token"],
            at=operation.moment(timezone.now()),
        )
    except Refused as refused:
        key = refused.code.rpartition(".")[2]
        return _page(
            request, "form", operation, form=form, problem=texts(language).get(key, refused.text), status=409
        )
    response = redirect("help_sent", operation.pk)
    response.set_signed_cookie(
        _SENT, f"{operation.pk}.{sent.need.number}.{sent.secret}", salt=_SALT, max_age=SENT_LASTS, httponly=True,
        samesite="Lax", secure=settings.HTTPS,
    )  # fmt: skip
    return response


def _only_center() -> Center | None:
    """Whose telephone a page without an operation shows: this server's center, when it has just one."""
    centers = list(Center.objects.all()[:2])
    return centers[0] if len(centers) == 1 else None


@never_cache
@require_safe
def help_sent(request: HttpRequest, operation_id: int) -> HttpResponse:
    """Received: the number and the link, on this phone only; without its cookie just the thanks."""
    operation = Operation.objects.select_related("center").filter(pk=operation_id).first()
    if operation is None:
        return _page(request, "closed", None, center=_only_center(), status=404)
    told = request.get_signed_cookie(_SENT, "", salt=_SALT, max_age=SENT_LASTS) or ""
    number, link = "", ""
    if told.startswith(f"{operation_id}."):
        _, number, secret = told.split(".", 2)
        link = reverse("help_link", args=[secret])
    return _page(request, "sent", operation, number=number, link=link)


@never_cache
@FORM
def help_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Asks for the last digits, then shows the request, then takes one answer. Wrong and old links look the same."""
    if links.WRONG_LINKS.is_full(_address(request)):
        return _page(request, "link_bad", None, center=_only_center(), problem="link_many", status=429)
    link = links.behind(secret)
    if link is None:
        links.WRONG_LINKS.count(_address(request))
        return _page(request, "link_bad", None, center=_only_center(), status=404)
    operation = link.need.operation
    at = operation.moment(timezone.now())
    if not links.is_live(link, at=at):
        return _page(request, "link_bad", None, center=operation.center, status=404)
    if request.method != "POST":
        return _page(request, "link_digits", operation)
    if links.proves(link, request.POST.get("proof", "")[:200]):
        return _answer(request, link)
    digits = "".join(c for c in _narrow(request.POST.get("digits", "")[:20]) if c.isascii() and c.isdigit())
    if not links.knows_the_number(link, digits, at=at):
        if not links.is_live(link, at=at):
            return _page(request, "link_bad", None, center=operation.center, status=404)
        return _page(request, "link_digits", operation, wrong=True, status=422)
    form = CorrectionForm(initial=services.words_of(link.need), language=languages.chosen(request))
    return _page(request, "link_page", operation, form=form, proof=links.proof(link))


def _narrow(text: str) -> str:
    return text.translate({0xFF10 + digit: str(digit) for digit in range(10)})


def _answer(request: HttpRequest, link: RequestLink) -> HttpResponse:
    operation = link.need.operation
    kind = request.POST.get("kind", "")
    form = CorrectionForm(request.POST, language=languages.chosen(request))
    if kind not in AnswerKind.values or (kind == AnswerKind.CORRECT and not form.is_valid()):
        return _page(request, "link_page", operation, form=form, proof=links.proof(link), status=422)
    words = form.words() if kind == AnswerKind.CORRECT else {}
    try:
        services.answer(link, AnswerKind(kind), words, at=operation.moment(timezone.now()))
    except Refused:
        return _page(request, "link_bad", None, center=operation.center, status=404)
    return redirect(f"{reverse('help_answered', args=[operation.pk])}?kind={kind}")


@never_cache
@require_safe
def help_answered(request: HttpRequest, operation_id: int) -> HttpResponse:
    """Thanks. Nothing about the person: the address of this page can be passed on."""
    operation = Operation.objects.select_related("center").filter(pk=operation_id).first()
    kind = request.GET.get("kind", "")
    return _page(
        request,
        "answered",
        operation,
        center=_only_center(),
        kind=kind if kind in AnswerKind.values else "confirm",
    )
