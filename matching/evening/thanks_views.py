"""Certificates and the stamp log of a day."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked
from dvc.core import card_token
from dvc.core.japanese import era_date
from dvc.core.refused import Refused
from intake.checkin.models import Visit
from intake.volunteers import services as volunteers
from intake.volunteers.models import Volunteer
from intake.volunteers.sheets import missing_letters, write_pdf
from matching.evening import thanks
from matching.evening.models import Certificate, MotorwayStamp
from matching.evening.views import day_of, text_of

CSS: Final = "evening/certificate.css"
PER_PAGE: Final = 30
LONGEST_QUESTION: Final = 1024


@never_cache
@require_safe
def thanks_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Who was here on a day, each with a certificate and the stamp; searched, because a thousand were."""
    return _show(request)


def _show(request: StaffRequest, *, refusal: str = "") -> HttpResponse:
    operation, day = request.operation, day_of(request)
    visits = Visit.objects.on_day(day).filter(operation=operation)
    people = Volunteer.objects.filter(pk__in=visits.values("volunteer")).select_related("group")
    question = request.GET.get("q", "")[:LONGEST_QUESTION].replace("\0", "").strip()
    if question:
        try:
            people = people.filter(pk__in=volunteers.find(operation, question).order_by().values("pk"))
        except Refused as refused:
            refusal, people = refused.text, people.none()
    page = Paginator(people.order_by("kana_key", "pk"), PER_PAGE).get_page(_said(request, "page"))
    stamps = MotorwayStamp.objects.filter(operation=operation, day=day).select_related(
        "volunteer", "stamped_by"
    )
    stamp_of = {one.volunteer_id: one for one in stamps}
    context = {
        "section": "evening",
        "day": day,
        "question": "" if card_token.looks_like_card(question) else question,
        "asked": bool(question),
        "query": "&" + urlencode({"day": day.isoformat()} | ({"q": question} if question else {})),
        "page": page,
        "rows": [(person, stamp_of.get(person.pk)) for person in page],
        "stamped": sorted(stamp_of.values(), key=lambda one: one.stamped_at),
        "refusal": refusal,
    }
    return render(request, "matching/evening/thanks.html", context, status=409 if refusal else 200)


def _said(request: StaffRequest, name: str) -> str:
    return request.POST.get(name) or request.GET.get(name) or ""


def _person(request: StaffRequest, volunteer_id: int) -> Volunteer:
    return access.of_center(request.center, Volunteer.objects.all(), volunteer_id)


@never_cache
@require_safe
def certificate(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """The certificate as it would be now. Looking makes none."""
    person = _person(request, volunteer_id)
    days = thanks.days_of(request.operation, person)
    made = Certificate.objects.filter(operation=request.operation, volunteer=person).last()
    looked(person, by=by(request), classes="V1 V2", why="活動証明書", at=request.now)
    context = {"section": "evening", "person": person, "days": days, "made": made}
    return render(request, "matching/evening/certificate.html", context)


@never_cache
@require_POST
def certificate_pdf(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """The numbered certificate as PDF."""
    person = _person(request, volunteer_id)
    try:
        if missing := missing_letters(
            person.name + person.address + request.operation.name + request.center.name
        ):
            raise Refused("dispatch.no_font", letters="".join(missing[:10]))
        made = thanks.certify(request.operation, person, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
        return redirect("certificate", operation_id, volunteer_id)
    looked(person, by=by(request), classes="V1 V2", why="活動証明書", at=request.now)
    response = HttpResponse(write_pdf(paper(made), css=CSS), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="certificate-{made.serial}.pdf"'
    return response


def paper(made: Certificate) -> str:
    """The sheet of this certificate, dated the local day on which it was made."""
    context: dict[str, Any] = {
        "made": made,
        "person": made.volunteer,
        "operation": made.operation,
        "center": made.operation.center,
        "first": era_date(made.first),
        "last": era_date(made.last),
        "today": era_date(timezone.localdate(made.made_at)),
    }
    return render_to_string("matching/evening/certificate_pdf.html", context)


@require_POST
def motorway_stamp(request: StaffRequest, operation_id: int, volunteer_id: int) -> HttpResponse:
    """活動確認 for the motorway."""
    person, day = _person(request, volunteer_id), day_of(request)
    try:
        plate = text_of(request, "plate")
        thanks.stamp(request.operation, person, day=day, plate=plate, by=by(request), at=request.now)
    except Refused as refused:
        return _show(request, refusal=refused.text)
    messages.success(
        request, f"{person.name}さんの分を記録しました。用紙に「活動確認」の印と日付を押してください。"
    )
    response = redirect("thanks_list", operation_id)
    response["Location"] += "?" + urlencode({"day": day.isoformat(), "page": _said(request, "page") or "1"})
    return response
