"""The dispatch pages, asked by a coordinator, a colleague without the role, a stranger and nobody."""

from __future__ import annotations

import re
from datetime import time, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.models import User
from dvc.accounts.roles import Role
from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM, By
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState
from intake.paper.models import PaperSheet
from intake.people.models import Household, Person, Town
from matching.control.board_views import DRAWN
from matching.dispatch import services, sheets, tokens
from matching.dispatch.models import ActivityReport, Dispatch, DispatchState, LaterReport
from matching.dispatch.paper_lists import list_due
from matching.equipment import services as equipment
from matching.equipment.models import ToolStock
from matching.loans import services as loans
from matching.loans.models import Loan
from matching.safety import services as safety
from matching.safety.models import Weather
from matching.teams.models import ComingAgain, Member, Ride
from matching.teams.queries import free_visits
from matching.teams.services import people_of
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db

PAGES = ["dispatch_detail", "dispatch_depart", "dispatch_cancel", "work_order"]
POSTS = ["dispatch_on_site", "dispatch_postpone", "work_order_count", "work_order_pdf"]
REPORT = {
    "heads": "all", "outcome": "completed", "people": "2", "text": "泥を出しました。", "sheets_back": "1", "next_step": "hold",
    "injury": "", "near_miss": "", "remaining": "", "people_next": "", "tools_missing": "",
}  # fmt: skip


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(name: str, dispatch: Dispatch) -> str:
    return reverse(name, args=[dispatch.operation_id, dispatch.pk])


def board_url(operation: Operation, part: str = "") -> str:
    return reverse(f"dispatch_board{part}", args=[operation.pk])


def dispatch_now(*, insured: bool = True, depart: bool = False, mode: Mode = Mode.DISASTER) -> Dispatch:
    """A dispatch of this very moment: pages ask the real clock."""
    now = timezone.now()
    operation = make.operation(mode=mode)
    crew = [
        make.volunteer(operation.center, "髙﨑", "一郎"),
        make.volunteer(operation.center, "𠮷田", "花", insured=insured),
    ]
    for person in crew:
        person.policies.update(valid_from=now - timedelta(days=1), valid_to=now + timedelta(days=90))
        scene.present(operation, person, at=now - timedelta(hours=1))
    team = scene.team(operation, *crew, at=now)
    dispatch = services.assign(team, make.need(operation), by=SYSTEM, at=now)
    if depart:
        services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=now, due_back_at=now + timedelta(hours=3))
    return dispatch


@pytest.mark.parametrize("name", PAGES)
def test_a_coordinator_opens_every_page(name: str) -> None:
    dispatch = scene.assigned()
    client = signed_in(make.user(dispatch.operation.center, Role.TRANSPORT))
    response = client.get(url(name, dispatch))
    assert response.status_code == 200
    assert "1班" in response.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_a_colleague_without_the_role_reads_whom_to_ask(name: str) -> None:
    dispatch = scene.assigned()
    client = signed_in(make.user(dispatch.operation.center, Role.NEEDS_DESK))
    response = client.get(url(name, dispatch))
    assert response.status_code == 403
    assert dispatch.need.household is not None
    assert dispatch.need.household.address not in response.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_another_center_finds_nothing(name: str) -> None:
    dispatch = scene.assigned()
    stranger = signed_in(make.user(make.center("よその市のセンター")))
    assert stranger.get(url(name, dispatch)).status_code == 404
    theirs = make.operation(make.center("となりの市のセンター"))
    neighbour = signed_in(make.user(theirs.center))
    assert neighbour.get(reverse(name, args=[theirs.pk, dispatch.pk])).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_nobody_gets_in_without_signing_in(name: str) -> None:
    dispatch = scene.assigned()
    response = Client().get(url(name, dispatch))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("sign_in"))


@pytest.mark.parametrize("name", POSTS)
def test_a_colleague_without_the_role_and_a_stranger_change_nothing(name: str) -> None:
    dispatch = dispatch_now(depart=True)
    before = Entry.objects.count()
    assert (
        signed_in(make.user(dispatch.operation.center, Role.SURVEY)).post(url(name, dispatch)).status_code
        == 403
    )
    stranger = signed_in(make.user(make.center("よその市のセンター")))
    before = Entry.objects.filter(operation=dispatch.operation).count()
    assert stranger.post(url(name, dispatch)).status_code == 404
    assert signed_in(make.user(dispatch.operation.center)).get(url(name, dispatch)).status_code == 405
    assert Entry.objects.filter(operation=dispatch.operation).count() == before


# ── the board ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.database
def test_the_board_has_every_team_in_its_column_and_no_address() -> None:
    dispatch = dispatch_now(depart=True)
    operation = dispatch.operation
    client = signed_in(make.user(operation.center))
    text = client.get(board_url(operation)).content.decode()
    assert "移動中" in text
    assert "出発を待つ班はありません" in text
    assert dispatch.need.household is not None
    assert dispatch.need.household.address not in text
    late = timezone.now() - timedelta(minutes=1)
    Dispatch.objects.filter(pk=dispatch.pk).update(due_back_at=late, departed_at=late - timedelta(hours=1))
    text = client.get(board_url(operation)).content.decode()
    assert "戻りがおそい" in text
    assert "リーダーに電話" in text
    services.come_back(dispatch, by=SYSTEM, at=timezone.now())
    text = client.get(board_url(operation)).content.decode()
    assert "報告がまだ" in text
    assert "報告を入力する" in text


