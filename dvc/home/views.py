"""First page, home, opening and closing, settings, staff and devices. Rules live in the services."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts import services as accounts
from dvc.accounts.models import Membership, User
from dvc.accounts.policy import StaffRequest, allowed_names, by
from dvc.accounts.roles import ROLES_THAT_MAY, May, Role
from dvc.accounts.views import next_url
from dvc.audit.services import version_of
from dvc.backups import services as backups
from dvc.core import qr
from dvc.core.http import opens_here_only, outside_address
from dvc.core.refused import Refused
from dvc.home import day, services
from dvc.home.forms import (
    DEFAULT_LAT,
    DEFAULT_LNG,
    CenterForm,
    CloseForm,
    ConsentForm,
    OpenForm,
    OperationForm,
    RolesForm,
    SetUpForm,
    SiteForm,
    StaffForm,
    TownFileForm,
)
from dvc.operations import services as operations
from dvc.operations.models import Center, Mode, OperationChange
from intake.paper.services import standing
from intake.people import town_file
from intake.people.services import keep_towns
from intake.questions.day import waiting as questions_waiting
from matching.proposals.shortages import most_useful

TYPE_SIZES = ("standard", "large", "xlarge")
A_YEAR = 365 * 24 * 60 * 60
FORM = require_http_methods(["GET", "HEAD", "POST"])


# ── the way in ─────────────────────────────────────────────────────────────────────────────────


@never_cache
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The address people type: leads to the operation a person most likely means, or to the set-up."""
    if not isinstance(request.user, User) or not request.user.is_usable(timezone.now()):
        if Center.objects.exists():
            return redirect("sign_in")
        return render(request, "dvc/home/first.html")
    operation = access.operations(request.user).live().main_first().first()
    if operation is not None:
        return redirect("home", operation.pk)
    if Center.objects.exists():
        return render(request, "dvc/home/no_center.html", status=403)
    return render(request, "dvc/home/first.html")


@FORM
def set_up(request: StaffRequest) -> HttpResponse:
    """Name, town, telephone, first site, your name: one page, then the center is open for ordinary days."""
    form = SetUpForm(_posted(request))
    refusal = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        lat, lng = form.point(default=(DEFAULT_LAT, DEFAULT_LNG))
        try:
            services.set_up_center(
                request.user,
                name=data["name"],
                city=data["city"],
                phone=data["phone"],
                site_name=data["site_name"],
                display_name=data["display_name"],
                lat=lat,
                lng=lng,
                at=timezone.now(),
            )
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(request, "センターの準備ができました。")
            return redirect("start")
    context = {"form": form, "refusal": refusal, **_map(DEFAULT_LAT, DEFAULT_LNG)}
    return render(request, "dvc/home/set_up.html", context, status=409 if refusal else 200)


@csrf_exempt  # it sets one harmless cookie, and its form stands on public pages that must stay free of cookies
@require_POST
def type_size(request: HttpRequest) -> HttpResponse:
    """標準／大／特大, remembered by this browser."""
    response = redirect(next_url(request))
    size = request.POST.get("size")
    if size in TYPE_SIZES:
        response.set_cookie(
            "type_size", size, max_age=A_YEAR, httponly=True, samesite="Lax", secure=request.is_secure()
        )
    return response


