"""What anybody may see without signing in: whether the center takes volunteers, and registering beforehand.

No page here shows a person. Drills never appear. The front page sets no cookie, so that a cache may keep it.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dvc.core.refused import Refused
from dvc.operations.models import Center, Mode, Operation, OperationState
from intake.volunteers import services
from intake.volunteers.forms import PublicForm


def _operations(center: Center) -> list[Operation]:
    return list(
        Operation.objects.filter(center=center, state=OperationState.OPEN)
        .exclude(mode=Mode.DRILL)
        .main_first()
    )


@require_safe
@cache_control(public=True, max_age=60, stale_if_error=86400)
def public_home(request: HttpRequest, center_id: int) -> HttpResponse:
    """Recruiting or not, notices, where to call."""
    center = get_object_or_404(Center, pk=center_id)
    operations = _operations(center)
    disasters = [one for one in operations if one.mode == Mode.DISASTER]
    context = {
        "center": center,
        "disasters": disasters,
        "ordinary": next((one for one in operations if one.mode == Mode.ORDINARY), None),
        "recruiting": any(one.recruiting for one in operations),
        "helping": operations[0] if operations else None,
    }
    return render(request, "dvc/public/home.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def public_register(request: HttpRequest, center_id: int) -> HttpResponse:
    """Register from home; the card is handed out at the desk."""
    center = get_object_or_404(Center, pk=center_id)
    if not any(one.recruiting for one in _operations(center)):
        return redirect("public_home", center_id)
    if request.method != "POST":
        return _form(request, center, PublicForm.blank())
    form = PublicForm(request.POST)
    if not form.is_valid():
        return _form(request, center, form, status=422)
    try:
        services.register_online(
            center,
            {**form.person_fields(), "consented_at": timezone.now()},
            client=request.META.get("REMOTE_ADDR", ""),
            form_token=form.cleaned_data["form_token"],
            at=timezone.now(),
        )
    except Refused as refused:
        form.add_error(None, refused.text)
        return _form(request, center, form, status=409)
    return redirect("public_registered", center_id)


def _form(request: HttpRequest, center: Center, form: PublicForm, status: int = 200) -> HttpResponse:
    return render(request, "dvc/public/register.html", {"center": center, "form": form}, status=status)


@require_safe
def public_registered(request: HttpRequest, center_id: int) -> HttpResponse:
    """Thanks, and what to bring. Nothing about the person: the address of this page can be passed on."""
    return render(request, "dvc/public/registered.html", {"center": get_object_or_404(Center, pk=center_id)})
