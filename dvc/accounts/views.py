"""Coming in and going out: by name and password, by one-time link; one's own account."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dvc.accounts import known, services
from dvc.accounts.forms import OwnAccountForm, SignInForm
from dvc.accounts.models import User
from dvc.accounts.policy import StaffRequest, by
from dvc.core.refused import Refused
from dvc.operations.models import Center

CAME_BY_LINK = "came_by_link"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password. A wrong pair is one sentence, the same for an unknown name."""
    form = SignInForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["sign_in_name"]
        try:
            user = services.check_password(
                name,
                form.cleaned_data["password"],
                address=request.META.get("REMOTE_ADDR", ""),
                known=known.mark_for(request, name),
                at=timezone.now(),
            )
        except Refused as refused:
            refusal = refused.text
        else:
            return _enter(request, user, next_url(request))
    context = {
        "form": form,
        "refusal": refusal,
        "next": next_url(request),
        "nobody_yet": not Center.objects.exists(),
    }
    return render(request, "dvc/accounts/sign_in.html", context, status=403 if refusal else 200)


@never_cache
@require_safe
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link is the sign-in; it works once. A link preview (HEAD) does not use it up."""
    if request.method == "HEAD":
        return HttpResponse()
    try:
        user = services.use_sign_in_link(token, at=timezone.now())
    except Refused as refused:
        context = {"form": SignInForm(), "refusal": refused.text, "next": "/"}
        return render(request, "dvc/accounts/sign_in.html", context, status=403)
    response = _enter(request, user, reverse("start"))
    request.session[CAME_BY_LINK] = True
    return response


def _enter(request: HttpRequest, user: User, to: str) -> HttpResponse:
    """This person is signed in, and this browser is known to them from now on."""
    login(request, user)
    response = redirect(to)
    known.remember(response, request, user)
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session. The queue of a tablet belongs to the device and stays."""
    logout(request)
    messages.success(request, "おつかれさまでした。サインアウトしました。")
    return redirect("sign_in")


@never_cache
@require_safe
def reach(request: HttpRequest) -> JsonResponse:
    """Whether the server is there, and knows who asks: a page asks before it sends what somebody typed. `sign_in`: where
    to go, empty for whom it knows; `csrf`: what the form must carry. A stranger gets no cookie."""
    if isinstance(request.user, User) and request.user.is_usable(timezone.now()):
        return JsonResponse({"sign_in": "", "csrf": get_token(request)})
    return JsonResponse({"sign_in": reverse("sign_in"), "csrf": ""})


@never_cache
@sensitive_post_parameters("current", "password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def my_account(request: StaffRequest, operation_id: int) -> HttpResponse:
    """One's own sign-in name, password and roles. Whoever came by link need not know an old password."""
    user = request.user
    ask_current = user.has_usable_password() and not request.session.get(CAME_BY_LINK)
    initial = {"sign_in_name": user.sign_in_name if user.has_usable_password() else ""}
    form = OwnAccountForm(request.POST or None, initial=initial, user=user, ask_current=ask_current)
    if request.method == "POST" and form.is_valid():
        services.set_own_password(
            user,
            sign_in_name=form.cleaned_data["sign_in_name"],
            password=form.cleaned_data["password"],
            by=by(request),
            at=timezone.now(),
        )
        update_session_auth_hash(request, user)
        request.session.pop(CAME_BY_LINK, None)
        messages.success(request, "パスワードを決めました。次からはサインイン名とパスワードで入れます。")
        return redirect("my_account", operation_id)
    context = {"form": form, "roles": [role.label for role in sorted(request.roles)]}
    return render(request, "dvc/accounts/my_account.html", context)


def next_url(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is on this site; else the start."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return "/"