def test_the_part_answers_204_until_something_happens() -> None:
    dispatch = dispatch_now()
    operation = dispatch.operation
    client = signed_in(make.user(operation.center))
    first = client.get(board_url(operation, "_part"))
    version = first.headers["X-Version"]
    assert client.get(board_url(operation, "_part"), {"version": version}).status_code == 204
    services.count_sheet(dispatch, by=SYSTEM, at=timezone.now())
    second = client.get(board_url(operation, "_part"), {"version": version})
    assert second.status_code == 200
    assert second.headers["X-Version"] != version


@pytest.mark.database
def test_the_board_costs_the_same_for_one_team_and_for_ten(django_assert_max_num_queries: object) -> None:
    operation = make.operation()
    for _ in range(10):
        scene.assigned(operation)
    client = signed_in(make.user(operation.center))
    with django_assert_max_num_queries(25):  # type: ignore[operator]
        client.get(board_url(operation))


def test_failure_22_a_need_that_was_withdrawn_shows_on_its_team_and_keeps_it_from_leaving() -> None:
    dispatch = dispatch_now()  # a sheet of days ago opens nothing
    needs.move(dispatch.need, NeedState.WITHDRAWN, by=SYSTEM, at=timezone.now(), reason="本人から")
    client = signed_in(make.user(dispatch.operation.center))
    assert "取りやめてください" in client.get(board_url(dispatch.operation)).content.decode()
    assert (
        "困りごとが「取下げ」に変わりました" in client.get(url("dispatch_detail", dispatch)).content.decode()
    )
    said = f"困りごとN{dispatch.need.number}は「取下げ」に変わりました。この派遣を取りやめてください。"
    assert said in client.get(url("dispatch_depart", dispatch)).content.decode()
    form = {"checks": scene.ALL, "due_back": hours_from_now(3), "override": "急ぐ"}
    stopped = client.post(url("dispatch_depart", dispatch), form)
    assert (stopped.status_code, said in stopped.content.decode()) == (409, True)
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.ACCEPTED
    leaders = Client().get(reverse("leader_page", args=[tokens.leader_token(dispatch.token_nonce)]))
    for words in ("困りごとが「取下げ」に変わりました", "出発しないで", 'href="tel:022-000-0000"'):
        assert words in leaders.content.decode()


def test_failure_22_a_need_whose_team_is_on_the_way_is_not_closed_behind_its_back() -> None:
    dispatch = dispatch_now(depart=True)
    operation = dispatch.operation
    desk = signed_in(make.user(operation.center))
    answer = desk.post(
        reverse("need_step", args=[operation.pk, dispatch.need_id]),
        {"to": "withdrawn", "reason_kind": "", "reason": "本人から", "told": "本人"},
    )
    assert answer.status_code == 409
    assert "班が決まっています" in answer.content.decode()
    assert Need.objects.get().state == NeedState.IN_PROGRESS


# ── departure ──────────────────────────────────────────────────────────────────────────────────
def hours_from_now(hours: float) -> str:
    return f"{timezone.localtime(timezone.now() + timedelta(hours=hours)):%H:%M}"


def test_a_team_leaves_from_the_page_once_everything_is_ticked() -> None:
    dispatch = dispatch_now()
    client = signed_in(make.user(dispatch.operation.center, Role.MATCHING))
    due = hours_from_now(3)
    refused = client.post(url("dispatch_depart", dispatch), {"checks": scene.ALL[:4], "due_back": due})
    assert refused.status_code == 409
    assert "「連絡先」に印がありません" in refused.content.decode()
    assert "checked" in refused.content.decode()
    left = client.post(url("dispatch_depart", dispatch), {"checks": scene.ALL, "due_back": due}, follow=True)
    assert "1班が出発しました" in left.content.decode()
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.DEPARTED
    assert dispatch.due_back_at is not None
    assert timezone.localtime(dispatch.due_back_at).strftime("%H:%M") == due
    again = client.post(url("dispatch_depart", dispatch), {"checks": scene.ALL, "due_back": due})
    assert again.headers["Location"] == url("dispatch_detail", dispatch)


def test_what_is_missing_is_said_by_name_and_only_the_chief_may_override() -> None:
    dispatch = dispatch_now(insured=False)
    form = {"checks": scene.ALL, "due_back": hours_from_now(3), "override": "電話で確認した"}
    colleague = signed_in(make.user(dispatch.operation.center, Role.MATCHING))
    text = colleague.get(url("dispatch_depart", dispatch)).content.decode()
    assert "𠮷田 花さん：ボランティア保険が確認できていません" in text
    assert "センター長に来てもらってください" in text
    assert 'name="override"' not in text
    assert colleague.post(url("dispatch_depart", dispatch), form).status_code == 409
    chief = signed_in(make.user(dispatch.operation.center))
    assert 'name="override"' in chief.get(url("dispatch_depart", dispatch)).content.decode()
    assert chief.post(url("dispatch_depart", dispatch), form).status_code == 302
    assert Entry.objects.get(action="dispatch.departed").details["overridden"] == ["insurance"]


