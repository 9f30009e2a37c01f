"""掲示・挙手 and 前日割当: what may be read on a wall, what a scan at the desk does, where groups go tomorrow."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from intake.checkin import services as checkin
from intake.help_requests.models import Need, NeedState
from intake.people.models import Household, Town
from intake.volunteers import cards
from intake.volunteers.models import Card, Group, Volunteer
from matching.dispatch.models import Dispatch
from matching.proposals import posting_views, runs
from matching.proposals.modes import MatchMode, mode_of, set_mode
from matching.proposals.posting import PER_WALL, posts, scan, wall_page
from matching.queue import services as queue
from matching.queue.models import Lock
from tests import make
from tests.matching.proposals.morning import people, present
from tests.matching.proposals.test_pages import NOW, signed_in, text, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    drill = make.operation(mode=Mode.DRILL, name="訓練")
    return operations.set_clock(drill, reading=NOW, speed=0, by=SYSTEM, at=NOW)


@pytest.fixture
def client(operation: Operation) -> Client:
    return signed_in(operation, Role.MATCHING)


def card_of(person: Volunteer) -> Card:
    cards.issue_stock(person.center, count=1, by=SYSTEM, at=NOW)
    card = Card.objects.filter(holder=None, center=person.center).latest("pk")
    cards.bind(card, person, by=SYSTEM, at=NOW, on=make.day(NOW))
    card.refresh_from_db()
    return card


# ── the wall ───────────────────────────────────────────────────────────────────────────────────
def test_the_wall_names_nobody_and_says_what_somebody_must_know(operation: Operation, client: Client) -> None:
    need = make.need(operation, needs_truck=True, women_min=1, people_min=3, people_ideal=5, minors_ok=False)
    town = Town.objects.create(center=operation.center, name="桜木", lat=38.29, lng=141.0)
    Household.objects.filter(needs=need).update(town=town)
    Need.objects.filter(pk=need.pk).update(summary="高橋キヨさん宅の床下")
    for name in ("posted_wall", "posted_slips"):
        page = text(client, url(name, operation))
        for said in (
            "泥かき",
            "桜木",
            "3～5人",
            "軽トラックが要ります",
            "女性1人以上",
            "18歳以上",
            str(need.number),
        ):
            assert said in page, said
        for kept in ("高橋", "キヨ", "9999", "022-000-0001"):
            assert kept not in page, kept


def test_a_house_that_is_open_all_day_is_so_in_words(operation: Operation, client: Client) -> None:
    need = make.need(operation, minutes=180)
    Need.objects.filter(pk=need.pk).update(open_from=time(0, 0), open_until=time(23, 59))
    assert [post.hours for post in posts(operation, at=NOW)] == ["いつでも・約3時間"]
    page = text(client, url("team_make", operation, need_id=need.pk))
    assert "・いつでも</p>" in page
    assert "23:59" not in page


def test_what_is_not_for_everybody_is_not_posted(operation: Operation) -> None:
    plain, crisis, held, kept, fixed, after, elsewhere = (make.need(operation) for _ in range(7))
    Need.objects.filter(pk=crisis.pk).update(needs_crisis=True)
    queue.hold(held, reason="雨", by=SYSTEM, at=NOW)
    club = Group.objects.create(center=operation.center, name="青年部", created_at=NOW)
    queue.lock(kept, club, reason="前日割当", by=SYSTEM, at=NOW)
    here = people(operation, 2)
    queue.pin([fixed, after], members=here, leader=here[0], reason="固定", by=SYSTEM, at=NOW)
    Need.objects.filter(pk=elsewhere.pk).update(state=NeedState.ASSIGNED)
    assert [post.need.pk for post in posts(operation, at=NOW)] == [plain.pk]


def test_the_wall_turns_its_pages_and_shows_every_need(operation: Operation) -> None:
    for _ in range(PER_WALL + 1):
        make.need(operation)
    found = posts(operation, at=NOW)
    turns = [wall_page(found, at=NOW + timedelta(seconds=15 * turn)) for turn in range(2)]
    assert {post.need.pk for shown, _, _ in turns for post in shown} == {post.need.pk for post in found}
    assert {(page, pages) for _, page, pages in turns} == {(1, 2), (2, 2)}
    assert wall_page([], at=NOW) == ([], 1, 1)
    assert wall_page(found * 100, at=NOW)[2] == 6


def test_slips_come_in_pages_and_one_by_its_number(
    operation: Operation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting_views, "SLIPS", 2)
    numbers = [make.need(operation).number for _ in range(3)]
    slips = url("posted_slips", operation)
    pages = [text(client, f"{slips}?page={page}") for page in (1, 2)]
    assert '?page=2"' in pages[0], "whoever prints the first page finds the second"
    assert [page.count('<article class="slip">') for page in pages] == [2, 1]
    one = text(client, f"{slips}?n={numbers[1]}")
    assert one.count('<article class="slip">') == 1
    assert f"N{numbers[1]}" in one


def test_the_wall_asks_again_and_is_told_when_nothing_changed(operation: Operation, client: Client) -> None:
    make.need(operation)
    first = client.get(url("posted_wall_part", operation))
    same = client.get(url("posted_wall_part", operation), {"version": first["X-Version"]})
    assert same.status_code == 204
    make.need(operation)
    assert client.get(url("posted_wall_part", operation), {"version": first["X-Version"]}).status_code == 200


# ── the desk ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.database
def test_a_slip_and_the_cards_make_a_team_and_the_first_leads(operation: Operation, client: Client) -> None:
    need, (leader, other) = make.need(operation), people(operation, 2)
    desk = url("posted_desk", operation)
    page = client.get(desk, {"scan": f"NEED{need.number}"})
    for scanned in (card_of(leader).token, card_of(other).short_code):
        page = client.get(page["Location"] + f"&scan={scanned}")
    shown = client.get(page["Location"]).content.decode()
    assert "どれもだいじょうぶです" in shown
    assert shown.index(leader.name) < shown.index(other.name)
    sent = {"m": [leader.pk, other.pk], "leader": leader.pk, "do": "decide", "back": "posted"}
    made = client.post(url("team_make", operation, need_id=need.pk), sent)
    assert made["Location"] == desk
    dispatch = Dispatch.objects.get()
    assert (dispatch.need_id, dispatch.team.leader_id) == (need.pk, leader.pk)


def test_each_thing_that_cannot_be_scanned_gets_its_own_sentence(
    operation: Operation, client: Client
) -> None:
    need, (here, gone) = make.need(operation), people(operation, 2)
    checkin.leave(operation, gone, by=SYSTEM, at=NOW)
    cards.issue_stock(operation.center, count=1, by=SYSTEM, at=NOW)
    blank = Card.objects.get(holder=None)
    lost = card_of(present(operation, "紛失"))
    cards.lose(lost, by=SYSTEM, at=NOW)
    at_need: dict[str, Any] = {"need": need.pk, "members": [], "at": NOW}
    for scanned, asked, code in (
        (card_of(here).token, at_need | {"need": None}, "posting.need_first"),
        (blank.token, at_need, "posting.card_of_nobody"),
        (lost.token, at_need, "card.revoked"),
        (card_of(gone).token, at_need, "team.person_left"),
        (here.cards.get().token, at_need | {"members": [here.pk]}, "posting.already_in"),
        ("99999", at_need, "posting.no_such_need"),
        ("こんにちは", at_need, "card.unreadable"),
    ):
        with pytest.raises(Refused) as refused:
            scan(operation, scanned, **asked)
        assert refused.value.code == code
    page = client.get(url("posted_desk", operation), {"scan": "99999"}, follow=True)
    assert "N99999は、いま待っている困りごとの中にありません" in page.content.decode()


@pytest.mark.parametrize(
    "typed", ["NEED{}", "NEED{:07d}", "need{}", "ＮＥＥＤ{}", "{}", "{}番", "N{}", "ｎ{}", " {} "]
)
def test_a_number_is_read_however_it_is_typed(operation: Operation, typed: str) -> None:
    need = make.need(operation)
    found = scan(operation, typed.format(need.number), need=None, members=[], at=NOW)
    assert found.need == need


@pytest.mark.parametrize("digits", ["56803116", "5680-3116", "５６８０３１１６"])
def test_a_card_whose_code_is_of_digits_alone_is_a_card(operation: Operation, digits: str) -> None:
    need, (here,) = make.need(operation), people(operation, 1)
    card = card_of(here)
    Card.objects.filter(pk=card.pk).update(short_code="56803116")
    assert scan(operation, digits, need=need.pk, members=[], at=NOW).person == here


def test_another_slip_begins_another_team(operation: Operation, client: Client) -> None:
    first, second = make.need(operation), make.need(operation)
    (here,) = people(operation, 1)
    asked: dict[str, Any] = {"need": first.pk, "m": [here.pk], "scan": f"NEED{second.number}"}
    assert client.get(url("posted_desk", operation), asked)["Location"].endswith(f"?need={second.pk}")
    asked["scan"] = f"NEED{first.number}"
    assert f"m={here.pk}" in client.get(url("posted_desk", operation), asked)["Location"]


def test_what_the_rules_say_is_said_at_the_desk(operation: Operation, client: Client) -> None:
    need = make.need(operation, people_min=3)
    (here,) = people(operation, 1)
    page = text(client, f"{url('posted_desk', operation)}?need={need.pk}&m={here.pk}")
    assert "1人です。めやすは3～5人です。" in page
    assert "このまま決める理由" in page
    child = present(operation, "子", birth_date=make.day(NOW) - timedelta(days=365 * 10), guardian=here)
    Volunteer.objects.filter(pk=child.pk).update(guardian_consent=True)
    page = text(client, f"{url('posted_desk', operation)}?need={need.pk}&m={child.pk}")
    assert "このままでは決められません" in page
    assert 'value="decide"' not in page


# ── modes ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.database
def test_a_mode_says_what_happens_by_itself_and_takes_nothing_away(
    operation: Operation, client: Client
) -> None:
    make.need(operation)
    people(operation, 3)
    assert mode_of(operation) == MatchMode.AUTO
    client.post(url("match_mode", operation), {"mode": "posted"})
    operation.refresh_from_db()
    assert mode_of(operation) == MatchMode.POSTED
    runs.request_due_runs(at=NOW)
    assert not operation.match_runs.exists()
    assert "組み方は「掲示・挙手」です" in text(client, url("matching_board", operation))
    client.post(url("matching_request", operation))
    assert operation.match_runs.count() == 1
    operation.match_runs.all().delete()
    set_mode(operation, MatchMode.AUTO, by=SYSTEM, at=NOW)
    runs.request_due_runs(at=NOW)
    assert operation.match_runs.count() == 1
    client.post(url("match_mode", operation), {"mode": "nonsense"})
    operation.refresh_from_db()
    assert mode_of(operation) == MatchMode.AUTO


@pytest.mark.database
def test_a_group_is_placed_for_tomorrow_printed_and_taken_back(operation: Operation, client: Client) -> None:
    need = make.need(operation)
    club = Group.objects.create(center=operation.center, name="青年部", created_at=NOW)
    for _ in range(3):
        make.volunteer(operation.center, "部員", group=club)
    tomorrow = make.day(NOW) + timedelta(days=1)
    assert "青年部（3人）" in text(client, url("day_before", operation))
    sent = {"group": club.pk, "number": need.number, "day": tomorrow.isoformat(), "note": "バス"}
    client.post(url("day_before", operation), sent)
    lock = Lock.objects.get()
    assert (lock.day, lock.group_id, lock.reason) == (tomorrow, club.pk, "前日割当：バス")
    printed = text(client, f"{url('day_before_list', operation)}?day={tomorrow}")
    assert "青年部" in printed
    assert f"N{need.number}" in printed
    assert "高橋" not in printed
    assert "青年部（3人）" not in text(client, f"{url('day_before', operation)}?day={tomorrow}")
    for wrong, said in (({"group": ""}, "団体を選んでください"), ({"number": "99999"}, "N99999は")):
        refused = client.post(url("day_before", operation), sent | wrong)
        assert refused.status_code == 409
        assert said in refused.content.decode()
    back = client.post(url("lock_undo", operation, lock_id=lock.pk), {"back": "day", "day": str(tomorrow)})
    assert back["Location"].endswith(f"?day={tomorrow}")
    assert not Lock.objects.exists()


@pytest.mark.database
def test_two_groups_at_one_need_are_pointed_out(operation: Operation, client: Client) -> None:
    need, tomorrow = make.need(operation), make.day(NOW) + timedelta(days=1)
    for name in ("青年部", "婦人会"):
        club = Group.objects.create(center=operation.center, name=name, created_at=NOW)
        make.volunteer(operation.center, "部員", group=club)
        page = client.post(
            url("day_before", operation),
            {"group": club.pk, "number": need.number, "day": tomorrow.isoformat()},
            follow=True,
        ).content.decode()
        assert ("同じ困りごとに2つの団体が行くことになっています" in page) == (name == "婦人会")


@pytest.mark.parametrize("day", ["", "nonsense", "2026-13-45", "2020-01-01", "2999-01-01"])
def test_a_day_that_cannot_be_meant_is_tomorrow(operation: Operation, client: Client, day: str) -> None:
    tomorrow = make.day(NOW) + timedelta(days=1)
    assert f'value="{tomorrow}"' in text(client, f"{url('day_before', operation)}?day={day}")


def test_strangers_and_other_desks_stay_out(operation: Operation) -> None:
    reception = signed_in(operation, Role.RECEPTION)
    stranger = signed_in(make.operation(make.center("隣の市")), Role.CHIEF)
    for name in ("posted_wall", "posted_slips", "posted_desk", "match_mode", "day_before", "day_before_list"):
        assert reception.get(url(name, operation)).status_code == 403
        assert stranger.get(url(name, operation)).status_code == 404
