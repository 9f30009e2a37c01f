"""The board: true numbers, no names for those who may not see them, and unchanged polls that cost next to nothing."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.accounts import tickets
from dvc.accounts.models import Membership, User
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, version_of
from dvc.board import queries, words
from dvc.core.refusals import REFUSALS
from dvc.operations.models import Operation
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState
from matching.dispatch import services as dispatches
from matching.dispatch.models import Outcome
from tests import make
from tests.matching.dispatch import scene
from tests.matching.dispatch.test_pages import dispatch_now

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(name: str, operation: Operation) -> str:
    return reverse(name, args=[operation.pk])


def poll_url(page: str) -> str:
    found = re.search(r'data-poll-url="([^"]+)"', page)
    assert found
    return found.group(1)


@pytest.mark.parametrize("name", ["board", "board_wall"])
def test_everybody_of_the_center_sees_the_board_and_nobody_else(name: str) -> None:
    operation = make.operation()
    assert signed_in(make.user(operation.center, Role.TRANSPORT)).get(url(name, operation)).status_code == 200
    assert (
        signed_in(make.user(make.center("よその市のセンター"))).get(url(name, operation)).status_code == 404
    )
    assert Client().get(url(name, operation)).status_code == 302


def test_the_numbers_follow_a_morning() -> None:
    operation = make.operation()
    free = scene.present(operation, make.volunteer(operation.center))
    out = scene.out(operation)
    scene.assigned(operation)
    make.need(operation)
    crisis = make.need(operation, state=NeedState.SURVEY_WAIT)
    crisis.needs_crisis = True
    crisis.save()
    found = queries.shown(operation, at=make.at(11), names=True, wall=False)
    numbers = found.numbers
    assert (numbers.arrived, numbers.present, numbers.free, numbers.people_out) == (5, 5, 1, 2)
    assert (numbers.needs_waiting, numbers.needs_assigned, numbers.needs_in_progress) == (1, 1, 1)
    assert (numbers.teams_before, numbers.teams_out, numbers.teams_overdue) == (1, 1, 0)
    assert numbers.crisis == 1
    assert numbers.oldest_wait_words == "2日"
    assert found.people is not None
    assert {(one.name, one.team) for one in found.people if one.name == free.name} == {(free.name, "")}
    assert queries.shown(operation, at=make.at(13, 1), names=False, wall=True).numbers.teams_overdue == 1
    dispatches.report(out, outcome=Outcome.COMPLETED, people=2, by=SYSTEM, at=make.at(12))
    dispatches.come_back(out, by=SYSTEM, at=make.at(13))
    after = queries.shown(operation, at=make.at(13, 1), names=False, wall=True).numbers
    assert (after.needs_completed, after.needs_in_progress, after.free, after.people_out) == (1, 0, 3, 0)
    assert queries.shown(operation, at=make.at(24 + 9), names=False, wall=True).numbers.needs_completed == 0


def test_a_reopened_need_does_not_count_as_done() -> None:
    operation = make.operation()
    out = scene.out(operation)
    dispatches.report(out, outcome=Outcome.COMPLETED, people=2, by=SYSTEM, at=make.at(12))
    needs.move(Need.objects.get(pk=out.need_id), NeedState.TRIAGE, by=SYSTEM, at=make.at(12, 5))
    assert queries.shown(operation, at=make.at(13), names=False, wall=True).numbers.needs_completed == 0


def test_names_are_for_roles_that_keep_volunteers_and_never_on_the_wall() -> None:
    dispatch = dispatch_now(depart=True)
    operation = dispatch.operation
    chief, driver = make.user(operation.center), make.user(operation.center, Role.TRANSPORT)
    assert dispatch.need.household is not None
    assert "髙﨑 一郎" in signed_in(chief).get(url("board", operation)).content.decode()
    for client, name in (
        (signed_in(driver), "board"), (signed_in(driver), "board_wall"), (signed_in(chief), "board_wall"),
    ):  # fmt: skip
        text = client.get(url(name, operation)).content.decode()
        part = client.get(poll_url(text)).content.decode()
        for shown in (text, part):
            assert "1班" in shown
            for secret in ("髙﨑", "𠮷田", "高橋 キヨ", dispatch.need.household.address, "090-"):
                assert secret not in shown, (name, secret)


@pytest.mark.parametrize("name", ["board", "board_wall"])
def test_an_unchanged_poll_costs_one_query_through_the_whole_stack(
    name: str, django_assert_num_queries: object
) -> None:
    dispatch = dispatch_now(depart=True)
    operation = dispatch.operation
    client = signed_in(make.user(operation.center))
    address = poll_url(client.get(url(name, operation)).content.decode())
    version = version_of(operation.pk)
    with django_assert_num_queries(1):  # type: ignore[operator]
        answer = client.get(address, {"version": version})
    assert answer.status_code == 204
    with django_assert_num_queries(1):  # type: ignore[operator]
        answer = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert answer.status_code == 304
    dispatches.arrive_on_site(dispatch, by=SYSTEM, at=timezone.now())
    changed = client.get(address, {"version": version})
    assert changed.status_code == 200
    assert "作業中" in changed.content.decode()
    assert changed.headers["X-Version"] == str(version_of(operation.pk))


def test_many_teams_are_pages_late_ones_first_and_the_poll_stays_on_the_page() -> None:
    operation = make.operation()
    *others, late = (scene.out(operation, hours=9 - n // 12) for n in range(13))
    client = signed_in(make.user(operation.center))
    page = client.get(url("board", operation)).content.decode()
    link = f'<a href="{reverse("dispatch_detail", args=[operation.pk, late.pk])}">'
    assert link in page
    assert page.count('<td data-label="班">') == 12
    assert 'href="?teams=2#teams"' in page
    second = client.get(url("board", operation), {"teams": "2"}).content.decode()
    for shown in (second, client.get(poll_url(second)).content.decode()):
        assert shown.count('<td data-label="班">') == 1
        assert f"{others[-1].team}</a>" in shown


def test_a_whole_poll_costs_the_same_for_a_busy_day(django_assert_max_num_queries: object) -> None:
    operation = make.operation()
    for _ in range(8):
        scene.out(operation)
    client = signed_in(make.user(operation.center))
    address = poll_url(client.get(url("board", operation)).content.decode())
    with django_assert_max_num_queries(28):  # type: ignore[operator]
        assert client.get(address).status_code == 200


def test_without_the_person_s_session_a_ticket_gets_no_data() -> None:
    operation = make.operation()
    user = make.user(operation.center)
    address = poll_url(signed_in(user).get(url("board", operation)).content.decode())
    assert Client().get(address).status_code == 403
    assert signed_in(make.user(operation.center)).get(address).status_code == 403


@pytest.mark.parametrize("how", ["stopped", "expired", "moved away", "signed out"])
def test_whoever_lost_the_right_gets_no_data_from_the_next_change_on(how: str) -> None:
    operation = make.operation()
    user = make.user(operation.center)
    client = signed_in(user)
    address = poll_url(client.get(url("board", operation)).content.decode())
    if how == "stopped":
        User.objects.filter(pk=user.pk).update(is_active=False)
    elif how == "expired":
        User.objects.filter(pk=user.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    elif how == "moved away":
        Membership.objects.filter(user=user).delete()
    else:
        client.logout()
    assert client.get(address).status_code in (403, 404)


def test_a_forged_foreign_or_old_ticket_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    operation, other = make.operation(), make.operation()
    user = make.user(operation.center)
    client = signed_in(user)
    good = tickets.issue(tickets.Ticket(operation.pk, user.pk, "desk"))
    version = {"version": version_of(operation.pk)}
    assert client.get(reverse("board_poll", args=[operation.pk, good]), version).status_code == 204
    for operation_id, ticket in ((operation.pk, good[:-1]), (operation.pk, "x"), (other.pk, good)):
        address = reverse("board_poll", args=[operation_id, ticket])
        assert client.get(address, {"version": version_of(operation_id)}).status_code == 403
    real = timezone.now().timestamp()
    monkeypatch.setattr("time.time", lambda: real + 12 * 60 * 60 + 5)
    assert tickets.read(good) is None


# ── the log ────────────────────────────────────────────────────────────────────────────────────
def test_the_log_is_for_the_office_and_speaks_plainly() -> None:
    dispatch = dispatch_now(depart=True)
    operation = dispatch.operation
    office = signed_in(make.user(operation.center, Role.OFFICE))
    text = office.get(url("audit_log", operation)).content.decode()
    assert f"1班（N{dispatch.need.number}）が出発しました" in text
    assert f"困りごとN{dispatch.need.number}を「活動中」にしました" in text
    assert "髙﨑 一郎さんの受付をしました" in text
    assert (
        signed_in(make.user(operation.center, Role.MATCHING)).get(url("audit_log", operation)).status_code
        == 403
    )
    assert (
        signed_in(make.user(make.center("よその市のセンター"))).get(url("audit_log", operation)).status_code
        == 404
    )


def test_the_log_is_narrowed_by_day_person_and_area() -> None:
    dispatch = dispatch_now()
    operation = dispatch.operation
    user = make.user(operation.center, name="伊藤 のぞみ")
    dispatches.depart(
        dispatch, checks=scene.ALL, by=make.by(user), at=timezone.now(),
        due_back_at=timezone.now() + timedelta(hours=3),
    )  # fmt: skip
    client = signed_in(user)

    def said(**asked: str | int) -> str:
        return client.get(url("audit_log", operation), asked).content.decode()

    assert "出発しました" in said(who=user.pk)
    assert "受付をしました" not in said(who=user.pk)
    assert "受付をしました" in said(area="reception")
    assert "出発しました" not in said(area="reception")
    assert "出発しました" in said(day=timezone.localdate().isoformat(), area="teams")
    assert "記録は見つかりませんでした" in said(day="2001-01-01")
    for odd in (
        {"day": "9999-99-99"},
        {"day": "0001-01-01"},
        {"who": "9" * 400},
        {"area": "<b>"},
        {"page": "x"},
    ):
        assert client.get(url("audit_log", operation), odd).status_code == 200


def test_the_log_holds_what_was_done_to_the_center_and_nothing_of_another() -> None:
    operation = make.operation()
    chief = make.user(operation.center)
    accounts.add_staff(
        operation.center,
        display_name="応援の人",
        roles=[Role.RECEPTION],
        by=make.by(chief),
        at=timezone.now(),
    )
    text = signed_in(chief).get(url("audit_log", operation), {"area": "center"}).content.decode()
    assert "職員を加えました" in text
    other = make.operation(make.center("よその市のセンター"))
    text = signed_in(make.user(other.center)).get(url("audit_log", other)).content.decode()
    assert "職員を加えました" not in text


def test_the_log_says_why_a_chief_let_a_team_go() -> None:
    dispatch = dispatch_now(insured=False)
    chief = make.user(dispatch.operation.center)
    now = timezone.now()
    dispatches.depart(
        dispatch, checks=scene.ALL, override="保険会社に電話で確認", by=make.by(chief), at=now,
        due_back_at=now + timedelta(hours=2),
    )  # fmt: skip
    text = signed_in(chief).get(url("audit_log", dispatch.operation)).content.decode()
    assert "センター長の判断：保険会社に電話で確認" in text


def test_the_log_costs_the_same_for_a_long_day(django_assert_max_num_queries: object) -> None:
    operation = make.operation()
    for _ in range(6):
        scene.back(operation)
    client = signed_in(make.user(operation.center))
    with django_assert_max_num_queries(18):  # type: ignore[operator]
        client.get(url("audit_log", operation))


def _actions() -> set[str]:
    """Every action the code writes to the log: first words of calls in modules that use `audit.record`."""
    found = set()
    for folder in ("dvc", "intake", "matching"):
        for file in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(file.read_text())
            imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            if not any(
                (node.module == "dvc.audit.services" and any(name.name == "record" for name in node.names))
                or (node.module == "dvc.audit" and any(name.name == "services" for name in node.names))
                for node in imports
            ):
                continue
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                for argument in call.args:
                    text = argument.value if isinstance(argument, ast.Constant) else None
                    if (
                        isinstance(text, str)
                        and re.fullmatch(r"[a-z_]+\.[a-z_]+", text)
                        and text not in REFUSALS
                    ):
                        found.add(text)
    return found


@pytest.mark.once
def test_every_action_of_the_code_has_words() -> None:
    actions = _actions()
    assert len(actions) > 50
    assert sorted(actions - set(words.WORDS)) == []


def test_an_action_of_tomorrow_is_shown_as_it_is() -> None:
    operation = make.operation()
    entry = Entry(
        action="tomorrow.thing", subject_type="x.y", subject_id="1", details={}, at=make.at(9), via="desk"
    )
    assert [line.text for line in words.lines([entry], names=True)] == ["tomorrow.thing"]
    assert operation.is_open


@pytest.mark.once
def test_every_app_s_entries_can_be_found_by_their_area() -> None:
    in_no_list = {"audit", "outbox", "backups", "runtime"}
    ours = {
        f"{app.label}."
        for app in apps.get_app_configs()
        if app.name.startswith(("dvc.", "intake.", "matching."))
        and app.models
        and app.label not in in_no_list
    }
    assert ours == {prefix for _, prefixes in words.AREAS.values() for prefix in prefixes}
