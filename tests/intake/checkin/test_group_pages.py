"""Groups at the desk: the list, the people with ticks, the sheet."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from dvc.accounts.roles import Role
from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM, By
from dvc.core.card_token import Purpose, parse
from dvc.operations import services as operations
from dvc.operations.models import Mode, Operation
from dvc.sync.groups import of_operation
from intake.checkin import groups, headcounts
from intake.checkin import services as checkin
from intake.checkin.models import GroupArrival, Visit
from intake.volunteers import cards, merge
from intake.volunteers import groups as lists
from intake.volunteers import services as volunteers
from intake.volunteers.models import Group
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys_dir(settings: Settings, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path / "keys"


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def group(operation: Operation) -> Group:
    return volunteers.register_group(operation.center, name="髙﨑町内会", by=SYSTEM, at=make.at(8))


@pytest.fixture
def client(operation: Operation) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, Role.RECEPTION))
    return client


def _url(name: str, operation: Operation, *args: object) -> str:
    return reverse(name, args=[operation.pk, *args])


@pytest.mark.database
def test_everybody_but_the_absent_arrives_and_two_more_without_a_name(
    client: Client, operation: Operation, group: Group
) -> None:
    people = [make.volunteer(operation.center, name, group=group) for name in ("佐藤", "鈴木", "𠮷田")]
    blocked = make.volunteer(operation.center, "高橋", group=group, blocked_reason="前回のこと")
    tell = _url("group_tell", operation, group.pk)
    members = [people[0].pk, people[2].pk, blocked.pk, "x", "9" * 50]
    page = client.post(tell, {"way": "arrive", "member": members, "extra": "2"}, follow=True).content.decode()
    assert {visit.volunteer_id for visit in Visit.objects.all()} == {people[0].pk, people[2].pk}
    assert GroupArrival.objects.get().extra == 2
    assert "2人の到着を記録しました" in page
    assert "班長を呼んでください" in page
    assert "前回のこと" not in page
    assert "ほかに名前のない人 2人" in page
    client.post(tell, {"way": "leave", "member": members, "extra": "\x00"})
    assert not Visit.objects.present().exists()


def test_who_went_home_does_not_come_back_with_a_latecomer(
    client: Client, operation: Operation, group: Group
) -> None:
    people = [make.volunteer(operation.center, name, group=group) for name in ("佐藤", "鈴木", "𠮷田")]
    tell, page = _url("group_tell", operation, group.pk), _url("group_page", operation, group.pk)
    client.post(tell, {"way": "arrive", "member": [people[0].pk, people[1].pk]})
    client.post(tell, {"way": "leave", "member": [people[1].pk]})
    shown = client.get(page).content.decode()
    ticked = re.findall(r'name="member" value="(\d+)" checked', shown)
    assert ticked == [str(people[0].pk), str(people[2].pk)]
    client.post(tell, {"way": "arrive", "member": ticked})
    assert set(Visit.objects.present().values_list("volunteer_id", flat=True)) == {
        people[0].pk, people[2].pk
    }  # fmt: skip


def test_people_without_names_are_counted_in_what_the_page_says(
    client: Client, operation: Operation, group: Group
) -> None:
    tell = _url("group_tell", operation, group.pk)
    make.volunteer(operation.center, group=group)
    page = client.post(tell, {"way": "arrive", "extra": "12"}, follow=True).content.decode()
    assert "名前のない人12人の到着を記録しました" in page
    assert "0人の" not in page
    page = client.post(tell, {"way": "leave"}, follow=True).content.decode()
    assert "名前のない人12人の帰りを記録しました" in page


def test_the_desk_is_told_what_to_do_when_nobody_came_or_went(
    client: Client, operation: Operation, group: Group
) -> None:
    tell = _url("group_tell", operation, group.pk)
    page = client.post(tell, {"way": "arrive", "extra": "0"}, follow=True).content.decode()
    assert "新しく受付した人はいません。来た人に印をつけるか" in page
    page = client.post(tell, {"way": "leave"}, follow=True).content.decode()
    assert "新しく帰りを記録した人はいません。帰る人がいるときは" in page
    assert "0人の" not in page


def test_only_who_came_goes_home(client: Client, operation: Operation, group: Group) -> None:
    people = [make.volunteer(operation.center, name, group=group) for name in ("佐藤", "鈴木", "𠮷田")]
    everybody = [person.pk for person in people]
    tell = _url("group_tell", operation, group.pk)
    client.post(tell, {"way": "arrive", "member": everybody[:2]})
    page = client.post(tell, {"way": "leave", "member": everybody}, follow=True).content.decode()
    assert "2人の帰りを記録しました" in page
    assert "𠮷田 花子 さんは、いま来ていないので記録していません" in page
    assert set(Visit.objects.values_list("volunteer_id", flat=True)) == set(everybody[:2])


def test_where_nobody_is_known_to_have_come_the_leaving_is_a_fact_all_the_same(
    client: Client, operation: Operation, group: Group
) -> None:
    person = make.volunteer(operation.center, group=group)
    client.post(_url("group_tell", operation, group.pk), {"way": "leave", "member": [person.pk]})
    assert Visit.objects.get().left_at is not None


@pytest.mark.database
def test_the_list_takes_people_in_and_lets_them_go(
    client: Client, operation: Operation, group: Group
) -> None:
    person = make.volunteer(operation.center, "𠮷田")
    page = _url("group_page", operation, group.pk)
    assert "𠮷田" in client.get(page, {"q": "吉田"}).content.decode()
    client.post(_url("group_add", operation, group.pk), {"volunteer": person.pk})
    client.post(_url("group_leader", operation, group.pk), {"volunteer": person.pk})
    group.refresh_from_db()
    assert group.leader == person
    stranger = make.volunteer(make.center("隣のセンター"))
    for bad in (stranger.pk, "x", "", "9" * 50):
        assert client.post(_url("group_add", operation, group.pk), {"volunteer": bad}).status_code == 404
    outsider = make.volunteer(operation.center)
    assert (
        client.post(_url("group_leader", operation, group.pk), {"volunteer": outsider.pk}).status_code == 409
    )
    off, whom = _url("group_take_off", operation, group.pk), {"volunteer": person.pk}
    assert "名簿から外しました" in client.post(off, whom, follow=True).content.decode()
    group.refresh_from_db()
    assert not Group.objects.filter(leader__isnull=False).exists()
    assert not group.volunteers.exists()
    # Another desk was quicker: it took them off, or has moved them.
    assert "ほかの人が先に名簿から外しています" in client.post(off, whom, follow=True).content.decode()
    other = volunteers.register_group(operation.center, name="隣の会", by=SYSTEM, at=make.at(9))
    lists.add(other, person, by=SYSTEM, at=make.at(9))
    told = client.post(off, whom, follow=True).content.decode()
    assert "ほかの人が先に「隣の会」の名簿に移しています。何も変えていません。" in told
    assert not lists.take_off(group, person, by=SYSTEM, at=make.at(9))
    assert other.volunteers.get() == person


@pytest.mark.database
def test_who_was_merged_since_the_page_was_opened_is_put_on_the_list_as_who_they_are_now(
    client: Client, operation: Operation, group: Group
) -> None:
    twin, person = make.volunteer(operation.center, "吉田"), make.volunteer(operation.center, "𠮷田")
    merge.merge(twin, person, by=SYSTEM, at=make.at(9))
    told = client.post(_url("group_add", operation, group.pk), {"volunteer": twin.pk}, follow=True)
    assert "𠮷田 花子 さんを" in told.content.decode()
    assert group.volunteers.get() == person
    client.post(_url("group_take_off", operation, group.pk), {"volunteer": twin.pk})
    assert not group.volunteers.exists()
    volunteers.withdraw(person, by=SYSTEM, at=make.at(9))
    assert client.post(_url("group_add", operation, group.pk), {"volunteer": twin.pk}).status_code == 404


def test_the_sheet_has_one_symbol_for_ever_and_a_box_for_each_person(
    client: Client, operation: Operation, group: Group
) -> None:
    for number in range(41):
        make.volunteer(operation.center, f"人{number}", group=group)
    sheet = _url("group_sheet", operation, group.pk)
    assert client.get(sheet).status_code == 302  # looking makes nothing
    assert client.post(_url("group_print", operation, group.pk)).headers["Location"] == sheet
    page = client.get(sheet).content.decode()
    assert page.count("group-sheet__box") == 41
    assert page.count('<section class="sheet paper">') == 2
    group.refresh_from_db()
    first = group.sheet_token
    client.post(_url("group_print", operation, group.pk))
    group.refresh_from_db()
    assert group.sheet_token == first
    token = parse(
        first, issuer=operation.center.issuer, keys=cards.public_keys(operation.center), purpose=Purpose.GROUP
    )
    [told] = of_operation(operation)
    assert (told["sheet"], len(told["members"])) == (token.card_id.hex()[:16], 41)


@pytest.mark.database
def test_people_of_no_group_are_counted_at_the_desk(client: Client, operation: Operation) -> None:
    page = _url("nameless_count", operation)
    assert client.post(page, {"heads": "0", "came": "0:00"}).status_code == 422
    assert client.post(page, {"heads": "x", "came": "\x00"}).status_code == 422
    assert client.post(page, {"heads": "4", "came": "0:00"}).status_code == 302
    row = GroupArrival.objects.get()
    listed = _url("group_list", operation)
    assert "いま 4人" in client.get(_url("group_list", operation)).content.decode()
    assert client.post(_url("nameless_correct", operation, row.pk), {"heads": "²"}).status_code == 409
    shown = client.post(_url("nameless_correct", operation, row.pk), {"heads": "3"}, follow=True)
    assert "4人 → 3人に直しました" in shown.content.decode()
    shown = client.post(_url("nameless_went", operation, row.pk), follow=True)
    assert "名前のない人3人の帰りを記録しました。" in shown.content.decode()
    assert "いま 0人" in shown.content.decode()
    assert "帰りを取り消す" in shown.content.decode()
    shown = client.post(_url("nameless_back", operation, row.pk), follow=True)
    assert "名前のない人3人の帰りを取り消しました。" in shown.content.decode()
    assert "いま 3人" in client.get(listed).content.decode()
    row.refresh_from_db()
    assert row.extra == 4  # what was counted first stays on record


@pytest.mark.parametrize(
    ("typed", "came"), [("23:50", make.at(23, 50)), ("0:05", make.at(24, 5)), ("9:00", None), ("0:20", None)]
)
def test_after_midnight_people_of_the_evening_before_are_counted(typed: str, came: datetime | None) -> None:
    drill = make.operation(mode=Mode.DRILL)
    operations.set_clock(drill, reading=make.at(24, 10), speed=0, by=SYSTEM, at=timezone.now())
    desk = Client()
    desk.force_login(make.user(drill.center, Role.RECEPTION))
    answer = desk.post(_url("nameless_count", drill), {"heads": "4", "came": typed})
    told = [row.arrived_at for row in GroupArrival.objects.all()]
    assert (answer.status_code, told) == ((302, [came]) if came else (409, []))


@pytest.mark.database
def test_a_number_is_corrected_to_how_many_came_whoever_has_a_name_by_now(
    client: Client, operation: Operation, group: Group
) -> None:
    at = timezone.now() - timedelta(minutes=5)
    groups.tell(operation, group, "arrive", members=[], extra=10, site=None, by=SYSTEM, at=at)
    for _ in range(3):
        person = make.volunteer(operation.center, group=group, registered_at=at)
        checkin.arrive(operation, person, site=None, by=SYSTEM, at=timezone.now())
    shown = client.get(_url("group_list", operation)).content.decode()
    row = GroupArrival.objects.get()
    assert "いま 7人" in shown
    assert f'<label for="heads_{row.pk}">来た人数（名前が分かった人もふくむ）</label>' in shown
    page = client.post(_url("nameless_correct", operation, row.pk), {"heads": "9"}, follow=True)
    assert "来た人数を9人に直しました" in page.content.decode()
    assert "いま 6人" in page.content.decode()


def test_the_desk_hears_that_a_count_was_taken_back_meanwhile(
    client: Client, operation: Operation, group: Group
) -> None:
    groups.tell(operation, group, "arrive", members=[], extra=10, site=None, by=By(op="a"), at=timezone.now())
    row = GroupArrival.objects.get()
    assert headcounts.take_back(operation, op="a", at=timezone.now())
    for name in ("nameless_correct", "nameless_went", "nameless_back"):
        page = client.post(_url(name, operation, row.pk), {"heads": "8"}, follow=True).content.decode()
        assert "もう取り消されています。いまの人数を確かめてください。" in page
        assert "しました" not in page
    assert not Entry.objects.filter(action__startswith="nameless.").exists()


@pytest.mark.database
def test_whoever_was_counted_before_midnight_is_shown_everywhere_the_next_day(
    client: Client, operation: Operation, group: Group
) -> None:
    at = timezone.now() - timedelta(days=1, hours=1)
    leader = make.volunteer(operation.center, "団体", "代表", group=group, phone="090-1111-2222")
    lists.set_leader(group, leader, by=SYSTEM, at=at)
    groups.tell(operation, group, "arrive", members=[], extra=6, site=None, by=SYSTEM, at=at)
    chief = Client()
    chief.force_login(make.user(operation.center))
    shown = chief.get(_url("group_list", operation)).content.decode()
    assert "いま 6人" in shown
    assert "帰ったかを確かめてください" in shown
    home = chief.get(_url("home", operation)).content.decode()
    assert "名前のない人が6人います" in home
    assert "6人はきのうまでに来て" in home
    missing = chief.get(_url("unreturned_list", operation)).content.decode()
    assert "髙﨑町内会　6人" in missing
    assert "090-1111-2222" in missing
    assert Look.objects.filter(subject_id=str(leader.pk), why="未帰着確認").exists()
    assert '<span class="tile__number">6<' in chief.get(_url("inbox_list", operation)).content.decode()
    assert ">6<" in chief.get(_url("board", operation)).content.decode()
    row = GroupArrival.objects.get()
    shown = chief.post(_url("nameless_went", operation, row.pk), follow=True).content.decode()
    assert "いま 0人" in shown
    assert "帰ったかを確かめてください" not in shown
    assert "帰りを取り消す" in shown
    assert "髙﨑町内会　6人" not in chief.get(_url("unreturned_list", operation)).content.decode()
    assert "いま 6人" in chief.post(_url("nameless_back", operation, row.pk), follow=True).content.decode()


def test_every_page_gets_the_limit_of_a_headcount_from_one_place(
    client: Client, operation: Operation, group: Group
) -> None:
    make.volunteer(operation.center, group=group)
    client.post(_url("group_tell", operation, group.pk), {"way": "arrive", "extra": str(headcounts.MOST + 1)})
    assert GroupArrival.objects.get().extra == headcounts.MOST
    for page in (_url("group_page", operation, group.pk), _url("group_list", operation)):
        assert f'max="{headcounts.MOST}"' in client.get(page).content.decode()
    assert (
        f'data-most-nameless="{headcounts.MOST}"'
        in client.get(_url("tablet_reception", operation)).content.decode()
    )


def test_groups_are_the_receptions_and_of_the_own_center(operation: Operation, group: Group) -> None:
    colleague, stranger = Client(), Client()
    colleague.force_login(make.user(operation.center, Role.EQUIPMENT))
    elsewhere = make.operation(make.center("隣のセンター"))
    stranger.force_login(make.user(elsewhere.center, Role.CHIEF))
    for name, args in (("group_list", ()), ("group_page", (group.pk,)), ("group_sheet", (group.pk,))):
        assert colleague.get(_url(name, operation, *args)).status_code == 403
        assert stranger.get(_url(name, operation, *args)).status_code == 404
    assert stranger.get(_url("group_page", elsewhere, group.pk)).status_code == 404
