"""Drafts, calls back, alerts and rules through HTTP: with and without the script, two people at once, strangers."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dvc.accounts import services as accounts
from dvc.accounts.roles import Role
from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.help_requests import call_backs, crisis, drafts, services
from intake.help_requests.models import CallBack, CallDraft, Need, NeedState, TriageRule, UnsavedEdit
from intake.help_requests.services import ItemAnswers
from tests import make

pytestmark = pytest.mark.django_db
FETCH: dict[str, Any] = {"headers": {"X-Requested-With": "fetch"}}
CALL = {
    "caller_name": "高橋 キヨ",
    "caller_phone": "022-000-0001",
    "method": "phone",
    "open_from": "09:00",
    "open_until": "15:30",
}


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def client(operation: Operation) -> Client:
    return signed_in(operation, Role.NEEDS_DESK)


def signed_in(operation: Operation, *roles: Role, name: str = "伊藤 職員") -> Client:
    client = Client()
    client.force_login(make.user(operation.center, *roles, name=name))
    return client


def url(name: str, operation: Operation, *args: object) -> str:
    return reverse(name, args=[operation.pk, *args])


def text(response: Any) -> str:
    return response.content.decode()  # type: ignore[no-any-return]


# ── drafts ─────────────────────────────────────────────────────────────────────────────────────


def save(client: Client, operation: Operation, token: UUID, version: int, **fields: Any) -> Any:
    sent = {"form_token": str(token), "draft_version": str(version), **fields}
    return client.post(url("draft_save", operation), sent, **FETCH)


def test_a_browser_closed_in_mid_call_loses_nothing_and_another_machine_goes_on(
    client: Client, operation: Operation
) -> None:
    token = uuid4()
    first = save(
        client, operation, token, 0, caller_name="高橋 キヨ", hazards=["gas"], **{"w2-category": "debris"}
    )
    assert (first.json()["version"], first.json()["sentence"]) == (1, "")
    other = signed_in(operation, Role.NEEDS_DESK, name="別の職員")
    listed = text(other.get(url("draft_list", operation)))
    assert "高橋 キヨ" in listed
    draft = CallDraft.objects.get()
    page = text(other.get(url("draft_open", operation, draft.pk)))
    assert 'value="高橋 キヨ"' in page
    assert f'name="form_token" value="{token}"' in page
    assert 'value="debris" selected' in page
    assert Look.objects.get(subject_type="help_requests.calldraft").why == "call draft"
    sent = {**CALL, "form_token": str(token), "draft_version": "1"}
    assert other.post(url("need_new", operation), sent).status_code == 302
    need = Need.objects.get()
    assert other.get(url("draft_open", operation, draft.pk)).url == url("need_detail", operation, need.pk)  # type: ignore[attr-defined]
    late = save(client, operation, token, 1, caller_name="遅れた")
    assert (late.status_code, "書きかけ" in late.json()["sentence"]) == (409, True)
    assert "書きかけはありません" in text(client.get(url("draft_list", operation)))


def test_without_the_script_a_button_keeps_the_half_and_enter_sends_nothing(
    client: Client, operation: Operation
) -> None:
    page = text(client.get(url("need_new", operation)))
    buttons = page[page.index('id="sheet"') :]
    assert buttons.index('aria-hidden="true" disabled></button>') < buttons.index("保存して受け付ける")
    assert "お金はいただきません" in page[: page.index("1　どなた")]
    for never_asked in ("お礼の品", "年収", "貯金"):
        assert never_asked not in page
    answer: Any = client.post(url("draft_save", operation), {"form_token": str(uuid4()), "note": "犬がいる"})
    draft = CallDraft.objects.get()
    assert answer.url == url("draft_open", operation, draft.pk)
    assert "犬がいる" in text(client.get(answer.url))
    assert not Need.objects.exists()


def test_the_words_of_a_draft_that_was_thrown_away_are_erased_on_a_day_that_is_said(
    client: Client, operation: Operation
) -> None:
    save(client, operation, uuid4(), 0, caller_name="高橋 キヨ")
    draft = CallDraft.objects.get()
    drop = url("draft_drop", operation, draft.pk)
    client.post(drop, {"reason": "まちがい電話"})
    draft.refresh_from_db()
    assert draft.erased_on
    assert f"{timezone.localtime(draft.erased_on):%-m月%-d日}に、入れた内容を消します" in text(
        client.get(url("draft_list", operation))
    )
    assert drafts.forget(at=draft.erased_on - timedelta(minutes=1)) == 0
    assert drafts.forget(at=draft.erased_on + timedelta(minutes=1)) == 1
    draft.refresh_from_db()
    assert (draft.fields, draft.dropped_reason) == ({}, "まちがい電話")
    assert Entry.objects.about(draft).filter(action="call_draft.forgotten").count() == 1
    assert "期限が過ぎたので消しました" in text(client.get(url("draft_list", operation)))
    client.post(drop, {"back": "1"})
    assert not CallDraft.objects.waiting().exists()


def test_what_the_page_sends_as_it_closes_is_kept_without_a_page(
    client: Client, operation: Operation
) -> None:
    sent = {"form_token": str(uuid4()), "draft_version": "0", "by_script": "yes", "note": "犬がいる"}
    assert client.post(url("draft_save", operation), sent).json()["version"] == 1
    assert CallDraft.objects.get().fields == {"note": ["犬がいる"]}
    assert not Look.objects.exists()


def test_the_same_sheet_sent_again_with_other_words_keeps_both(client: Client, operation: Operation) -> None:
    sent = {**CALL, "form_token": str(uuid4())}
    client.post(url("need_new", operation), sent)
    client.post(url("need_new", operation), sent)
    assert not UnsavedEdit.objects.exists()
    again: Any = client.post(url("need_new", operation), {**sent, "description": "床も泥だらけ"})
    assert "もう受け付けています" in text(client.get(again.url))
    assert ["困っていること（話されたとおりに）", "床も泥だらけ"] in UnsavedEdit.objects.get().said
    assert Need.objects.count() == 1


def test_a_draft_is_dropped_with_a_reason_and_brought_back(client: Client, operation: Operation) -> None:
    save(client, operation, uuid4(), 0, note="犬")
    draft = CallDraft.objects.get()
    drop = url("draft_drop", operation, draft.pk)
    assert "理由を書いてください" in text(client.post(drop, {"reason": ""}, follow=True))
    assert "元に戻す" in text(client.post(drop, {"reason": "まちがい電話"}, follow=True))
    client.post(drop, {"back": "1"})
    assert CallDraft.objects.waiting().get() == draft


def test_two_people_editing_one_request_see_a_sentence_and_both_texts(
    client: Client, operation: Operation
) -> None:
    need = make.need(operation, state=NeedState.TRIAGE)
    edit = url("need_edit", operation, need.pk)
    sent = {**CALL, "version": need.version, "relation": "本人"}
    assert client.post(edit, {**sent, "summary": "床下の泥"}).status_code == 302
    late = client.post(edit, {**sent, "summary": "庭の泥"})
    page = text(late)
    assert late.status_code == 409
    assert "ほかの人がこの困りごとを先に変えました" in page
    table = page[page.index("違うところ") : page.index("</table>")]
    assert "床下の泥" in table
    assert "庭の泥" in table
    need.refresh_from_db()
    assert f'name="version" value="{need.version}"' in page
    assert client.post(edit, {**sent, "version": need.version, "summary": "庭の泥"}).status_code == 302
    need.refresh_from_db()
    assert need.summary == "庭の泥"


# ── calls back ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.database
def test_the_list_has_overdue_calls_on_top_and_no_number(client: Client, operation: Operation) -> None:
    late, soon = (make.need(operation, state=NeedState.TRIAGE) for _ in range(2))
    now = timezone.now()
    call_backs.promise(soon, why="日を決める", due_at=now + timedelta(hours=1), by=SYSTEM, at=now)
    call_backs.promise(late, why="住所を聞く", due_at=now - timedelta(hours=1), by=SYSTEM, at=now)
    page = text(client.get(url("call_list", operation)))
    assert page.index("住所を聞く") < page.index("これからかけるもの") < page.index("日を決める")
    assert "022-000-0001" not in page
    listed = text(client.get(url("need_list", operation)))
    assert "時刻を過ぎたもの 1" in listed
    detail = text(client.get(url("need_detail", operation, late.pk)))
    assert "かけた結果を記録する" in detail
    tried = url("need_call_tried", operation, late.pk)
    assert client.post(tried, {}).status_code == 422
    for n in range(1, 4):
        answer: Any = client.post(tried, {"outcome": "absent", "note": f"{n}回目"})
        assert answer.status_code == 302
    assert "続けて3回つながっていません" in text(client.get(answer.url))
    client.post(tried, {"outcome": "reached"})
    assert list(CallBack.objects.open()) == [soon.call_backs.get()]
    assert client.post(tried, {"outcome": "reached"}).status_code == 409


def test_a_call_is_promised_from_the_page(client: Client, operation: Operation) -> None:
    need = make.need(operation, state=NeedState.TRIAGE)
    promise = url("need_call_promise", operation, need.pk)
    assert client.post(promise, {"why": "", "clock": ""}).status_code == 422
    assert (
        client.post(promise, {"why": "日を決める", "clock": "10:00", "day": "2020-01-01"}).status_code == 409
    )
    assert client.post(promise, {"why": "日を決める", "clock": "10:00"}).status_code == 302
    assert CallBack.objects.open().get().why == "日を決める"


# ── 危機介入 ────────────────────────────────────────────────────────────────────────────────────


def _polled(page: HttpResponseBase) -> str:
    """The address the banner of a page asks."""
    found = re.search('data-alerts="([^"]+)"', text(page))
    assert found
    return unescape(found[1])


def test_a_crisis_is_on_every_screen_without_a_name_and_noted_by_two(
    operation: Operation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    need = make.need(operation, state=NeedState.SURVEY_WAIT)
    driver = signed_in(operation, Role.TRANSPORT)
    part = url("alerts_part", operation)
    quiet = driver.get(part)
    assert (text(quiet).strip(), driver.get(part, {"version": quiet["X-Version"]}).status_code) == ("", 204)
    services.flag_crisis(need, by=SYSTEM, at=make.at(9))
    loud = driver.get(part, {"version": quiet["X-Version"]})
    assert f"N{need.number}" in text(loud)
    assert "高橋" not in text(loud)
    polled = [_polled(driver.get(url(name, operation))) for name in ("board", "board_wall")]
    above = driver.get(polled[0])
    with django_assert_max_num_queries(1):
        assert driver.get(f"{polled[0]}&version={above['X-Version']}").status_code == 204
    assert f"N{need.number}" in text(above)
    assert f"N{need.number}" in text(driver.get(f"{polled[1]}&version=none_none"))
    driver.logout()
    assert driver.get(polled[0]).status_code == 403
    driver = signed_in(operation, Role.TRANSPORT)
    note = url("crisis_note", operation, need.crisis_alerts.get().pk)
    assert driver.post(note, {"as": "lead"}).status_code == 403
    lead = signed_in(operation, Role.LEAD, name="大友 花子")
    assert "センター長の役割の人が" in text(lead.post(note, {"as": "chief"}, follow=True))
    lead.post(note, {"as": "lead"})
    assert "班長 大友 花子" in text(driver.get(part))
    assert lead.post(note, {"as": "nobody"}).status_code == 404
    signed_in(operation, Role.CHIEF).post(note, {"as": "chief"})
    assert crisis.standing(operation) == []
    assert Entry.objects.about(need).filter(action="need.crisis_seen").count() == 2
    foreign = signed_in(make.operation(), Role.CHIEF)
    assert foreign.post(note, {"as": "chief"}).status_code == 404
    assert foreign.get(part).status_code == 404
    assert foreign.get(reverse("alerts_part", args=[2**70])).status_code == 404


def test_what_one_operation_is_told_changes_nothing_on_the_screens_of_another(operation: Operation) -> None:
    """The statement is written once for all of them."""
    other = make.operation()
    here, there = (signed_in(each, Role.LEAD) for each in (operation, other))
    before = [
        who.get(url("alerts_part", each))["X-Version"] for who, each in ((here, operation), (there, other))
    ]
    services.flag_crisis(make.need(operation), by=SYSTEM, at=make.at(9))
    after = [
        who.get(url("alerts_part", each))["X-Version"] for who, each in ((here, operation), (there, other))
    ]
    assert (after[0] != before[0], after[1]) == (True, before[1])


def test_whom_a_crisis_waits_for_is_told_so_on_every_screen_and_everybody_sees_whom_to_call(
    operation: Operation,
) -> None:
    need = make.need(operation, state=NeedState.SURVEY_WAIT)
    services.flag_crisis(need, by=SYSTEM, at=make.at(9))
    desk = signed_in(operation, Role.NEEDS_DESK, name="受付 三郎")
    lead, chief = (
        signed_in(operation, role, name=name)
        for role, name in ((Role.LEAD, "大友 花子"), (Role.CHIEF, "鈴木 長"))
    )
    part, page = url("alerts_part", operation), url("need_detail", operation, need.pk)
    note = url("crisis_note", operation, need.crisis_alerts.get().pk)
    yours = "あなたの確認を待っています"
    assert [yours in text(who.get(part)) for who in (desk, lead, chief)] == [False, True, True]
    assert "呼ぶ人：大友 花子" in text(desk.get(page))
    assert "呼ぶ人：鈴木 長" in text(desk.get(page))
    assert "として確認しました</button>" not in text(desk.get(page))
    refused = text(desk.post(note, {"as": "lead"}, follow=True))
    assert "班長の役割の人が、自分の名前でサインインして行います" in refused
    assert not need.crisis_alerts.get().acks.exists()
    # The chief does not stand in for a 班長 who is there.
    assert "班長の役割の人が" in text(chief.post(note, {"as": "lead"}, follow=True))
    lead.post(note, {"as": "lead"})
    assert [yours in text(who.get(part)) for who in (lead, chief)] == [False, True]


def test_where_nobody_is_a_section_leader_whoever_keeps_requests_may_note_and_is_told_why(
    operation: Operation,
) -> None:
    need = make.need(operation, state=NeedState.SURVEY_WAIT)
    services.flag_crisis(need, by=SYSTEM, at=make.at(9))
    gone = make.user(operation.center, Role.LEAD, name="帰った 応援")
    accounts.deactivate(gone, center=operation.center, by=SYSTEM, at=make.at(8))
    make.user(make.center(), Role.LEAD, name="よその 班長")
    desk = signed_in(operation, Role.NEEDS_DESK)
    page = text(desk.get(url("need_detail", operation, need.pk)))
    assert "班長の役割の人が、まだいません" in page
    assert "帰った" not in page
    desk.post(url("crisis_note", operation, need.crisis_alerts.get().pk), {"as": "lead"})
    assert need.crisis_alerts.get().acks.get().seen_as == "lead"


@pytest.mark.parametrize(
    ("typed", "due"),
    [("", "2026-07-21"), ("2026-07-25", "2026-07-25"), ("R8.7.30", "2026-07-30")],
)
def test_who_is_put_on_hold_is_looked_at_again_on_a_day(operation: Operation, typed: str, due: str) -> None:
    need = make.need(operation, state=NeedState.TRIAGE)
    step = {"to": "on_hold", "reason_kind": "rain", "told": "本人に電話", "review_on": typed}
    with time_machine.travel(make.at(10), tick=False):
        desk = signed_in(operation, Role.NEEDS_DESK)
        assert desk.post(url("need_step", operation, need.pk), step).status_code == 302
        call = CallBack.objects.open().get(need=need)
        assert (call.why, f"{timezone.localtime(call.due_at):%Y-%m-%d %H:%M}") == (
            "保留を見直す",
            f"{due} 09:00",
        )
        assert "保留を見直す" in text(desk.get(url("call_list", operation)))
        desk.post(url("need_step", operation, need.pk), {"to": "triage", "reason": "晴れた"})
    assert not CallBack.objects.open().exists()


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        ("2026-02-30", 422, "その日付はありません"),
        ("あした", 422, "その日付はありません"),
        ("2026-07-18", 409, "見直す日は、明日か、それより先の日に"),
        ("2025-07-25", 409, "見直す日は、明日か、それより先の日に"),
    ],
)
def test_an_impossible_day_is_said_and_nothing_is_put_on_hold(
    operation: Operation, typed: str, status: int, sentence: str
) -> None:
    need = make.need(operation, state=NeedState.TRIAGE)
    step = {
        "to": "on_hold",
        "reason_kind": "rain",
        "reason": "台風が近い",
        "told": "本人に電話",
        "review_on": typed,
    }
    with time_machine.travel(make.at(10), tick=False):
        desk = signed_in(operation, Role.NEEDS_DESK)
        answer = desk.post(url("need_step", operation, need.pk), step)
    assert (answer.status_code, sentence in text(answer), "台風が近い" in text(answer)) == (
        status,
        True,
        True,
    )
    need.refresh_from_db()
    assert (need.state, CallBack.objects.count()) == (NeedState.TRIAGE, 0)


# ── rules of triage ────────────────────────────────────────────────────────────────────────────


def test_a_coordinator_edits_a_rule_and_the_next_call_hears_it(operation: Operation) -> None:
    desk, lead = signed_in(operation, Role.NEEDS_DESK), signed_in(operation, Role.MATCHING, name="調整 太郎")
    assert "屋根・高いところ" in text(desk.get(url("triage_list", operation)))
    edit = url("triage_edit", operation, "height")
    assert desk.get(edit).status_code == 403
    assert "ブルーシート" in text(lead.get(edit))
    sent = {
        "revision": "0", "title": "屋根", "verdict": "refer", "say": "「屋根の会をご案内します。」", "refer": "屋根の会",
        "words": "屋根、瓦", "hazards": ["height"], "is_used": "on",
    }  # fmt: skip
    assert lead.post(edit, {**sent, "say": ""}).status_code == 422
    assert lead.post(edit, sent).status_code == 302
    late = lead.post(edit, {**sent, "say": "「遅い」"})
    assert late.status_code == 409
    for both in ("屋根の会をご案内します", "「遅い」", "先に直しました"):
        assert both in text(late), both
    said = desk.post(url("need_advice", operation), {"description": "うちの屋根が飛んだ"})
    assert "屋根の会をご案内します" in text(said)
    assert "調整 太郎" in text(lead.get(edit))
    new = url("triage_new", operation)
    assert lead.post(new, {**sent, "title": "井戸", "words": "井戸"}).status_code == 302
    assert TriageRule.objects.filter(rule="own-1", title="井戸").exists()
    assert lead.get(url("triage_edit", operation, "nothing")).status_code == 404


def test_what_the_rules_decline_is_opened_on_the_page_with_its_sentence(
    client: Client, operation: Operation
) -> None:
    need = make.need(operation, state=NeedState.TRIAGE)
    Need.objects.filter(pk=need.pk).update(description="屋根にブルーシートを張ってほしい")
    page = text(client.get(url("need_detail", operation, need.pk)))
    assert "決まりでは、これ" in page
    assert "屋根や高いところの作業は" in page
    step = url("need_step", operation, need.pk)
    untold = client.post(step, {"to": "declined", "reason_kind": "height", "reason": ""})
    assert (untold.status_code, "だれに伝えたか" in text(untold)) == (409, True)
    sent = {
        "to": "declined",
        "reason_kind": "height",
        "reason": "技術系NPOを案内",
        "told": "まだ伝えていない",
    }
    assert client.post(step, sent).status_code == 302
    change = need.changes.get()
    assert (change.code, change.reason, change.told_at) == ("height", "屋根・高所：技術系NPOを案内", None)
    assert "「対応不可」になったことを伝える" in text(client.get(url("call_list", operation)))
    assert client.post(step, {"to": "triage"}).status_code == 302


# ── dangerous work ─────────────────────────────────────────────────────────────────────────────


def test_dangerous_work_is_cleared_on_the_page(client: Client, operation: Operation) -> None:
    need = make.need(operation, state=NeedState.TRIAGE)
    sent = {"w1-category": "cleaning", "w1-hazards": ["asbestos"], "w1-visits": "3", "w1-open_from": "13:00"}
    assert client.post(url("need_item_add", operation, need.pk), sent).status_code == 302
    item = need.items.get(category="cleaning")
    page = text(client.get(url("need_detail", operation, need.pk)))
    for word in ("危険を確認するまで止まっています", "3回伺う見込み", "時刻は13:00から"):
        assert word in page, word
    clear = url("need_item_clear", operation, need.pk, item.pk)
    assert client.post(clear, {"note": ""}).status_code == 409
    assert client.post(clear, {"note": "市が確認"}).status_code == 302
    assert "確認済み（市が確認）" in text(client.get(url("need_detail", operation, need.pk)))
    services.edit_item(item, ItemAnswers("tidy_up"), by=SYSTEM, at=make.at(9))
