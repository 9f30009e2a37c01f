"""The volunteer's own phone: in by the poster, out of nobody's register."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.accounts import shell
from dvc.accounts.models import DeviceProfile
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.languages import LANGUAGES
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation, QuestionsStop
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.orientation import codes as orientation_codes
from intake.orientation import services as orientation
from intake.orientation.models import OrientationSession
from intake.questions import services as questions
from intake.questions.models import DayAnswer
from intake.selfcheckin import codes, services, throttle
from intake.selfcheckin.texts import TEXTS
from intake.volunteers import cards
from intake.volunteers import services as volunteers
from intake.volunteers.models import Volunteer
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def phone(operation: Operation) -> Client:
    """A phone that has just scanned the poster's code."""
    client = Client(HTTP_ACCEPT_LANGUAGE="ja-JP")
    code = codes.code(operation, at=timezone.now())
    answer = client.get(reverse("phone_scan", args=[operation.pk, code]))
    assert answer.headers["Location"] == page(operation)
    return client


def page(operation: Operation) -> str:
    return reverse("phone_check_in", args=[operation.pk])


def code_of(person: Volunteer) -> str:
    card = cards.issue_stock(person.center, count=1, by=SYSTEM, at=make.at(8)).cards.get()
    cards.bind(card, person, by=SYSTEM, at=make.at(8), on=make.day(make.at(8)))
    return card.short_code


def test_a_card_that_is_good_outside_is_good_in_a_drill_whose_clock_is_a_year_ahead() -> None:
    drill = make.operation(mode=Mode.DRILL)
    now = timezone.now()
    operations.set_clock(drill, reading=now + timedelta(days=365), speed=1, by=SYSTEM, at=now)
    person = make.volunteer(drill.center, "前田")
    expires = make.day(now) + timedelta(days=30)
    card = cards.issue_stock(drill.center, count=1, expires=expires, by=SYSTEM, at=now).cards.get()
    cards.bind(card, person, by=SYSTEM, at=now, on=make.day(now))
    phone = Client()
    phone.get(reverse("phone_scan", args=[drill.pk, codes.code(drill, at=now)]))
    assert phone.post(page(drill), {"ident": card.short_code, "proof": "前田"}).status_code == 302
    assert Visit.objects.get().volunteer == person


def test_who_came_before_midnight_reads_after_it_that_they_are_here() -> None:
    drill = make.operation(mode=Mode.DRILL)
    questions.set_asked(drill, codes=["well"], stop=QuestionsStop.NO, by=SYSTEM, at=make.at(8))
    person, phone = make.volunteer(drill.center, "前田"), Client()
    phone.get(reverse("phone_scan", args=[drill.pk, codes.code(drill, at=timezone.now())]))
    operations.set_clock(drill, reading=make.at(23, 59), speed=0, by=SYSTEM, at=timezone.now())
    done = phone.post(page(drill), {"ident": person.phone, "proof": "前田"}).headers["Location"]
    operations.set_clock(drill, reading=make.at(24), speed=0, by=SYSTEM, at=timezone.now())
    assert phone.get(done).status_code == 200, "asked to check in again, they would be two stays"
    phone.post(reverse("phone_answers", args=[drill.pk]), {"q_well": "yes"})
    assert (DayAnswer.objects.get().volunteer, Visit.objects.get().volunteer) == (person, person)


