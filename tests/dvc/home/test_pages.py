"""The pages of the center leader, asked by the leader, a colleague without the role, and a stranger."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.accounts.models import DeviceProfile, Membership, SignInLink, User
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.operations import services as operations
from dvc.operations.models import Center, Mode, Operation, OperationState
from intake.checkin.models import Visit
from intake.volunteers import cards
from matching.dispatch.models import Dispatch, DispatchState
from matching.teams.models import Team
from tests import make

pytestmark = pytest.mark.django_db

FOR_EVERYBODY = ["home", "help", "operation_list", "role_table", "my_account"]
FOR_THE_LEADER = [
    "operation_new", "operation_edit", "operation_close", "settings", "center_edit", "site_add", "staff_list",
    "staff_add", "device_list", "town_import",
]  # fmt: skip
OPENING = {"name": "総合防災訓練", "mode": "drill", "day_start": "09:00", "work_end": "15:30", "capacity": ""}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(name: str, operation: Operation, *args: object) -> str:
    return reverse(name, args=[operation.pk, *args])


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_leader_may_open_every_page() -> None:
    operation = make.operation()
    client = signed_in(make.user(operation.center))
    for name in FOR_EVERYBODY + FOR_THE_LEADER:
        assert "災害対応" in page(client, url(name, operation)), name


def test_a_colleague_may_open_what_is_for_everybody() -> None:
    operation = make.operation()
    client = signed_in(make.user(operation.center, Role.TRANSPORT))
    for name in FOR_EVERYBODY:
        assert "災害対応" in page(client, url(name, operation)), name


def test_a_colleague_without_the_role_reads_whom_to_ask() -> None:
    operation = make.operation()
    client = signed_in(make.user(operation.center, Role.RECEPTION))
    for name in FOR_THE_LEADER:
        answer = client.get(url(name, operation))
        assert answer.status_code == 403, name
        assert "担当の班長かセンター長に頼んでください" in answer.content.decode()


def test_a_stranger_of_another_center_finds_nothing() -> None:
    operation = make.operation()
    client = signed_in(make.user(make.center("よその市のセンター")))
    for name in FOR_EVERYBODY + FOR_THE_LEADER:
        answer = client.get(url(name, operation))
        assert answer.status_code == 404, name
        assert "見つかりません" in answer.content.decode()


def test_nobody_gets_in_without_signing_in() -> None:
    operation = make.operation()
    for name in FOR_EVERYBODY + FOR_THE_LEADER:
        answer = Client().get(url(name, operation))
        assert answer.status_code == 302, name
        assert answer.headers["Location"].startswith(reverse("sign_in"))


def test_the_menu_shows_only_what_the_role_may_open() -> None:
    operation = make.operation()
    settings = f'href="{url("settings", operation)}"'
    assert settings in page(signed_in(make.user(operation.center)), url("home", operation))
    assert settings not in page(signed_in(make.user(operation.center, Role.SURVEY)), url("home", operation))


# ── the first page and the set-up ──────────────────────────────────────────────────────────────


def test_without_a_center_the_first_page_offers_set_up_and_the_sample_drill() -> None:
    text = page(Client(), reverse("start"))
    assert "センターを準備する" in text
    assert "見本の訓練をはじめる（多賀城）" in text
    assert "サインイン用のリンク" in text


def test_the_first_person_sets_the_center_up_and_leads_it() -> None:
    first = accounts.ensure_first_user(at=timezone.now())
    client = signed_in(first)
    form = {
        "name": "多賀城市社協ボランティアセンター", "city": "多賀城市", "phone": "0223686300", "site_name": "本部",
        "display_name": "髙﨑 一郎", "lat": "", "lng": "",
    }  # fmt: skip
    answer = client.post(reverse("set_up"), form, follow=True)
    text = answer.content.decode()
    assert "平常時" in text
    assert "髙﨑 一郎" in text
    center = Center.objects.get()
    assert center.phone == "022-368-6300"
    assert {m.role for m in Membership.objects.filter(user=first, center=center)} == set(Role)
    assert Entry.objects.filter(action="center.created", actor=first).exists()
    assert cards.public_keys(center), "cards can be printed at once"


def test_a_second_set_up_is_refused_and_changes_nothing() -> None:
    center = make.center()
    first = accounts.ensure_first_user(at=timezone.now())
    form = {"name": "別", "city": "別", "phone": "022-368-6300", "site_name": "別", "display_name": "別"}
    answer = signed_in(first).post(reverse("set_up"), form)
    assert answer.status_code == 409
    assert "センターはもう準備されています" in answer.content.decode()
    assert Center.objects.get() == center
    assert not Membership.objects.filter(user=first).exists()


@pytest.mark.parametrize("phone", ["", "abc", "123", "０" * 1_000_000])
def test_a_set_up_without_a_real_phone_number_says_what_to_write(phone: str) -> None:
    first = accounts.ensure_first_user(at=timezone.now())
    form = {"name": "社協", "city": "多賀城市", "phone": phone, "site_name": "本部", "display_name": "伊藤"}
    answer = signed_in(first).post(reverse("set_up"), form)
    assert answer.status_code == 200
    assert "まだ準備できていません" in answer.content.decode()
    assert not Center.objects.exists()


def test_the_start_leads_to_the_open_disaster_before_anything_else() -> None:
    center = make.center()
    make.operation(center, mode=Mode.DRILL, name="訓練")
    disaster = make.operation(center)
    answer = signed_in(make.user(center)).get(reverse("start"))
    assert answer.headers["Location"] == url("home", disaster)


# ── home ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mode", "word"), [(Mode.DRILL, "これは訓練です"), (Mode.DISASTER, "実際の活動です")]
)
def test_every_page_says_which_world_it_belongs_to(mode: Mode, word: str) -> None:
    operation = make.operation(mode=mode)
    client = signed_in(make.user(operation.center))
    for name in FOR_EVERYBODY + FOR_THE_LEADER:
        text = page(client, url(name, operation))
        assert word in text
        assert f'data-mode="{mode.value}"' in text
        assert ("<title>【訓練】" in text) == (mode == Mode.DRILL)
        assert " style=" not in text
        assert "<style" not in text
        assert all("src=" in tag.split(">")[0] for tag in text.split("<script")[1:])


@pytest.mark.database
def test_home_counts_people_and_names_the_next_thing_to_do() -> None:
    operation = make.operation(mode=Mode.DRILL)
    leader = make.user(operation.center)
    operations.set_clock(operation, reading=make.at(10), speed=0, by=make.by(leader), at=timezone.now())
    client = signed_in(leader)
    assert "受付をはじめてください" in page(client, url("home", operation))
    Visit.objects.create(
        operation=operation, volunteer=make.volunteer(operation.center), day=make.MORNING.date(),
        arrived_at=make.MORNING, oriented_at=make.MORNING,
    )  # fmt: skip
    make.need(operation)
    text = page(client, url("home", operation))
    assert "手があいている人が1人、待っている困りごとが1件あります" in text
    assert "今日の受付 1人" in text


@pytest.mark.database
def test_after_work_home_asks_for_those_who_have_not_left() -> None:
    operation = make.operation(mode=Mode.DRILL)
    leader = make.user(operation.center)
    Visit.objects.create(
        operation=operation, volunteer=make.volunteer(operation.center), day=make.MORNING.date(),
        arrived_at=make.MORNING,
    )  # fmt: skip
    client = signed_in(leader)
    operations.set_clock(operation, reading=make.at(15, 0), speed=0, by=make.by(leader), at=timezone.now())
    assert "説明（オリエンテーション）がまだの人が1人" in page(client, url("home", operation))
    operations.set_clock(operation, reading=make.at(15, 30), speed=0, by=make.by(leader), at=timezone.now())
    text = page(client, url("home", operation))
    assert "帰りの受付がまだの人が1人います" in text
    now = text.split('aria-current="step"')[1].split("</li>")[0]
    assert "しめ" in now, "the step of the day and the advice agree"


@pytest.mark.parametrize(("hour", "most"), [(10, 18), (17, 19)])  # in the evening: whether the day is closed
def test_home_costs_the_same_number_of_queries_however_busy_the_day(
    django_assert_max_num_queries: object, hour: int, most: int
) -> None:
    with time_machine.travel(make.at(hour), tick=False):
        operation = make.operation()
        client = signed_in(make.user(operation.center))
        for _ in range(5):
            make.need(operation)
        with django_assert_max_num_queries(most):  # type: ignore[operator]
            assert client.get(url("home", operation)).status_code == 200


def test_home_answers_nothing_while_nothing_changed() -> None:
    operation = make.operation(mode=Mode.DRILL)
    leader = make.user(operation.center)
    client = signed_in(leader)
    operations.set_clock(operation, reading=make.at(10), speed=0, by=make.by(leader), at=timezone.now())
    again = page(client, url("home", operation)).split('id="day" hx-get="')[1].split('"')[0]
    assert client.get(again, headers={"HX-Request": "true"}).status_code == 204
    operations.edit_operation(operation, by=make.by(leader), at=make.at(10), capacity=5)
    answer = client.get(again, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()


def test_an_ordinary_day_warns_of_an_open_disaster() -> None:
    center = make.center()
    ordinary = center.operations.get()
    make.operation(center, name="7月豪雨")
    assert "「7月豪雨」に切り替える" in page(signed_in(make.user(center)), url("home", ordinary))


# ── opening and closing ────────────────────────────────────────────────────────────────────────


def test_a_drill_is_opened_with_its_rules_and_written_down() -> None:
    center = make.center()
    ordinary = center.operations.get()
    leader = make.user(center)
    signed_in(leader).post(
        url("operation_new", ordinary), {**OPENING, "insurance_special_rule": "on", "capacity": "80"}
    )
    drill = Operation.objects.get(mode=Mode.DRILL)
    assert drill.is_open
    assert drill.insurance_special_rule
    assert drill.capacity == 80
    assert not drill.orientation_required
    assert drill.changes.get().by == leader


def test_how_many_needs_a_team_does_in_a_row_is_chosen_and_a_page_that_does_not_ask_changes_nothing() -> None:
    center = make.center()
    ordinary = center.operations.get()
    assert ordinary.max_visits == 1
    client = signed_in(make.user(center))
    client.post(url("operation_new", ordinary), {**OPENING, "max_visits": "2"})
    drill = Operation.objects.get(mode=Mode.DRILL)
    assert drill.max_visits == 2
    client.post(url("operation_edit", drill), OPENING)
    drill.refresh_from_db()
    assert drill.max_visits == 2
    client.post(url("operation_edit", drill), {**OPENING, "max_visits": "4"})
    drill.refresh_from_db()
    assert drill.max_visits == 2
    assert make.operation(center).max_visits == 3


def test_work_cannot_end_before_reception_begins() -> None:
    ordinary = make.center().operations.get()
    answer = signed_in(make.user(ordinary.center)).post(
        url("operation_new", ordinary), {**OPENING, "day_start": "16:00"}
    )
    assert "受付をはじめる時刻より後の時刻にしてください" in answer.content.decode()
    assert not Operation.objects.exclude(pk=ordinary.pk).exists()


def test_closing_is_refused_while_a_team_is_out() -> None:
    operation = make.operation()
    team = Team.objects.create(operation=operation, number=1, formed_at=make.MORNING)
    Dispatch.objects.create(
        operation=operation, need=make.need(operation), team=team, serial=1, state=DispatchState.DEPARTED,
        token_nonce="n", leader_token_hash="l", genuine_token_hash="g", accepted_at=make.MORNING,
    )  # fmt: skip
    answer = signed_in(make.user(operation.center)).post(
        url("operation_close", operation), {"reason": "大雨"}
    )
    assert answer.status_code == 409
    assert "現地に出ている班が、まだ1班あります" in answer.content.decode()
    operation.refresh_from_db()
    assert operation.state == OperationState.OPEN


def test_closing_with_people_still_checked_in_asks_for_a_reason() -> None:
    operation = make.operation()
    Visit.objects.create(
        operation=operation, volunteer=make.volunteer(operation.center), day=make.MORNING.date(),
        arrived_at=make.MORNING,
    )  # fmt: skip
    client = signed_in(make.user(operation.center))
    assert "まだ1人が受付中のままです" in client.post(url("operation_close", operation)).content.decode()
    client.post(url("operation_close", operation), {"reason": "全員の帰宅を電話で確認"})
    operation.refresh_from_db()
    assert operation.state == OperationState.CLOSED
    assert "全員の帰宅を電話で確認" in page(client, url("operation_list", operation))


def test_what_was_closed_can_be_opened_again() -> None:
    operation = make.operation()
    client = signed_in(make.user(operation.center))
    client.post(url("operation_close", operation))
    client.post(url("operation_open", operation))
    operation.refresh_from_db()
    assert operation.is_open
    assert "再開" in page(client, url("operation_list", operation))


def test_ordinary_days_are_never_closed() -> None:
    ordinary = make.center().operations.get()
    answer = signed_in(make.user(ordinary.center)).post(url("operation_close", ordinary))
    assert answer.status_code == 409
    ordinary.refresh_from_db()
    assert ordinary.is_open


def test_reading_a_page_opens_and_closes_nothing() -> None:
    operation = make.operation()
    client = signed_in(make.user(operation.center))
    assert client.get(url("operation_open", operation)).status_code == 405
    client.get(url("operation_close", operation))
    operation.refresh_from_db()
    assert operation.is_open


# ── settings, staff, devices ───────────────────────────────────────────────────────────────────


def test_hours_and_rules_can_be_corrected() -> None:
    operation = make.operation()
    form = {
        "name": "7月豪雨",
        "day_start": "08:30",
        "work_end": "14:00",
        "notice": "明日は雨のため休みます。",
    }
    signed_in(make.user(operation.center)).post(url("operation_edit", operation), form)
    operation.refresh_from_db()
    assert operation.day_start.hour == 8
    assert operation.notice == "明日は雨のため休みます。"
    assert not operation.insurance_required


def test_a_site_and_the_center_can_be_corrected() -> None:
    operation = make.operation()
    client = signed_in(make.user(operation.center))
    client.post(url("site_add", operation), {"name": "第二中学校", "address": "", "lat": "", "lng": ""})
    client.post(
        url("center_edit", operation), {"name": "多賀城市社協", "city": "多賀城市", "phone": "022 368 6300"}
    )
    text = page(client, url("settings", operation))
    assert "第二中学校" in text
    assert "多賀城市社協" in text
    assert "022-368-6300" in text


@pytest.mark.database
def test_a_town_file_is_taken_over_and_a_wrong_one_is_explained() -> None:
    operation = make.operation()
    client = signed_in(make.user(operation.center))
    good = SimpleUploadedFile(
        "tagajo.json", b'[{"town": "Sakuragi", "koaza": "", "lat": 38.29, "lng": 141.0}]'
    )
    client.post(url("town_import", operation), {"file": good})
    assert operation.center.towns.get().name == "Sakuragi"
    wrong = client.post(
        url("town_import", operation), {"file": SimpleUploadedFile("photo.json", b"\xff\xd8")}
    )
    assert "「photo.json」：このファイルは、UTF-8 の JSON ではありません" in wrong.content.decode()
    nothing = client.post(url("town_import", operation))
    assert "まだ取り込んでいません" in nothing.content.decode()
    assert operation.center.towns.count() == 1


def test_a_new_colleague_signs_in_once_with_the_link_on_the_screen() -> None:
    operation = make.operation()
    form = {
        "display_name": "𠮷田 応援",
        "origin": "仙台市社協",
        "roles": ["reception", "matching"],
        "days": "7",
    }
    answer = signed_in(make.user(operation.center)).post(url("staff_add", operation), form)
    text = answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert '<svg class="qr"' in text
    link = text.split('<p class="center"><a href="http://testserver')[1].split('"')[0]
    person = User.objects.get(display_name="𠮷田 応援")
    assert person.expires_at is not None
    assert timedelta(days=6) < person.expires_at - timezone.now() <= timedelta(days=7)
    assert {m.role for m in person.memberships.all()} == {"reception", "matching"}

    colleague = Client()
    assert colleague.get(link).headers["Location"] == reverse("start")
    assert "𠮷田 応援" in page(colleague, url("home", operation))
    again = Client().get(link)
    assert again.status_code == 403
    assert "使用済みか期限切れ" in again.content.decode()


def test_a_link_is_stored_only_as_a_hash() -> None:
    operation = make.operation()
    person = make.user(operation.center, Role.RECEPTION)
    answer = signed_in(make.user(operation.center)).post(url("staff_link", operation, person.pk))
    stored = SignInLink.objects.get(user=person).token_hash
    assert stored not in answer.content.decode()


def test_a_colleague_without_a_role_is_not_created() -> None:
    operation = make.operation()
    answer = signed_in(make.user(operation.center)).post(
        url("staff_add", operation), {"display_name": "佐々木", "days": "7"}
    )
    assert "役割を1つ以上選んでください" in answer.content.decode()
    assert not User.objects.filter(display_name="佐々木").exists()


def test_roles_are_changed_and_the_menu_follows() -> None:
    operation = make.operation()
    person = make.user(operation.center, Role.RECEPTION)
    signed_in(make.user(operation.center)).post(url("staff_edit", operation, person.pk), {"roles": ["chief"]})
    assert page(signed_in(person), url("settings", operation))


def test_the_last_leader_cannot_be_removed_by_mistake() -> None:
    operation = make.operation()
    leader = make.user(operation.center)
    client = signed_in(leader)
    assert client.post(url("staff_edit", operation, leader.pk), {"roles": ["office"]}).status_code == 409
    answer = client.post(url("staff_stop", operation, leader.pk))
    assert answer.status_code == 409
    assert "センター長が1人もいなくなる" in answer.content.decode()
    leader.refresh_from_db()
    assert leader.is_active


def test_a_stopped_colleague_is_out_with_the_next_click() -> None:
    operation = make.operation()
    person = make.user(operation.center, Role.RECEPTION)
    theirs = signed_in(person)
    assert page(theirs, url("home", operation))
    signed_in(make.user(operation.center)).post(url("staff_stop", operation, person.pk))
    assert theirs.get(url("home", operation)).status_code == 302


def test_a_person_of_another_center_cannot_be_changed() -> None:
    operation = make.operation()
    stranger = make.user(make.center("よその市のセンター"))
    client = signed_in(make.user(operation.center))
    for name in ("staff_link", "staff_stop", "staff_edit"):
        assert client.post(url(name, operation, stranger.pk), {"roles": ["chief"]}).status_code == 404
    stranger.refresh_from_db()
    assert stranger.is_active


def test_a_lost_tablet_is_stopped_at_once() -> None:
    operation = make.operation()
    leader = make.user(operation.center)
    device, secret = accounts.register_device(
        operation.center, name="受付1", profile=DeviceProfile.RECEPTION, by=make.by(leader), at=make.MORNING
    )
    client = signed_in(leader)
    assert "受付1" in page(client, url("device_list", operation))
    client.post(url("device_revoke", operation, device.pk))
    device.refresh_from_db()
    assert device.revoked_at is not None
    assert secret
    assert client.post(url("device_revoke", operation, uuid.uuid4())).status_code == 404


# ── type size, errors ──────────────────────────────────────────────────────────────────────────


def test_the_type_size_is_remembered_and_returns_to_the_same_page() -> None:
    client = Client()
    answer = client.post(reverse("type_size"), {"size": "xlarge", "next": reverse("sign_in")})
    assert answer.headers["Location"] == reverse("sign_in")
    assert 'data-type-size="xlarge"' in page(client, reverse("sign_in"))


def test_the_type_size_form_leads_nowhere_else() -> None:
    answer = Client().post(reverse("type_size"), {"size": "huge", "next": "https://example.com/"})
    assert answer.headers["Location"] == "/"
    assert "type_size" not in answer.cookies


def test_an_unknown_address_is_a_page_that_says_what_to_do() -> None:
    answer = Client().get("/そんなページ/")
    assert answer.status_code == 404
    assert "ホームからもう一度選んでください" in answer.content.decode()