@pytest.mark.parametrize("clock", ["", "25:00", "abc", "0" * 1_000_000])
def test_a_return_time_that_is_none_is_asked_for_again(clock: str) -> None:
    dispatch = dispatch_now()
    client = signed_in(make.user(dispatch.operation.center))
    response = client.post(url("dispatch_depart", dispatch), {"checks": scene.ALL, "due_back": clock})
    assert response.status_code == 422
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.ACCEPTED


# ── reached, back ──────────────────────────────────────────────────────────────────────────────
def test_the_desk_notes_an_arrival_and_a_new_return_time() -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    client.post(url("dispatch_on_site", dispatch))
    later = hours_from_now(5)
    client.post(url("dispatch_postpone", dispatch), {"due_back": later})
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.ON_SITE
    assert dispatch.due_back_at is not None
    assert timezone.localtime(dispatch.due_back_at).strftime("%H:%M") == later
    text = client.post(url("dispatch_postpone", dispatch), {"due_back": ""}, follow=True).content.decode()
    assert "新しい戻りの時刻を入力してください" in text


def test_the_return_page_thanks_first_then_asks_about_injuries_then_paper_then_tools() -> None:
    dispatch = dispatch_now(depart=True)
    text = (
        signed_in(make.user(dispatch.operation.center)).get(url("dispatch_return", dispatch)).content.decode()
    )
    order = [
        "おつかれさまでした",
        "けが・体調の悪い人",
        "作業はどうなりましたか",
        "戻ってきた依頼書の枚数",
        "足りない・こわれた資機材",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


@pytest.mark.database
def test_return_and_report_are_recorded_together_and_the_need_is_closed() -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    response = client.post(
        url("dispatch_return", dispatch), {**REPORT, "tools_missing": "バール1本"}, follow=True
    )
    assert "帰着を記録しました" in response.content.decode()
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.BACK
    assert Need.objects.get(pk=dispatch.need_id).state == NeedState.COMPLETED
    assert not ActivityReport.objects.get().by_leader
    details = Entry.objects.get(action="dispatch.back").details
    assert (details["tools_missing"], details["sheets_back"]) == ("バール1本", 1)
    text = client.get(url("dispatch_detail", dispatch)).content.decode()
    assert "バール1本" in text
    assert "泥を出しました。" in text
    assert client.get(url("dispatch_return", dispatch)).status_code == 302


def test_nobody_is_back_before_somebody_says_so() -> None:
    dispatch = dispatch_now(depart=True)
    services.count_sheet(dispatch, papers=2, by=SYSTEM, at=timezone.now())
    client = signed_in(make.user(dispatch.operation.center))
    page = client.get(url("dispatch_return", dispatch)).content.decode()
    assert "全員（2人）が、ここにいる" in page
    assert "checked" not in page.split("全員が戻りましたか")[1].split("</fieldset>")[0]
    for tired in ({"later": "1"}, {**REPORT, "heads": ""}):
        response = client.post(url("dispatch_return", dispatch), tired)
        assert response.status_code == 422
        assert "顔を見て確かめて選んでください" in response.content.decode()
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.DEPARTED
    told = client.post(url("dispatch_return", dispatch), {"heads": "all", "later": "1"}, follow=True)
    assert "依頼書は、まだ数えていない" in told.content.decode()
    dispatch.refresh_from_db()
    assert (dispatch.state, dispatch.sheets_out) == (DispatchState.BACK, 2)
    details = Entry.objects.get(action="dispatch.back").details
    assert (details["here"], details["sheets_back"]) == (2, None)


def test_everything_back_is_three_ticks_and_the_report_counts_who_left() -> None:
    dispatch = dispatch_now(depart=True)
    services.count_sheet(dispatch, papers=2, by=SYSTEM, at=timezone.now())
    client = signed_in(make.user(dispatch.operation.center))
    sent = {**REPORT, "people": "", "sheets_all": "2", "sheets_back": ""}
    printed = client.post(url("dispatch_return", dispatch), {**sent, "sheets_all": "1"})
    assert "もう一度数えて" in printed.content.decode()  # one more was printed since the page was opened
    client.post(url("dispatch_return", dispatch), sent)
    dispatch.refresh_from_db()
    assert (dispatch.state, dispatch.sheets_out) == (DispatchState.BACK, 0)
    assert ActivityReport.objects.get().people == 2


def lent_to(dispatch: Dispatch, **counts: int) -> None:
    operation, site = dispatch.operation, dispatch.operation.center.sites.get()
    equipment.set_stock(operation, site=site, counts=counts, by=SYSTEM, at=timezone.now())
    loans.lend(
        operation, loans.Borrower(team=dispatch.team), site=site, counts=counts, by=SYSTEM, at=timezone.now()
    )


@pytest.mark.parametrize("first_counts", [False, True])
def test_what_a_second_desk_counts_is_kept_where_the_first_has_not_counted_it(first_counts: bool) -> None:
    dispatch = dispatch_now(depart=True)
    services.count_sheet(dispatch, papers=3, by=SYSTEM, at=timezone.now())
    lent_to(dispatch, shovel=5, wheelbarrow=1)
    first, second = (signed_in(make.user(dispatch.operation.center)) for _ in range(2))
    shown = "came_shovel:5 came_wheelbarrow:1"
    page = second.get(url("dispatch_return", dispatch)).content.decode()
    assert all(part in page for part in shown.split())
    counted = {"came_shovel": "3", "rest_shovel": "left"} if first_counts else {}
    first.post(url("dispatch_return", dispatch), {**REPORT, **counted, "sheets_back": "1"})
    shown = re.search(r'name="shown_tools" value="([^"]+)"', page)[1]  # type: ignore[index]
    sent = {
        **REPORT, "shown_tools": shown, "sheets_back": "2", "came_shovel": "4", "rest_shovel": "lost", "came_wheelbarrow": "1",
    }  # fmt: skip
    for _ in range(2):  # tapped twice
        said = second.post(url("dispatch_return", dispatch), sent, follow=True)
        assert "書き加えました" in said.content.decode()
    dispatch.refresh_from_db()
    assert (dispatch.sheets_back, dispatch.sheets_out) == (2, 1)
    assert not Loan.objects.open().filter(team=dispatch.team).exists()
    stock = ToolStock.objects.get(tool="shovel")
    assert (stock.count, stock.out) == (4, 0)  # four came, one is lost


def test_a_second_desk_ticks_that_everything_is_back_and_has_the_key() -> None:
    dispatch = dispatch_now(depart=True)
    services.count_sheet(dispatch, papers=2, by=SYSTEM, at=timezone.now())
    lent_to(dispatch, shovel=5)
    wagon = equipment.add_vehicle(
        dispatch.operation, site=dispatch.operation.center.sites.get(), name="ワゴン", kind="car", seats=8, by=SYSTEM,
        at=timezone.now(),
    )  # fmt: skip
    ride = Ride.objects.create(
        team=dispatch.team, position=1, vehicle=wagon, driver=people_of(dispatch.team)[0]
    )
    desk = signed_in(make.user(dispatch.operation.center))
    desk.post(url("dispatch_return", dispatch), {**REPORT, "sheets_back": ""})
    ride.refresh_from_db()
    assert ride.key_missing
    sent = {
        **REPORT, "shown_tools": "came_shovel:5", "tools_all": "came_shovel:5", "sheets_all": "2", "sheets_back": "",
        "keys": [str(wagon.pk)],
    }  # fmt: skip
    desk.post(url("dispatch_return", dispatch), sent)
    dispatch.refresh_from_db()
    ride.refresh_from_db()
    assert (dispatch.sheets_out, Loan.objects.open().count(), ride.key_missing) == (0, 0, False)


def test_who_has_not_come_back_with_the_team_is_named_and_what_is_known_of_them() -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    person = Member.objects.filter(team=dispatch.team).order_by("pk")[1].volunteer
    sent: dict[str, object] = {**REPORT, "heads": "some"}
    assert "印をつけてください" in client.post(url("dispatch_return", dispatch), sent).content.decode()
    sent["not_here"] = [str(person.pk)]
    refused = client.post(url("dispatch_return", dispatch), sent)
    assert refused.status_code == 409
    assert "分からないうちは、班を帰着にしません" in refused.content.decode()
    assert not ActivityReport.objects.exists()
    both = client.post(url("dispatch_return", dispatch), {**sent, "heads": "all", "not_here_said": "家"})
    assert both.status_code == 422
    sent["not_here_said"] = "自分の車で家に帰った"
    said = client.post(url("dispatch_return", dispatch), sent, follow=True).content.decode()
    assert f"{person.name}さんは、受付ではまだセンターにいます" in said
    details = Entry.objects.get(action="dispatch.back").details
    assert (details["here"], details["not_here"]) == (1, [person.pk])
    page = client.get(url("dispatch_detail", dispatch)).content.decode()
    assert "自分の車で家に帰った" in page


def test_who_a_second_desk_finds_missing_is_kept_though_the_first_said_that_all_are_here() -> None:
    dispatch = dispatch_now(depart=True)
    first, second = (signed_in(make.user(dispatch.operation.center)) for _ in range(2))
    stays, person = [m.volunteer for m in Member.objects.filter(team=dispatch.team).order_by("pk")]
    first.post(url("dispatch_return", dispatch), REPORT)
    sent = {
        **REPORT, "heads": "some", "not_here": [str(person.pk)], "not_here_said": "バスで帰った",
        "coming": [str(stays.pk)],
    }  # fmt: skip
    for _ in range(2):
        said = second.post(url("dispatch_return", dispatch), sent, follow=True).content.decode()
        assert "先にほかの人が記録しています" in said
    assert Entry.objects.get(action="dispatch.also_away").details["not_here"] == [person.pk]
    assert ComingAgain.objects.get().volunteer == stays
    page = first.get(url("dispatch_detail", dispatch)).content.decode()
    assert "バスで帰った" in page
    # Reception has them here; nobody plans with them until somebody sees them.
    free = {visit.volunteer_id for visit in free_visits(dispatch.operation)}
    assert free == {stays.pk}
    here = {"what": "here", "person": str(person.pk)}
    for _ in range(2):
        first.post(reverse("dispatch_member", args=[dispatch.operation_id, dispatch.pk]), here)
    assert {visit.volunteer_id for visit in free_visits(dispatch.operation)} == {stays.pk, person.pk}
    assert Entry.objects.filter(action="team.came_after_all").count() == 1


def test_a_second_desk_that_counts_everybody_hears_whom_the_first_has_not_seen() -> None:
    dispatch = dispatch_now(depart=True)
    first, second = (signed_in(make.user(dispatch.operation.center)) for _ in range(2))
    stays, person = [m.volunteer for m in Member.objects.filter(team=dispatch.team).order_by("pk")]
    away = {"heads": "some", "not_here": [str(person.pk)], "not_here_said": "バスで帰った"}
    first.post(url("dispatch_return", dispatch), {**REPORT, **away})
    missing = f"いまの記録では、{person.name}さんは、1班といっしょに戻っていません"
    said = second.post(url("dispatch_return", dispatch), REPORT, follow=True).content.decode()
    assert "先にほかの人が記録しています" in said
    assert missing in said
    assert {visit.volunteer_id for visit in free_visits(dispatch.operation)} == {stays.pk}
    here = {"what": "here", "person": str(person.pk)}
    second.post(reverse("dispatch_member", args=[dispatch.operation_id, dispatch.pk]), here)
    assert missing not in second.post(url("dispatch_return", dispatch), REPORT, follow=True).content.decode()


def test_everybody_means_those_who_stood_on_the_page() -> None:
    dispatch = dispatch_now(depart=True)
    person = Member.objects.filter(team=dispatch.team).order_by("pk")[1].volunteer
    desk = signed_in(make.user(dispatch.operation.center))

    def shown() -> str:
        page = desk.get(url("dispatch_return", dispatch)).content.decode()
        [people] = re.findall('name="shown_people" value="([^"]*)"', page)
        return str(people)

    left, slip = timezone.now(), By(op="slip")
    checkin.leave(dispatch.operation, person, by=slip, at=left)
    seen = shown()
    checkin.take_back(dispatch.operation, person, op="slip", near=left, by=slip, at=timezone.now())
    refused = desk.post(url("dispatch_return", dispatch), {**REPORT, "shown_people": seen})
    assert refused.status_code == 422
    assert f"{person.name}さんが、数える人に加わりました" in refused.content.decode()
    assert Dispatch.objects.get(pk=dispatch.pk).state == DispatchState.DEPARTED
    assert f'name="shown_people" value="{shown()}"' in refused.content.decode()
    assert desk.post(url("dispatch_return", dispatch), {**REPORT, "shown_people": shown()}).status_code == 302
    assert Entry.objects.get(action="dispatch.back").details["here"] == 2


@pytest.mark.database
@pytest.mark.parametrize("gone", [False, True])
def test_what_a_second_desk_writes_of_tools_and_washing_stands_beside_what_the_first_has(gone: bool) -> None:
    """`gone`: reception has seen all of the team leaving, so the page asks about nobody."""
    dispatch = dispatch_now(depart=True)
    now = timezone.localtime()
    Dispatch.objects.filter(pk=dispatch.pk).update(departed_at=now - timedelta(hours=2))
    client = signed_in(make.user(dispatch.operation.center))
    if gone:
        for person in people_of(dispatch.team):
            checkin.leave(dispatch.operation, person, by=SYSTEM, at=timezone.now())
    heads = {} if gone else {"heads": "all"}
    client.post(
        url("dispatch_return", dispatch),
        {**REPORT, **heads, "tools_missing": "バール1本", "washed": ["hands"]},
    )
    sent = {
        **heads,
        "tools_missing": "チェーンソーの刃が欠けた",
        "washed": ["hands", "boots"],
        "found_out": "腰痛",
    }
    earlier = f"{now - timedelta(hours=1):%-H:%M}"
    for told in (sent, sent, {**sent, "back_at": earlier}):  # tapped twice, and with another time
        said = client.post(url("dispatch_return", dispatch), told, follow=True).content.decode()
        assert "先にほかの人が記録しています" in said
    assert f"入れた時刻：{earlier}" in said
    page = client.get(url("dispatch_detail", dispatch)).content.decode()
    assert "バール1本　チェーンソーの刃が欠けた</dd>" in page
    assert "手洗い・うがい　長ぐつ" in page
    assert ActivityReport.objects.get().injury == "腰痛"
    assert Entry.objects.filter(action="dispatch.also_told").count() == 1


@pytest.mark.database
def test_what_two_desks_know_of_who_has_not_come_back_is_kept_and_shown_for_each() -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    one, other = [m.volunteer for m in Member.objects.filter(team=dispatch.team).order_by("pk")]
    away = {**REPORT, "heads": "some"}
    client.post(
        url("dispatch_return", dispatch), {**away, "not_here": [one.pk], "not_here_said": "バスで帰った"}
    )
    both = {**away, "not_here": [one.pk, other.pk], "not_here_said": "病" * 200}
    for _ in range(2):
        client.post(url("dispatch_return", dispatch), both)
    page = client.get(url("dispatch_detail", dispatch)).content.decode()
    assert f"{one.name}さん　バスで帰った　{'病' * 200}<br>{other.name}さん　{'病' * 200}" in page


def test_the_report_may_be_typed_later() -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    client.post(
        url("dispatch_return", dispatch), {"later": "1", "heads": "all", "sheets_back": "1", "outcome": ""}
    )
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.BACK
    assert not ActivityReport.objects.exists()
    assert "1班の報告" in client.get(url("dispatch_return", dispatch)).content.decode()
    client.post(url("dispatch_return", dispatch), {**REPORT, "outcome": "absent", "next_step": "ready"})
    assert Need.objects.get(pk=dispatch.need_id).state == NeedState.READY


def test_continuing_without_what_remains_is_asked_for_again_and_nothing_is_written() -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    response = client.post(url("dispatch_return", dispatch), {**REPORT, "outcome": "continuing"})
    assert response.status_code == 409
    assert "残っていることを書いてください" in response.content.decode()
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.DEPARTED


@pytest.mark.parametrize(
    "bad", [{"people": "-1"}, {"people": "x"}, {"outcome": "won"}, {"text": "あ" * 1_000_000}]
)
def test_a_report_with_a_wrong_field_says_which_and_keeps_the_rest(bad: dict[str, str]) -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    response = client.post(url("dispatch_return", dispatch), {**REPORT, "near_miss": "釘 𠮷", **bad})
    assert response.status_code == 422
    assert "釘 𠮷" in response.content.decode()
    assert not ActivityReport.objects.exists()


def test_whom_reception_saw_leaving_is_not_waited_for_at_the_return() -> None:
    dispatch = dispatch_now(depart=True)
    person = Member.objects.filter(team=dispatch.team).order_by("pk")[1].volunteer
    checkin.leave(dispatch.operation, person, by=SYSTEM, at=timezone.now())
    client = signed_in(make.user(dispatch.operation.center))
    page = client.get(url("dispatch_return", dispatch)).content.decode()
    assert "全員（1人）が、ここにいる" in page
    assert f"受付で、もう帰った人：{person.name}さん" in page
    client.post(url("dispatch_return", dispatch), {**REPORT, "people": ""})
    assert Entry.objects.get(action="dispatch.back").details["here"] == 1
    assert ActivityReport.objects.get().people == 2  # both have worked


def test_what_was_told_at_the_desk_is_kept_when_somebody_else_was_first() -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    services.report(dispatch, outcome="completed", people=2, text="先に", by=SYSTEM, at=timezone.now())
    told = {**REPORT, "injury": "熱中症で横になっている", "people": ""}
    client.post(url("dispatch_return", dispatch), told)
    later = LaterReport.objects.get()
    assert (later.injury, later.people) == ("熱中症で横になっている", 2)
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.BACK
    # A second desk had the page open still.
    said = client.post(url("dispatch_return", dispatch), {**told, "injury": "釘を踏んだ"}, follow=True)
    assert "先にほかの人が記録しています" in said.content.decode()
    assert set(LaterReport.objects.values_list("injury", flat=True)) == {
        "熱中症で横になっている",
        "釘を踏んだ",
    }
    assert Entry.objects.filter(action="dispatch.back").count() == 1


def test_who_was_hurt_is_not_put_off_with_the_report() -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    sent = {"heads": "all", "later": "1", "injury": "指を切った", "sheets_back": ""}
    refused = client.post(url("dispatch_return", dispatch), sent)
    assert refused.status_code == 422
    assert "けがや報告に書いたことがあります" in refused.content.decode()
    assert "指を切った" in refused.content.decode()
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.DEPARTED


def test_the_desk_s_report_after_the_leader_s_changes_nothing_and_says_so() -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    page = client.get(url("dispatch_return", dispatch))
    assert page.status_code == 200
    services.report(dispatch, outcome="completed", people=2, text="先に", by=SYSTEM, at=timezone.now())
    client.post(url("dispatch_return", dispatch), {**REPORT, "text": "あとから"})
    assert ActivityReport.objects.get().text == "先に"
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.BACK


def test_a_dispatch_is_called_off_with_a_reason() -> None:
    dispatch = dispatch_now()
    client = signed_in(make.user(dispatch.operation.center))
    assert "理由を選ぶか" in client.post(url("dispatch_cancel", dispatch), {"reason": ""}).content.decode()
    client.post(url("dispatch_cancel", dispatch), {"reason": "", "other": "通行止め"})
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.CANCELLED
    assert Entry.objects.get(action="dispatch.cancelled").details["reason"] == "通行止め"


@pytest.mark.parametrize(
    ("wbgt", "rhythm"),
    [(None, "20分作業したら10分"), (29.0, "15分作業したら15分"), (33.0, "15分作業したら15分")],
)
def test_the_gate_says_how_long_to_work_and_to_rest_in_today_s_heat(wbgt: float | None, rhythm: str) -> None:
    dispatch = dispatch_now()
    if wbgt is not None:
        safety.read_wbgt(dispatch.operation, wbgt, by=SYSTEM, at=timezone.now() - timedelta(seconds=5))
    client = signed_in(make.user(dispatch.operation.center))
    assert f"{rhythm}休むと伝えました" in client.get(url("dispatch_depart", dispatch)).content.decode()
    refused = client.post(url("dispatch_depart", dispatch), {"due_back": "23:59"})
    assert refused.status_code == 409
    assert f"{rhythm}休むと伝えました" in refused.content.decode()


def test_the_gate_leads_to_where_what_is_missing_can_be_mended() -> None:
    dispatch = dispatch_now()
    client = signed_in(make.user(dispatch.operation.center))
    safety.raise_weather(
        dispatch.operation, Weather.STORM, by=SYSTEM, at=timezone.now() - timedelta(minutes=1)
    )
    text = client.get(url("dispatch_depart", dispatch)).content.decode()
    assert "暴風警報が出ています" in text
    assert reverse("safety_page", args=[dispatch.operation_id]) in text
    assert "受付の画面で直す" not in text
    uninsured = dispatch_now(insured=False)
    text = (
        signed_in(make.user(uninsured.operation.center))
        .get(url("dispatch_depart", uninsured))
        .content.decode()
    )
    assert "受付の画面で直す" in text
    assert reverse("safety_page", args=[uninsured.operation_id]) not in text


@pytest.mark.database
def test_the_board_asks_for_a_printed_list_each_hour_while_teams_are_outside() -> None:
    dispatch = dispatch_now()
    operation, client = dispatch.operation, signed_in(make.user(dispatch.operation.center))
    asks = "外に出ている班の一覧を"
    assert asks not in client.get(board_url(operation)).content.decode()
    services.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=timezone.now() - timedelta(minutes=90))
    assert "まだ印刷していません" in client.get(board_url(operation)).content.decode()
    assert client.post(reverse("paper_teams", args=[operation.pk])).status_code == 200
    assert list_due(operation, at=timezone.now() + timedelta(minutes=59)) is None
    due = list_due(operation, at=timezone.now() + timedelta(minutes=61))
    assert due is not None
    assert due.last is not None
    PaperSheet.objects.filter(operation=operation).update(printed_at=timezone.now() - timedelta(minutes=61))
    DRAWN.forget()
    assert "から印刷していません" in client.get(board_url(operation)).content.decode()
    services.come_back(dispatch, by=SYSTEM, at=timezone.now())
    assert list_due(operation, at=timezone.now() + timedelta(hours=5)) is None


