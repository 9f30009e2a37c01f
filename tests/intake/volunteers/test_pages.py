"""The desk's pages: what a tired person types, twice, wrongly, or with a card reader."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Look
from dvc.audit.services import SYSTEM
from dvc.core import short_code
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.volunteers import cards, groups, merge, services
from intake.volunteers.models import Card, CardState, CardStock, Volunteer
from tests import make

pytestmark = pytest.mark.django_db
TYPED = {
    "family_name": "髙﨑",
    "given_name": "𠮷子",
    "family_kana": "タカサキ",
    "given_kana": "ヨシコ",
    "birth_date": "S36.5.4",
    "phone": "０９０－００００－００１２",
    "experience": "0",
    "stamina": "2",
    "consented": "on",
}


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def client(operation: Operation) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, Role.RECEPTION))
    return client


def url(name: str, operation: Operation, *args: object) -> str:
    return reverse(name, args=[operation.pk, *args])


def send(client: Client, operation: Operation, **changes: object) -> Any:
    data = {**TYPED, "form_token": str(uuid4()), **changes}
    return client.post(
        url("volunteer_new", operation), {key: value for key, value in data.items() if value is not None}
    )


def blank_card(operation: Operation) -> Card:
    drill = operation if operation.is_drill else None
    return cards.issue_stock(operation.center, count=1, drill=drill, by=SYSTEM, at=make.at(8)).cards.get()


def test_a_walk_in_is_registered_insured_and_given_a_card_in_one_go(
    client: Client, operation: Operation
) -> None:
    card = blank_card(operation)
    response = send(
        client, operation, card=f"{card.token.lower()}", insurance="seen", plan="quake", group_name="多賀城高校",
        languages="英語、手話", skills=["nurse", "driver"],
    )  # fmt: skip
    person = Volunteer.objects.get()
    assert response.url == url("volunteer_page", operation, person.pk)
    assert (person.name, person.kana) == ("髙﨑 𠮷子", "たかさき よしこ")
    assert person.birth_date == date(1961, 5, 4)
    assert person.phone == "090-0000-0012"
    assert person.languages == ["英語", "手話"]
    assert person.group is not None
    assert person.group.name == "多賀城高校"
    assert person.policies.get().plan == "quake"
    assert person.cards.get() == card
    page = client.get(response.url).content.decode()
    assert "髙﨑 𠮷子" in page
    assert "昭和36年5月4日（1961年）" in page
    assert "加入中" in page


@pytest.mark.database
def test_the_button_pressed_twice_registers_once(client: Client, operation: Operation) -> None:
    token = str(uuid4())
    card = blank_card(operation)
    first = send(client, operation, form_token=token, card=card.short_code, insurance="seen", plan="basic")
    second = send(client, operation, form_token=token, card=card.short_code, insurance="seen", plan="basic")
    assert first.url == second.url
    assert Volunteer.objects.count() == 1
    assert Volunteer.objects.get().policies.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"family_name": ""}, "姓を入力してください。"),
        ({"family_name": "a\x00b"}, "文字"),
        ({"family_name": "あ" * 1_000_000}, "長すぎて"),
        ({"family_name": "あ" * 41}, "40文字まで"),
        ({"birth_date": "61.5.4"}, "日付として読めません。"),
        ({"birth_date": "2199-1-1"}, "生年月日が正しくありません。"),
        ({"phone": "12"}, "けた数が違います。"),
        ({"email": "たぶん"}, "メールアドレス"),
        ({"consented": None}, "同意をもらってから"),
        ({"card": "VC1ABC"}, "もう一度読み取るか"),
        ({"card": "箱の中"}, "もう一度読み取るか"),
        ({"vehicle_seats": "たくさん"}, "0～60の数字"),
        ({"skills": ["flying"]}, "flying"),
        ({"languages": "語、" * 11}, "10個まで"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    client: Client, operation: Operation, changes: dict[str, object], sentence: str
) -> None:
    response = send(client, operation, **{"given_name": "キヨ", **changes})
    page = response.content.decode()
    assert response.status_code in (409, 422)
    assert sentence in page
    assert "まだ登録されていません。" in page
    assert 'value="キヨ"' in page
    assert not Volunteer.objects.exists()


def test_the_cursor_stands_where_something_is_to_be_mended(client: Client, operation: Operation) -> None:
    fresh = client.get(url("volunteer_new", operation)).content.decode()
    sent = send(client, operation, phone="12").content.decode()
    assert re.findall(r'<input[^>]*name="(\w+)"[^>]* autofocus', fresh) == ["family_name"]
    assert re.findall(r'<input[^>]*name="(\w+)"[^>]* autofocus', sent) == ["phone"]


def test_a_card_that_is_no_good_registers_nobody(client: Client, operation: Operation) -> None:
    card = blank_card(operation)
    cards.lose(card, by=SYSTEM, at=make.at(8))
    response = send(client, operation, card=card.token)
    assert response.status_code == 409
    assert "もう使えません" in response.content.decode()
    assert not Volunteer.objects.exists()


@pytest.mark.database
def test_people_who_look_alike_are_shown_before_a_second_registration(
    client: Client, operation: Operation
) -> None:
    send(client, operation)
    known = Volunteer.objects.get()
    response = send(client, operation, family_name="高崎", given_name="吉子", phone="")
    page = response.content.decode()
    assert response.status_code == 409
    assert url("volunteer_page", operation, known.pk) in page
    assert Volunteer.objects.count() == 1
    send(client, operation, family_name="高崎", given_name="吉子", phone="", different_person="on")
    assert Volunteer.objects.count() == 2


@pytest.mark.parametrize(
    "question", ["たかさき", "タカサキ", "高崎", "髙﨑", "吉子", "090-0000-0012", "0012"]
)
@pytest.mark.database
def test_the_search_box_finds_a_person(client: Client, operation: Operation, question: str) -> None:
    send(client, operation)
    page = client.get(url("volunteer_list", operation), {"q": question}).content.decode()
    assert "髙﨑 𠮷子" in page
    assert "1人見つかりました。" in page


def test_a_scanned_card_opens_the_person(client: Client, operation: Operation) -> None:
    card = blank_card(operation)
    send(client, operation, card=card.token)
    person = Volunteer.objects.get()
    for scanned in (
        card.token + "\r\n",
        card.token.lower(),
        card.short_code,
        f"{card.short_code[:4]}-{card.short_code[4:]}",
    ):
        response = client.get(url("volunteer_list", operation), {"q": scanned})
        assert response.status_code == 302
        assert response["Location"] == url("volunteer_page", operation, person.pk)


@pytest.mark.parametrize(
    "question", ["%", "'\"><script>", "\x00", "あ" * 5000, "VC1" + "0" * 144, "VC1" + "0" * 20, "𠮷"]
)
@pytest.mark.database
def test_nothing_in_the_search_box_breaks_the_page(
    client: Client, operation: Operation, question: str
) -> None:
    response = client.get(url("volunteer_list", operation), {"q": question, "page": "x"})
    assert response.status_code == 200
    assert "<script>" not in response.content.decode().partition("</head>")[2]


def test_a_forged_card_is_named_as_such(client: Client, operation: Operation) -> None:
    card = blank_card(operation)
    forged = card.token[:-1] + ("0" if card.token[-1] != "0" else "1")
    page = client.get(url("volunteer_list", operation), {"q": forged}).content.decode()
    assert "このカードは確認できません。" in page
    assert 'name="q" id="id_q" value=""' in page


def test_the_list_shows_no_whole_telephone_number(client: Client, operation: Operation) -> None:
    send(client, operation)
    page = client.get(url("volunteer_list", operation)).content.decode()
    assert "0012" in page
    assert "090-0000" not in page


def test_looking_at_a_person_is_written_down(client: Client, operation: Operation) -> None:
    person = make.volunteer(operation.center)
    client.get(url("volunteer_page", operation, person.pk))
    assert Look.objects.get().subject_id == str(person.pk)


def test_a_correction_keeps_the_rest(client: Client, operation: Operation) -> None:
    send(client, operation, group_name="多賀城高校", avoids=["under_floor"], gender="F")
    person = Volunteer.objects.get()
    form = client.get(url("volunteer_edit", operation, person.pk)).content.decode()
    assert "昭和36年5月4日" in form
    changed = {
        **TYPED,
        "address": "町前 9999-1",
        "group_name": "多賀城高校",
        "avoids": ["under_floor"],
        "gender": "F",
    }
    response = client.post(url("volunteer_edit", operation, person.pk), changed)
    assert response.status_code == 302
    person.refresh_from_db()
    assert person.address == "町前 9999-1"
    assert person.avoids == ["under_floor"]
    assert person.consented_at is not None
    assert (
        client.post(url("volunteer_edit", operation, person.pk), {**changed, "phone": "1"}).status_code == 422
    )


def test_of_two_desks_that_correct_one_person_the_second_sees_what_the_first_wrote(
    client: Client, operation: Operation
) -> None:
    send(client, operation)
    person = Volunteer.objects.get()
    page = url("volunteer_edit", operation, person.pk)
    shown = client.get(page).content.decode()
    typed = {
        **TYPED,
        "family_kana": "たかさき",
        "given_kana": "よしこ",
        "phone": "090-0000-0012",
        "mark": mark(shown),
    }
    assert client.post(page, {**typed, "phone": "090-1111-2222"}).status_code == 302
    answer = client.post(page, {**typed, "address": "町前 9999-1"})
    person.refresh_from_db()
    assert (answer.status_code, person.phone, person.address) == (409, "090-1111-2222", "")
    shown = answer.content.decode()
    stands = re.findall(
        r"<p>([^：<]+)：([^<]*)</p>", shown.partition("いま保存されている内容")[2].partition("</div>")[0]
    )
    assert stands == [("電話番号（携帯）", "090-1111-2222"), ("住所", "（空）")]
    assert 'value="町前 9999-1"' in shown  # what was typed stays
    compared = {**typed, "phone": "090-1111-2222", "address": "町前 9999-1", "mark": mark(shown)}
    assert client.post(page, compared).status_code == 302
    person.refresh_from_db()
    assert (person.phone, person.address) == ("090-1111-2222", "町前 9999-1")


@pytest.mark.database
def test_what_was_typed_for_somebody_who_was_merged_meanwhile_stays_and_leads_to_who_remains(
    client: Client, operation: Operation
) -> None:
    twin, stands = make.volunteer(operation.center), make.volunteer(operation.center, "髙﨑", "𠮷子")
    seen = mark(client.get(url("volunteer_edit", operation, twin.pk)).content.decode())
    merge.merge(twin, stands, by=SYSTEM, at=make.at(9))
    told = client.post(
        url("volunteer_edit", operation, twin.pk), {**TYPED, "address": "町前 9999-1", "mark": seen}
    )
    assert told.status_code == 409
    page = told.content.decode()
    assert "髙﨑 𠮷子さんのもう1つの登録と、1つにまとめました" in page
    assert f'href="{url("volunteer_edit", operation, stands.pk)}"' in page
    assert 'value="町前 9999-1"' in page
    assert "この内容で直す</button>" not in page
    typed: dict[str, dict[str, str]] = {
        "volunteer_block": {"reason": "飲酒"}, "volunteer_card": {"card": "ABCD-2345"},
        "volunteer_insure": {"insurance": "seen", "plan": "quake"},
    }  # fmt: skip
    for name, sent in typed.items():
        told = client.post(url(name, operation, twin.pk), sent)
        page = told.content.decode()
        assert told.status_code == 409
        assert "この登録と1つにまとめました" in page
        assert f'action="{url(name, operation, stands.pk)}"' in page
        assert f'value="{[*sent.values()][-1]}"' in page
    for name in ("agree", "unblock", "withdraw", "card_end"):
        told = client.post(url(f"volunteer_{name}", operation, twin.pk), follow=True)
        assert "この登録と1つにまとめました" in told.content.decode()
    stands.refresh_from_db()
    assert (stands.address, stands.blocked_reason, stands.withdrawn_at) == ("", "", None)
    with pytest.raises(Refused, match=r"volunteer\.merged"):  # the same in the instant after the page looked
        services.correct(twin, seen=seen, phone="090-1111-2222", by=SYSTEM, at=make.at(9))


def mark(shown: str) -> str:
    [found] = re.findall(r'name="mark" value="(\w{64})"', shown)
    return str(found)


def test_a_leader_who_is_taken_out_of_the_group_leads_it_no_more(
    client: Client, operation: Operation
) -> None:
    send(client, operation, group_name="多賀城高校")
    person = Volunteer.objects.get()
    assert person.group is not None
    groups.set_leader(person.group, person, by=SYSTEM, at=make.at(9))
    assert client.post(url("volunteer_edit", operation, person.pk), TYPED).status_code == 302
    person.group.refresh_from_db()
    assert person.group.leader is None


def test_a_lost_card_is_replaced_on_the_persons_page(client: Client, operation: Operation) -> None:
    old, new = cards.issue_stock(operation.center, count=2, by=SYSTEM, at=make.at(8)).cards.all()
    person = make.volunteer(operation.center)
    target = url("volunteer_card", operation, person.pk)
    assert client.post(target, {"card": old.short_code}).status_code == 302
    assert client.post(target, {"card": new.token, "why": "lost"}).status_code == 302
    old.refresh_from_db()
    assert old.state == CardState.LOST
    again = client.post(target, {"card": old.token, "why": "lost"})
    assert again.status_code == 409
    assert "もう使えません" in again.content.decode()
    assert person.cards.get(state=CardState.BOUND) == new


def test_a_card_given_by_mistake_goes_back_to_the_box(client: Client, operation: Operation) -> None:
    card, person = blank_card(operation), make.volunteer(operation.center)
    cards.bind(card, person, by=SYSTEM, at=make.at(8), on=make.day(make.at(8)))
    client.post(url("volunteer_card_end", operation, person.pk), {"why": "mistake"})
    card.refresh_from_db()
    assert card.state == CardState.BLANK
    assert client.post(url("volunteer_card_end", operation, person.pk)).status_code == 302


def test_the_card_of_a_registration_merged_since_leads_to_the_person_and_can_be_ended(
    client: Client, operation: Operation
) -> None:
    old, new, others = cards.issue_stock(operation.center, count=3, by=SYSTEM, at=make.at(8)).cards.all()
    twin, stands, stranger = (make.volunteer(operation.center) for _ in range(3))
    for card, holder in ((old, twin), (new, stands), (others, stranger)):
        cards.bind(card, holder, by=SYSTEM, at=make.at(8), on=make.day(make.at(8)))
    merge.merge(twin, stands, by=SYSTEM, at=make.at(9))
    page = url("volunteer_page", operation, stands.pk)
    assert client.get(url("volunteer_list", operation), {"q": old.token}).headers["Location"] == page
    assert short_code.display(old.short_code) in client.get(page).content.decode()
    end = url("volunteer_card_end", operation, stands.pk)
    assert client.post(end, {"why": "lost", "card": others.pk}).status_code == 404
    assert client.post(end, {"why": "lost", "card": old.pk}).status_code == 302
    states = [Card.objects.get(pk=card.pk).state for card in (old, new, others)]
    assert states == [CardState.LOST, CardState.BOUND, CardState.BOUND]


@pytest.mark.parametrize("had_one", [False, True])
def test_of_two_desks_that_give_a_card_the_second_does_not_end_the_first(
    client: Client, operation: Operation, had_one: bool
) -> None:
    person, (old, first, second) = make.volunteer(operation.center), (blank_card(operation) for _ in range(3))
    if had_one:
        cards.bind(old, person, by=SYSTEM, at=timezone.now(), on=timezone.localdate())
    page = client.get(url("volunteer_page", operation, person.pk)).content.decode()
    shown = re.findall('name="shown" value="([^"]+)"', page)
    assert shown == [str(old.pk) if had_one else "0"]
    sent = {"why": "lost", "shown": shown[0]}
    target = url("volunteer_card", operation, person.pk)
    for _ in range(2):  # tapped twice
        assert client.post(target, {**sent, "card": first.short_code}).status_code == 302
    told = client.post(target, {**sent, "card": second.short_code})
    assert told.status_code == 409
    assert f"先にカード {first.short_code[:4]}-{first.short_code[4:]} を渡しました" in told.content.decode()
    assert person.cards.get(state=CardState.BOUND) == first


def test_a_page_of_before_the_new_card_does_not_end_the_new_one(client: Client, operation: Operation) -> None:
    old, new = cards.issue_stock(operation.center, count=2, by=SYSTEM, at=make.at(8)).cards.all()
    person = make.volunteer(operation.center)
    cards.bind(old, person, by=SYSTEM, at=make.at(8), on=make.day(make.at(8)))
    shown = client.get(url("volunteer_page", operation, person.pk)).content.decode()
    assert f'name="card" value="{old.pk}"' in shown
    cards.reissue(person, new, lost=True, by=SYSTEM, at=make.at(9), on=make.day(make.at(9)))
    answer = client.post(
        url("volunteer_card_end", operation, person.pk), {"why": "lost", "card": old.pk}, follow=True
    )
    assert person.cards.get(state=CardState.BOUND) == new
    assert "もう" in answer.content.decode()
    given, person = blank_card(operation), make.volunteer(operation.center)
    cards.bind(given, person, by=SYSTEM, at=make.at(8), on=make.day(make.at(8)))
    cards.unbind(given, by=SYSTEM, at=make.at(8, 5))
    cards.bind(given, make.volunteer(operation.center), by=SYSTEM, at=make.at(8, 6), on=make.day(make.at(8)))
    client.post(url("volunteer_card_end", operation, person.pk), {"why": "mistake", "card": given.pk})
    given.refresh_from_db()
    assert given.state == CardState.BOUND  # it is somebody else's by now


def test_a_real_persons_insurance_bears_the_real_day_also_in_a_drill(
    client: Client, operation: Operation
) -> None:
    drill = make.operation(operation.center, mode=Mode.DRILL, name="訓練")
    now = timezone.now()
    operations.set_clock(drill, reading=now + timedelta(days=400), speed=1, by=SYSTEM, at=now)
    person = make.volunteer(operation.center, insured=False)
    answer = client.post(url("volunteer_insure", drill, person.pk), {"insurance": "seen", "plan": "basic"})
    assert answer.status_code == 302
    assert person.policies.get().valid_from <= timezone.now() < person.policies.get().valid_to


def test_insurance_joined_today_starts_tomorrow_unless_the_special_rule_holds(
    client: Client, operation: Operation
) -> None:
    person = make.volunteer(operation.center, insured=False)
    target = url("volunteer_insure", operation, person.pk)
    client.post(target, {"insurance": "joined", "plan": "quake"})
    ordinary = person.policies.get()
    operation.insurance_special_rule = True
    operation.save()
    client.post(target, {"insurance": "joined", "plan": "basic"})
    special = person.policies.exclude(pk=ordinary.pk).get()
    assert special.valid_from < ordinary.valid_from
    assert ordinary.valid_from - special.valid_from < timedelta(days=1)
    assert client.post(target, {"insurance": "nothing"}).status_code == 422


def test_somebody_is_stopped_with_a_reason_and_let_in_again(client: Client, operation: Operation) -> None:
    person = make.volunteer(operation.center)
    target = url("volunteer_block", operation, person.pk)
    assert client.post(target, {"reason": "  "}).status_code == 422
    client.post(target, {"reason": "前回の注意"})
    assert (
        "この人の受付を止めています。"
        in client.get(url("volunteer_page", operation, person.pk)).content.decode()
    )
    client.post(url("volunteer_unblock", operation, person.pk))
    person.refresh_from_db()
    assert person.blocked_reason == ""


@pytest.mark.database
def test_of_two_desks_that_stop_somebody_the_second_reads_the_first_reason(
    client: Client, operation: Operation
) -> None:
    person = make.volunteer(operation.center)
    stop, let_in = (url(f"volunteer_{what}block", operation, person.pk) for what in ("", "un"))

    def shown(page: Any) -> str:
        return next(iter(re.findall('name="seen" value="([^"]*)"', page.content.decode())), "")

    def stands() -> str:
        return Volunteer.objects.get(pk=person.pk).blocked_reason

    seen = shown(client.get(url("volunteer_page", operation, person.pk)))
    for _ in range(2):  # tapped twice
        assert client.post(stop, {"reason": "依頼者の家で金銭の話", "seen": seen}).status_code == 302
    second = client.post(stop, {"reason": "飲酒", "seen": seen})
    assert second.status_code == 409
    page = second.content.decode()
    assert "先に「依頼者の家で金銭の話」という理由で" in page
    assert 'value="飲酒"' in page
    # Said where the page opens; the form is far below, in the folded part.
    assert page.index("まだ記録していません。") < page.index("この人の受付を止めています。")
    assert stands() == "依頼者の家で金銭の話"
    # Who has read it may write it anew; who has not does not let the person in either.
    client.post(stop, {"reason": "依頼者の家で金銭の話、飲酒", "seen": shown(second)})
    told = client.post(let_in, {"seen": shown(second)}, follow=True).content.decode()
    assert "先に「依頼者の家で金銭の話、飲酒」という理由で" in told
    assert stands() == "依頼者の家で金銭の話、飲酒"
    client.post(let_in, {"seen": stands()})
    again = client.post(stop, {"reason": "飲酒", "seen": "依頼者の家で金銭の話、飲酒"})
    assert "先に受付できるように戻しました" in again.content.decode()
    assert (again.status_code, stands()) == (409, "")


def test_somebody_who_is_here_goes_home_before_the_registration_ends(
    client: Client, operation: Operation
) -> None:
    person = make.volunteer(operation.center)
    target = url("volunteer_withdraw", operation, person.pk)
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9))
    told = client.post(target)
    assert (told.status_code, "先に帰りを記録してから" in told.content.decode()) == (409, True)
    assert Volunteer.objects.living().get() == person
    checkin.leave(operation, person, by=SYSTEM, at=make.at(10))
    client.post(target)
    assert not Volunteer.objects.living().exists()


def test_a_withdrawn_person_is_gone_from_the_pages(client: Client, operation: Operation) -> None:
    person = make.volunteer(operation.center)
    client.post(url("volunteer_withdraw", operation, person.pk))
    assert client.get(url("volunteer_page", operation, person.pk)).status_code == 404


@pytest.mark.database
def test_a_stock_is_made_once_per_form_and_leads_to_its_sheet(client: Client, operation: Operation) -> None:
    token = str(uuid4())
    for _ in range(2):
        response = client.post(url("card_stock", operation), {"sheets": "2", "form_token": token})
        assert response.status_code == 302
    stock = CardStock.objects.get()
    assert stock.count == 20
    page = client.get(url("card_sheet", operation, stock.pk)).content.decode()
    assert page.count('<article class="face">') == 20
    assert page.count('<section class="card-page">') == 2


@pytest.mark.parametrize("sheets", ["0", "101", "十", "", "9" * 30])
def test_a_stock_of_no_sensible_size_is_not_made(client: Client, operation: Operation, sheets: str) -> None:
    response = client.post(url("card_stock", operation), {"sheets": sheets, "form_token": str(uuid4())})
    assert response.status_code == 422
    assert not CardStock.objects.exists()


def test_cards_with_names_are_made_for_those_without_a_card(client: Client, operation: Operation) -> None:
    for given in ("花", "髙"):
        make.volunteer(operation.center, given=given)
    response = client.post(url("card_named", operation))
    page = client.get(response["Location"]).content.decode()
    assert "佐藤 花" in page
    assert "佐藤 髙" in page
    again = client.post(url("card_named", operation))
    assert again["Location"] == url("card_stock", operation)
    assert Card.objects.count() == 2


def test_one_persons_card_is_printed_with_the_name(client: Client, operation: Operation) -> None:
    person = make.volunteer(operation.center)
    assert client.get(url("volunteer_card_sheet", operation, person.pk)).status_code == 404
    client.post(url("card_named", operation), {"volunteer": person.pk})
    page = client.get(url("volunteer_card_sheet", operation, person.pk)).content.decode()
    assert page.count('<article class="face">') == 1
    assert "拾った方へ" in page


def test_drill_cards_say_so_and_stay_in_their_drill(client: Client, operation: Operation) -> None:
    drill = make.operation(operation.center, mode=Mode.DRILL)
    response = client.post(url("card_stock", drill), {"sheets": "1", "form_token": str(uuid4())})
    stock = CardStock.objects.get()
    assert stock.drill == drill
    assert (
        client.get(response["Location"]).content.decode().count('<span class="face__drill">訓練</span>') == 10
    )
    assert client.get(url("card_sheet", operation, stock.pk)).status_code == 404
    send(client, drill)
    assert Volunteer.objects.get().drill == drill
    assert client.get(url("volunteer_page", operation, Volunteer.objects.get().pk)).status_code == 404


def test_another_centers_people_and_cards_do_not_exist_here(client: Client, operation: Operation) -> None:
    other = make.operation(make.center("別の市"))
    person = make.volunteer(other.center)
    stock = cards.issue_stock(other.center, count=1, by=SYSTEM, at=make.at(8))
    for name, pk in (("volunteer_page", person.pk), ("volunteer_edit", person.pk), ("card_sheet", stock.pk)):
        assert client.get(url(name, operation, pk)).status_code == 404
        assert client.get(url(name, other, pk)).status_code == 404
    assert client.post(url("volunteer_withdraw", operation, person.pk)).status_code == 404


def test_a_colleague_without_the_role_sees_no_register(operation: Operation) -> None:
    client = Client()
    client.force_login(make.user(operation.center, Role.TRANSPORT))
    person = make.volunteer(operation.center)
    for name, args in (
        ("volunteer_list", ()),
        ("volunteer_new", ()),
        ("volunteer_page", (person.pk,)),
        ("card_stock", ()),
    ):
        assert client.get(url(name, operation, *args)).status_code == 403


def test_every_field_of_the_desk_form_has_a_label(client: Client, operation: Operation) -> None:
    page = client.get(url("volunteer_new", operation)).content.decode()
    main = page.partition("<main")[2]
    ids = set(re.findall(r'<(?:input|select)[^>]* id="(id_[^"]+)"', main)) - {"id_form_token"}
    labels = set(re.findall(r'<label[^>]* for="(id_[^"]+)"', main))
    assert ids <= labels


@pytest.mark.database
def test_the_pages_cost_few_queries(
    client: Client, operation: Operation, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        make.volunteer(operation.center, given=f"花{number}")
    person = make.volunteer(operation.center)
    with django_assert_max_num_queries(12):
        client.get(url("volunteer_list", operation), {"q": "さとう"})
    with django_assert_max_num_queries(16):
        client.get(url("volunteer_page", operation, person.pk))
    cards.issue_stock(operation.center, count=30, by=SYSTEM, at=make.at(8))
    stock = CardStock.objects.get()
    with django_assert_max_num_queries(12):
        client.get(url("card_sheet", operation, stock.pk))
