"""Groups at the desk: the list, one group's people with ticks, its sheet, and people without names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.core import qr
from dvc.core.fields import ClockField
from dvc.core.races import look_again
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.checkin import groups, headcounts, nameless
from intake.checkin.groups import Way
from intake.checkin.models import GroupArrival
from intake.checkin.verdicts import VERDICTS
from intake.volunteers import groups as lists
from intake.volunteers import services as volunteers
from intake.volunteers.models import Group, Volunteer

MOST_FOUND: Final = 20
LONGEST_QUESTION: Final = 100
ON_A_SHEET: Final = 40
AN_EVENING: Final = timedelta(hours=6)
# Whoever is here or has left already is shown so on the page.
_SHOWN: Final = groups.PLAIN | {"already_present", "already_left"}


class CountForm(forms.Form):
    """People without a name, of no group: how many, and when they came."""

    heads = forms.IntegerField(
        label="人数",
        min_value=1,
        max_value=headcounts.MOST,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    came = ClockField(label="来た時刻")


@dataclass(frozen=True, slots=True)
class Row:
    """A person of the group and how it is with them today: "here", "left" or ""."""

    person: Volunteer
    today: str


def _group(request: StaffRequest, group_id: int) -> Group:
    return access.of_center(request.center, Group.objects.select_related("leader", "center"), group_id)


def _member(request: StaffRequest) -> Volunteer:
    """Who is meant; of a registration that was merged since the page was opened, whom it belongs to now."""
    people = Volunteer.objects.known_in(request.operation)
    known = people.filter(withdrawn_at__isnull=True).select_related("merged_into")
    named = access.of_center(request.center, known, request.POST.get("volunteer", "")[:18])
    return (
        access.of_center(request.center, people.living(), named.standing.pk) if named.merged_into else named
    )


def _people(operation: Operation, group: Group) -> QuerySet[Volunteer]:
    people = Volunteer.objects.known_in(operation).living().filter(group=group)
    return people.order_by("kana_key", "pk")


def _rows(operation: Operation, group: Group, *, at: datetime) -> list[Row]:
    people = list(_people(operation, group))
    today = groups.today(operation, [person.pk for person in people], at=at)
    return [Row(person, today.get(person.pk, "")) for person in people]


@never_cache
@require_safe
def group_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """All groups, and how many people are here without a name."""
    return _list(request, CountForm(initial={"came": timezone.localtime(request.now).time()}))


def _list(request: StaffRequest, form: CountForm, *, refusal: str = "", status: int = 200) -> HttpResponse:
    operation = request.operation
    known = Q(volunteers__drill__isnull=True)
    if operation.is_drill:
        known |= Q(volunteers__drill=operation)
    living = known & Q(volunteers__withdrawn_at__isnull=True, volunteers__merged_into__isnull=True)
    found = Group.objects.filter(center=request.center).annotate(
        size=Count("volunteers", filter=living & Q(volunteers__isnull=False))
    )
    context = {
        "groups": found.select_related("leader").order_by("name", "pk"),
        "counted": nameless.counted(operation, at=request.now), "today": timezone.localdate(request.now),
        "form": form, "refusal": refusal, "most": headcounts.MOST, "section": "volunteer_list",
    }  # fmt: skip
    return render(request, "intake/checkin/group_list.html", context, status=status)


@require_POST
def group_new(request: StaffRequest, operation_id: int) -> HttpResponse:
    group = volunteers.register_group(
        request.center, name=request.POST.get("name", "")[:200], by=by(request), at=request.now
    )
    return redirect("group_page", operation_id, group.pk)


@never_cache
@require_safe
def group_page(request: StaffRequest, operation_id: int, group_id: int) -> HttpResponse:
    """The group's people: untick who is not here, add one, record that they came or went."""
    group = _group(request, group_id)
    question = request.GET.get("q", "")[:LONGEST_QUESTION].strip()
    found: list[Volunteer] = []
    if question:
        people = Volunteer.objects.known_in(request.operation).living().matching(question)
        found = list(
            people.exclude(group=group).select_related("group").order_by("kana_key", "pk")[:MOST_FOUND]
        )
    rows = _rows(request.operation, group, at=request.now)
    context = {
        "group": group, "rows": rows, "question": question, "found": found,
        "nameless": nameless.here_of(request.operation, group, at=request.now), "here": sum(row.today == "here" for row in rows),
        "most": headcounts.MOST, "section": "volunteer_list",
    }  # fmt: skip
    return render(request, "intake/checkin/group_page.html", context)


@require_POST
def group_tell(request: StaffRequest, operation_id: int, group_id: int) -> HttpResponse:
    """These came (or went), and so many without a name."""
    group = _group(request, group_id)
    way: Way = "leave" if request.POST.get("way") == "leave" else "arrive"
    members = [int(pk) for pk in request.POST.getlist("member") if pk.isdecimal() and len(pk) < 18]
    extra = request.POST.get("extra", "0")
    heads = min(int(extra), headcounts.MOST) if extra.isdecimal() and len(extra) < 5 else 0
    ticked = members
    if way == "leave":
        members = groups.going_home(ticked, groups.today(request.operation, ticked, at=request.now))
    told = look_again(  # a tablet may tell of one of them at this very moment
        lambda: groups.tell(
            request.operation,
            group,
            way,
            members=members,
            extra=heads,
            site=None,
            by=by(request),
            at=request.now,
        )
    )
    what = "帰り" if way == "leave" else "到着"
    who = [f"{len(told.changed)}人"] if told.changed else []
    who += [f"名前のない人{told.nameless}人"] if told.nameless else []
    if who:
        messages.success(request, f"{'と、'.join(who)}の{what}を記録しました。")
    else:
        nobody = VERDICTS["group_nobody_left" if way == "leave" else "group_nobody_came"]
        messages.info(request, f"{nobody.title}。{nobody.say}")
    stayed = _people(request.operation, group).filter(pk__in=set(ticked) - set(members))
    if absent := "、".join(f"{person.name} さん" for person in stayed):
        messages.warning(
            request,
            f"{absent}は、いま来ていないので記録していません。来ていた人は、先に到着を記録してください。",
        )
    for each in told.members:
        if each.code not in _SHOWN:
            words = VERDICTS[each.code]
            messages.warning(request, f"{each.volunteer.name} さん：{words.title}。{words.say}")
    return redirect("group_page", operation_id, group_id)  # a page read again counts nobody again


