"""The pages of one team: leave, be reached, come back. Rules live in the services."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.accounts.roles import Role
from dvc.audit.services import looked
from dvc.core.refused import Refused
from intake.volunteers.models import Volunteer
from matching.dispatch import chains, merging, queries, services, sheets
from matching.dispatch.forms import (
    CancelForm,
    DepartForm,
    OtherVisitForm,
    PostponeForm,
    ReturnForm,
    last_moment_of,
    moment_of,
)
from matching.dispatch.hours import hours_of
from matching.dispatch.models import Dispatch, DispatchState
from matching.equipment.models import Vehicle
from matching.loans.queries import of_team, said
from matching.loans.services import take_back_all
from matching.safety.queries import working_band
from matching.teams.models import Member
from matching.teams.queries import gone_leaders, with_rides
from matching.teams.services import bring_key, people_of, say_coming

FORM = require_http_methods(["GET", "HEAD", "POST"])
LONGEST_ID: Final = 18  # digits that surely fit a primary key
SECTION: Final = {"section": "dispatch_board"}
FIRST_BACK: Final = (
    "この班の帰着は、先にほかの人が記録しています。"
    "ここにいない人、明日も来られる人、資機材のこと、洗ったものと、先の記録でまだだった依頼書・資機材・かぎは、書き加えました。"
)
WORDS_STAY: Final = (
    "けがや報告に書いたことがあります。作業の結果を選んで「帰着を記録する」を押してください。"
    "書いたことを残さないときは、消してから「報告はあとにして」を押します。"
)
NOT_OUT: Final = (
    "この画面を開いたあとに、この班の出発が取り消されたか、派遣が取りやめになりました。書いたことは、まだ記録していません。"
    "この画面は開いたまま、別の画面で班の出発を記録してから、もう一度押してください。"
)
# Which field of the return a refusal stands at.
AT_FIELD: Final = {
    "dispatch.remaining_needed": "remaining",
    "dispatch.back_before_leaving": "back_at",
    "dispatch.not_here_said": "not_here_said",
}


def one_of(request: StaffRequest, dispatch_id: int) -> Dispatch:
    rows = Dispatch.objects.select_related(
        "operation__center", "need__household__town", "need__resident", "need__requester", "team__leader",
        "report",
    ).prefetch_related(with_rides())  # fmt: skip
    return access.of_operation(request.operation, rows, dispatch_id)


# ── one dispatch ───────────────────────────────────────────────────────────────────────────────
@never_cache
@require_safe
def dispatch_detail(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Everything about one team on its way, and the buttons for what comes next."""
    dispatch = one_of(request, dispatch_id)
    looked(dispatch, by=by(request), classes="P2 P3", why="派遣の画面", at=request.now)
    place = queries.place_of(dispatch)
    members = list(dispatch.team.members.select_related("volunteer", "visit"))
    context = {
        **SECTION,
        "dispatch": dispatch,
        "place": place,
        "is_now": dispatch == place.now,
        "planned": sheets.planned_of(list(place.visits), at=request.now),
        "behind": place.now.minutes_behind(request.now) if place.later else 0,
        "may_add": chains.may_add(place.visits),
        "sheets_printed": services.sheets_of(dispatch.team_id),
        "members": members,
        "away": [member for member in members if member.not_here_said],
        "gone": gone_leaders([dispatch.team_id]).get(dispatch.team_id),
        "late": dispatch.is_overdue(request.now),
        "jobs": sheets.jobs(dispatch.need),
        "tools": sheets.tools(dispatch.need),
        "map_url": sheets.map_link(dispatch.need.household),
        "postpone": PostponeForm(),
        "back": queries.told_at_return(place.now),
        "lent": said(of_team(dispatch.team_id)),
        "hours": hours_of(place.visits),
        "later_reports": dispatch.later_reports.count() if merging.waits(dispatch) else 0,
        "vehicles": _vehicles(dispatch),
        "no_key": [ride for ride in dispatch.team.rides.all() if ride.key_missing],
        "sheets_about": [visit for visit in {*place.visits, dispatch} if visit.sheets_out],
    }
    return render(request, "matching/dispatch/detail.html", context)


