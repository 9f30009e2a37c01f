"""Runs of vehicles and dump sites: one page for the transport desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core.japanese import normalise_text, parse_time_ja
from dvc.core.refused import Refused
from intake.volunteers.models import Skill, Volunteer
from matching.dispatch import runs
from matching.dispatch.forms import moment_of
from matching.equipment.models import Licence, LicenceSeen, Vehicle
from matching.equipment.services import see_licence
from matching.teams.models import Team
from matching.teams.queries import free_visits, vehicles_here
from matching.trips import queries, services
from matching.trips.models import Boarding, DumpSite, Run, RunState, Stop

_JUST_LEFT: Final = timedelta(hours=1)


@never_cache
@require_safe
def trip_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Today's runs with stops and free seats, and the dump sites with their queues."""
    return _show(request)


def _show(request: StaffRequest, *, refusal: str = "") -> HttpResponse:
    day = timezone.localdate(request.now)
    here = free_visits(request.operation).select_related("volunteer")
    people = [visit.volunteer for visit in here if Skill.DRIVER in visit.volunteer.skills]
    teams = Team.objects.live().filter(operation=request.operation)
    rounds = queries.rounds(request.operation, day=day)
    context = {
        "section": "dispatch_board",
        "today": day,
        "rounds": rounds,
        "to_show": _licences_to_show([round_.run for round_ in rounds], day),
        "licences": Licence.choices,
        "dumps": queries.dumps(request.operation, at=request.now),
        "vehicles": vehicles_here(request.operation),
        "drivers": [person for person in people if not person.is_minor_on(day)],
        "teams": teams,
        "refusal": refusal,
        "typed": request.POST,
    }
    return render(request, "matching/trips/list.html", context, status=409 if refusal else 200)


def _licences_to_show(rows: list[Run], day: date) -> set[int]:
    """Runs (pks) that have not left and whose driver's licence is not good for the vehicle, as far as somebody has seen
    it. One query."""
    planned = [(run, run.driver) for run in rows if run.driver and run.state == RunState.PLANNED]
    found = LicenceSeen.objects.filter(volunteer__in=[driver for _, driver in planned])
    seen = {one.volunteer_id: one for one in found}
    return {run.pk for run, who in planned if services.licence_lacks(run.vehicle, who, seen.get(who.pk), day)}


def _text(request: HttpRequest, name: str, *, multiline: bool = False) -> str:
    try:
        return normalise_text(request.POST.get(name, ""), multiline=multiline)
    except ValueError:
        raise Refused("inbox.text") from None


def _number(request: HttpRequest, name: str, nothing: int = 0) -> int:
    typed = request.POST.get(name, "").strip()
    return int(typed) if typed.isdecimal() and len(typed) < 19 else nothing


def _done(request: StaffRequest, act: Callable[[], str]) -> HttpResponse:
    try:
        said = act()
    except Refused as refused:
        return _show(request, refusal=refused.text)
    messages.success(request, said)
    return redirect("trip_list", request.operation.pk)


@require_POST
def trip_plan(request: StaffRequest, operation_id: int) -> HttpResponse:
    """One more run."""
    vehicle = access.of_operation(
        request.operation, Vehicle.objects.select_related("operation"), request.POST.get("vehicle")
    )

    def act() -> str:
        run = runs.plan(
            vehicle, stops=_text(request, "stops", multiline=True).split("\n"), planned_at=_planned(request),
            driver=_driver(request), driver_name=_text(request, "driver_name"), by=by(request),
            at=request.now,
        )  # fmt: skip
        leaves = timezone.localtime(run.planned_at)
        return f"「{vehicle}」の便を決めました（{leaves.month}月{leaves.day}日 {leaves:%-H:%M}発）。"

    return _done(request, act)


def _driver(request: StaffRequest) -> Volunteer | None:
    """Who was chosen among those who are here and in no team."""
    chosen = _number(request, "driver")
    visit = free_visits(request.operation).select_related("volunteer").filter(volunteer=chosen).first()
    return visit.volunteer if visit else None


def _planned(request: StaffRequest) -> datetime:
    try:
        found = moment_of(parse_time_ja(request.POST.get("planned", "")), at=request.now)
    except ValueError:
        raise Refused("inbox.time_shape") from None
    # In the evening runs are decided for the next morning; one that has just left is written down as well.
    return found if found > request.now - _JUST_LEFT else found + timedelta(days=1)