@require_POST
def group_add(request: StaffRequest, operation_id: int, group_id: int) -> HttpResponse:
    group, person = _group(request, group_id), _member(request)
    lists.add(group, person, by=by(request), at=request.now)
    messages.success(request, f"{person.name} さんを「{group.name}」の名簿に入れました。")
    return redirect("group_page", operation_id, group_id)


@require_POST
def group_take_off(request: StaffRequest, operation_id: int, group_id: int) -> HttpResponse:
    group, person = _group(request, group_id), _member(request)
    if lists.take_off(group, person, by=by(request), at=request.now):
        messages.success(request, f"{person.name} さんを名簿から外しました。登録は残っています。")
    else:
        person.refresh_from_db()
        moved = f"「{person.group.name}」の名簿に移しています" if person.group else "名簿から外しています"
        messages.info(request, f"{person.name} さんは、ほかの人が先に{moved}。何も変えていません。")
    return redirect("group_page", operation_id, group_id)


@require_POST
def group_leader(request: StaffRequest, operation_id: int, group_id: int) -> HttpResponse:
    lists.set_leader(_group(request, group_id), _member(request), by=by(request), at=request.now)
    return redirect("group_page", operation_id, group_id)


@require_POST
def group_print(request: StaffRequest, operation_id: int, group_id: int) -> HttpResponse:
    """Make the symbol when there is none; the next page is what goes to the printer."""
    lists.sheet_token(_group(request, group_id), by=by(request), at=request.now)
    return redirect("group_sheet", operation_id, group_id)


@never_cache
@require_safe
def group_sheet(request: StaffRequest, operation_id: int, group_id: int) -> HttpResponse:
    """A4: name, leader, people with boxes to tick, and one symbol the tablet reads."""
    group = _group(request, group_id)
    if not group.sheet_token:
        return redirect("group_page", operation_id, group_id)
    people = list(_people(request.operation, group))
    pages = [people[i : i + ON_A_SHEET] for i in range(0, len(people), ON_A_SHEET)] or [[]]
    context = {
        "group": group, "pages": pages, "count": len(people), "at": request.now,
        "symbol": mark_safe(qr.card_svg_path(group.sheet_token)),  # noqa: S308  # drawn by us
    }  # fmt: skip
    return render(request, "intake/checkin/group_sheet.html", context)


@require_POST
def nameless_count(request: StaffRequest, operation_id: int) -> HttpResponse:
    """So many came and nobody has their names: also from paper, with the true time."""
    form = CountForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=422)
    came = _came(form.cleaned_data["came"], now=request.now)
    try:
        headcounts.count(
            request.operation, heads=form.cleaned_data["heads"], by=by(request), at=request.now, came_at=came
        )
    except Refused as refused:
        return _list(request, form, refusal=refused.text, status=409)
    messages.success(request, f"名前のない人を{form.cleaned_data['heads']}人、記録しました。")
    return redirect("group_list", operation_id)


def _came(clock: time, *, now: datetime) -> datetime:
    """That time of today; of yesterday's evening, where midnight has just passed."""
    came = datetime.combine(timezone.localdate(now), clock, timezone.get_current_timezone())
    yesterday = came - timedelta(days=1)
    return yesterday if came > now >= yesterday >= now - AN_EVENING else came


def _arrival(request: StaffRequest, arrival_id: int) -> GroupArrival:
    return access.of_operation(
        request.operation, GroupArrival.objects.of_people().select_related("operation"), arrival_id
    )


@require_POST
def nameless_correct(request: StaffRequest, operation_id: int, arrival_id: int) -> HttpResponse:
    heads = request.POST.get("heads", "")
    number = int(heads) if heads.isdecimal() and len(heads) < 5 else -1
    stands = headcounts.correct(_arrival(request, arrival_id), heads=number, by=by(request), at=request.now)
    return _say(
        request, f"来た人数を{number}人に直しました。数えたときの人数も残っています。" if stands else ""
    )


@require_POST
def nameless_went(request: StaffRequest, operation_id: int, arrival_id: int) -> HttpResponse:
    heads = headcounts.went_home(_arrival(request, arrival_id), by=by(request), at=request.now)
    return _say(request, f"名前のない人{heads}人の帰りを記録しました。" if heads else "")


@require_POST
def nameless_back(request: StaffRequest, operation_id: int, arrival_id: int) -> HttpResponse:
    """They did not go home."""
    heads = headcounts.come_back(_arrival(request, arrival_id), by=by(request), at=request.now)
    return _say(request, f"名前のない人{heads}人の帰りを取り消しました。" if heads else "")


def _say(request: StaffRequest, done: str) -> HttpResponse:
    """What was done, or (nothing) that somebody had taken it back before."""
    if done:
        messages.success(request, done)
    else:
        messages.info(request, "もう取り消されています。いまの人数を確かめてください。")
    return redirect("group_list", request.operation.pk)
