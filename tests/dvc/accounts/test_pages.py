"""Coming in, going out, and one's own account."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts import access, known, services
from dvc.accounts.models import Membership, User
from dvc.accounts.roles import Role
from dvc.accounts.sessions import SessionStore
from dvc.audit.models import Entry
from tests import make

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-password"


@pytest.fixture(autouse=True)
def _no_tries_yet() -> None:
    cache.clear()


def sign_in(client: Client, name: str, password: str, **more: str) -> tuple[int, str]:
    """Status and text (or address) of the answer to a sign-in."""
    answer = client.post(reverse("sign_in"), {"sign_in_name": name, "password": password, **more})
    return answer.status_code, answer.headers.get("Location", answer.content.decode())


def test_name_and_password_lead_to_the_page_that_was_wanted() -> None:
    operation = make.operation()
    user = make.user(operation.center)
    wanted = reverse("home", args=[operation.pk])
    client = Client()
    assert sign_in(client, user.sign_in_name, PASSWORD, next=wanted) == (302, wanted)
    assert client.get(wanted).status_code == 200


def test_after_signing_in_nobody_is_sent_to_another_site() -> None:
    user = make.user(make.center())
    assert sign_in(Client(), user.sign_in_name, PASSWORD, next="https://example.com/") == (302, "/")
    assert sign_in(Client(), user.sign_in_name, PASSWORD, next="//example.com/") == (302, "/")


def test_a_wrong_password_and_an_unknown_name_read_the_same() -> None:
    user = make.user(make.center())
    sentence = "サインイン名かパスワードが違います"
    wrong = sign_in(Client(), user.sign_in_name, "not-the-password")
    unknown = sign_in(Client(), "nobody", "not-the-password")
    assert wrong[0] == unknown[0] == 403
    assert sentence in wrong[1]
    assert sentence in unknown[1]


def test_after_ten_wrong_tries_even_the_right_password_waits() -> None:
    user = make.user(make.center())
    for _ in range(services.WRONG_PASSWORDS.most):
        sign_in(Client(), user.sign_in_name, "not-the-password")
    status, text = sign_in(Client(), user.sign_in_name, PASSWORD)
    assert status == 403
    assert "5分ほど待つか" in text


def test_one_persons_mistakes_do_not_lock_out_another() -> None:
    center = make.center()
    clumsy, other = make.user(center), make.user(center)
    for _ in range(services.WRONG_PASSWORDS.most + 1):
        sign_in(Client(), clumsy.sign_in_name, "not-the-password")
    assert sign_in(Client(), other.sign_in_name, PASSWORD)[0] == 302


def test_one_password_cannot_be_tried_with_every_name() -> None:
    user, elsewhere = make.user(make.center()), Client(REMOTE_ADDR="192.0.2.7")
    for number in range(services.WRONG_PASSWORDS_OF_ADDRESS.most):
        sign_in(Client(), f"name{number}", "not-the-password")
    status, text = sign_in(Client(), user.sign_in_name, PASSWORD)
    assert (status, "5分ほど待つか" in text) == (403, True)
    assert sign_in(elsewhere, user.sign_in_name, PASSWORD)[0] == 302


def guess(name: str, times: int) -> tuple[int, str]:
    """The last answer to wrong passwords for one name, each from an address of its own."""
    answer = (0, "")
    for number in range(times):
        answer = sign_in(Client(REMOTE_ADDR=f"2001:db8::{number:x}"), name, "not-the-password")
    return answer


def test_many_addresses_bring_no_more_guesses_at_one_name() -> None:
    user = make.user(make.center())
    most = services.WRONG_PASSWORDS_OF_NAME.most
    assert "パスワードが違います" in guess(user.sign_in_name, most)[1]
    status, text = sign_in(Client(REMOTE_ADDR="203.0.113.9"), user.sign_in_name, PASSWORD)
    assert (status, "いつもの端末から入るか" in text) == (403, True)
    assert "パスワードが違います" in guess("nobody", most)[1]
    unknown = sign_in(Client(REMOTE_ADDR="203.0.113.9"), "nobody", PASSWORD)
    assert (unknown[0], "いつもの端末から入るか" in unknown[1]) == (403, True)  # no oracle for names


@pytest.mark.parametrize("by_link", [False, True])
def test_guesses_made_elsewhere_do_not_keep_out_whom_the_browser_knows(*, by_link: bool) -> None:
    center = make.center()
    user, colleague = make.user(center), make.user(center)
    own = Client()
    if by_link:
        own.get(reverse("sign_in_by_link", args=[services.issue_sign_in_link(user, at=timezone.now())]))
    else:
        sign_in(own, user.sign_in_name, PASSWORD)
    own.post(reverse("sign_out"))
    sign_in(own, colleague.sign_in_name, PASSWORD)  # two take turns at one machine
    own.post(reverse("sign_out"))
    guess(user.sign_in_name, services.WRONG_PASSWORDS_OF_NAME.most + 1)
    for number in range(services.WRONG_PASSWORDS_OF_ADDRESS.most):  # somebody behind the same address
        sign_in(Client(), user.sign_in_name if number < 20 else f"name{number}", "not-the-password")
    assert sign_in(own, user.sign_in_name, PASSWORD)[0] == 302


def test_a_known_browser_is_stopped_by_its_own_mistakes_from_whatever_address() -> None:
    user = make.user(make.center())
    own = Client()
    sign_in(own, user.sign_in_name, PASSWORD)
    own.post(reverse("sign_out"))
    for number in range(services.WRONG_PASSWORDS.most):
        own.post(
            reverse("sign_in"), {"sign_in_name": user.sign_in_name, "password": "not-the-password"},
            REMOTE_ADDR=f"192.0.2.{number}",
        )  # fmt: skip
    status, text = sign_in(own, user.sign_in_name, PASSWORD)
    assert (status, "5分ほど待つか" in text) == (403, True)


def test_a_browser_is_known_for_whom_it_knows_and_not_for_ever() -> None:
    center = make.center()
    user, other = make.user(center), make.user(center)
    own = Client()
    sign_in(own, user.sign_in_name, PASSWORD)
    own.post(reverse("sign_out"))
    guess(other.sign_in_name, services.WRONG_PASSWORDS_OF_NAME.most)
    assert sign_in(own, other.sign_in_name, PASSWORD)[0] == 403
    with time_machine.travel(timezone.now() + known.LASTS + timedelta(minutes=1)):
        guess(user.sign_in_name, services.WRONG_PASSWORDS_OF_NAME.most)
        assert sign_in(own, user.sign_in_name, PASSWORD)[0] == 403


@pytest.mark.database
@pytest.mark.parametrize("name", ["", "𠮷﨑 髙", "x" * 1_000_000, "a\x00b"])
def test_odd_names_are_answered_in_words(name: str) -> None:
    make.center()
    status, text = sign_in(Client(), name, "pass")
    assert status in (200, 403)
    assert "⚠" in text or "違います" in text


def test_someone_whose_days_are_over_cannot_sign_in() -> None:
    user = make.user(make.center())
    User.objects.filter(pk=user.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    status, text = sign_in(Client(), user.sign_in_name, PASSWORD)
    assert status == 403
    assert "停止されています" in text


def test_signing_out_ends_the_session_and_only_by_post() -> None:
    operation = make.operation()
    client = Client()
    client.force_login(make.user(operation.center))
    assert client.get(reverse("sign_out")).status_code == 405
    client.post(reverse("sign_out"))
    assert client.get(reverse("home", args=[operation.pk])).status_code == 302


@pytest.mark.database
def test_what_a_session_says_is_kept_and_one_that_ended_meanwhile_does_not_come_back() -> None:
    begun = SessionStore()
    begun["said"] = "一"
    begun.save()
    one, other = SessionStore(begun.session_key), SessionStore(begun.session_key)
    one["said"] = "二"
    one.save()
    assert SessionStore(begun.session_key)["said"] == "二"
    other["said"] = "三"
    one.delete()
    with pytest.raises(UpdateError):
        other.save()
    assert not Session.objects.filter(session_key=begun.session_key).exists()


@pytest.mark.database
def test_a_colleagues_role_opens_nothing_for_another() -> None:
    operation = make.operation()
    make.user(operation.center, Role.CHIEF)
    user = make.user(operation.center, Role.RECEPTION)
    Membership.objects.create(user=user, center=operation.center, role=Role.SURVEY)
    assert access.operation_and_roles(user, operation.pk, at=timezone.now()) == (
        operation, frozenset({Role.RECEPTION, Role.SURVEY}),
    )  # fmt: skip
    stranger = make.user(make.operation().center, Role.CHIEF)
    with pytest.raises(Http404):
        access.operation_and_roles(stranger, operation.pk, at=timezone.now())


@pytest.mark.database
@pytest.mark.parametrize(("ahead", "still_in"), [(timedelta(hours=26), False), (timedelta(0), True)])
def test_a_session_begun_while_the_clock_was_ahead_ends_when_it_is_set_right(
    ahead: timedelta, still_in: bool
) -> None:
    operation = make.operation()
    user, client, now = make.user(operation.center), Client(), timezone.now()
    with time_machine.travel(now + ahead, tick=False):
        assert sign_in(client, user.sign_in_name, PASSWORD)[0] == 302
    with time_machine.travel(now + timedelta(minutes=1), tick=False):
        status = client.get(reverse("home", args=[operation.pk])).status_code
    assert (status == 200) is still_in


def test_a_preview_of_the_link_does_not_use_it_up() -> None:
    operation = make.operation()
    token = services.issue_sign_in_link(make.user(operation.center), at=timezone.now())
    client = Client()
    client.head(reverse("sign_in_by_link", args=[token]))
    assert client.get(reverse("sign_in_by_link", args=[token])).status_code == 302
    assert client.get(reverse("home", args=[operation.pk])).status_code == 200


@pytest.mark.parametrize("token", ["x", "あ", "a" * 5000])
def test_a_link_that_never_was_is_refused_in_words(token: str) -> None:
    answer = Client().get(reverse("sign_in_by_link", args=[token]))
    assert answer.status_code == 403
    assert "新しいリンクを出してもらってください" in answer.content.decode()


def test_an_old_link_is_refused() -> None:
    user = make.user(make.center())
    token = services.issue_sign_in_link(user, at=timezone.now() - services.LINK_LIFETIME)
    assert Client().get(reverse("sign_in_by_link", args=[token])).status_code == 403


def test_whoever_came_by_link_chooses_a_name_and_a_password_of_their_own() -> None:
    operation = make.operation()
    person = services.add_staff(
        operation.center, display_name="佐藤 花", roles=[Role.RECEPTION], by=make.by(make.user(operation.center)),
        at=timezone.now(),
    )  # fmt: skip
    token = services.issue_sign_in_link(person, at=timezone.now())
    client = Client()
    client.get(reverse("sign_in_by_link", args=[token]))
    account = reverse("my_account", args=[operation.pk])
    form = {"sign_in_name": "hana.sato", "password": "nashi-to-kaki-mikan", "again": "nashi-to-kaki-mikan"}
    assert client.post(account, form).status_code == 302
    assert client.get(account).status_code == 200, "the session goes on"
    assert sign_in(Client(), "hana.sato", "nashi-to-kaki-mikan")[0] == 302
    assert Entry.objects.filter(action="user.password_set", actor=person).exists()


def test_whoever_came_by_password_must_know_it_to_change_it() -> None:
    operation = make.operation()
    user = make.user(operation.center)
    client = Client()
    sign_in(client, user.sign_in_name, PASSWORD)
    form = {"sign_in_name": "ito", "password": "nashi-to-kaki-mikan", "again": "nashi-to-kaki-mikan"}
    account = reverse("my_account", args=[operation.pk])
    assert client.post(account, form).status_code == 200
    wrong = client.post(account, {**form, "current": "not-the-password"})
    assert "いまのパスワードが違います" in wrong.content.decode()
    assert client.post(account, {**form, "current": PASSWORD}).status_code == 302


@pytest.mark.parametrize(
    ("name", "password", "again", "sentence"),
    [
        ("taken", "nashi-to-kaki-mikan", "nashi-to-kaki-mikan", "ほかの人が使っています"),
        ("花", "nashi-to-kaki-mikan", "nashi-to-kaki-mikan", "3文字以上で入力してください"),
        ("hana", "short", "short", "短すぎます"),
        ("hana", "nashi-to-kaki-mikan", "nashi-to-kaki-ringo", "2回の入力が同じではありません"),
    ],
)
def test_a_weak_or_taken_choice_is_explained(name: str, password: str, again: str, sentence: str) -> None:
    operation = make.operation()
    user = make.user(operation.center)
    User.objects.create_user("taken", "別の人")
    client = Client()
    sign_in(client, user.sign_in_name, PASSWORD)
    form = {"sign_in_name": name, "current": PASSWORD, "password": password, "again": again}
    answer = client.post(reverse("my_account", args=[operation.pk]), form)
    assert sentence in answer.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_page_is_told_before_it_sends_what_somebody_typed_whether_it_would_be_taken() -> None:
    stranger = Client().get(reverse("reach"))
    assert stranger.json() == {"sign_in": reverse("sign_in"), "csrf": ""}
    assert not stranger.cookies, "pages for everybody stay free of cookies"
    user = make.user(make.center())
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    known = client.get(reverse("reach")).json()
    assert known["sign_in"] == ""
    assert client.post(reverse("sign_out"), {"csrfmiddlewaretoken": "of a session before"}).status_code == 403
    assert client.post(reverse("sign_out"), {"csrfmiddlewaretoken": known["csrf"]}).status_code == 302
    client.force_login(user)
    User.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert client.get(reverse("reach")).json()["sign_in"] == reverse("sign_in")