@require_POST
def trip_do(request: StaffRequest, operation_id: int, run_id: int) -> HttpResponse:
    """出た, 着いた, 戻った, 取りやめ."""
    run = _one(request, run_id)
    what, who, at = request.POST.get("what", ""), by(request), request.now

    def act() -> str:
        if what == "leave":
            runs.leave(run, by=who, at=at)
            return f"「{run.vehicle}」が出ました。"
        if what == "passed":
            if services.passed(_stop(request, run), by=who, at=at):
                return "着いたことを記録しました。"
            return f"「{run.vehicle}」の便は、もう戻っています。着いていたことを書き加えました。"
        if what == "back":
            services.come_back(run, by=who, at=at)
            return f"「{run.vehicle}」が戻りました。かぎを受け取ってください。"
        services.cancel(run, reason=_text(request, "reason"), by=who, at=at)
        return "便を取りやめました。"

    return _done(request, act)


def _stop(request: StaffRequest, run: Run) -> Stop:
    stops = Stop.objects.filter(run=run, position=_number(request, "stop")).select_related("run__operation")
    if (found := stops.first()) is None:
        raise Http404
    return found


def _one(request: StaffRequest, run_id: int) -> Run:
    rows = Run.objects.select_related("operation", "vehicle", "driver")
    return access.of_operation(request.operation, rows, run_id)


@require_POST
def trip_driver(request: StaffRequest, operation_id: int, run_id: int) -> HttpResponse:
    """Somebody else drives."""
    run = _one(request, run_id)

    def act() -> str:
        services.set_driver(
            run, driver=_driver(request), driver_name=_text(request, "driver_name"), by=by(request), at=request.now
        )  # fmt: skip
        return f"「{run.vehicle}」を運転する人を替えました。"

    return _done(request, act)


@require_POST
def trip_licence(request: StaffRequest, operation_id: int, run_id: int) -> HttpResponse:
    """Its driver has shown their licence."""
    driver = _one(request, run_id).driver

    def act() -> str:
        if driver is None:
            raise Refused("trip.driver")
        try:
            until = parse_date(request.POST.get("until", ""))
        except ValueError:
            until = None
        see_licence(
            driver, licence=request.POST.get("licence", ""), until=until, by=by(request), at=request.now
        )
        return f"{driver.name}さんの免許証を確かめました。"

    return _done(request, act)


@require_POST
def trip_board(request: StaffRequest, operation_id: int, run_id: int) -> HttpResponse:
    """Seats for a team."""
    run = access.of_operation(request.operation, Run.objects.all(), run_id)
    team = access.of_operation(request.operation, Team.objects.all(), request.POST.get("team"))

    def act() -> str:
        on, off, heads = _number(request, "on"), _number(request, "off"), _number(request, "heads")
        services.board(run, team, on=on, off=off, heads=heads, by=by(request), at=request.now)
        return f"{team}の席を{heads}つ取りました。"

    return _done(request, act)


@require_POST
def trip_unboard(request: StaffRequest, operation_id: int, seat_id: int) -> HttpResponse:
    """The team does not ride."""
    seats = Boarding.objects.filter(run__operation=request.operation).select_related("run__operation", "team")
    for seat in seats.filter(pk=seat_id):
        services.get_off(seat, by=by(request), at=request.now)
        messages.success(request, f"{seat.team}の席を空けました。")
    return redirect("trip_list", operation_id)


@require_POST
def dump_keep(request: StaffRequest, operation_id: int) -> HttpResponse:
    """A dump site, new or as it is now."""

    def act() -> str:
        site = services.keep_dump_site(
            request.operation, name=_text(request, "name"), address=_text(request, "address"),
            hours=_text(request, "hours"), takes=_text(request, "takes"), closed="closed" in request.POST,
            by=by(request), at=request.now,
        )  # fmt: skip
        return f"仮置場「{site}」を保存しました。依頼書にも載ります。"

    return _done(request, act)


@require_POST
def dump_waited(request: StaffRequest, operation_id: int, site_id: int) -> HttpResponse:
    """A driver phoned, or came back and told."""
    site = access.of_operation(request.operation, DumpSite.objects.select_related("operation"), site_id)

    def act() -> str:
        services.waited(site, minutes=_number(request, "minutes", -1), by=by(request), at=request.now)
        return f"「{site}」の待ち時間を記録しました。"

    return _done(request, act)
