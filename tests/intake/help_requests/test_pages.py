"""The phone desk through HTTP: a whole call, nasty text, two taps, strangers, and what the pages may cost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM
from dvc.operations.models import Mode, Operation
from intake.help_requests import services
from intake.help_requests.answers import KITS, REASONS
from intake.help_requests.models import CallBack, Need, NeedState, UnsavedEdit, WorkItem
from intake.people.models import Household, Person, Precision, Town
from intake.people.postal_file import PostalRow
from intake.people.services import keep_postal
from intake.volunteers.models import WorkCategory
from tests import make
from tests.infra.scale import count

pytestmark = pytest.mark.django_db
S = NeedState
CALL = {
    "caller_name": "高橋 キヨ", "caller_kana": "たかはし きよ", "caller_phone": "０２２－０００－０００１",
    "relation": "本人", "method": "phone", "town": "町前1", "address": "9999-1", "landmark": "青い屋根",
    "age": "82", "lives_alone": "on", "members": "", "health_note": "ひざが痛い", "note": "耳が遠い",
    "description": "床下に泥が入った。\n3日前から。", "summary": "床下の泥かき", "damage_kinds": ["flood_below_floor"],
    "lifelines": ["water"], "hazards": ["nails"], "open_from": "09:00", "open_until": "15:30",
    "w1-category": "under_floor", "w1-detail": "6畳2間", "judgement": "survey", "judgement_reason": "広さが分からない",
    "consent_to_share": "on",
}  # fmt: skip
WORDS = [
    "caller_name", "caller_kana", "resident_name", "resident_kana", "address", "landmark", "parking", "members",
    "health_note", "note", "attendance", "summary", "description", "judgement_reason", "w1-detail",
    "w1-estimate_reason",
]  # fmt: skip
PLACES = ["town"]
CODES = [
    "caller_phone", "relation", "method", "resident_phone", "lat", "lng", "age", "open_from", "open_until",
    "damage_kinds", "lifelines", "hazards", "judgement", "known_caller", "form_token", "version", "w1-category",
    "w1-people_min", "w1-minutes", "w1-language", "w1-needs_truck", "w1-stamina_min", "w1-tool_shovel",
    "w1-skill_driver",
]  # fmt: skip
NASTY = {
    "NUL": "高橋\0キヨ",
    "broken": "高橋\ufffd",
    "1 MB": "あ" * 350_000,
    "override": "\u202egnp.exe",
    "huge number": "9" * 400,
    "negative": "-1",
    "not a number": "nan",
    "SQL": "'; DROP TABLE need; --",
    "HTML": "<script>alert(1)</script>",
    "RTL": "شارع السلام",
    "rare": "𠮷﨑 髙󠄁",
    "emoji": "👨‍👩‍👧‍👦",
    "template": "{{ settings.SECRET_KEY }}",
    "space": "　 \t\r\n",
}


@pytest.fixture
def operation() -> Operation:
    made = make.operation()
    Town.objects.create(center=made.center, name="町前一丁目", lat=38.283, lng=140.998)
    Town.objects.create(center=made.center, name="町前二丁目", lat=38.284, lng=140.999)
    return made


@pytest.fixture
def client(operation: Operation) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, Role.NEEDS_DESK))
    return client


def url(name: str, operation: Operation, *args: object) -> str:
    return reverse(name, args=[operation.pk, *args])


def call(client: Client, operation: Operation, **changes: Any) -> Any:
    data = {
        **CALL,
        "form_token": str(uuid4()),
        **{name.replace("__", "-"): value for name, value in changes.items()},
    }
    return client.post(
        url("need_new", operation), {key: value for key, value in data.items() if value is not None}
    )


def text(response: Any) -> str:
    return response.content.decode()  # type: ignore[no-any-return]


# ── the call ───────────────────────────────────────────────────────────────────────────────────


def test_a_call_is_received_from_the_first_sentence_to_the_judgement(
    client: Client, operation: Operation
) -> None:
    page = text(client.get(url("need_new", operation)))
    assert "お金はいただきません" in page
    order = [
        page.index(word)
        for word in [
            "1　どなた",
            "2　どこか",
            "3　家にいる方",
            "4　何が起きたか",
            "5　何を手伝うか",
            "6　判断",
        ]
    ]
    assert order == sorted(order)
    response = call(client, operation)
    need = Need.objects.select_related("household__town", "resident").get()
    assert response.url == url("need_detail", operation, need.pk)
    assert (need.state, need.number, need.summary) == (S.SURVEY_WAIT, 1, "床下の泥かき")
    assert need.description == "床下に泥が入った。\n3日前から。"
    assert (need.damage_kinds, need.lifelines, need.hazards) == (["flood_below_floor"], ["water"], ["nails"])
    assert need.consent_to_share
    assert need.resident is not None
    assert need.resident.phone_digits == "0220000001"
    assert need.household is not None
    assert (str(need.household.town), need.household.precision) == ("町前一丁目", Precision.TOWN)
    assert need.household.lives_alone
    item, kit = need.items.get(), KITS[WorkCategory.UNDER_FLOOR]
    assert (item.detail, item.people_ideal, item.tools, item.minors_ok) == (
        "6畳2間",
        kit.people_ideal,
        kit.tools,
        False,
    )
    assert Entry.objects.filter(operation=operation, action="need.received").count() == 1
    assert "N1" in text(client.get(response.url))


def test_the_pin_on_the_map_wins_over_the_town(client: Client, operation: Operation) -> None:
    call(client, operation, lat="38.2951", lng="141.0011")
    house = Household.objects.get()
    assert (house.lat, house.lng, house.precision, str(house.town)) == (
        38.2951,
        141.0011,
        Precision.PIN,
        "町前一丁目",
    )


def test_several_works_keep_what_the_desk_says_and_guess_the_rest(
    client: Client, operation: Operation
) -> None:
    call(
        client, operation, w1__people_min="1", w1__people_ideal="1", w1__people_max="2", w1__minutes="45",
        w1__needs_truck="yes", w1__minors_ok="yes", w1__tool_shovel="3", w1__skill_nurse="1", w1__women_min="1",
        w1__women_only="on", w1__language="英語", w2__category="debris", w2__people_ideal="2",
    )  # fmt: skip
    one, two = WorkItem.objects.order_by("id")
    assert (one.people_min, one.people_ideal, one.people_max, one.minutes) == (1, 1, 2, 45)
    assert (one.tools, one.skills) == ({"shovel": 3}, {"nurse": 1})
    assert (one.needs_truck, one.minors_ok, one.women_min, one.women_only, one.language) == (
        True,
        True,
        1,
        True,
        "英語",
    )
    assert (two.category, two.people_min, two.people_ideal, two.needs_truck) == ("debris", 2, 2, True)


@pytest.mark.database
def test_a_double_tap_makes_one_need(client: Client, operation: Operation) -> None:
    token = str(uuid4())
    first, second = call(client, operation, form_token=token), call(client, operation, form_token=token)
    assert first.url == second.url
    assert (Need.objects.count(), Person.objects.count(), WorkItem.objects.count()) == (1, 1, 1)


def test_an_empty_sheet_is_still_a_draft_to_call_back(client: Client, operation: Operation) -> None:
    client.post(url("need_new", operation), {"method": "phone", "open_from": "09:00", "open_until": "15:30"})
    need = Need.objects.get()
    assert need.state == S.TRIAGE
    listed = text(client.get(url("need_list", operation) + "?tab=call_back"))
    assert "折り返し：名前・電話番号・住所を聞く" in listed


def test_an_error_keeps_everything_typed_and_says_what_to_do(client: Client, operation: Operation) -> None:
    response = call(client, operation, caller_phone="022", town="どこか", w1__category="", judgement="phone")
    page = text(response)
    assert response.status_code == 422
    for said in [
        "電話番号のけた数が違います",
        "1つに決まりません",
        "何をするかを選んでください",
        "入れた内容は残っています",
    ]:
        assert said in page, said
    for typed in ["高橋 キヨ", "どこか", "青い屋根", "床下に泥が入った。", "6畳2間", "広さが分からない"]:
        assert typed in page, typed
    assert re.search(r'name="damage_kinds" value="flood_below_floor"[^>]* checked', page)
    assert not Need.objects.exists()
    refused = call(client, operation, judgement="phone", judgement_reason="")
    assert refused.status_code == 409
    assert "調査をしないで決めるときは" in text(refused)
    assert "高橋 キヨ" in text(refused)


def test_a_crisis_is_said_loudly(client: Client, operation: Operation) -> None:
    response = call(client, operation, needs_crisis="on")
    assert "いますぐ班長とセンター長に口頭でも知らせてください" in text(client.get(response.url))
    assert Need.objects.get().state == S.SURVEY_WAIT


def test_ordinary_days_ask_about_no_damage(client: Client, operation: Operation) -> None:
    ordinary = operation.center.operations.get(mode=Mode.ORDINARY)
    page = text(client.get(url("need_new", ordinary)))
    assert "どんなことで困っているか" in page
    for word in ["床上浸水", "使えないもの", "何が起きたか", "泥かき", "たいへんでしたね"]:
        assert word not in page, word
    response = call(
        client, ordinary, w1__category="meals", judgement="phone", judgement_reason="", town="町前2"
    )
    need = Need.objects.get()
    assert response.status_code == 302
    assert (need.state, need.damage_kinds, need.operation) == (S.READY, [], ordinary)


@pytest.mark.database
def test_drill_people_do_not_meet_real_ones(client: Client, operation: Operation) -> None:
    call(client, operation)
    drill = make.operation(operation.center, mode=Mode.DRILL, name="訓練")
    seen = client.post(url("need_similar", drill), {"caller_phone": "022-000-0001"})
    assert "高橋" not in text(seen)
    person = Person.objects.get()
    call(client, drill, known_caller=str(person.pk))
    assert Need.objects.get(operation=drill).requester != person


@pytest.mark.database
@pytest.mark.parametrize("nasty", NASTY)
def test_nasty_text_is_kept_exactly_or_refused_in_words(
    client: Client, operation: Operation, nasty: str
) -> None:
    value = NASTY[nasty]
    parts = (WORDS, PLACES, CODES) if nasty != "1 MB" else (["description"], ["caller_name"], ["lat"])
    for fields in parts:
        before = Need.objects.count()
        response = call(client, operation, **{field.replace("-", "__"): value for field in fields})
        assert response.status_code in (302, 409, 422)
        if response.status_code != 302:
            assert "まだ保存していません" in text(response)
            assert Need.objects.count() == before
            continue
        need = Need.objects.select_related("household", "resident", "requester").latest("id")
        assert need.household is not None
        assert need.requester is not None
        assert need.resident is not None
        if fields is WORDS and nasty != "space":
            kept = [
                need.requester.name, need.requester.kana, need.resident.name, need.resident.note, need.summary,
                need.household.address, need.household.landmark, need.household.members, need.description,
                need.health_note, need.parking, need.attendance, need.items.get().detail,
            ]  # fmt: skip
            assert kept == [value] * len(kept)
        page = client.get(url("need_detail", operation, need.pk))
        assert page.status_code == 200
        assert "<script>alert" not in text(page)


@pytest.mark.database
def test_broken_bytes_are_refused_in_words(client: Client, operation: Operation) -> None:
    body = "method=phone&open_from=09:00&open_until=15:30&caller_name=%E9%AB%98%ED%B3%BF%FF"
    response = client.post(url("need_new", operation), body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 422
    assert "保存できない文字が入っています" in text(response)
    assert not Need.objects.exists()


@pytest.mark.database
def test_nasty_text_in_the_small_parts_is_no_error(client: Client, operation: Operation) -> None:
    need = make.need(operation)
    for turn, value in enumerate(NASTY.values()):
        sent = value.encode("utf-8", "replace").decode()
        for name in ["need_similar", "need_town"]:
            answer = client.post(
                url(name, operation),
                dict.fromkeys(
                    ["caller_name", "caller_kana", "caller_phone", "town", "address", "known_caller"], sent
                ),
            )
            assert answer.status_code == 200
        assert (
            client.get(
                url("need_list", operation), {"q": sent[:5000], "tab": sent[:50], "page": sent[:50]}
            ).status_code
            == 200
        )
        advice = client.post(url("need_advice", operation), {"hazards": sent[:5000], "description": sent})
        assert advice.status_code == 200
        posts: list[tuple[str, dict[str, str]]] = [
            ("need_step", {"to": sent[:100], "reason": sent}), ("need_step", {"to": "on_hold", "reason": sent, "told": sent}),
            ("need_step", {"to": "duplicate", "first_number": sent[:500], "reason": "x"}),
            ("need_clear_hazards", {"note": sent}), ("need_add_call", {"caller_name": sent, "description": sent}),
        ]  # fmt: skip
        # Each draws the whole page again: in the short run every value meets two of them.
        for name, data in [posts[(turn * 2 + n) % len(posts)] for n in range(count(2, len(posts)))]:
            assert client.post(url(name, operation, need.pk), data).status_code in (302, 409, 422), name
        Need.objects.filter(pk=need.pk).update(state=S.READY)


# ── search before create ───────────────────────────────────────────────────────────────────────


@pytest.mark.database
def test_failure_18_while_typing_the_known_need_appears_with_its_reason(
    client: Client, operation: Operation
) -> None:
    call(client, operation)
    need = Need.objects.get()
    answer = text(
        client.post(
            url("need_similar", operation),
            {"caller_name": "髙橋 進", "town": "町前1丁目", "address": "9999-1"},
        )
    )
    assert "同じ家・同じ町丁目で同じ姓" in answer
    assert "この困りごとに電話の内容を追加する" in answer
    assert url("need_add_call", operation, need.pk) in answer
    assert "ひざが痛い" not in answer
    assert "022" not in answer
    assert "同じ電話番号・お名前・家の記録は、まだありません" in text(
        client.post(url("need_similar", operation), {"caller_name": "佐藤"})
    )
    assert text(client.post(url("need_similar", operation), {})).strip() == ""


def test_the_sons_call_is_added_with_every_word_of_the_sheet(client: Client, operation: Operation) -> None:
    call(client, operation)
    need = Need.objects.get()
    son = {
        **CALL,
        "form_token": str(uuid4()),
        "caller_name": "高橋 進",
        "caller_phone": "090-0000-0077",
        "relation": "家族・親族",
        "parking": "庭に2台",
    }
    response: Any = client.post(url("need_add_call", operation, need.pk), son)
    assert response.url == url("need_detail", operation, need.pk)
    note = need.callers.get()
    assert (note.person.name, note.relation) == ("高橋 進", "家族・親族")
    for said in [
        "床下に泥が入った。",
        "駐車・搬入：庭に2台",
        "危ないもの：釘・ガラス",
        "作業：床下の作業 6畳2間",
        "一人暮らし：はい",
        "体の具合・持病：ひざが痛い",
    ]:
        assert said in note.note, said
    assert Need.objects.count() == 1
    bad = client.post(url("need_add_call", operation, need.pk), {**son, "town": "どこか"})
    assert bad.status_code == 422
    assert "庭に2台" in text(bad)


def test_somebody_of_the_register_may_be_picked(client: Client, operation: Operation) -> None:
    call(client, operation)
    person = Person.objects.get()
    later = make.operation(operation.center, name="9月豪雨")
    answer = text(client.post(url("need_similar", later), {"caller_phone": "0220000001"}))
    assert f'name="known_caller" value="{person.pk}"' in answer
    call(client, later, known_caller=str(person.pk), caller_name="高橋 キヨ", caller_phone="")
    need = Need.objects.get(operation=later)
    assert need.requester == person
    assert need.requester.phone == "０２２－０００－０００１"
    assert Person.objects.count() == 1


def test_the_town_is_read_back_and_the_advice_follows_the_ticks(client: Client, operation: Operation) -> None:
    assert "町前一丁目" in text(client.post(url("need_town", operation), {"town": "町前１"}))
    both = text(client.post(url("need_town", operation), {"town": "町前"}))
    assert "町前一丁目、町前二丁目" in both
    assert "見つかりません" in text(client.post(url("need_town", operation), {"town": "新田"}))
    advice = text(
        client.post(url("need_advice", operation), {"hazards": ["height"], "damage_kinds": ["business"]})
    )
    assert "屋根や高いところの作業は" in advice
    assert "商工会" in advice


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"address": "〒985-0873 町前1-9999-1"}, "〒985-0873 は 多賀城市町前 です"),
        ({"town": "９８５０８７３"}, "〒985-0873 は 多賀城市町前 です。番地の欄に、町名から"),
        ({"address": "985ー9999　町前1-9999-1"}, "〒985-9999 という郵便番号はありません"),
        ({"address": "〒100-0001 千代田"}, ""),  # of no area the center has a file for: nothing can be said
        ({"address": "町前1-985-0873"}, ""),
        ({"address": "022-985-0873"}, ""),
    ],
)
def test_a_postal_code_is_read_back_and_one_that_does_not_exist_is_said(
    client: Client, operation: Operation, typed: dict[str, str], said: str
) -> None:
    keep_postal(operation.center, [PostalRow("9850873", "多賀城市", "町前")], by=SYSTEM, at=make.at(8))
    page = text(client.post(url("need_town", operation), typed))
    assert said in page
    assert ("〒" in page) is bool(said)
    # It stops nobody: the call is kept as it was typed.
    if "address" in typed:
        call(client, operation, address=typed["address"])
        house = Need.objects.get(operation=operation).household
        assert house is not None
        assert house.address == typed["address"].replace("\u3000", " ")


# ── the page of a need ─────────────────────────────────────────────────────────────────────────


def test_the_page_shows_everything_and_logs_who_looked(client: Client, operation: Operation) -> None:
    call(client, operation)
    need = Need.objects.get()
    page = text(client.get(url("need_detail", operation, need.pk)))
    for word in [
        "高橋 キヨ",
        "9999-1",
        "青い屋根",
        "ひざが痛い",
        "耳が遠い",
        "82歳くらい",
        "床下浸水",
        "水道",
        "釘・ガラス",
        "6畳2間",
        "町丁目の中心",
        "広さが分からない",
        "伊藤 職員",
    ]:
        assert word in page, word
    look = Look.objects.get(subject_id=str(need.pk), subject_type="help_requests.need")
    assert (look.classes, look.actor) == ("P1 P2 P3 P4", need.received_by)


def test_the_need_is_led_to_the_queue_step_by_step(client: Client, operation: Operation) -> None:
    call(client, operation, hazards=["electric"], w1__category="", w1__detail="")
    need = Need.objects.get()
    page = text(client.get(url("need_detail", operation, need.pk)))
    assert "これから行う作業がありません" in page
    assert "漏電のおそれ" in page
    assert "マッチング待ちにする" not in page
    refused = client.post(url("need_ready", operation, need.pk))
    assert refused.status_code == 409
    client.post(url("need_item_add", operation, need.pk), {"w1-category": "cleaning"})
    client.post(url("need_clear_hazards", operation, need.pk), {"note": "電気工事店が確認"})
    assert "マッチング待ちにする" in text(client.get(url("need_detail", operation, need.pk)))
    assert client.post(url("need_ready", operation, need.pk)).status_code == 302
    need.refresh_from_db()
    assert need.state == S.READY


@pytest.mark.parametrize(
    ("to", "kind"),
    [
        ("on_hold", "rain"),
        ("referred", "technical_npo"),
        ("declined", "height"),
        ("withdrawn", ""),
        ("done_others", "by_contractor"),
        ("unreachable", ""),
    ],
)
def test_setting_aside_asks_why_and_whom_was_told(
    client: Client, operation: Operation, to: str, kind: str
) -> None:
    need = make.need(operation, state=S.TRIAGE)
    refused = client.post(url("need_step", operation, need.pk), {"to": to, "told": "本人に電話"})
    assert refused.status_code == 409
    assert "理由を選ぶか書いてください" in text(refused)
    sent = {"to": to, "reason_kind": kind, "reason": "くわしい理由", "told": "本人に電話"}
    assert client.post(url("need_step", operation, need.pk), sent).status_code == 302
    change = need.changes.get()
    words = REASONS[NeedState(to)].get(kind, "")
    assert change.reason == "：".join(part for part in (words, "くわしい理由") if part)
    assert change.code == (kind or "other")
    assert change.told_at == change.at
    assert (change.to_state, change.told) == (to, "本人に電話")
    assert change.reason in text(client.get(url("need_detail", operation, need.pk)))
    assert client.post(url("need_step", operation, need.pk), {"to": "triage"}).status_code == 302


def test_a_duplicate_names_the_first_by_its_number(client: Client, operation: Operation) -> None:
    first, second = make.need(operation, state=S.TRIAGE), make.need(operation, state=S.TRIAGE)
    sent = {"to": "duplicate", "reason_kind": "entered_twice", "told": "まだ伝えていない"}
    assert "番号を入れてください" in text(client.post(url("need_step", operation, second.pk), sent))
    client.post(url("need_step", operation, second.pk), {**sent, "first_number": first.number})
    second.refresh_from_db()
    assert second.duplicate_of == first
    assert f"N{first.number}" in text(client.get(url("need_detail", operation, second.pk), {"own": "1"}))
    assert f"N{second.number}" in text(client.get(url("need_detail", operation, first.pk)))


@pytest.mark.parametrize("state", [S.ASSIGNED, S.IN_PROGRESS])
def test_a_need_with_a_team_is_not_moved_from_here(
    client: Client, operation: Operation, state: NeedState
) -> None:
    need = make.need(operation, state=state)
    page = text(client.get(url("need_detail", operation, need.pk)))
    assert "次の手順" not in page
    assert "「班・派遣」の画面" in page
    for to in NeedState:
        sent = client.post(
            url("need_step", operation, need.pk), {"to": to, "reason": "理由", "first_number": "1"}
        )
        assert sent.status_code == 409, to
    need.refresh_from_db()
    assert need.state == state


def test_the_desk_cannot_invent_a_team(client: Client, operation: Operation) -> None:
    need = make.need(operation, state=S.READY)
    for to in ["assigned", "in_progress", "continuing", "completed", "", "nonsense"]:
        assert (
            client.post(url("need_step", operation, need.pk), {"to": to, "reason": "理由"}).status_code == 409
        ), to
    assert Need.objects.get().state == S.READY


def test_failure_12_an_edit_starts_from_what_was_said_and_a_late_one_overwrites_nothing_and_is_kept(
    client: Client, operation: Operation
) -> None:
    call(client, operation, lat="38.2951", lng="141.0011")
    need = Need.objects.get()
    page = text(client.get(url("need_edit", operation, need.pk)))
    for word in ["高橋 キヨ", "9999-1", "82", "38.2951", "床下に泥が入った。", "ひざが痛い"]:
        assert word in page, word
    sent = {**CALL, "version": need.version, "summary": "直した", "lat": "38.2951", "lng": "141.0011"}
    assert client.post(url("need_edit", operation, need.pk), sent).status_code == 302
    late = client.post(url("need_edit", operation, need.pk), {**sent, "summary": "遅れて直した"})
    assert late.status_code == 409
    assert "ほかの人がこの困りごとを先に変えました" in text(late)
    assert "遅れて直した" in text(late)
    assert "遅れて直した" in [said for _, said in UnsavedEdit.objects.get().said]
    need.refresh_from_db()
    assert need.summary == "直した"
    assert need.household is not None
    assert need.household.precision == Precision.PIN
    assert (Person.objects.count(), Household.objects.count()) == (1, 1)


def seen_on(page: str) -> str:
    """What the form of a piece of work says it was opened with."""
    found = re.search('name="seen" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def test_work_is_added_edited_and_removed(client: Client, operation: Operation) -> None:
    need = make.need(operation, state=S.TRIAGE)
    item = need.items.get()
    page = client.get(url("need_item_edit", operation, need.pk, item.pk))
    assert 'value="3"' in text(page)
    sent = {
        "w1-category": "cleaning",
        "w1-people_min": "1",
        "w1-people_ideal": "2",
        "w1-people_max": "2",
        "w1-tool_brush": "2",
        "seen": seen_on(text(page)),
    }
    assert client.post(url("need_item_edit", operation, need.pk, item.pk), sent).status_code == 302
    item.refresh_from_db()
    assert (item.category, item.people_ideal, item.tools) == ("cleaning", 2, {"brush": 2})
    wrong = client.post(url("need_item_edit", operation, need.pk, item.pk), {**sent, "w1-people_min": "9"})
    assert wrong.status_code == 409
    assert "最少 ≦ ほしい人数 ≦ 多くても" in text(wrong)
    assert client.post(url("need_item_add", operation, need.pk), {}).status_code == 422
    assert client.post(url("need_item_remove", operation, need.pk, item.pk)).status_code == 302
    assert not need.items.exists()


# ── the list ───────────────────────────────────────────────────────────────────────────────────


def test_the_list_names_nobodys_house_or_phone(client: Client, operation: Operation) -> None:
    call(client, operation)
    for address in [url("need_list", operation), url("need_list", operation) + "?q=高橋"]:
        page = text(client.get(address))
        assert "高橋 キヨ" in page
        assert "町前一丁目" in page
        for hidden in [
            "9999-1",
            "000-0001",
            "０００－０００１",
            "青い屋根",
            "ひざが痛い",
            "耳が遠い",
            "床下に泥が",
        ]:
            assert hidden not in page, hidden


@pytest.mark.database
def test_crisis_comes_first_then_who_waited_longest(client: Client, operation: Operation) -> None:
    old, new, crisis = (make.need(operation) for _ in range(3))
    Need.objects.filter(pk=old.pk).update(received_at=make.MORNING - timedelta(days=9))
    Need.objects.filter(pk=crisis.pk).update(needs_crisis=True)
    page = text(client.get(url("need_list", operation)))
    places = [page.index(f">N{need.number}<") for need in (crisis, old, new)]
    assert places == sorted(places)


@pytest.mark.database
def test_the_tabs_count_the_words_people_know(client: Client, operation: Operation) -> None:
    for state in NeedState:
        make.need(operation, state=state)
    page = text(client.get(url("need_list", operation)))
    tabs = dict(re.findall(r'href="\?tab=(\w+)"[^>]*>[^<]*<span class="count">(\d+)</span>', page))
    assert tabs == {
        "open": "9", "received": "2", "call_back": "1", "survey": "2", "ready": "2", "active": "2", "hold": "1",
        "done": "1", "closed": "6", "untouched": "7",
    }  # fmt: skip
    for tab, rows in tabs.items():
        listed = text(client.get(url("need_list", operation) + f"?tab={tab}"))
        assert listed.count('data-label="番号"') == int(rows), tab


@pytest.mark.database
def test_who_is_looked_after_once_the_work_is_done_is_listed_with_the_next_call(
    client: Client, operation: Operation
) -> None:
    """A tick on the sheet led nowhere: a new operator found none of them again."""
    home = url("need_list", operation)
    assert "終わったあとの見守り" not in text(client.get(home))
    done = [make.need(operation, state=NeedState.COMPLETED) for _ in range(5)]
    Need.objects.filter(pk__in=[need.pk for need in done[:4]]).update(needs_watch=True)
    open_still = make.need(operation)
    Need.objects.filter(pk=open_still.pk).update(needs_watch=True)
    planned, overdue, forgotten, ended, _ = done
    now = timezone.now()
    for need, due_at in (
        (planned, now + timedelta(days=2)),
        (overdue, now - timedelta(hours=1)),
        (ended, now),
    ):
        CallBack.objects.create(
            need=need, why="ようすを聞く", due_at=due_at, opened_at=now - timedelta(days=1)
        )
    CallBack.objects.filter(need=ended).update(closed_at=now)
    page = text(client.get(home, {"tab": "watch"}))
    shown = [int(n) for n in re.findall(r">N(\d+)<", page)]
    assert shown == [*sorted([forgotten.number, ended.number]), overdue.number, planned.number]
    assert re.search(r'終わったあとの見守り <span class="count">4</span>', page)
    assert page.count("予定なし") == 2
    assert page.count("過ぎています") == 1
    client.force_login(make.user(operation.center, Role.CHIEF))
    export = text(client.get(url("needs_export", operation), {"tab": "watch"}))
    assert "終わったあとの見守り　4件" in export


def test_five_thousand_needs_are_listed_in_ten_statements(client: Client, operation: Operation) -> None:
    make.need(operation)
    house, person = Household.objects.get(), Person.objects.get()
    needs = Need.objects.bulk_create(
        Need(
            operation=operation, number=10_000 + n, household=house, requester=person, resident=person,
            state=list(NeedState)[n % len(NeedState)], received_at=make.MORNING, touched_at=make.MORNING,
        )
        for n in range(5_000)
    )  # fmt: skip
    WorkItem.objects.bulk_create(WorkItem(need=need, category="cleaning") for need in needs)
    for query in ["", "?tab=ready&page=9", "?q=高橋", "?q=12345", "?tab=closed"]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url("need_list", operation) + query).status_code == 200
        assert len(queries) <= 10, [q["sql"][:80] for q in queries]


# ── who may ────────────────────────────────────────────────────────────────────────────────────


LISTS = ["need_list", "need_new", "call_list", "draft_list", "triage_list"]
PARTS = ["need_new", "need_similar", "need_town", "need_advice", "draft_save"]
VERBS = [
    "need_ready",
    "need_step",
    "need_clear_hazards",
    "need_add_call",
    "need_call_tried",
    "need_call_promise",
]


def everything(operation: Operation, need: Need) -> list[tuple[str, str]]:
    item = need.items.get()
    asked = [("get", url(name, operation)) for name in LISTS]
    asked += [("post", url(name, operation)) for name in PARTS]
    asked += [
        ("get", url(name, operation, need.pk)) for name in ["need_detail", "need_edit", "need_item_add"]
    ]
    asked += [("get", url("need_item_edit", operation, need.pk, item.pk))]
    asked += [("post", url("need_item_remove", operation, need.pk, item.pk))]
    asked += [("post", url(name, operation, need.pk)) for name in VERBS]
    asked += [("post", url("need_item_clear", operation, need.pk, item.pk))]
    return asked


def test_only_who_keeps_needs_may_see_them(client: Client, operation: Operation) -> None:
    need = make.need(operation)
    for role in Role:
        other = Client()
        other.force_login(make.user(operation.center, role))
        may = role in {Role.CHIEF, Role.LEAD, Role.OFFICE, Role.NEEDS_DESK, Role.SURVEY, Role.MATCHING}
        assert other.get(url("need_list", operation)).status_code == (200 if may else 403), role
    driver = Client()
    driver.force_login(make.user(operation.center, Role.TRANSPORT))
    for method, address in everything(operation, need):
        assert getattr(driver, method)(address).status_code == 403, address
        assert getattr(Client(), method)(address).status_code == 302, address
    assert Need.objects.get().items.count() == 1


def test_what_belongs_to_another_operation_does_not_exist(client: Client, operation: Operation) -> None:
    elsewhere = make.operation()
    foreign, sibling = make.need(elsewhere), make.need(make.operation(operation.center, name="別の災害"))
    for method, address in everything(elsewhere, foreign):
        assert getattr(client, method)(address).status_code == 404, address
    for other in (foreign, sibling):
        for name in ["need_detail", "need_edit", "need_item_add"]:
            assert client.get(url(name, operation, other.pk)).status_code == 404
        for name in VERBS:
            assert client.post(url(name, operation, other.pk), {"to": "triage"}).status_code == 404
    mine = make.need(operation)
    assert client.get(url("need_item_edit", operation, mine.pk, foreign.items.get().pk)).status_code == 404
    assert client.get(url("need_detail", operation, 2**70)).status_code == 404
    assert client.get(url("need_item_edit", operation, mine.pk, 2**70)).status_code == 404
    assert not Look.objects.exists()


def test_a_closed_operation_says_so_and_keeps_the_words(client: Client, operation: Operation) -> None:
    from dvc.operations import services as operations

    operations.close_operation(operation, teams_out=0, by=SYSTEM, at=make.at(17))
    response = call(client, operation)
    assert response.status_code == 409
    assert "閉所しています" in text(response)
    assert "ひざが痛い" in text(response)


def test_a_need_without_anybody_or_anywhere_has_a_page(client: Client, operation: Operation) -> None:
    bare = Need.objects.create(
        operation=operation, number=77, received_at=make.MORNING, touched_at=make.MORNING, hazards=["unknown"]
    )
    assert "お名前は未確認" in text(client.get(url("need_detail", operation, bare.pk)))
    assert "N77" in text(client.get(url("need_list", operation)))
    assert [one.code for one in services.what_is_missing(bare)] == [
        "need.no_contact",
        "need.no_place",
        "need.no_items",
    ]
    sent = {**CALL, "version": "1"}
    assert client.post(url("need_edit", operation, bare.pk), sent).status_code == 302
    bare.refresh_from_db()
    assert bare.resident is not None
    assert bare.household is not None
