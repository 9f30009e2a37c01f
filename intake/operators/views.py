"""The leader's page of badges and the sheet to print; everybody's own PIN."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import access
from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from intake.operators import services
from intake.operators.forms import PinForm
from intake.operators.models import Badge, BadgeQuerySet
from intake.operators.sheets import faces
from intake.volunteers.sheets import PER_SHEET


@never_cache
@require_safe
def badge_list(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Who has a badge and a PIN, and who does not yet."""
    badges = {badge.user_id: badge for badge in _live(request)}
    people = [(person, badges.get(person.pk)) for person in _staff(request)]
    context = {
        "people": people,
        "without": sum(badge is None for _person, badge in people),
        "section": "settings",
    }
    return render(request, "intake/operators/badge_list.html", context)


@require_POST
def badge_issue(request: StaffRequest, operation_id: int) -> HttpResponse:
    """A badge for one person (`user`), or for everybody who has none; then the sheet to print."""
    people = _staff(request)
    if wanted := request.POST.get("user"):
        people = [person for person in people if str(person.pk) == wanted]
    made = services.issue(request.center, people, by=by(request), at=timezone.now())
    if not made:
        messages.info(request, "職員証のない人はいません。")
        return redirect("badge_list", operation_id)
    response = redirect("badge_sheet", operation_id)
    response["Location"] += f"?from={made[0].pk}"
    return response


@never_cache
@require_safe
def badge_sheet(request: StaffRequest, operation_id: int) -> HttpResponse:
    """Ten badges a page: all, one (`badge`), or those made since (`from`)."""
    badges = _live(request)
    one, since = request.GET.get("badge", ""), request.GET.get("from", "")
    if one.isdecimal() and len(one) < 19:
        badges = badges.filter(pk=int(one))
    elif since.isdecimal() and len(since) < 19:
        badges = badges.filter(pk__gte=int(since))
    drawn = faces(badges)
    pages = [drawn[i : i + PER_SHEET] for i in range(0, len(drawn), PER_SHEET)]
    return render(request, "intake/operators/badge_sheet.html", {"pages": pages, "section": "settings"})


@require_POST
def badge_end(request: StaffRequest, operation_id: int, badge_id: int) -> HttpResponse:
    """A lost badge opens no tablet any more."""
    badge = access.of_center(request.center, Badge.objects.select_related("user"), badge_id)
    services.end(badge, reason="lost", by=by(request), at=timezone.now())
    messages.success(request, f"{badge.user.display_name}さんの職員証を使えなくしました。")
    return redirect("badge_list", operation_id)


@never_cache
@sensitive_post_parameters("pin", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def own_pin(request: StaffRequest, operation_id: int) -> HttpResponse:
    """The PIN that belongs to one's own badge. It is stored nowhere, so it can only be chosen anew."""
    badge = _live(request).filter(user=request.user).first()
    if badge is None:
        context = {"refusal": Refused("operator.no_badge").text}
        return render(request, "intake/operators/own_pin.html", context, status=409 if request.POST else 200)
    form = PinForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        services.set_pin(badge, form.cleaned_data["pin"], by=by(request), at=timezone.now())
        messages.success(request, "暗証番号を決めました。数分たつと、どの端末でも使えます。")
        return redirect("my_account", operation_id)
    return render(request, "intake/operators/own_pin.html", {"form": form, "badge": badge})


def _live(request: StaffRequest) -> BadgeQuerySet:
    return Badge.objects.live().filter(center=request.center).select_related("user")


def _staff(request: StaffRequest) -> list[User]:
    """Everybody who works here now."""
    people = User.objects.usable(timezone.now()).filter(memberships__center=request.center)
    return list(people.distinct().order_by("display_name", "id"))