def test_the_list_on_paper_says_which_teams_are_in_a_danger_zone() -> None:
    operation, now = make.operation(), timezone.now()
    for lat in (38.280, 38.300):
        crew = [scene.present(operation, make.volunteer(operation.center), at=now - timedelta(hours=1))]
        there = services.assign(
            scene.team(operation, *crew, at=now), make.need(operation, lat=lat), by=SYSTEM, at=now
        )
        services.depart(there, checks=scene.ALL, by=SYSTEM, at=now)
    client = signed_in(make.user(operation.center))
    coast = [[38.27, 141.0], [38.27, 141.05], [38.29, 141.05], [38.29, 141.0]]
    assert (
        "<small>危険な区域の中</small>"
        not in client.post(reverse("paper_teams", args=[operation.pk])).content.decode()
    )
    safety.add_zone(operation, name="海岸ぞい", points=coast, by=SYSTEM, at=now)
    text = client.post(reverse("paper_teams", args=[operation.pk])).content.decode()
    assert text.count("<small>危険な区域の中</small>") == 1
    # As the screen of a recall does: without a pin by the town, without a town nobody knows.
    near = Town.objects.create(
        center=operation.center, name="海辺町", kana="うみべちょう", lat=38.28, lng=141.01
    )
    Household.objects.update(lat=None, lng=None)
    Household.objects.filter(needs=there.need).update(town=near)
    text = client.post(reverse("paper_teams", args=[operation.pk])).content.decode()
    assert text.count("<small>危険な区域の中</small>") == 1
    assert text.count("<small>場所不明</small>") == 1