def test_a_registered_person_checks_in_and_reads_their_number_and_what_to_do(
    phone: Client, operation: Operation
) -> None:
    before = make.volunteer(operation.center, "前田")
    checkin.arrive(operation, before, site=None, by=SYSTEM, at=timezone.now())
    person = make.volunteer(operation.center, "髙﨑", "一郎", insured=False, family_kana="たかさき")
    code = code_of(person)
    typed = f"{code[:4]}ー{code[4:].lower()}"
    answer = phone.post(page(operation), {"ident": typed, "proof": "タカサキ"}, follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain == [(reverse("phone_done", args=[operation.pk]), 302)]
    assert "受付しました" in text
    assert "髙﨑 一…" in text
    assert "一郎" not in text
    assert "<b>2</b>" in text
    assert "説明（オリエンテーション）を聞いてください" in text
    assert "ボランティア保険の加入証" in text
    assert Entry.objects.filter(action="visit.arrived", via="phone", actor=None, device=None).count() == 1
    phone.post(page(operation), {"ident": typed, "proof": "タカサキ"})
    assert Visit.objects.filter(volunteer=person).count() == 1


@pytest.mark.parametrize("proof", ["さとう", "サトウ ハナコ", "佐藤", "佐藤花子"])
def test_phone_number_and_name_in_any_writing(phone: Client, operation: Operation, proof: str) -> None:
    person = make.volunteer(operation.center)
    digits = person.phone.replace("-", "")
    assert phone.post(page(operation), {"ident": f"+81{digits[1:]}", "proof": proof}).status_code == 302
    assert Visit.objects.get().volunteer == person


def test_one_telephone_in_a_family_needs_the_given_name_too(phone: Client, operation: Operation) -> None:
    parent = make.volunteer(operation.center, phone="022-000-0009")
    make.volunteer(operation.center, "佐藤", "太郎", given_kana="たろう", phone="022-000-0009")
    assert phone.post(page(operation), {"ident": "0220000009", "proof": "さとう"}).status_code == 422
    assert phone.post(page(operation), {"ident": "0220000009", "proof": "さとうはなこ"}).status_code == 302
    assert Visit.objects.get().volunteer == parent


def test_the_answer_is_the_same_for_nobody_a_wrong_name_and_somebody_who_is_stopped(
    phone: Client, operation: Operation
) -> None:
    known = make.volunteer(operation.center, "鈴木", family_kana="すずき")
    stopped = make.volunteer(operation.center, "高橋", family_kana="たかはし")
    volunteers.block(stopped, reason="前回の件", by=SYSTEM, at=make.at(8))
    gone = make.volunteer(operation.center, "田中", family_kana="たなか")
    volunteers.withdraw(gone, by=SYSTEM, at=make.at(8))
    other = make.volunteer(make.center("隣"), "伊藤", family_kana="いとう")
    asked = [
        ("090-9999-9999", "すずき"), (known.phone, "さとう"), (stopped.phone, "たかはし"), (gone.phone, "たなか"),
        (other.phone, "いとう"), (code_of(known), "9999"), ("\x00" * 5, "𠮷"), ("9" * 1_000_000, "a" * 1_000_000), ("", ""),
    ]  # fmt: skip
    answers = set()
    for ident, proof in asked:
        answer = phone.post(page(operation), {"ident": ident, "proof": proof})
        assert answer.status_code == 422
        answers.add(answer.content.decode().split('role="alert"')[1].split("</div>")[0])
    assert len(answers) == 1
    assert not Visit.objects.exists()


def test_nobody_gets_a_number_that_somebody_else_was_given(operation: Operation) -> None:
    def number(family: str) -> int:
        person = make.volunteer(operation.center, family)
        visit = checkin.arrive(operation, person, site=None, by=SYSTEM, at=make.at(9)).visit
        assert visit is not None
        return services.number_of(visit)

    assert [number("佐藤"), number("鈴木")] == [1, 2]
    checkin.annul(Visit.objects.earliest("pk"), reason="まちがい", by=SYSTEM, at=make.at(9, 5))
    assert number("高橋") == 3
    assert services.number_of(Visit.objects.get(volunteer__family_name="鈴木")) == 2


def test_guessing_is_stopped_by_what_is_asked_for_and_by_phone(operation: Operation) -> None:
    person = make.volunteer(operation.center)
    guess = {"word": codes.word(operation, at=timezone.now()), "ident": person.phone}
    for number in range(throttle.WRONG_OF_IDENT.most):
        # Each from another address: the person's number itself is what is protected.
        Client(REMOTE_ADDR=f"10.0.0.{number}").post(page(operation), {**guess, "proof": f"あ{number}"})
    right = {**guess, "proof": "さとう"}
    assert Client(REMOTE_ADDR="10.0.1.1").post(page(operation), right).status_code == 422
    assert not Visit.objects.exists()
    other = {**guess, "ident": make.volunteer(operation.center, "鈴木").phone, "proof": "さとう"}
    assert Client(REMOTE_ADDR="10.0.1.1").post(page(operation), other).status_code == 302
    guesser = Client(REMOTE_ADDR="10.0.2.2")
    for number in range(throttle.WRONG_OF_PHONE.most):
        assert not is_refused(
            guesser.post(page(operation), {**guess, "ident": f"090-1111-{number:04d}", "proof": "あ"})
        )
    assert is_refused(guesser.post(page(operation), other))


def is_refused(answer: Any) -> bool:
    return any(TEXTS["too_many"][language] in answer.content.decode() for language in ("ja", "en"))


def test_a_hall_of_people_who_mistype_behind_one_address_stops_nobody(operation: Operation) -> None:
    person = make.volunteer(operation.center)
    scanned = reverse("phone_scan", args=[operation.pk, codes.code(operation, at=timezone.now())])
    for number in range(throttle.WRONG_OF_ADDRESS.most):
        throttle.count_wrong(address="127.0.0.1", here=f"phone {number}", ident=f"090-2222-{number:04d}")
    mine = Client()
    mine.get(scanned)
    assert mine.post(page(operation), {"ident": person.phone, "proof": "さとう"}).status_code == 302


@pytest.mark.parametrize("tail", ["x{}", "内線{}"])
def test_another_spelling_of_the_number_gives_no_further_guesses(operation: Operation, tail: str) -> None:
    person = make.volunteer(operation.center)
    guess = {"word": codes.word(operation, at=timezone.now())}
    for number in range(throttle.WRONG_OF_IDENT.most):
        ident = person.phone + tail.format(number)
        client = Client(REMOTE_ADDR=f"10.0.3.{number}")
        client.post(page(operation), {**guess, "ident": ident, "proof": f"あ{number}"})
    right = {**guess, "ident": person.phone, "proof": "さとう"}
    assert is_refused(Client(REMOTE_ADDR="10.0.3.9").post(page(operation), right))
    assert not Visit.objects.exists()


def test_another_spelling_of_the_card_gives_no_further_guesses(operation: Operation) -> None:
    code = code_of(make.volunteer(operation.center))
    guess = {"word": codes.word(operation, at=timezone.now())}
    for number in range(throttle.WRONG_OF_IDENT.most):
        client = Client(REMOTE_ADDR=f"10.0.4.{number}")
        spelled = (
            code.lower().replace("0", "o").replace("1", "l")
            if number % 2
            else f"{code[:number]}-{code[number:]}"
        )
        client.post(page(operation), {**guess, "ident": spelled, "proof": f"あ{number}"})
    right = {**guess, "ident": code, "proof": "さとう"}
    assert is_refused(Client(REMOTE_ADDR="10.0.4.9").post(page(operation), right))


def test_guessing_the_number_of_the_day_stops_the_address_and_not_who_scanned_the_poster(
    operation: Operation,
) -> None:
    person = make.volunteer(operation.center)
    answers = {"ident": person.phone, "proof": "さとう"}
    word = codes.word(operation, at=timezone.now())
    scanned = Client()
    scanned.get(reverse("phone_scan", args=[operation.pk, codes.code(operation, at=timezone.now())]))
    for number in range(throttle.WRONG_OF_ADDRESS.most):
        Client().post(page(operation), {**answers, "word": f"{(int(word) + 1 + number) % 10000:04d}"})
    assert is_refused(Client().post(page(operation), {**answers, "word": word}))
    assert not Visit.objects.exists()
    assert scanned.post(page(operation), answers).status_code == 302


def test_a_phone_that_knew_the_number_of_the_day_is_not_asked_again(operation: Operation) -> None:
    person, client = make.volunteer(operation.center), Client()
    word = codes.word(operation, at=timezone.now())
    answer = client.post(page(operation), {"word": word, "ident": person.phone, "proof": "ちがう"})
    assert 'name="word"' not in answer.content.decode()
    for typed in (person.phone, "ちがう"):
        assert f'value="{typed}"' in answer.content.decode(), "what was typed is put right, not typed again"
    assert client.post(page(operation), {"ident": person.phone, "proof": "さとう"}).status_code == 302


def test_yesterdays_photo_of_the_poster_screen_opens_nothing(operation: Operation) -> None:
    person = make.volunteer(operation.center)
    old = codes.code(operation, at=timezone.now() - timedelta(minutes=11))
    client = Client(HTTP_ACCEPT_LANGUAGE="ja")
    answer = client.get(reverse("phone_scan", args=[operation.pk, old]), follow=True)
    assert TEXTS["old_code"]["ja"] in answer.content.decode()
    assert client.post(page(operation), {"ident": person.phone, "proof": "さとう"}).status_code == 422
    assert not Visit.objects.exists()
    elsewhere = codes.code(make.operation(operation.center, name="別"), at=timezone.now())
    assert "old=1" in client.get(reverse("phone_scan", args=[operation.pk, elsewhere])).headers["Location"]


def test_the_paper_poster_asks_for_the_number_of_the_day(operation: Operation) -> None:
    person = make.volunteer(operation.center)
    client = Client()
    assert 'name="word"' in client.get(page(operation)).content.decode()
    word = codes.word(operation, at=timezone.now())
    wrong = f"{(int(word) + 1) % 10000:04d}"
    answers = {"ident": person.phone, "proof": "さとう"}
    assert client.post(page(operation), {**answers, "word": wrong}).status_code == 422
    assert client.post(page(operation), {**answers, "word": "１２３４𠮷"}).status_code == 422
    assert not Visit.objects.exists()
    assert client.post(page(operation), {**answers, "word": f" {word} "}).status_code == 302
    assert Visit.objects.get().volunteer == person


def test_new_people_are_led_to_the_public_form_but_not_in_a_drill(operation: Operation) -> None:
    register = reverse("public_register", args=[operation.center_id])
    assert register in Client().get(page(operation)).content.decode()
    drill = make.operation(operation.center, mode=Mode.DRILL, name="訓練")
    text = Client(HTTP_ACCEPT_LANGUAGE="ja").get(page(drill)).content.decode()
    assert register not in text
    assert "これは訓練です" in text


def test_a_closed_operation_and_none_look_the_same(phone: Client, operation: Operation) -> None:
    operations.close_operation(operation, teams_out=0, by=SYSTEM, at=make.at(17))
    closed, none = phone.get(page(operation)), phone.get(reverse("phone_check_in", args=[999999]))
    assert (closed.status_code, none.status_code) == (404, 404)
    assert closed.content == none.content


def test_the_pages_speak_three_languages_and_remember_which(phone: Client, operation: Operation) -> None:
    for key, said in TEXTS.items():
        assert set(said) == set(LANGUAGES), key
        assert key == "san" or all(said.values()), key
    for language in LANGUAGES:
        assert TEXTS["send"][language] in phone.get(page(operation), {"lang": language}).content.decode()
        assert TEXTS["send"][language] in phone.get(page(operation)).content.decode()
    assert TEXTS["send"]["en"] in Client(HTTP_ACCEPT_LANGUAGE="vi").get(page(operation)).content.decode()


def begun(operation: Operation) -> OrientationSession:
    now = timezone.now()
    return orientation.open_session(operation, starts_at=now, place="庭", speaker="菅原", by=SYSTEM, at=now)


def scan(client: Client, session: OrientationSession, *, ago: int = 0) -> str:
    code = orientation_codes.code(session, at=timezone.now() - timedelta(seconds=ago))
    answer = client.get(reverse("phone_orientation_scan", args=[session.pk, code]))
    return answer.headers.get("Location", str(answer.status_code))


def test_who_checked_in_on_this_phone_marks_the_briefing_with_one_tap(
    phone: Client, operation: Operation
) -> None:
    person = make.volunteer(operation.center)
    phone.post(page(operation), {"ident": person.phone, "proof": "さとう"})
    session = begun(operation)
    form = scan(phone, session)
    text = phone.get(form).content.decode()
    assert "佐藤 花…" in text
    assert Visit.objects.get().oriented_at is None, "looking marks nothing"
    phone.post(form, {"mine": "yes"})
    assert Visit.objects.get().oriented_at is not None
    assert session.attendances.get().way == "phone"


def test_another_phone_asks_for_code_and_name_or_the_last_four_digits(operation: Operation) -> None:
    person = make.volunteer(operation.center)
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=timezone.now())
    session, client = begun(operation), Client()
    form = scan(client, session)
    assert client.post(form, {"ident": person.phone, "proof": person.phone[-4:]}).status_code == 422
    assert client.post(form, {"mine": "yes"}).status_code == 422
    answer = client.post(form, {"ident": code_of(person), "proof": person.phone[-4:]})
    assert answer.headers["Location"] == reverse("phone_orientation_done", args=[session.pk])
    assert Visit.objects.get().oriented_at is not None


