"""One policy table: every URL of the system and who may call it. A URL missing here fails the build
(tests/dvc/accounts/test_policy.py) and answers 404 at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode

from dvc.accounts import access, shell
from dvc.accounts.models import DeviceProfile, User
from dvc.accounts.roles import May, Role
from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.operations.models import Center, Operation


class Anyone(Enum):
    """Callers who need no role."""

    PUBLIC = "anyone, signed in or not"
    SIGNED_IN = "any signed-in member of staff"
    DEVICE = "a registered device, by its Authorization header (checked in the API)"
    TOKEN = "whoever holds the secret in the URL (checked in the view)"  # noqa: S105


@dataclass(frozen=True, slots=True)
class OrDevice:
    """Staff with the right, or a paired device of the center with this profile (by its cookie, nobody signed in).

    For the empty shell of a tablet page only: `user`, `roles` are nobody's then.
    """

    may: May
    profile: DeviceProfile


Who = May | Anyone | OrDevice


class StaffRequest(HttpRequest):
    """What a view behind a `May` policy receives: the middleware has filled these in."""

    user: User
    operation: Operation
    center: Center
    now: datetime  # what the operation's clock reads: real time, or a drill's
    roles: frozenset[Role]


# URL name → who. One line a URL, grouped by app in the order of dvc/urls.py.
POLICY: Final[dict[str, Who]] = {
    # dvc.accounts
    "sign_in": Anyone.PUBLIC,
    "sign_in_by_link": Anyone.TOKEN,
    "sign_out": Anyone.SIGNED_IN,
    "my_account": Anyone.SIGNED_IN,
    "reach": Anyone.PUBLIC,
    # dvc.home
    "start": Anyone.PUBLIC,
    "type_size": Anyone.PUBLIC,
    "set_up": Anyone.SIGNED_IN,
    "home": May.SEE_BOARD,
    "help": Anyone.SIGNED_IN,
    "operation_list": May.SEE_BOARD,
    "operation_new": May.RUN_CENTER,
    "operation_edit": May.RUN_CENTER,
    "operation_consent": May.RUN_CENTER,
    "operation_open": May.RUN_CENTER,
    "operation_close": May.RUN_CENTER,
    "settings": May.RUN_CENTER,
    "center_edit": May.RUN_CENTER,
    "site_add": May.RUN_CENTER,
    "town_import": May.RUN_CENTER,
    "staff_list": May.RUN_CENTER,
    "staff_add": May.RUN_CENTER,
    "staff_edit": May.RUN_CENTER,
    "staff_link": May.RUN_CENTER,
    "staff_stop": May.RUN_CENTER,
    "backup_page": May.RUN_CENTER,
    "backup_sheet": May.RUN_CENTER,
    "role_table": Anyone.SIGNED_IN,
    # dvc.devices
    "device_list": May.KEEP_DEVICES,
    "device_add": May.KEEP_DEVICES,
    "device_pairing": May.KEEP_DEVICES,
    "device_approve": May.KEEP_DEVICES,
    "device_refuse": May.KEEP_DEVICES,
    "device_held": May.KEEP_DEVICES,
    "device_revoke": May.KEEP_DEVICES,
    "pair": Anyone.PUBLIC,
    "pair_ask": Anyone.TOKEN,
    "pair_wait": Anyone.TOKEN,
    # dvc.photos (and, in the view, by what the photo is of)
    "photo": May.SEE_BOARD,
    # dvc.runtime
    "healthz": Anyone.PUBLIC,
    # dvc.sync
    "sync_ops": Anyone.DEVICE,
    "sync_snapshot": Anyone.DEVICE,
    "sync_people": Anyone.DEVICE,
    "sync_tools": Anyone.DEVICE,
    "sync_photo": Anyone.DEVICE,
    "sync_survey": Anyone.DEVICE,
    "sync_operators": Anyone.DEVICE,
    "sync_operator": Anyone.DEVICE,
    "api_schema": Anyone.SIGNED_IN,
    "device_register": May.RECEIVE,
    "survey_register": May.KEEP_NEEDS,
    "queue_file": May.RUN_CENTER,
    "service_worker": Anyone.PUBLIC,
    "inbox_list": May.SETTLE,
    "inbox_item": May.SETTLE,
    "inbox_resolve": May.SETTLE,
    "inbox_take_apart": May.SETTLE,
    "unreturned_list": May.SETTLE,
    "unreturned_close": May.SETTLE,
    "failed_scan_list": May.SETTLE,
    "failed_scan_handle": May.SETTLE,
    "refusal_list": May.SETTLE,
    "refusal_dismiss": May.SETTLE,
    # dvc.island
    "island_install": Anyone.PUBLIC,
    "island_steps": Anyone.PUBLIC,
    "island_certificate": Anyone.PUBLIC,
    "island_without": Anyone.PUBLIC,
    "check": Anyone.PUBLIC,
    "network": May.RUN_CENTER,
    "network_wall": May.RUN_CENTER,
    "network_plain": May.RUN_CENTER,
    # intake.volunteers
    "volunteer_list": May.KEEP_VOLUNTEERS,
    "volunteer_new": May.KEEP_VOLUNTEERS,
    "card_stock": May.KEEP_VOLUNTEERS,
    "card_named": May.KEEP_VOLUNTEERS,
    "card_sheet": May.KEEP_VOLUNTEERS,
    "card_sheet_pdf": May.KEEP_VOLUNTEERS,
    "volunteer_page": May.KEEP_VOLUNTEERS,
    "volunteer_edit": May.KEEP_VOLUNTEERS,
    "volunteer_card": May.KEEP_VOLUNTEERS,
    "volunteer_card_end": May.KEEP_VOLUNTEERS,
    "volunteer_card_sheet": May.KEEP_VOLUNTEERS,
    "volunteer_card_pdf": May.KEEP_VOLUNTEERS,
    "volunteer_agree": May.KEEP_VOLUNTEERS,
    "volunteer_insure": May.KEEP_VOLUNTEERS,
    "volunteer_block": May.KEEP_VOLUNTEERS,
    "volunteer_unblock": May.KEEP_VOLUNTEERS,
    "volunteer_withdraw": May.KEEP_VOLUNTEERS,
    # intake.operators
    "badge_list": May.RUN_CENTER,
    "badge_issue": May.RUN_CENTER,
    "badge_sheet": May.RUN_CENTER,
    "badge_end": May.RUN_CENTER,
    "own_pin": Anyone.SIGNED_IN,
    # intake.help_requests
    "need_list": May.KEEP_NEEDS,
    "need_new": May.KEEP_NEEDS,
    "need_similar": May.KEEP_NEEDS,
    "need_town": May.KEEP_NEEDS,
    "need_advice": May.KEEP_NEEDS,
    "need_detail": May.KEEP_NEEDS,
    "need_edit": May.KEEP_NEEDS,
    "need_item_add": May.KEEP_NEEDS,
    "need_item_edit": May.KEEP_NEEDS,
    "need_item_remove": May.KEEP_NEEDS,
    "need_ready": May.KEEP_NEEDS,
    "need_step": May.KEEP_NEEDS,
    "need_clear_hazards": May.KEEP_NEEDS,
    "need_add_call": May.KEEP_NEEDS,
    "need_item_clear": May.KEEP_NEEDS,
    "need_call_tried": May.KEEP_NEEDS,
    "need_call_promise": May.KEEP_NEEDS,
    "call_list": May.KEEP_NEEDS,
    "draft_list": May.KEEP_NEEDS,
    "draft_save": May.KEEP_NEEDS,
    "draft_open": May.KEEP_NEEDS,
    "draft_drop": May.KEEP_NEEDS,
    "crisis_note": May.KEEP_NEEDS,
    "triage_list": May.KEEP_NEEDS,
    "triage_edit": May.MATCH,
    "triage_new": May.MATCH,
    # intake.web_requests
    "help_form": Anyone.PUBLIC,
    "help_sent": Anyone.PUBLIC,
    "help_answered": Anyone.PUBLIC,
    "help_link": Anyone.TOKEN,
    "web_request_home": May.KEEP_NEEDS,
    "web_request_poster": May.KEEP_NEEDS,
    "web_request_confirm": May.KEEP_NEEDS,
    "web_request_link": May.KEEP_NEEDS,
    "web_request_link_stop": May.KEEP_NEEDS,
    "web_request_take_in": May.KEEP_NEEDS,
    "web_request_seen": May.KEEP_NEEDS,
    # intake.maps
    "area_map": May.SEE_BOARD,
    "map_points": May.SEE_BOARD,
    "map_note_add": May.SEE_BOARD,
    "map_note_remove": May.SEE_BOARD,
    # intake.survey
    "survey_home": May.KEEP_NEEDS,
    "survey_round_new": May.KEEP_NEEDS,
    "survey_round_edit": May.KEEP_NEEDS,
    "survey_round_drop": May.KEEP_NEEDS,
    "survey_order": May.KEEP_NEEDS,
    "survey_book": May.KEEP_NEEDS,
    "survey_desk_only": May.KEEP_NEEDS,
    "survey_key": May.KEEP_NEEDS,
    "survey_visit": May.KEEP_NEEDS,
    "survey_move": May.KEEP_NEEDS,
    "survey_cancel": May.KEEP_NEEDS,
    "survey_absent": May.KEEP_NEEDS,
    "survey_result": May.KEEP_NEEDS,
    "survey_items": May.KEEP_NEEDS,
    "tablet_survey": OrDevice(May.KEEP_NEEDS, DeviceProfile.SURVEY),
    # intake.register
    "register_search": May.KEEP_NEEDS,
    "lookalike_list": May.KEEP_NEEDS,
    "lookalike_say": May.KEEP_NEEDS,
    "register_person": May.KEEP_NEEDS,
    "person_edit": May.KEEP_NEEDS,
    "household_edit": May.KEEP_NEEDS,
    "person_merge": May.KEEP_NEEDS,
    "person_unmerge": May.KEEP_NEEDS,
    "register_household": May.KEEP_NEEDS,
    "household_merge": May.KEEP_NEEDS,
    "household_unmerge": May.KEEP_NEEDS,
    # intake.exchange
    "exchange_home": May.EXCHANGE,
    "needs_export": May.EXCHANGE,
    "import_page": May.EXCHANGE,
    "import_part": May.EXCHANGE,
    "import_columns": May.EXCHANGE,
    "import_look": May.EXCHANGE,
    "import_check": May.EXCHANGE,
    "import_start": May.EXCHANGE,
    "import_undo": May.EXCHANGE,
    "import_discard": May.EXCHANGE,
    # intake.checkin
    "tablet_reception": OrDevice(May.RECEIVE, DeviceProfile.RECEPTION),
    "group_list": May.RECEIVE,
    "group_new": May.RECEIVE,
    "group_page": May.RECEIVE,
    "group_tell": May.RECEIVE,
    "group_add": May.RECEIVE,
    "group_take_off": May.RECEIVE,
    "group_leader": May.RECEIVE,
    "group_print": May.RECEIVE,
    "group_sheet": May.RECEIVE,
    "nameless_count": May.RECEIVE,
    "nameless_correct": May.RECEIVE,
    "nameless_went": May.RECEIVE,
    "nameless_back": May.RECEIVE,
    # intake.orientation
    "orientation_list": May.RECEIVE,
    "orientation_page": May.RECEIVE,
    "orientation_tick": May.RECEIVE,
    "orientation_checklist": May.RECEIVE,
    "orientation_screen": May.RECEIVE,
    "orientation_code": May.RECEIVE,
    "orientation_room": May.RECEIVE,
    "orientation_room_undo": May.RECEIVE,
    "orientation_end": May.RECEIVE,
    "orientation_go_on": May.RECEIVE,
    # intake.questions
    "questions_day": May.RECEIVE,
    "questions_answer": May.RECEIVE,
    "questions_settings": May.RUN_CENTER,
    # intake.selfcheckin
    "self_home": May.RECEIVE,
    "self_screen": May.RECEIVE,
    "self_code": May.RECEIVE,
    "self_poster": May.RECEIVE,
    "kiosk": OrDevice(May.RECEIVE, DeviceProfile.KIOSK),
    "phone_check_in": Anyone.PUBLIC,
    "phone_done": Anyone.PUBLIC,
    "phone_answers": Anyone.PUBLIC,
    "phone_scan": Anyone.TOKEN,
    "phone_orientation": Anyone.PUBLIC,
    "phone_orientation_done": Anyone.PUBLIC,
    "phone_orientation_scan": Anyone.TOKEN,
    # intake.paper
    "paper_home": May.RECEIVE,
    "paper_period": May.RECEIVE,
    "paper_end": May.RECEIVE,
    "paper_key": May.RECEIVE,
    "paper_sheet": May.RECEIVE,
    "paper_line": May.RECEIVE,
    "paper_print": May.RECEIVE,
    "paper_blank": May.RECEIVE,
    "paper_list": May.RECEIVE,
    "paper_settle": May.RECEIVE,
    "request_sheets": May.KEEP_NEEDS,
    "request_print": May.KEEP_NEEDS,
    "request_blank": May.KEEP_NEEDS,
    "request_key": May.KEEP_NEEDS,
    "request_settle": May.KEEP_NEEDS,
    # matching.proposals and matching.equipment
    "matching_board": May.MATCH,
    "matching_poll": May.MATCH,
    "matching_request": May.MATCH,
    "matching_engine": May.MATCH,
    "matching_stop": May.MATCH,
    "proposal_accept": May.MATCH,
    "proposal_reject": May.MATCH,
    "team_make": May.MATCH,
    "team_undo": May.MATCH,
    "team_undo_many": May.MATCH,
    "proposal_accept_many": May.MATCH,
    "proposal_pin": May.MATCH,
    "matching_hand": May.MATCH,
    "matching_people": May.MATCH,
    "match_mode": May.MATCH,
    "day_before": May.MATCH,
    "day_before_list": May.MATCH,
    "posted_wall": May.MATCH,
    "posted_wall_part": May.MATCH,
    "posted_slips": May.MATCH,
    "posted_desk": May.MATCH,
    "what_if": May.MATCH,
    "last_two": May.MATCH,
    "what_if_result": May.MATCH,
    "what_if_part": May.MATCH,
    "what_if_take": May.MATCH,
    "weights_usual": May.MATCH,
    "pin_undo": May.MATCH,
    "lock_undo": May.MATCH,
    "ban_undo": May.MATCH,
    "queue_hold": May.MATCH,
    "queue_release": May.MATCH,
    "equipment_list": May.DISPATCH,
    "equipment_save": May.DISPATCH,
    "stock_condition": May.DISPATCH,
    "vehicle_add": May.DISPATCH,
    "vehicle_switch": May.DISPATCH,
    "vehicle_about": May.DISPATCH,
    "damage_list": May.DISPATCH,
    "damage_settle": May.DISPATCH,
    # dvc.board
    "board": May.SEE_BOARD,
    "board_wall": May.SEE_BOARD,
    "board_poll": Anyone.TOKEN,
    "alerts_part": Anyone.TOKEN,
    "audit_log": May.SEE_AUDIT,
    # matching.loans
    "tablet_tools": OrDevice(May.DISPATCH, DeviceProfile.TOOLS),
    "loan_desk": May.DISPATCH,
    "loan_person": May.DISPATCH,
    "loan_unreturned": May.DISPATCH,
    "loan_back": May.DISPATCH,
    "tool_items": May.DISPATCH,
    "tool_cards": May.DISPATCH,
    "tool_item": May.DISPATCH,
    "tool_item_lend": May.DISPATCH,
    "tool_item_condition": May.DISPATCH,
    # matching.control
    "dispatch_board": May.DISPATCH,
    "dispatch_board_part": Anyone.TOKEN,
    "board_undo": May.DISPATCH,
    "board_wait": May.DISPATCH,
    "board_accept": May.MATCH,
    "team_working": May.DISPATCH,
    "recall_page": May.RECALL,
    "recall_part": May.RECALL,
    "recall_answer": May.RECALL,
    "recall_undo": May.RECALL,
    "recall_end": May.END_RECALL,
    "zone_page": May.DISPATCH,
    "late_team": May.DISPATCH,
    "safety_page": May.DISPATCH,
    "wbgt_read": May.DISPATCH,
    "weather_began": May.DISPATCH,
    "weather_ended": May.DISPATCH,
    "safety_rules": May.RUN_CENTER,
    "zone_remove": May.DISPATCH,
    "leader_recall": Anyone.TOKEN,
    "leader_recall_safe": Anyone.TOKEN,
    # matching.dispatch
    "team_tools": May.DISPATCH,
    "paper_teams": May.DISPATCH,
    "dispatch_detail": May.DISPATCH,
    "dispatch_depart": May.DISPATCH,
    "dispatch_cars": May.DISPATCH,
    "dispatch_licence": May.DISPATCH,
    "dispatch_on_site": May.DISPATCH,
    "dispatch_next": May.DISPATCH,
    "dispatch_drop": May.DISPATCH,
    "dispatch_add": May.DISPATCH,
    "dispatch_postpone": May.DISPATCH,
    "dispatch_return": May.DISPATCH,
    "dispatch_cancel": May.DISPATCH,
    "dispatch_merge": May.DISPATCH,
    "dispatch_sheets_in": May.DISPATCH,
    "dispatch_key": May.DISPATCH,
    "dispatch_member": May.DISPATCH,
    "work_order": May.DISPATCH,
    "work_order_count": May.DISPATCH,
    "work_order_pdf": May.DISPATCH,
    "work_orders": May.DISPATCH,
    "work_orders_count": May.DISPATCH,
    "work_orders_pdf": May.DISPATCH,
    "leader_worker": Anyone.PUBLIC,
    "leader_page": Anyone.TOKEN,
    "leader_on_site": Anyone.TOKEN,
    "leader_next": Anyone.TOKEN,
    "leader_leaving": Anyone.TOKEN,
    "leader_report": Anyone.TOKEN,
    "genuine": Anyone.TOKEN,
    # matching.trips
    "trip_list": May.DISPATCH,
    "trip_plan": May.DISPATCH,
    "trip_do": May.DISPATCH,
    "trip_driver": May.DISPATCH,
    "trip_licence": May.DISPATCH,
    "trip_board": May.DISPATCH,
    "trip_unboard": May.DISPATCH,
    "dump_keep": May.DISPATCH,
    "dump_waited": May.DISPATCH,
    # matching.field
    "field_list": May.DISPATCH,
    "field_answer": May.DISPATCH,
    "leader_tell": Anyone.TOKEN,
    # matching.evening
    "evening": May.CLOSE_DAY,
    "evening_close": May.CLOSE_DAY,
    "evening_reopen": May.CLOSE_DAY,
    "thanks_list": May.CLOSE_DAY,
    "certificate": May.CLOSE_DAY,
    "certificate_pdf": May.CLOSE_DAY,
    "motorway_stamp": May.CLOSE_DAY,
    "evening_except": May.CLOSE_DAY,
    "evening_except_undo": May.CLOSE_DAY,
    # dvc.drills
    "drill_start_sample": Anyone.SIGNED_IN,
    "drill_home": May.SEE_BOARD,
    "drill_part": May.SEE_BOARD,
    "drill_clock": May.SEE_BOARD,
    "drill_debrief": May.SEE_BOARD,
    "drill_pause": May.RUN_DRILL,
    "drill_go_on": May.RUN_DRILL,
    "drill_purge": May.RUN_DRILL,
    # dvc.public
    "public_home": Anyone.PUBLIC,
    "public_register": Anyone.PUBLIC,
    "public_registered": Anyone.PUBLIC,
}


def by(request: StaffRequest) -> By:
    """The person behind the request, for the audit."""
    return By(user=request.user)


class PolicyMiddleware:
    """Looks the URL's name up in POLICY before the view runs; default deny."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        assert request.resolver_match is not None
        who = POLICY.get(request.resolver_match.view_name)
        if who is None:
            raise Http404
        if who in (Anyone.PUBLIC, Anyone.DEVICE, Anyone.TOKEN):
            return None
        if isinstance(who, OrDevice):
            return self._check_shell(request, who, kwargs)
        return self._check_signed_in(request, who, kwargs)

    def _check_signed_in(self, request: HttpRequest, who: Who, kwargs: dict[str, Any]) -> HttpResponse | None:
        if not isinstance(request.user, User):
            return _to_sign_in(request)
        if not request.user.is_usable(timezone.now()):
            logout(request)
            return _to_sign_in(request)
        return self._check_staff(request, who, kwargs)

    def _check_shell(
        self, request: HttpRequest, who: OrDevice, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Staff first; a paired tablet where staff would be sent away. What staff would be told, a stranger is told."""
        try:
            answer = self._check_signed_in(request, who.may, kwargs)
        except Http404:
            if not self._is_device(request, who, kwargs):
                raise
            return None
        return None if answer is None or self._is_device(request, who, kwargs) else answer

    def _is_device(self, request: HttpRequest, who: OrDevice, kwargs: dict[str, Any]) -> bool:
        device = shell.device_behind(request)
        if device is None or device.profile != who.profile:
            return False
        operation = Operation.objects.filter(center=device.center_id, pk=kwargs["operation_id"]).first()
        if operation is None:
            return False
        request.operation, request.center = operation, device.center  # type: ignore[attr-defined]
        request.now = operation.moment(timezone.now())  # type: ignore[attr-defined]
        request.roles = frozenset()  # type: ignore[attr-defined]
        request.user = AnonymousUser()
        return True

    def _check_staff(self, request: HttpRequest, who: Who, kwargs: dict[str, Any]) -> HttpResponse | None:
        assert isinstance(request.user, User)
        if "operation_id" in kwargs:
            operation, roles = access.operation_and_roles(
                request.user, kwargs["operation_id"], at=timezone.now()
            )
            center: Center | None = operation.center
            request.operation = operation  # type: ignore[attr-defined]
            request.now = operation.moment(timezone.now())  # type: ignore[attr-defined]
        else:
            center = access.centers(request.user).first()
            roles = access.roles_in(request.user, center) if center else frozenset()
            request.now = timezone.now()  # type: ignore[attr-defined]
        request.center = center  # type: ignore[attr-defined]
        request.roles = roles  # type: ignore[attr-defined]
        if isinstance(who, May) and not access.may(request.roles, who):  # type: ignore[attr-defined]
            return render(request, "403.html", {"refusal": Refused("account.not_allowed").text}, status=403)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A refusal nobody caught is still a sentence on a page, never a 500."""
        if not isinstance(exception, Refused):
            return None
        if request.headers.get("HX-Request"):
            return render(request, "_refusal.html", {"refusal": exception.text}, status=422)
        return render(
            request,
            "refused.html",
            {"refusal": exception.text, "back": request.META.get("HTTP_REFERER", "")},
            status=409,
        )


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponseForbidden("サインインし直してください。", content_type="text/plain; charset=utf-8")
    return redirect(f"/sign-in/?{urlencode({'next': request.get_full_path()})}")


def allowed_names(roles: frozenset[Role]) -> frozenset[str]:
    """URL names the roles may open: what the navigation shows."""
    return frozenset(name for name, who in POLICY.items() if _may_open(roles, who))


def _may_open(roles: frozenset[Role], who: Who) -> bool:
    if isinstance(who, OrDevice):
        return access.may(roles, who.may)
    return not isinstance(who, May) or access.may(roles, who)