# ── paper ──────────────────────────────────────────────────────────────────────────────────────
def test_failure_24_the_sheet_tells_the_team_everything_and_nothing_about_health() -> None:
    operation = make.operation()
    need = make.need(operation, detail="床下、6畳2間", tools={"shovel": 3})
    need.health_note, need.description, need.hazards = "心臓の薬", "夫が入院中で一人", ["nails", "gas"]
    need.hazards_cleared, need.hazards_cleared_note = True, "ガス会社が元栓を閉めた"
    need.parking, need.attendance, need.open_from = "裏の空き地", "長女が午後から立ち会う", time(10, 15)
    need.lifelines = ["water", "toilet"]
    need.save()
    assert need.household is not None
    town = Town.objects.create(
        center=operation.center, name="町前一丁目", kana="まちまえ", lat=38.3, lng=141.0
    )
    need.household.landmark, need.household.town = "青い屋根", town
    need.household.address = "町前一丁目9999-1"  # as people say it, and as the sheet of the call asks for it
    need.household.save()
    dispatch = scene.assigned(operation, need=need)
    client = signed_in(make.user(operation.center))
    text = client.get(url("work_order", dispatch)).content.decode()
    for words in (
        "髙﨑 一郎", "𠮷田 花", "高橋 キヨ", need.household.address, "青い屋根", "022-000-0001", "床下、6畳2間",
        "角スコップ × 3", "釘・ガラス・ガスのおそれ", "確認済み：ガス会社が元栓を閉めた", "駐車：裏の空き地",
        "長女が午後から立ち会う", "10:15から", "使えないもの：水道・トイレ", "20分作業・10分休憩", "022-000-0000", "しないこと", f"N{need.number}",
    ):  # fmt: skip
        assert words in text, words
    for page in (text, client.get(url("dispatch_detail", dispatch)).content.decode()):
        assert not re.search(r"町前一丁目\s*町前一丁目", page)
    for words in ("心臓の薬", "入院", "一人"):
        assert words not in text
    assert "order__drill" not in text
    assert Look.objects.filter(subject_type="dispatch.dispatch", subject_id=str(dispatch.pk)).exists()


