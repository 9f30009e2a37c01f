"""Correct a person or a house of the register. Of two who correct the same one the second is shown both."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked
from dvc.core.refused import Refused
from intake.people.models import Household, Person
from intake.people.services import mark_of
from intake.register import services
from intake.register.forms import HouseholdForm, PersonForm
from intake.register.views import household_of, person_of

FORM = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@FORM
def person_edit(request: StaffRequest, operation_id: int, person_id: int) -> HttpResponse:
    """Name, reading, telephone and the rest, with everything typed kept when it cannot be saved."""
    person = person_of(request, person_id)
    if person.merged_into_id:
        return redirect("register_person", operation_id, person.merged_into_id)
    form = PersonForm(
        request.POST if request.method == "POST" else None, person=person, year=request.now.year
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.correct_person(
                    request.operation, person, form.answers(), seen=form.cleaned_data["mark"], by=by(request),
                    at=request.now,
                )  # fmt: skip
            except Refused as refused:
                form.add_error(None, refused.text)
                return _page(request, form, person, status=409, stands=person_of(request, person_id))
            messages.success(request, "名簿を直しました。依頼の画面にも、直した内容が出ます。")
            return redirect("register_person", operation_id, person_id)
    return _page(request, form, person, status=status)


@never_cache
@FORM
def household_edit(request: StaffRequest, operation_id: int, household_id: int) -> HttpResponse:
    """Where the house is and who lives there."""
    house = household_of(request, household_id)
    if house.merged_into_id:
        return redirect("register_household", operation_id, house.merged_into_id)
    form = HouseholdForm(request.POST if request.method == "POST" else None, house=house)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            loses_pin = form.loses_pin
            try:
                services.correct_household(
                    request.operation, house, form.answers(), seen=form.cleaned_data["mark"], by=by(request),
                    at=request.now,
                )  # fmt: skip
            except Refused as refused:
                form.add_error(None, refused.text)
                return _page(request, form, house, status=409, stands=household_of(request, household_id))
            messages.success(
                request,
                "お宅の記録を直しました。場所が変わったので、地図の印は町丁目の中心に移しました。"
                if loses_pin
                else "お宅の記録を直しました。",
            )
            return redirect("register_household", operation_id, household_id)
    return _page(request, form, house, status=status)


def _page(
    request: StaffRequest,
    form: PersonForm | HouseholdForm,
    row: Person | Household,
    *,
    status: int,
    stands: Person | Household | None = None,
) -> HttpResponse:
    """`stands`: the row as somebody else has written it meanwhile, beside what was typed."""
    looked(row, by=by(request), classes="P1 P2 P3", why="register edit", at=request.now)
    context = {
        "section": "register_search",
        "form": form,
        "stands": stands,
        "stands_mark": mark_of(stands) if stands else "",
        "person": row if isinstance(row, Person) else None,
        "house": row if isinstance(row, Household) else None,
        "towns": request.center.towns.all() if isinstance(row, Household) else [],
    }
    return render(request, "intake/register/edit.html", context, status=status)
