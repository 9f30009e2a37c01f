"""The form and the link on a resident's phone, and what staff sees of them."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.core.languages import LANGUAGES
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState
from intake.web_requests import links, services
from intake.web_requests.models import AnswerKind, RequestLink, ResidentAnswer
from intake.web_requests.texts import TEXTS
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counters_of_another_test() -> None:
    cache.clear()


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def text(response: Any) -> str:
    return str(response.content.decode())


def hidden(page: Any, name: str) -> str:
    """What a hidden field of the page holds."""
    found = re.search(f'name="{name}"[^>]* value="([^"]*)"', text(page))
    assert found
    return unescape(found[1])


def send(client: Client, operation: Operation, *, wait: int = 60, **changes: str) -> Any:
    with time_machine.travel(make.at(9), tick=False):
        seal = hidden(client.get(f"/h/{operation.pk}/"), "seal")
    words = {
        "seal": seal, "name": "髙橋 キヨ", "phone": "022-000-1234", "who": "self", "resident": "", "website": "",
        "address": "町前一丁目9999-1", "description": "床下に泥が入った", "when": "午後", **changes,
    }  # fmt: skip
    with time_machine.travel(make.at(9) + timedelta(seconds=wait), tick=False):
        return client.post(f"/h/{operation.pk}/", words)


def open_link(client: Client, secret: str, **data: str) -> Any:
    with time_machine.travel(make.at(9, 30), tick=False):
        path = f"/h/r/{secret}/"
        return client.post(path, data) if data else client.get(path)


def secret_of(client: Client, operation: Operation) -> str:
    assert send(client, operation).status_code == 302
    with time_machine.travel(make.at(9, 5), tick=False):
        page = text(client.get(f"/h/{operation.pk}/sent/"))
    return page.split("/h/r/")[1].split("/")[0]


@pytest.fixture
def staff(operation: Operation) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, Role.NEEDS_DESK))
    return client


def test_every_sentence_is_there_in_every_language() -> None:
    for key, said in TEXTS.items():
        assert set(said) == set(LANGUAGES), key
        assert all(said.values()), key


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_form_says_first_that_it_is_free_and_promises_nothing(
    client: Client, operation: Operation, language: str
) -> None:
    page = text(client.get(f"/h/{operation.pk}/?lang={language}"))
    free = TEXTS["free"][language]  # type: ignore[index]
    assert page.index(free) < page.index("<form")
    assert operation.center.phone in page
    assert "<script" not in page.split("<main")[1]


def test_a_request_arrives_and_the_page_shows_number_and_link(client: Client, operation: Operation) -> None:
    secret_of(client, operation)
    need = Need.objects.get()
    assert (need.state, need.unconfirmed) == (NeedState.TRIAGE, True)
    with time_machine.travel(make.at(9, 5), tick=False):
        assert f"N{need.number}" in text(client.get(f"/h/{operation.pk}/sent/"))
        stranger = text(Client().get(f"/h/{operation.pk}/sent/"))
    assert "/h/r/" not in stranger


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"phone": ""}, "error_phone_missing"),
        ({"phone": "12345"}, "error_phone"),
        ({"description": ""}, "error_description"),
        ({"description": "あ" * 2000}, "error_long"),
        ({"name": "\x07"}, "error_letters"),
        ({"website": "http://spam.example"}, "not_sent"),
        ({"seal": "forged"}, "error_old"),
    ],
)
@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_bad_answer_comes_back_with_a_sentence_in_the_language_and_what_was_typed(
    client: Client, operation: Operation, changes: dict[str, str], sentence: str, language: str
) -> None:
    client.get(f"/h/{operation.pk}/?lang={language}")
    response = send(client, operation, wait=60, **changes)
    assert response.status_code == 422
    assert TEXTS[sentence][language] in text(response)  # type: ignore[index]
    assert "町前一丁目9999-1" in text(response)
    assert not Need.objects.exists()


def test_a_form_that_was_open_too_long_can_be_sent_again_as_it_stands(
    client: Client, operation: Operation
) -> None:
    late = send(client, operation, wait=25 * 3600)
    assert late.status_code == 422
    assert "床下に泥が入った" in text(late)
    words = {
        "seal": hidden(late, "seal"), "name": "髙橋 キヨ", "phone": "022-000-1234", "who": "self", "website": "",
        "address": "町前一丁目9999-1", "description": "床下に泥が入った",
    }  # fmt: skip
    with time_machine.travel(make.at(9) + timedelta(hours=26), tick=False):
        again = client.post(f"/h/{operation.pk}/", words)
    assert again.status_code == 302


def test_a_form_sent_faster_than_a_person_types_is_not_taken(client: Client, operation: Operation) -> None:
    assert send(client, operation, wait=1).status_code == 422


def test_too_many_of_one_phone_are_told_in_words_and_keep_what_was_typed(
    client: Client, operation: Operation
) -> None:
    answers = [send(client, operation) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 409]
    assert TEXTS["same_phone"]["ja"] in text(answers[-1])
    assert "床下に泥が入った" in text(answers[-1])


def test_a_closed_operation_shows_the_telephone(client: Client) -> None:
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    operations.close_operation(drill, teams_out=0, reason="終わり", by=SYSTEM, at=make.at(9))
    response = client.get(f"/h/{drill.pk}/")
    assert response.status_code == 404
    assert drill.center.phone in text(response)
    assert client.get("/h/999999/").status_code == 404


def test_a_link_shows_nothing_about_anybody_before_the_digits(client: Client, operation: Operation) -> None:
    secret = secret_of(client, operation)
    page = text(open_link(Client(), secret))
    assert "泥" not in page
    assert "キヨ" not in page
    wrong = open_link(Client(), secret, digits="0000")
    assert wrong.status_code == 422
    assert "泥" not in text(wrong)
    assert "床下に泥が入った" in text(open_link(Client(), secret, digits="１２３４"))


def test_wrong_used_and_old_links_look_the_same_and_say_whom_to_call(
    client: Client, operation: Operation
) -> None:
    secret = secret_of(client, operation)
    proof = hidden(open_link(client, secret, digits="1234"), "proof")
    assert open_link(client, secret, proof=proof, kind="confirm").status_code == 302
    used, guessed = open_link(client, secret), open_link(client, "x" * 36)
    assert (used.status_code, guessed.status_code) == (404, 404)
    for response in (used, guessed):
        assert TEXTS["link_bad"]["ja"] in text(response)
        assert operation.center.phone in text(response)


def test_who_guesses_links_is_stopped(client: Client, operation: Operation) -> None:
    secret = secret_of(client, operation)
    for number in range(links.WRONG_LINKS.most):
        open_link(client, f"guess-{number}")
    assert open_link(client, secret).status_code == 429


def test_a_proof_of_another_link_opens_nothing(client: Client, operation: Operation) -> None:
    first = secret_of(client, operation)
    proof = hidden(open_link(client, first, digits="1234"), "proof")
    assert send(client, operation, phone="090-0000-0012").status_code == 302
    second = links.make(Need.objects.latest("id"), by=SYSTEM, at=make.at(9, 30))
    assert open_link(client, second, proof=proof, kind="withdraw").status_code == 422
    assert not ResidentAnswer.objects.exists()


def test_staff_sees_what_the_resident_changed_and_confirms_by_telephone(
    client: Client, staff: Client, operation: Operation
) -> None:
    secret = secret_of(client, operation)
    proof = hidden(open_link(client, secret, digits="1234"), "proof")
    words = {
        "phone": "022-000-1234",
        "address": "町前一丁目9999-1",
        "description": "台所にも泥",
        "when": "午後",
    }
    answered = open_link(client, secret, proof=proof, kind="correct", **words)
    assert answered.status_code == 302
    assert client.get(answered["Location"]).status_code == 200
    need = Need.objects.get()
    page = text(staff.get(f"/o/{operation.pk}/needs/{need.pk}/"))
    assert "床下に泥が入った" in page.split("台所にも泥")[0]
    assert "電話で確かめた" in page
    home = text(staff.get(f"/o/{operation.pk}/web/"))
    assert home.count(f">N{need.number}<") == 2
    assert staff.post(f"/o/{operation.pk}/web/{need.pk}/confirm/").status_code == 302
    made = ResidentAnswer.objects.get()
    assert staff.post(f"/o/{operation.pk}/web/{need.pk}/answers/{made.pk}/seen/").status_code == 302
    staff.get(f"/o/{operation.pk}/")  # the message about the telephone was for this page
    assert f">N{need.number}<" not in text(staff.get(f"/o/{operation.pk}/web/"))
    need.refresh_from_db()
    assert not need.unconfirmed


def test_a_likely_duplicate_is_shown_with_its_reason(
    client: Client, staff: Client, operation: Operation
) -> None:
    first = make.need(operation)
    assert send(client, operation, phone="022-000-0001").status_code == 302
    need = Need.objects.exclude(pk=first.pk).get()
    page = text(staff.get(f"/o/{operation.pk}/needs/{need.pk}/"))
    assert f"N{first.number}" in page.split("似た受付")[1][:200]


def test_staff_gives_a_new_link_once_and_takes_it_back(staff: Client, operation: Operation) -> None:
    need = make.need(operation)
    page = text(staff.post(f"/o/{operation.pk}/web/{need.pk}/link/"))
    secret = page.split("/h/r/")[1].split("/")[0]
    assert "<svg" in page
    link = links.behind(secret)
    assert link is not None
    assert link.need == need
    assert staff.post(f"/o/{operation.pk}/web/{need.pk}/link/stop/").status_code == 302
    link.refresh_from_db()
    assert link.ended_at is not None
    assert RequestLink.objects.count() == 1


def test_another_center_and_the_door_see_nothing(client: Client, operation: Operation) -> None:
    need = make.need(operation)
    stranger = Client()
    stranger.force_login(make.user(make.center("となりのセンター")))
    assert stranger.get(f"/o/{operation.pk}/web/").status_code == 404
    assert stranger.post(f"/o/{operation.pk}/web/{need.pk}/link/").status_code == 404
    door = Client()
    door.force_login(make.user(operation.center, Role.RECEPTION))
    assert door.get(f"/o/{operation.pk}/web/").status_code == 403
    other = make.operation(operation.center, name="別の災害")
    desk = Client()
    desk.force_login(make.user(operation.center, Role.NEEDS_DESK))
    assert desk.post(f"/o/{other.pk}/web/{need.pk}/confirm/").status_code == 404


def test_the_paper_shows_the_address_and_nobodys_name(staff: Client, operation: Operation) -> None:
    page = text(staff.get(f"/o/{operation.pk}/web/poster/"))
    assert f"/h/{operation.pk}/" in page
    assert "<svg" in page
    assert operation.center.phone in page


def test_an_answer_about_a_request_that_was_merged_is_read_with_the_one_that_stands(
    client: Client, operation: Operation
) -> None:
    first = make.need(operation, state=NeedState.TRIAGE)
    send(client, operation)
    need = Need.objects.latest("id")
    version = need.version
    needs.mark_duplicate(need, first, reason="同じ", by=SYSTEM, at=make.at(9))
    link = RequestLink.objects.get()
    said = {**services.words_of(link.need), "phone": "022-000-7777"}
    services.answer(link, AnswerKind.CORRECT, said, at=make.at(10))
    need.refresh_from_db()
    assert need.requester
    assert need.requester.phone == "022-000-1234"  # a person looks what it means for the other one
    assert need.version > version
    client.force_login(make.user(operation.center, Role.NEEDS_DESK))
    own = f"/o/{operation.pk}/needs/{need.pk}/?own=1"
    assert own in text(client.get(f"/o/{operation.pk}/web/"))
    assert own in text(client.get(f"/o/{operation.pk}/needs/{first.pk}/"))
    page = text(client.get(own))
    assert "022-000-7777" in page
    assert "まとめた先の依頼を開いて" in page


def test_a_number_corrected_by_link_is_not_written_over_by_a_page_that_was_open(
    client: Client, operation: Operation
) -> None:
    send(client, operation)
    need = Need.objects.get()
    link = RequestLink.objects.get()
    services.answer(
        link, AnswerKind.CORRECT, {**services.words_of(link.need), "phone": "022-000-7777"}, at=make.at(10)
    )
    assert Need.objects.get().version > need.version