def test_the_three_symbols_lead_to_the_map_the_leader_s_page_and_the_door_check() -> None:
    dispatch = scene.assigned()
    dispatch = Dispatch.objects.select_related("operation__center", "need__household", "team__leader").get(
        pk=dispatch.pk
    )
    sheet = sheets.order(dispatch, base_url="https://center.example.jp", at=make.at(10))
    assert sheet.map_url == "https://www.google.com/maps/search/?api=1&query=38.296000,141.006000"
    assert sheet.leader_url == f"https://center.example.jp/l/{tokens.leader_token(dispatch.token_nonce)}/"
    assert sheet.genuine_url == f"https://center.example.jp/g/{tokens.genuine_token(dispatch.token_nonce)}/"
    assert sheet.day == "令和8年7月18日（2026年）（土）"


def test_printing_counts_the_sheets_and_changes_nothing_else() -> None:
    dispatch = scene.assigned()
    before = Dispatch.objects.filter(pk=dispatch.pk).values().get()
    client = signed_in(make.user(dispatch.operation.center))
    client.get(url("work_order", dispatch))
    assert Dispatch.objects.filter(pk=dispatch.pk).values().get() == before
    made = client.post(url("work_order_pdf", dispatch))
    assert made.headers["Content-Type"] == "application/pdf"
    assert made.content.startswith(b"%PDF")
    client.post(url("work_order_count", dispatch))
    after = Dispatch.objects.filter(pk=dispatch.pk).values().get()
    assert scene.pages_of(made.content) == 2
    assert after == {**before, "sheets_printed": 4}