@require_safe
def home(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The day's steps, live numbers, and the next thing to do. Ordinary days look calmer.

    The page asks for its middle again with the `seen` it has; 204 while nothing changed. Some numbers move with
    the clock alone, so `seen` ends after two minutes.
    """
    at, operation = request.now, request.operation
    seen = f"{version_of(operation.pk)}.{int(at.timestamp()) // 120}"
    again = bool(request.headers.get("HX-Request"))
    if again and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    now = day.numbers(operation, at=at)
    context = {
        "numbers": now,
        "at": at,
        "seen": seen,
        "advice": day.advice(operation, now, allowed=allowed_names(request.roles)),
        "others": access.operations(request.user).more_serious_than(operation),
        "paper": standing(operation, at=at),
        "questions_waiting": questions_waiting(operation, at=at),
    }
    if "backup_page" in allowed_names(request.roles):
        context["backup"] = backups.status(at=timezone.now())
        context["sheet_missing"] = backups.sheet_is_missing(request.center)
    if operation.mode == Mode.ORDINARY:
        return render(request, "dvc/home/ordinary.html", context)
    context["steps"] = day.steps(operation, now)
    if "matching_board" in allowed_names(request.roles):
        context["helps"] = most_useful(operation, at=at)
    return render(request, "dvc/home/_day.html" if again else "dvc/home/day.html", context)


@require_safe
def help_page(request: StaffRequest, operation_id: int) -> HttpResponse:
    """In-app help, one section per station."""
    return render(request, "dvc/help.html", {"backup_minutes": settings.BACKUP_MINUTES})


# ── operations ─────────────────────────────────────────────────────────────────────────────────


@require_safe
def operation_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Switch between operations; what was opened and closed when, and why."""
    found = access.operations(request.user).filter(center=request.center).main_first()
    context = {
        "live": found.live(),
        "closed": found.closed(),
        "changes": OperationChange.objects.filter(operation__center=request.center)
        .select_related("operation", "by")
        .order_by("-at", "-id")[:50],
    }
    return render(request, "dvc/home/operation_list.html", context)


@FORM
def operation_new(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Open a drill or a disaster."""
    form = OpenForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        operation = services.open_new(
            request.center,
            mode=Mode(form.cleaned_data["mode"]),
            name=form.cleaned_data["name"],
            settings=form.settings(),
            by=by(request),
            at=at,
        )
        messages.success(request, f"「{operation.name}」を開設しました。")
        return redirect("home", operation.pk)
    return render(request, "dvc/home/operation_new.html", {"form": form})


@FORM
def operation_edit(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Hours, rules and the public notice of this operation."""
    form = OperationForm(_posted(request), initial=OperationForm.initial_of(request.operation))
    if request.method == "POST" and form.is_valid():
        operations.edit_operation(request.operation, by=by(request), at=timezone.now(), **form.cleaned_data)
        messages.success(request, "変更しました。")
        return redirect("settings", operation_id)
    return render(request, "dvc/home/operation_edit.html", {"form": form})


@FORM
def operation_consent(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The notes people agree to changed: from now on who agreed before is asked again, or that was a mistake."""
    operation, form = request.operation, ConsentForm(_posted(request))
    if request.method == "POST" and "take_back" in request.POST:
        _take_back_consent(request)
        return redirect("operation_consent", operation_id)
    if request.method == "POST" and form.is_valid():
        operations.renew_consent(operation, note=form.cleaned_data["note"], by=by(request), at=request.now)
        messages.success(request, "これより前に同意した人に、もう一度聞きます。")
        return redirect("operation_consent", operation_id)
    context = {"form": form, "before": operations.consent_before(operation)}
    return render(request, "dvc/home/operation_consent.html", context)


def _take_back_consent(request: StaffRequest) -> None:
    """The button names what it takes back: pressed twice, it takes back once."""
    operation, since = request.operation, request.operation.consent_since
    meant = since is not None and request.POST["take_back"] == since.isoformat()
    if (
        since is None
        or not meant
        or not operations.take_back_consent(operation, since=since, by=by(request), at=request.now)
    ):
        messages.info(
            request, "ほかの人が先に変えたか、もう取り消されています。いまの状態を確かめてください。"
        )
    elif operation.consent_since:
        messages.success(request, "取り消しました。1つ前に新しくしたときの状態に戻しました。")
    else:
        messages.success(request, "取り消しました。もう一度聞くことをやめました。")


@require_POST
def operation_open(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Open what was prepared, or open again what was closed."""
    operations.open_operation(request.operation, by=by(request), at=timezone.now())
    messages.success(request, f"「{request.operation.name}」を開設しました。")
    return redirect("home", operation_id)


@FORM
def operation_close(request: StaffRequest, operation_id: int) -> HttpResponse:
    """First what is still open; then, if the rules allow, the closing."""
    form = CloseForm(_posted(request))
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            services.close(
                request.operation, reason=form.cleaned_data["reason"], by=by(request), at=timezone.now()
            )
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(request, f"「{request.operation.name}」を閉所しました。おつかれさまでした。")
            return redirect("operation_list", operation_id)
    context = {
        "form": form,
        "refusal": refusal,
        "left": services.left_open(request.operation, at=request.now),
    }
    return render(request, "dvc/home/operation_close.html", context, status=409 if refusal else 200)


# ── settings ───────────────────────────────────────────────────────────────────────────────────


@require_safe
def settings_page(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The center, its places, and the way to staff, devices and roles."""
    context = {"sites": request.center.sites.all(), "towns": request.center.towns.count()}
    return render(request, "dvc/home/settings.html", context)


@FORM
def center_edit(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Correct the center's name, town and telephone."""
    center = request.center
    initial = {"name": center.name, "city": center.city, "phone": center.phone}
    form = CenterForm(_posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        services.edit_center(center, **form.cleaned_data, by=by(request), at=timezone.now())
        messages.success(request, "センターの情報を変更しました。")
        return redirect("settings", operation_id)
    return render(request, "dvc/home/center_edit.html", {"form": form})


@FORM
def site_add(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Another place people report to."""
    form = SiteForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        center = request.center
        lat, lng = form.point(default=(center.lat, center.lng))
        operations.add_site(
            center,
            name=form.cleaned_data["name"],
            address=form.cleaned_data["address"],
            lat=lat,
            lng=lng,
            by=by(request),
            at=timezone.now(),
        )
        messages.success(request, "拠点を増やしました。")
        return redirect("settings", operation_id)
    context = {"form": form, **_map(request.center.lat, request.center.lng)}
    return render(request, "dvc/home/site_add.html", context)


@FORM
def town_import(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Take over a file of 町丁目, so that places can be chosen by name. The same file again changes nothing."""
    form = TownFileForm(_posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            new, changed = keep_towns(
                request.center, town_file.read(upload), by=by(request), at=timezone.now()
            )
        except Refused as refused:
            form.add_error("file", f"「{upload.name}」：{refused.text}")
        else:
            messages.success(request, f"町丁目を取り込みました。新しいもの{new}件、直したもの{changed}件。")
            return redirect("settings", operation_id)
    return render(request, "dvc/home/town_import.html", {"form": form})


@require_safe
def staff_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Who works here, as what, until when."""
    at = timezone.now()
    people = [(person, person.is_usable(at)) for person in _staff(request.center)]
    context = {
        "working": [person for person, usable in people if usable],
        "ended": [person for person, usable in people if not usable],
        "soon": at + accounts.EXPIRES_SOON,
    }
    return render(request, "dvc/home/staff_list.html", context)


@never_cache
@FORM
def staff_add(request: StaffRequest, operation_id: int) -> HttpResponse:
    """A new colleague; the answer shows the one-time link to scan."""
    form = StaffForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        person = accounts.add_staff(
            request.center,
            display_name=form.cleaned_data["display_name"],
            origin=form.cleaned_data["origin"],
            roles=form.chosen(),
            expires_at=form.expires_at(at=at),
            by=by(request),
            at=at,
        )
        return _show_link(request, person, at=at)
    return render(request, "dvc/home/staff_add.html", {"form": form})


@FORM
def staff_edit(request: StaffRequest, operation_id: int, user_id: int) -> HttpResponse:
    """Change somebody's roles, give a new link, or take access away."""
    person = _colleague(request, user_id)
    roles = [membership.role for membership in person.memberships.filter(center=request.center)]
    form = RolesForm(_posted(request), initial={"roles": roles})
    refusal = ""
    if request.method == "POST" and form.is_valid():
        try:
            services.set_staff_roles(
                person, request.center, roles=form.chosen(), by=by(request), at=timezone.now()
            )
        except Refused as refused:
            refusal = refused.text
        else:
            messages.success(request, f"{person.display_name}さんの役割を変更しました。")
            return redirect("staff_list", operation_id)
    context = {"form": form, "person": person, "refusal": refusal, "usable": person.is_usable(timezone.now())}
    return render(request, "dvc/home/staff_edit.html", context, status=409 if refusal else 200)


@never_cache
@require_POST
def staff_link(request: StaffRequest, operation_id: int, user_id: int) -> HttpResponse:
    """A new one-time link for a colleague who cannot get in."""
    return _show_link(request, _colleague(request, user_id), at=timezone.now())


@require_POST
def staff_stop(request: StaffRequest, operation_id: int, user_id: int) -> HttpResponse:
    """End somebody's access at once."""
    person = _colleague(request, user_id)
    services.stop_staff(person, request.center, by=by(request), at=timezone.now())
    messages.success(request, f"{person.display_name}さんは、もうサインインできません。")
    return redirect("staff_list", operation_id)


@require_safe
def role_table(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The policy of roles, as people can read it."""
    rows = [(may.label, [role in ROLES_THAT_MAY[may] for role in Role]) for may in May]
    context = {"role_names": [role.label for role in Role], "rows": rows}
    return render(request, "dvc/home/role_table.html", context)


# ── helpers ────────────────────────────────────────────────────────────────────────────────────


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when every field was left empty; None for a page that is only read."""
    return request.POST if request.method == "POST" else None


def _map(lat: float, lng: float) -> dict[str, object]:
    """What the pin map needs: where it opens (degrees WGS84) and the center's tiles, if it chose any."""
    return {
        "start_lat": lat,
        "start_lng": lng,
        "tile_url": settings.MAP_TILE_URL,
        "tile_credit": settings.MAP_TILE_CREDIT,
    }


def _staff(center: Center) -> list[User]:
    held = Prefetch("memberships", queryset=Membership.objects.filter(center=center), to_attr="held")
    people = User.objects.filter(memberships__center=center).distinct().order_by("display_name", "id")
    return list(people.prefetch_related(held))


def _colleague(request: StaffRequest, user_id: int) -> User:
    """A person of this center, or 404."""
    person = User.objects.filter(memberships__center=request.center, pk=user_id).distinct().first()
    if person is None:
        raise Http404
    return person


def _show_link(request: StaffRequest, person: User, *, at: datetime) -> HttpResponse:
    """The link is shown once, in the answer itself: it is stored hashed and cannot be shown again."""
    token = accounts.issue_sign_in_link(person, at=at, by=by(request))
    link = outside_address(request) + reverse("sign_in_by_link", args=[token])
    context = {
        "person": person,
        "link": link,
        # dvc.core.qr escapes its label and draws the rest itself.
        "qr": mark_safe(qr.svg(link, label="サインイン用のQRコード")),  # noqa: S308
        "ends_at": at + accounts.LINK_LIFETIME,
        "only_here": opens_here_only(request),
    }
    return render(request, "dvc/home/staff_link.html", context)
