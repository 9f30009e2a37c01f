"""The pages a sheet's QR opens: the leader's, and the door check. No account, no session, no script."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM
from dvc.operations import services as operations
from dvc.operations.models import Mode
from intake.help_requests.models import Need, NeedState
from matching.dispatch import services, throttle, tokens, undoing
from matching.dispatch.models import ActivityReport, Dispatch, DispatchState
from matching.field import queries as field_notes
from matching.field.models import FieldNote, Said
from tests import make
from tests.matching.dispatch.test_pages import dispatch_now, signed_in

pytestmark = pytest.mark.django_db
STORY = {"outcome": "completed", "people": "2", "text": "泥を出しました。", "near_miss": "釘", "injury": ""}


@pytest.fixture(autouse=True)
def nobody_was_throttled() -> None:
    cache.clear()


def leader(dispatch: Dispatch, name: str = "leader_page") -> str:
    return reverse(name, args=[tokens.leader_token(dispatch.token_nonce)])


def door(dispatch: Dispatch) -> str:
    return reverse("genuine", args=[tokens.genuine_token(dispatch.token_nonce)])


def address(dispatch: Dispatch) -> str:
    assert dispatch.need.household is not None
    return dispatch.need.household.address


def read(url: str, status: int = 200) -> str:
    response = Client().get(url)
    assert response.status_code == status
    assert "no-store" in response.headers["Cache-Control"]
    return response.content.decode()


def test_before_departure_the_page_has_the_phone_and_no_address() -> None:
    dispatch = dispatch_now()
    text = read(leader(dispatch))
    assert 'href="tel:022-000-0000"' in text
    assert "まだ出発前です" in text
    assert address(dispatch) not in text
    assert "高橋 キヨ" not in text
    assert not Look.objects.exists()


def test_the_door_page_says_the_day_on_which_the_team_left() -> None:
    dispatch = dispatch_now(depart=True)
    Dispatch.objects.filter(pk=dispatch.pk).update(accepted_at=timezone.now() - timedelta(days=1))
    left = timezone.localtime(dispatch.departed_at)
    assert f"{left.year}年{left.month}月{left.day}日" in read(door(dispatch))


def test_while_the_team_is_out_the_page_has_the_address_and_every_opening_is_logged() -> None:
    dispatch = dispatch_now(depart=True)
    for times in (1, 2):
        text = read(leader(dispatch))
        assert address(dispatch) in text
        assert Look.objects.filter(subject_id=str(dispatch.pk), classes="P2 P3").count() == times
    order = [
        "センターに電話",
        address(dispatch),
        "地図をひらく",
        "着きました",
        "帰ります",
        "報告する",
        "その場で引き受けず",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_the_address_ends_two_hours_after_the_return() -> None:
    dispatch = dispatch_now(depart=True)
    now = timezone.now()
    services.come_back(dispatch, by=SYSTEM, at=now)
    Dispatch.objects.filter(pk=dispatch.pk).update(returned_at=now - timedelta(minutes=119))
    assert address(dispatch) in read(leader(dispatch))
    Dispatch.objects.filter(pk=dispatch.pk).update(returned_at=now - timedelta(minutes=121))
    text = read(leader(dispatch), status=404)
    assert address(dispatch) not in text
    assert "センターに電話" in text
    assert read(leader(dispatch, "leader_report"), status=404)
    assert Client().post(leader(dispatch, "leader_report"), STORY).status_code == 404
    assert not ActivityReport.objects.exists()


def test_a_cancelled_sheet_opens_nothing() -> None:
    dispatch = dispatch_now()
    services.cancel(dispatch, reason="雨", by=SYSTEM, at=timezone.now())
    assert "いまは開けません" in read(leader(dispatch), status=404)
    assert "いまは使われていない依頼書です" in read(door(dispatch), status=404)


def test_a_team_never_marked_as_back_does_not_leave_its_address_open_for_ever() -> None:
    dispatch = dispatch_now(depart=True)
    Dispatch.objects.filter(pk=dispatch.pk).update(departed_at=timezone.now() - timedelta(days=4))
    assert address(dispatch) not in read(leader(dispatch), status=404)


def test_a_sheet_that_opens_nothing_says_why_and_what_to_do_now() -> None:
    now = timezone.now()
    yesterday = now - timedelta(days=1)
    words = f"{timezone.localdate(yesterday).month}月{timezone.localdate(yesterday).day}日の"
    back = dispatch_now(depart=True)
    Dispatch.objects.filter(pk=back.pk).update(
        state=DispatchState.BACK, departed_at=yesterday, returned_at=yesterday + timedelta(hours=2)
    )
    text = read(leader(back), status=404)
    assert words in text
    assert "報告がまだのときや直すときは、センターに電話で伝えてください" in text
    cancelled = dispatch_now()
    services.cancel(cancelled, reason="雨", by=SYSTEM, at=now)
    assert "取りやめになりました" in read(leader(cancelled), status=404)
    lost_sight = dispatch_now(depart=True)
    Dispatch.objects.filter(pk=lost_sight.pk).update(departed_at=now - timedelta(days=4))
    assert "センターに電話で「戻っています」と伝えてください" in read(leader(lost_sight), status=404)
    assert "QRの読み取りが途中で切れた" in read(reverse("leader_page", args=["x" * 22]), status=404)


def test_yesterdays_sheet_of_a_team_that_never_left_does_not_wait_for_the_departure() -> None:
    dispatch = dispatch_now()
    yesterday = timezone.now() - timedelta(days=1)
    Dispatch.objects.filter(pk=dispatch.pk).update(accepted_at=yesterday)
    text = read(leader(dispatch))
    assert (
        f"これは{timezone.localdate(yesterday).month}月{timezone.localdate(yesterday).day}日の依頼書です"
        in text
    )
    assert "出発しないで、センターの机で聞いてください" in text
    assert "まだ出発前です" not in text


def test_a_team_out_since_yesterday_reads_the_day_it_should_have_been_back() -> None:
    dispatch = dispatch_now(depart=True)
    yesterday = timezone.now() - timedelta(days=1)
    Dispatch.objects.filter(pk=dispatch.pk).update(departed_at=yesterday, due_back_at=yesterday)
    local = timezone.localtime(yesterday)
    text = read(leader(dispatch))
    assert f"戻りの時刻（{local.month}月{local.day}日 {local.hour}:{local.minute:02d}）を過ぎています" in text
    assert "もう戻っている方も" in text


@pytest.mark.parametrize("how", ["long_ago", "closed"])
def test_a_sheet_nobody_left_with_is_not_called_genuine_for_ever(how: str) -> None:
    dispatch = dispatch_now()
    assert "本物の依頼書です" in read(door(dispatch))
    if how == "long_ago":
        Dispatch.objects.filter(pk=dispatch.pk).update(accepted_at=timezone.now() - timedelta(days=4))
    else:
        operations.close_operation(dispatch.operation, teams_out=0, by=SYSTEM, at=timezone.now())
    assert "いまは使われていない依頼書です" in read(door(dispatch), status=404)
    assert "いまは使えません" in read(leader(dispatch), status=404)


@pytest.mark.parametrize("change", ["swap", "short", "long", "other", "upper", "odd"])
def test_a_changed_token_opens_nothing(change: str) -> None:
    dispatch = dispatch_now(depart=True)
    good = tokens.leader_token(dispatch.token_nonce)
    bad = {
        "swap": good[1:] + good[:1], "short": good[:-1], "long": good * 9, "odd": "𠮷" * 22,
        "other": tokens.genuine_token(dispatch.token_nonce), "upper": good.swapcase(),
    }[change]  # fmt: skip
    for name in ("leader_page", "leader_report"):
        assert address(dispatch) not in read(reverse(name, args=[bad]), status=404)
    for name in ("leader_on_site", "leader_leaving", "leader_report"):
        assert Client().post(reverse(name, args=[bad]), STORY).status_code == 404
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.DEPARTED


def test_the_leader_tells_of_arrival_and_return_and_a_double_tap_changes_nothing() -> None:
    dispatch = dispatch_now(depart=True)
    client = Client()
    for _ in range(2):
        text = client.post(leader(dispatch, "leader_on_site"), follow=True).content.decode()
        assert "着いたことを、センターに伝えました" in text
    for _ in range(2):
        text = client.post(leader(dispatch, "leader_leaving"), follow=True).content.decode()
        assert "気をつけて帰ってきてください" in text
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.LEAVING
    told = Entry.objects.filter(via="leader").values_list("action", flat=True)
    assert sorted(told) == ["dispatch.leaving", "dispatch.on_site"]
    assert not client.session.keys()


def test_a_team_whose_departure_nobody_wrote_down_is_heard_and_waits_for_a_person() -> None:
    dispatch = dispatch_now()
    page = read(leader(dispatch, "leader_page"))
    assert "もう出発しています" in page
    for name in ("leader_on_site", "leader_leaving", "leader_on_site"):
        told = Client().post(leader(dispatch, name), follow=True)
        assert "センターに伝えました" in told.content.decode()
    notes = field_notes.waiting(dispatch.operation)
    assert [(note.said, note.text) for note in notes] == [
        (Said.GONE, "「着きました」"), (Said.GONE, "「帰ります」"),
    ]  # fmt: skip
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.ACCEPTED  # a person looks into it first
    services.cancel(dispatch, reason="来ないので", by=SYSTEM, at=timezone.now())
    told = Client().post(leader(dispatch, "leader_tell"), {"kind": "on_site", "op": str(uuid4())})
    assert FieldNote.objects.filter(said=Said.GONE).count() == 2  # it waits still
    told = Client().post(
        leader(dispatch, "leader_tell"),
        {"kind": "gone", "op": str(uuid4()), "text": "「もう出発しています」"},
    )
    assert told.status_code == 302
    assert FieldNote.objects.waiting().filter(said=Said.GONE).count() == 3
    dispatch = dispatch_now()
    assert "報告は、活動のあとに送れます" in read(leader(dispatch, "leader_report"))


@pytest.mark.parametrize("taken_back", [False, True])
def test_a_report_without_a_departure_waits_for_a_person(taken_back: bool) -> None:
    dispatch = dispatch_now(depart=taken_back)
    if taken_back:  # the desk had tapped the wrong card, it thought
        undoing.undo(dispatch, seen=DispatchState.DEPARTED, by=SYSTEM, at=timezone.now())
    for _ in range(2):
        told = Client().post(leader(dispatch, "leader_report"), STORY, follow=True).content.decode()
        assert "報告を、センターが受け取りました" in told
    note = FieldNote.objects.get()
    assert note.said == Said.REPORT
    assert "出発の記録がありません" in note.text
    assert "泥を出しました" in note.text
    assert not ActivityReport.objects.exists()
    assert Need.objects.get(pk=dispatch.need_id).state == NeedState.ASSIGNED


def test_the_report_thanks_first_and_closes_the_need() -> None:
    dispatch = dispatch_now(depart=True)
    text = read(leader(dispatch, "leader_report"))
    order = [
        "おつかれさまでした",
        "けが・体調の悪い人",
        "ヒヤリとしたこと",
        "作業はどうなりましたか",
        "残っていること",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    told = Client().post(leader(dispatch, "leader_report"), STORY, follow=True).content.decode()
    assert "報告を、センターが受け取りました" in told
    assert 'data-confirmed="report"' in told
    assert Need.objects.get(pk=dispatch.need_id).state == NeedState.COMPLETED
    report = ActivityReport.objects.get()
    assert report.by_leader
    assert report.near_miss == "釘"
    assert Entry.objects.get(action="dispatch.reported").via == "leader"


def test_a_second_report_says_that_the_first_stands() -> None:
    dispatch = dispatch_now(depart=True)
    Client().post(leader(dispatch, "leader_report"), STORY)
    again = Client().post(leader(dispatch, "leader_report"), {**STORY, "text": "別の話"}, follow=True)
    assert "報告は先に届いています" in again.content.decode()
    assert ActivityReport.objects.get().text == "泥を出しました。"
    assert "報告は届いています" in read(leader(dispatch, "leader_report"))


def test_a_report_may_come_after_the_return() -> None:
    dispatch = dispatch_now(depart=True)
    services.come_back(dispatch, by=SYSTEM, at=timezone.now())
    Client().post(leader(dispatch, "leader_report"), STORY)
    assert Need.objects.get(pk=dispatch.need_id).state == NeedState.COMPLETED


@pytest.mark.parametrize("bad", [{"outcome": ""}, {"people": "たくさん"}, {"text": "あ" * 1_000_000}])
def test_a_wrong_field_is_said_and_what_was_typed_stays(bad: dict[str, str]) -> None:
    dispatch = dispatch_now(depart=True)
    response = Client().post(leader(dispatch, "leader_report"), {**STORY, "injury": "𠮷﨑 指", **bad})
    assert response.status_code == 422
    assert "𠮷﨑 指" in response.content.decode()
    assert not ActivityReport.objects.exists()


def test_continuing_asks_what_remains() -> None:
    dispatch = dispatch_now(depart=True)
    response = Client().post(leader(dispatch, "leader_report"), {**STORY, "outcome": "continuing"})
    assert response.status_code == 409
    assert "残っていることを書いてください" in response.content.decode()
    Client().post(
        leader(dispatch, "leader_report"), {**STORY, "outcome": "continuing", "remaining": "奥の6畳"}
    )
    assert Need.objects.get(pk=dispatch.need_id).state == NeedState.READY


def test_a_form_of_another_site_is_refused_and_our_own_goes_through() -> None:
    dispatch = dispatch_now(depart=True)
    client = Client(enforce_csrf_checks=True)
    assert client.post(leader(dispatch, "leader_report"), STORY).status_code == 403
    page = client.get(leader(dispatch, "leader_report")).content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    sent = client.post(leader(dispatch, "leader_report"), {**STORY, "csrfmiddlewaretoken": found.group(1)})
    assert sent.status_code == 302


def test_the_door_check_says_yes_the_day_the_center_and_nothing_else() -> None:
    dispatch = dispatch_now(depart=True)
    text = read(door(dispatch))
    assert "本物の依頼書です" in text
    assert dispatch.operation.center.name in text
    assert "022-000-0000" in text
    for secret in (address(dispatch), "高橋 キヨ", "髙﨑", "泥", f"N{dispatch.need.number}"):
        assert secret not in text
    assert not Look.objects.exists()


def test_the_door_check_of_a_forged_sheet_says_whom_to_phone() -> None:
    dispatch_now(depart=True)
    text = read(reverse("genuine", args=["A" * 22]), status=404)
    assert "本物の依頼書と確認できません" in text
    assert "センターに電話" in text


def test_a_drill_says_so_on_the_leader_s_page_and_at_the_door() -> None:
    dispatch = dispatch_now(depart=True, mode=Mode.DRILL)
    for url in (leader(dispatch), leader(dispatch, "leader_report"), door(dispatch)):
        assert "これは訓練です" in read(url)


def test_staff_who_are_signed_in_open_the_same_pages() -> None:
    dispatch = dispatch_now(depart=True)
    client = signed_in(make.user(dispatch.operation.center))
    for page, words in ((leader(dispatch), address(dispatch)), (door(dispatch), "022-000-0000")):
        response = client.get(page)
        assert (response.status_code, words in response.content.decode()) == (200, True)


def test_whoever_tries_many_sheets_is_stopped_and_nobody_with_a_sheet_of_their_own_is() -> None:
    """A whole network provider may stand behind one address, and a leader behind it who calls for help."""
    dispatch = dispatch_now(depart=True)
    client, wrong = Client(), reverse("leader_page", args=["0" * 22])
    for _ in range(throttle.WRONG_SHEETS.most):
        assert client.get(wrong).status_code == 404
    assert client.get(wrong).status_code == 429
    assert client.get(reverse("leader_recall", args=["0" * 22])).status_code == 429
    assert client.post(reverse("leader_tell", args=["0" * 22]), {"kind": "sos"}).status_code == 429
    for url in (leader(dispatch), door(dispatch)):
        assert client.get(url).status_code == 200
    assert Client(REMOTE_ADDR="192.0.2.7").get(wrong).status_code == 404


def test_one_sheet_cannot_be_opened_without_end() -> None:
    dispatch = dispatch_now(depart=True)
    answers = [
        Client().post(leader(dispatch, "leader_on_site")).status_code
        for _ in range(throttle.OF_ONE_SHEET.most + 1)
    ]
    assert answers == [302] * throttle.OF_ONE_SHEET.most + [429]


def test_no_script_stands_inside_the_pages() -> None:
    dispatch = dispatch_now(depart=True)
    for url in (leader(dispatch), leader(dispatch, "leader_report"), door(dispatch)):
        text = read(url)
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)
        assert " style=" not in text
        assert " onclick=" not in text