def test_the_hours_of_a_house_that_is_open_all_day_are_said_in_words() -> None:
    dispatch = scene.assigned()
    Need.objects.filter(pk=dispatch.need_id).update(open_from=time(0, 0), open_until=time(23, 59))
    dispatch.need.items.update(minutes=180)
    client = signed_in(make.user(dispatch.operation.center))
    text = client.get(url("work_order", dispatch)).content.decode()
    assert "作業できる時刻</span> <b>いつでも</b>" in text
    assert "（めやす 3時間）" in client.get(url("dispatch_detail", dispatch)).content.decode()


def test_a_drill_s_sheet_carries_the_word() -> None:
    dispatch = dispatch_now(mode=Mode.DRILL)
    text = signed_in(make.user(dispatch.operation.center)).get(url("work_order", dispatch)).content.decode()
    assert '<p class="order__drill">訓練</p>' in text


def test_somebody_of_the_leader_s_name_stands_on_the_sheet_too() -> None:
    operation = make.operation()
    crew = [scene.present(operation, make.volunteer(operation.center, "佐藤", "花子")) for _ in range(2)]
    sheet = sheets.order(
        scene.assigned(operation, *crew), base_url="https://center.example.jp", at=make.at(10)
    )
    assert (sheet.leader, sheet.members) == ("佐藤 花子", ["佐藤 花子"])


@pytest.mark.database
def test_a_long_day_of_odd_names_fits_the_page() -> None:
    dispatch = scene.assigned()
    assert dispatch.need.resident is not None
    Person.objects.filter(pk=dispatch.need.resident.pk).update(name="𠮷﨑 髙" * 8)
    Need.objects.filter(pk=dispatch.need_id).update(parking="裏の空き地" * 20, household=None)
    response = signed_in(make.user(dispatch.operation.center)).get(url("work_order", dispatch))
    assert response.status_code == 200
    assert "𠮷﨑 髙" in response.content.decode()


def test_a_member_who_went_home_after_the_page_was_opened_stops_the_departure() -> None:
    dispatch = dispatch_now()
    client = signed_in(make.user(dispatch.operation.center))
    gone = dispatch.team.members.select_related("volunteer").order_by("id")[1].volunteer
    checkin.leave(dispatch.operation, gone, by=SYSTEM, at=timezone.now())
    form = {"checks": scene.ALL, "due_back": hours_from_now(3), "override": "急ぐ"}
    response = client.post(url("dispatch_depart", dispatch), form)
    assert response.status_code == 409
    assert "もう帰っています" in response.content.decode()