def test_a_photo_of_the_briefings_code_is_worth_nothing_after_a_minute(operation: Operation) -> None:
    person, session, client = make.volunteer(operation.center), begun(operation), Client()
    assert scan(client, session, ago=61) == "410"
    form = reverse("phone_orientation", args=[session.pk])
    assert client.get(form).status_code == 410
    assert client.post(form, {"ident": code_of(person), "proof": "さとう"}).status_code == 410
    assert not session.attendances.exists()


def test_who_heard_it_without_checking_in_is_told_to_come_to_the_desk(operation: Operation) -> None:
    person, session, client = (
        make.volunteer(operation.center),
        begun(operation),
        Client(HTTP_ACCEPT_LANGUAGE="ja"),
    )
    answer = client.post(scan(client, session), {"ident": code_of(person), "proof": "さとう"}, follow=True)
    assert TEXTS["heard_before_arrival"]["ja"] in answer.content.decode()
    assert session.attendances.get().visit is None


def test_the_number_of_the_day_is_for_the_reception_of_this_center(operation: Operation) -> None:
    names = ("self_home", "self_screen", "self_poster")
    owner, colleague, stranger = Client(), Client(), Client()
    owner.force_login(make.user(operation.center, Role.RECEPTION))
    colleague.force_login(make.user(operation.center, Role.SURVEY))
    stranger.force_login(make.user(make.center("隣")))
    for name in names:
        address = reverse(name, args=[operation.pk])
        assert owner.get(address).status_code == 200
        assert colleague.get(address).status_code == 403
        assert stranger.get(address).status_code == 404
        assert Client().get(address).status_code == 302
    assert (
        codes.word(operation, at=timezone.now())
        in owner.get(reverse("self_home", args=[operation.pk])).content.decode()
    )
    code = owner.get(reverse("self_code", args=[operation.pk])).content.decode()
    version = re.search('data-version="([^"]*)"', code)
    assert version
    assert owner.get(reverse("self_code", args=[operation.pk]), {"version": version[1]}).status_code == 204


def test_the_kiosks_page_is_empty_for_its_own_tablet_and_does_not_start_beside_a_session(
    operation: Operation,
) -> None:
    address = reverse("kiosk", args=[operation.pk])
    owner, colleague, stranger = Client(), Client(), Client()
    owner.force_login(make.user(operation.center, Role.RECEPTION))
    colleague.force_login(make.user(operation.center, Role.SURVEY))
    stranger.force_login(make.user(make.center("隣")))
    assert 'data-staff="yes"' in owner.get(address).content.decode()
    assert colleague.get(address).status_code == 403
    assert stranger.get(address).status_code == 404
    assert Client().get(address).status_code == 302
    by = make.by(make.user(operation.center))
    made = {
        profile: accounts.register_device(
            operation.center, name="入口", profile=profile, by=by, at=make.at(8)
        )[0]
        for profile in (DeviceProfile.KIOSK, DeviceProfile.SURVEY)
    }
    for profile, device in made.items():
        tablet, answer = Client(), HttpResponse()
        shell.remember(answer, device)
        tablet.cookies = answer.cookies
        page_ = tablet.get(address)
        assert page_.status_code == (200 if profile == DeviceProfile.KIOSK else 302)
        assert 'data-staff="yes"' not in page_.content.decode()