@never_cache
@FORM
def dispatch_depart(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The departure gate: what is missing by name, the five points, the return time."""
    dispatch = one_of(request, dispatch_id)
    if dispatch.state != DispatchState.ACCEPTED:
        return redirect("dispatch_detail", operation_id, dispatch_id)
    band = working_band(request.operation, at=request.now)
    if request.method != "POST":
        due = timezone.localtime(services.usual_return(dispatch, at=request.now))
        return _show_depart(request, dispatch, DepartForm(initial={"due_back": due.time()}, band=band))
    form = DepartForm(request.POST, band=band)
    if not form.is_valid():
        return _show_depart(request, dispatch, form, status=422)
    try:
        services.depart(
            dispatch,
            checks=form.cleaned_data["checks"],
            due_back_at=moment_of(form.cleaned_data["due_back"], at=request.now),
            override=form.cleaned_data["override"],
            by=by(request),
            at=request.now,
        )
    except Refused as refused:
        return _show_depart(request, dispatch, form, refusal=refused.text, status=409)
    messages.success(request, f"{dispatch.team}が出発しました。「いってらっしゃい」と送り出してください。")
    return redirect("dispatch_board", operation_id)


def _show_depart(
    request: StaffRequest, dispatch: Dispatch, form: DepartForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    missing = services.departure_blocks(dispatch, at=request.now)
    context = {
        **SECTION,
        "dispatch": dispatch,
        "form": form,
        "refusal": refusal,
        "missing": missing,
        "of_people": any(block.who for block in missing),
        "of_day": any(block.code in ("heat", "weather") for block in missing),
        "can_override": bool(missing) and not any(block.firm for block in missing),
        "is_chief": Role.CHIEF in request.roles,
        "people": people_of(dispatch.team),
        "place": queries.place_of(dispatch),
        "drives": dispatch.team.drives,
        "tools": sheets.tools_of(sheets.stops_of(dispatch)),
        "lent": said(of_team(dispatch.team_id)),
    }
    return render(request, "matching/dispatch/depart.html", context, status=status)


@require_POST
def dispatch_on_site(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The leader phoned: we are there."""
    dispatch = one_of(request, dispatch_id)
    services.arrive_on_site(dispatch, by=by(request), at=request.now)
    messages.success(request, f"{dispatch.team}の到着を記録しました。")
    return redirect("dispatch_detail", operation_id, dispatch_id)


@require_POST
def dispatch_next(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The leader phoned: we go on to the next house."""
    dispatch = one_of(request, dispatch_id)
    try:
        now = services.move_on(dispatch, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
        return redirect("dispatch_detail", operation_id, dispatch_id)
    messages.success(request, f"{dispatch.team}は、つぎのお宅（N{now.need.number}）に向かっています。")
    return redirect("dispatch_detail", operation_id, now.pk)


@never_cache
@FORM
def dispatch_drop(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Take one house off a team that keeps others, with the reason."""
    dispatch = one_of(request, dispatch_id)
    form = CancelForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            services.drop_visit(dispatch, reason=form.chosen(), by=by(request), at=request.now)
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(
                request,
                f"{dispatch.team}の行き先からN{dispatch.need.number}を外しました。また班を待っています。",
            )
            return redirect("dispatch_detail", operation_id, queries.place_of(dispatch).now.pk)
    context = {**SECTION, "dispatch": dispatch, "form": form, "refusal": refusal, "only_this": True}
    return render(request, "matching/dispatch/cancel.html", context, status=409 if refusal else 200)


@require_POST
def dispatch_postpone(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """The team was reached by phone and will be back at another time."""
    dispatch = one_of(request, dispatch_id)
    form = PostponeForm(request.POST)
    if not form.is_valid():
        messages.error(request, "新しい戻りの時刻を入力してください。")
        return redirect("dispatch_detail", operation_id, dispatch_id)
    try:
        due = moment_of(form.cleaned_data["due_back"], at=request.now)
        services.postpone(dispatch, due_back_at=due, by=by(request), at=request.now)
    except Refused as refused:
        messages.error(request, refused.text)
    else:
        messages.success(request, f"{dispatch.team}の戻りの時刻を変えました。")
    return redirect("dispatch_detail", operation_id, dispatch_id)


@never_cache
@FORM
def dispatch_return(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Thanks, then injuries, then paper, then tools; one button records the reports of every house and the return."""
    dispatch = one_of(request, dispatch_id)
    place = queries.place_of(dispatch)
    # What was typed while the team went on, or while its departure was taken back, is never redirected away.
    opened = request.method != "POST"
    if opened and dispatch.state in (DispatchState.VISITED, DispatchState.NEXT):
        return redirect("dispatch_return", operation_id, place.now.pk)
    reported = queries.has_report(dispatch)
    others = [visit for visit in place.visits if visit != dispatch and not queries.has_report(visit)]
    typed = "outcome" in request.POST  # before somebody else was first with the report, or the whole return
    is_back = dispatch.state == DispatchState.BACK
    # What another desk had counted and written when the first was quicker. (Nobody is asked about who has left.)
    second = is_back and not {"heads", "tools_missing"}.isdisjoint(request.POST)
    over = is_back and reported and not others and not typed and not second
    not_out = dispatch.state in (DispatchState.ACCEPTED, DispatchState.CANCELLED)
    if over or (opened and not_out):
        return redirect("dispatch_detail", operation_id, dispatch_id)
    unsaid = "later" in request.POST and _has_words(request.POST)
    later = "later" in request.POST and not unsaid
    wanted = (not reported or typed) and not later
    people = len(people_of(dispatch.team)) or dispatch.team.members.count()
    sent = request.POST if request.method == "POST" else None
    counting = second or not is_back
    crew = _crew(dispatch) if counting else []
    initial = {"next_step": "hold"} | ({} if crew else {"people": people})
    form = ReturnForm(
        sent, initial=initial, report_wanted=wanted, vehicles=_vehicles(dispatch) if counting else [],
        people=crew, heads=people, second=second, loans=of_team(dispatch.team_id) if counting else [],
        sheets=services.sheets_of(dispatch.team_id) if counting else 0,
    )  # fmt: skip
    further = [OtherVisitForm(sent, visit=visit, initial={"people": people}) for visit in others if not later]
    if sent is None:
        return _show_return(request, dispatch, form, further, counting=counting)
    if unsaid:
        form.add_error(None, WORDS_STAY)
    if not_out:
        form.add_error(None, NOT_OUT)
    # Every form is asked, so that each shows what is wrong with it.
    if not all([form.is_valid(), *(one.is_valid() for one in further)]):
        return _show_return(request, dispatch, form, further, counting=counting, status=422)
    try:
        said = _take_back(dispatch, form, further, report_wanted=wanted, request=request, at=request.now)
    except Refused as refused:
        form.add_error(AT_FIELD.get(refused.code), refused.text)
        return _show_return(request, dispatch, form, further, counting=counting, status=409)
    messages.success(request, said)
    _say_who_was_first(request, dispatch, form, second=second)
    _say_what_is_left(request, dispatch, form)
    _ask_for_keys(request, dispatch, form)
    return redirect("dispatch_board", operation_id)


def _say_who_was_first(request: StaffRequest, dispatch: Dispatch, form: ReturnForm, *, second: bool) -> None:
    """`second`: the page knew it already. Another desk may have been quicker by less than that: the time tells."""
    typed = form.cleaned_data["back_at"]
    came = last_moment_of(typed, at=request.now) if typed else request.now
    if dispatch.returned_at is None or not (second or dispatch.returned_at != came):
        return
    messages.warning(request, FIRST_BACK)
    stands = timezone.localtime(dispatch.returned_at)
    if typed and (stands.hour, stands.minute) != (typed.hour, typed.minute):
        messages.warning(
            request,
            f"帰ってきた時刻は、先に記録した{stands:%-H:%M}のままです（入れた時刻：{typed:%-H:%M}）。"
            "違うときは、班の画面で帰着を取り消してから、もう一度記録してください。",
        )
    # Also to whom has counted everybody: a count takes nobody off this list, somebody who sees them does.
    away = dispatch.team.members.away().filter(visit__left_at__isnull=True).select_related("volunteer")
    if names := "、".join(f"{member.volunteer.name}さん" for member in away):
        messages.warning(
            request,
            f"いまの記録では、{names}は、{dispatch.team}といっしょに戻っていません。"
            "ここにいるときは、班の画面で「いまここにいる」を押してください。",
        )


def _crew(dispatch: Dispatch) -> list[Volunteer]:
    """Who is asked about at its return; of a team that is back, who was."""
    if dispatch.state == DispatchState.BACK:
        freed = dispatch.team.members.filter(left_at=dispatch.returned_at, visit__left_at__isnull=True)
        return [member.volunteer for member in freed.select_related("volunteer")]
    return [member.volunteer for member in _members(dispatch) if not member.visit.left_at]


def _members(dispatch: Dispatch) -> list[Member]:
    """Who is on its roster. Whom reception has seen leaving nobody waits for at the return."""
    rows = dispatch.team.members.filter(left_at__isnull=True)
    return list(rows.select_related("volunteer", "visit"))


def _has_words(sent: QueryDict) -> bool:
    """Whether somebody has told anything of the work, or of who was hurt."""
    told = [name for name in sent if name.rpartition("-")[2] in ("injury", "near_miss", "text", "remaining")]
    return any(str(sent[name]).strip() for name in told)


def _vehicles(dispatch: Dispatch) -> list[Vehicle]:
    """The center's, whose keys were handed out; of a team that is back, those whose key nobody has brought."""
    rides = [ride for ride in dispatch.team.rides.all() if ride.vehicle]
    if dispatch.state == DispatchState.BACK:
        rides = [ride for ride in rides if ride.key_missing]
    return [ride.vehicle for ride in rides if ride.vehicle]


def _say_what_is_left(request: StaffRequest, dispatch: Dispatch, form: ReturnForm) -> None:
    for person in form.away:
        messages.warning(
            request,
            f"{person.name}さんは、受付ではまだセンターにいます。帰ったのなら、受付で「帰り」を記録してください。",
        )
    if form.uncounted:
        what = "、".join(form.uncounted)
        messages.warning(
            request, f"{dispatch.team}の{what}は、まだ数えていないので、外に出たままになっています。"
        )


def _ask_for_keys(request: StaffRequest, dispatch: Dispatch, form: ReturnForm) -> None:
    """Whom to ask, while they are still about."""
    for drive in dispatch.team.drives:
        if drive.driver and drive.vehicle in form.keys_missing:
            phone = f"（{drive.driver.phone}）" if drive.driver.phone else ""
            messages.warning(
                request,
                f"「{drive.vehicle}」のかぎがまだです。運転した{drive.driver.name}さん{phone}に聞いてください。",
            )


def _take_back(
    dispatch: Dispatch,
    form: ReturnForm,
    further: list[OtherVisitForm],
    *,
    report_wanted: bool,
    request: StaffRequest,
    at: datetime,
) -> str:
    data = form.cleaned_data
    came = last_moment_of(data["back_at"], at=at) if data["back_at"] else at
    if dispatch.departed_at is not None and came < dispatch.departed_at:
        raise Refused("dispatch.back_before_leaving")
    with transaction.atomic():
        told = None
        # What was told of later houses first: it says that the team has been there.
        for other in further:
            if other.was_there:
                services.report(other.visit, **other.story(), by_leader=False, by=by(request), at=at)
        if report_wanted:
            hold = data["next_step"] != "ready"
            told = services.report(
                dispatch, **form.story(), hold=hold, by_leader=False, by=by(request), at=at
            )
        if data.get("found_out") and queries.has_report(dispatch):
            merging.add_injury(dispatch, data["found_out"], by=by(request), at=at)
        say_coming(
            dispatch.team,
            form.coming,
            day=timezone.localdate(came) + timedelta(days=1),
            by=by(request),
            at=at,
        )
        take_back_all(dispatch.team, form.tools_back(), by=by(request), at=at)
        services.come_back(
            dispatch,
            tools_missing=data["tools_missing"],
            sheets_back=data["sheets_back"],
            keys_missing=[vehicle.pk for vehicle in form.keys_missing],
            washed=data["washed"],
            here=form.here,
            not_here=[person.pk for person in form.away],
            not_here_said=data.get("not_here_said", ""),
            by=by(request),
            at=came,
        )
        # A first desk may have had none of them, also one that was quicker by an instant.
        for ride in dispatch.team.rides.filter(key_missing=True, vehicle__in=form.keys_here):
            bring_key(ride, by=by(request), at=at)
    if told is not None and not told.changed:
        return f"{dispatch.team}の帰着を記録しました。報告は先に届いています。違うことを書いたときは「見くらべて、1つにまとめる」に残っています。"
    if told is None and not queries.has_report(dispatch):
        return f"{dispatch.team}の帰着を記録しました。報告はあとで「報告を入力する」から入れてください。"
    return f"{dispatch.team}の帰着を記録しました。おつかれさまでした。"


def _show_return(
    request: StaffRequest,
    dispatch: Dispatch,
    form: ReturnForm,
    further: list[OtherVisitForm],
    *,
    counting: bool,
    status: int = 200,
) -> HttpResponse:
    context = {
        **SECTION,
        "dispatch": dispatch,
        "form": form,
        "further": further,
        "report": dispatch.report if queries.has_report(dispatch) else None,
        "is_back": dispatch.state == DispatchState.BACK,
        "counting": counting,
        "left_before": [member for member in _members(dispatch) if member.visit.left_at],
        "sheets_printed": services.sheets_of(dispatch.team_id),
        "tools": sheets.tools_back(sheets.stops_of(dispatch)),
    }
    return render(request, "matching/dispatch/return.html", context, status=status)


@never_cache
@FORM
def dispatch_cancel(request: StaffRequest, operation_id: int, dispatch_id: int) -> HttpResponse:
    """Call it off before departure, with the reason."""
    dispatch = one_of(request, dispatch_id)
    form = CancelForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            services.cancel(dispatch, reason=form.chosen(), by=by(request), at=request.now)
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(request, f"{dispatch.team}の派遣を取りやめました。班の人はまた選べます。")
            return redirect("dispatch_board", operation_id)
    context = {**SECTION, "dispatch": dispatch, "form": form, "refusal": refusal}
    return render(request, "matching/dispatch/cancel.html", context, status=409 if refusal else 200)
