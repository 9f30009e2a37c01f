"""Other cars or drivers for a team that has not left, and the licences of who drives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.volunteers.models import Skill, Volunteer
from matching.dispatch.models import Dispatch, DispatchState
from matching.equipment.models import Licence, LicenceSeen, Vehicle
from matching.equipment.queries import warnings
from matching.equipment.services import see_licence
from matching.teams.queries import free_vehicles, with_rides
from matching.teams.rides import Drive
from matching.teams.services import people_of, set_rides


@dataclass(frozen=True, slots=True)
class Choice:
    """A vehicle the team may go in: who drives it now (None: nobody), what is the matter with it."""

    vehicle: Vehicle
    driver: int | None
    warnings: list[str]


def _one(request: StaffRequest, dispatch_id: int) -> Dispatch:
    rows = Dispatch.objects.select_related("operation__center", "need", "team__leader").prefetch_related(
        with_rides()
    )
    return access.of_operation(request.operation, rows, dispatch_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def dispatch_cars(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Which of the center's vehicles and which own cars, and who drives each."""
    dispatch = _one(request, dispatch_id)
    if dispatch.state != DispatchState.ACCEPTED:
        return redirect("dispatch_detail", operation_id, dispatch_id)
    people = people_of(dispatch.team)
    choices = _choices(request, dispatch)
    if request.method != "POST":
        return _show(request, dispatch, people, choices)
    try:
        set_rides(dispatch.team, _read(request, people, choices), by=by(request), at=request.now)
    except Refused as refused:
        return _show(request, dispatch, people, choices, refusal=refused.text)
    messages.success(request, f"{dispatch.team}の車と運転者を記録しました。")
    return redirect("dispatch_depart", operation_id, dispatch_id)


def _choices(request: StaffRequest, dispatch: Dispatch) -> list[Choice]:
    """What the team has, then what is free."""
    day = timezone.localdate(request.now)
    has = {drive.vehicle.pk: drive for drive in dispatch.team.drives if drive.vehicle}
    mine = [drive.vehicle for drive in has.values() if drive.vehicle]
    free = [vehicle for vehicle in free_vehicles(request.operation, at=request.now) if vehicle.pk not in has]
    return [
        Choice(vehicle, drive.driver.pk if (drive := has.get(vehicle.pk)) and drive.driver else None, warnings(vehicle, day))
        for vehicle in [*mine, *free]
    ]  # fmt: skip


def _read(request: StaffRequest, people: list[Volunteer], choices: list[Choice]) -> list[Drive]:
    by_pk = {str(person.pk): person for person in people}
    chosen = [
        (choice.vehicle, by_pk.get(request.POST.get(f"vehicle_{choice.vehicle.pk}", "")))
        for choice in choices
    ]
    own = [by_pk[pk] for pk in request.POST.getlist("own") if pk in by_pk]
    return [
        *(Drive(vehicle, driver) for vehicle, driver in chosen if driver),
        *(Drive(None, driver) for driver in own),
    ]


def _show(
    request: StaffRequest,
    dispatch: Dispatch,
    people: list[Volunteer],
    choices: list[Choice],
    *,
    refusal: str = "",
) -> HttpResponse:
    day = timezone.localdate(request.now)
    adults = [person for person in people if not person.is_minor_on(day)]
    seen = {one.volunteer_id: one for one in LicenceSeen.objects.filter(volunteer__in=people)}
    drivers = [person for person in adults if Skill.DRIVER in person.skills]
    holders: list[dict[str, Any]] = [
        {"person": person, "seen": seen.get(person.pk)}
        for person in adults
        if Skill.DRIVER in person.skills or person.vehicle
    ]
    context = {
        "section": "dispatch_board",
        "dispatch": dispatch,
        "people": people,
        "choices": choices,
        "drivers": drivers,
        "holders": holders,
        "owners": [person for person in adults if person.vehicle],
        "driving_own": [
            drive.driver.pk for drive in dispatch.team.drives if drive.driver and not drive.vehicle
        ],
        "licences": Licence.choices,
        "today": day,
        "refusal": refusal,
    }
    return render(request, "matching/dispatch/cars.html", context, status=409 if refusal else 200)


@require_POST
def dispatch_licence(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Somebody has shown their licence."""
    dispatch = _one(request, dispatch_id)
    people = {str(person.pk): person for person in people_of(dispatch.team)}
    person = people.get(request.POST.get("person", ""))
    if person is None:
        return redirect("dispatch_cars", operation_id, dispatch_id)
    try:
        until = parse_date(request.POST.get("until", ""))
    except ValueError:
        until = None
    try:
        see_licence(
            person, licence=request.POST.get("licence", ""), until=until, by=by(request), at=request.now
        )
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, f"{person.name}さんの免許証を確かめました。")
    return redirect("dispatch_cars", operation_id, dispatch_id)
