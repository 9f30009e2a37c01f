"""The questions of the day on the desk's pages and on a volunteer's own phone."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts.roles import Role
from dvc.audit.models import Look
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation, QuestionsStop
from intake.checkin import services as checkin
from intake.questions import services as questions
from intake.questions.models import DayAnswer
from intake.selfcheckin import codes
from intake.volunteers.models import Volunteer
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return questions.set_asked(
        make.operation(), codes=["well", "boots"], stop=QuestionsStop.NO, by=SYSTEM, at=make.at(8)
    )


def _here(operation: Operation, *names: str) -> Volunteer:
    person = make.volunteer(operation.center, *names)
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=timezone.now())
    return person


def _signed_in(operation: Operation, *roles: Role) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, *roles))
    return client


def _url(name: str, operation: Operation, *args: object) -> str:
    return reverse(name, args=[operation.pk, *args])


def test_the_chief_chooses_what_is_asked_and_nobody_else(operation: Operation) -> None:
    page = _url("questions_settings", operation)
    chief = _signed_in(operation, Role.CHIEF)
    assert "今日の体調はよいですか" in chief.get(page).content.decode()
    assert chief.post(page, {"health": ["well", "x"], "stop": "no"}).status_code == 422
    assert chief.post(page, {"health": ["fever"], "gear": ["mask"], "stop": "unanswered"}).status_code == 302
    operation.refresh_from_db()
    assert (operation.day_questions, operation.questions_stop) == (["fever", "mask"], "unanswered")
    assert _signed_in(operation, Role.RECEPTION).get(page).status_code == 403
    assert _signed_in(make.operation(), Role.CHIEF).get(page).status_code == 404


def test_the_reception_sees_who_waits_and_only_the_chief_what_they_said(operation: Operation) -> None:
    unwell, bootless, unasked = (
        _here(operation, "髙﨑", "𠮷野"),
        _here(operation, "鈴木"),
        _here(operation, "田中"),
    )
    for person, said in (
        (unwell, {"well": "no", "boots": "yes"}),
        (bootless, {"well": "yes", "boots": "no"}),
    ):
        questions.say(operation, person, answers=said, by=SYSTEM, at=timezone.now())
    reception = _signed_in(operation, Role.RECEPTION).get(_url("questions_day", operation)).content.decode()
    assert all(name in reception for name in (unwell.name, bootless.name, unasked.name))
    assert 'chip--warn">よくない' not in reception
    assert 'chip--warn">ない' in reception
    assert not Look.objects.exists()
    shown = _signed_in(operation, Role.CHIEF).get(_url("questions_day", operation))
    assert "no-store" in shown["Cache-Control"]
    assert 'chip--warn">よくない' in shown.content.decode()
    assert Look.objects.get().subject_id == str(unwell.pk)
    assert _signed_in(operation, Role.EQUIPMENT).get(_url("questions_day", operation)).status_code == 403


def test_a_lead_who_talked_with_somebody_lets_them_go_without_knowing_what_they_said(
    operation: Operation,
) -> None:
    questions.set_asked(
        operation, codes=["well", "fever", "heat", "boots"], stop=QuestionsStop.NO, by=SYSTEM, at=make.at(8)
    )
    person = _here(operation)
    said = {"well": "yes", "fever": "no"}
    questions.say(operation, person, answers=said, by=SYSTEM, at=timezone.now())
    lead = _signed_in(operation, Role.LEAD)
    page = lead.get(_url("questions_day", operation)).content.decode()
    assert "体調の答えは、センター長の画面にだけ出ます。班長は、どう答えたかを本人に聞きます。" in page
    assert 'value="health.yes">話を聞いた。活動してよい</button>' in page
    page = lead.post(
        _url("questions_answer", operation, person.pk), {"pick": "health.yes"}, follow=True
    ).content.decode()
    assert 'value="health.yes"' not in page
    # Not which of them had been a no, and nothing of what nobody has asked yet.
    assert "さんの答えを記録しました：体調・熱" in page
    assert dict(DayAnswer.objects.values_list("question", "answer")) == {"well": "yes", "fever": "yes"}
    chief = _signed_in(operation, Role.CHIEF).get(_url("questions_day", operation)).content.decode()
    assert "センター長の画面にだけ" not in chief


def test_everything_is_fine_says_nothing_of_what_is_only_good_to_know(operation: Operation) -> None:
    questions.set_asked(
        operation, codes=["well", "boots", "car"], stop=QuestionsStop.NO, by=SYSTEM, at=make.at(8)
    )
    person = _here(operation)
    client = _signed_in(operation, Role.RECEPTION)
    client.post(_url("questions_answer", operation, person.pk), {"pick": "all.yes"})
    assert set(DayAnswer.objects.values_list("question", flat=True)) == {"well", "boots"}
    page = client.get(_url("questions_day", operation)).content.decode()
    assert 'value="car.yes"' in page
    assert 'value="all.yes"' not in page


def test_an_answer_brings_back_to_the_persons_row_and_says_what_was_saved(operation: Operation) -> None:
    person, _ = _here(operation, "髙﨑", "𠮷野"), _here(operation, "鈴木")
    client = _signed_in(operation, Role.RECEPTION)
    url = _url("questions_answer", operation, person.pk)
    answered = client.post(url, {"pick": "boots.no"})
    assert answered["Location"] == _url("questions_day", operation) + f"#v{person.pk}"
    page = client.get(answered["Location"]).content.decode()
    told = "髙﨑 𠮷野さんの答えを記録しました：長ぐつ「ない」"
    row = page.partition(f'id="v{person.pk}"')[2].partition("</form>")[0]
    assert (page.count(told), row.count(told)) == (2, 1), (
        "on top for a screen reader, and where the page opens"
    )
    assert "data-once" in row
    page = client.post(url, {"pick": "well.no"}, follow=True).content.decode()
    assert "さんの答えを記録しました：体調" in page
    assert "体調「" not in page
    page = client.post(url, {"pick": "well.perhaps"}, follow=True).content.decode()
    assert "答えを記録できませんでした。画面を開き直して、もう一度押してください。" in page


def test_everything_is_fine_claims_no_answer_that_somebody_else_told_first(operation: Operation) -> None:
    person = _here(operation, "髙﨑", "𠮷野")
    client = _signed_in(operation, Role.RECEPTION)
    url = _url("questions_answer", operation, person.pk)
    questions.say(operation, person, answers={"boots": "no"}, by=SYSTEM, at=timezone.now())
    page = client.post(url, {"pick": "all.yes"}, follow=True).content.decode()
    assert "髙﨑 𠮷野さんの答えを記録しました：体調" in page
    assert "長ぐつ「ある」" not in page
    page = client.post(url, {"pick": "all.yes"}, follow=True).content.decode()
    assert "答えを記録しました" not in page
    assert "髙﨑 𠮷野さんの答えは、もう記録されています。" in page


def test_an_answer_at_the_desk_takes_somebody_off_the_list(operation: Operation) -> None:
    person = _here(operation)
    client = _signed_in(operation, Role.RECEPTION)
    for bad in ("", "all", "well.perhaps", "x.yes", "\x00.no", "a" * 100_000):
        client.post(_url("questions_answer", operation, person.pk), {"pick": bad})
    assert not DayAnswer.objects.exists()
    client.post(_url("questions_answer", operation, person.pk), {"pick": "boots.no"})
    client.post(_url("questions_answer", operation, person.pk), {"pick": "all.yes"})
    assert dict(DayAnswer.objects.values_list("question", "answer")) == {"well": "yes", "boots": "no"}
    client.post(_url("questions_answer", operation, person.pk), {"pick": "boots.yes"})
    assert "確かめる人はいません" in client.get(_url("questions_day", operation)).content.decode()
    stranger = make.volunteer(make.center("隣のセンター"))
    assert (
        client.post(_url("questions_answer", operation, stranger.pk), {"pick": "all.yes"}).status_code == 404
    )


def test_the_home_page_says_how_many_wait(operation: Operation) -> None:
    _here(operation)
    home = _signed_in(operation, Role.CHIEF).get(_url("home", operation)).content.decode()
    assert "確かめる人が1人います" in home


def test_a_person_answers_on_their_own_phone_and_for_nobody_else(operation: Operation) -> None:
    person, other = make.volunteer(operation.center, family_kana="たかさき"), _here(operation)
    phone = Client(HTTP_ACCEPT_LANGUAGE="en")
    phone.get(reverse("phone_scan", args=[operation.pk, codes.code(operation, at=timezone.now())]))
    assert phone.post(_url("phone_answers", operation), {"q_well": "no"}).status_code == 302
    assert not DayAnswer.objects.exists()
    page = phone.post(
        _url("phone_check_in", operation), {"ident": person.phone, "proof": "タカサキ"}, follow=True
    ).content.decode()
    assert "Do you feel well today?" in page
    page = phone.post(
        _url("phone_answers", operation), {"q_well": "no", "q_boots": "x" * 100, "q_fever": "no"}, follow=True
    ).content.decode()
    assert "A team chief will talk with you" in page
    assert "Do you feel well today?" not in page
    assert [(row.volunteer_id, row.question) for row in DayAnswer.objects.all()] == [(person.pk, "well")]
    assert other.pk != person.pk


def test_a_phone_takes_no_answer_back(operation: Operation) -> None:
    person = make.volunteer(operation.center, family_kana="たかさき")
    phone = Client()
    phone.get(reverse("phone_scan", args=[operation.pk, codes.code(operation, at=timezone.now())]))
    phone.post(_url("phone_check_in", operation), {"ident": person.phone, "proof": "タカサキ"})
    said = _url("phone_answers", operation)
    phone.post(said, {"q_well": "no", "q_boots": "yes"})
    phone.post(said, {"q_well": "yes", "q_boots": "no"})  # the page before, sent once more
    assert dict(DayAnswer.objects.values_list("question", "answer")) == {"well": "no", "boots": "no"}
