"""Groups at the desk: the list, the people with ticks, the sheet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.core.card_token import Purpose, parse
from dvc.operations.models import Operation
from dvc.sync.groups import of_operation
from intake.checkin.models import GroupArrival, Visit
from intake.volunteers import cards
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
    client.post(_url("group_take_off", operation, group.pk), {"volunteer": person.pk})
    group.refresh_from_db()
    assert not Group.objects.filter(leader__isnull=False).exists()
    assert not group.volunteers.exists()


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


def test_people_of_no_group_are_counted_at_the_desk(client: Client, operation: Operation) -> None:
    page = _url("nameless_count", operation)
    assert client.post(page, {"heads": "0", "came": "0:00"}).status_code == 422
    assert client.post(page, {"heads": "x", "came": "\x00"}).status_code == 422
    assert client.post(page, {"heads": "4", "came": "0:00"}).status_code == 302
    row = GroupArrival.objects.get()
    assert "いま 4人" in client.get(_url("group_list", operation)).content.decode()
    assert client.post(_url("nameless_correct", operation, row.pk), {"heads": "²"}).status_code == 409
    client.post(_url("nameless_correct", operation, row.pk), {"heads": "3"})
    client.post(_url("nameless_went", operation, row.pk))
    row.refresh_from_db()
    assert (row.extra, row.left_at is None) == (3, False)


def test_groups_are_the_receptions_and_of_the_own_center(operation: Operation, group: Group) -> None:
    colleague, stranger = Client(), Client()
    colleague.force_login(make.user(operation.center, Role.EQUIPMENT))
    elsewhere = make.operation(make.center("隣のセンター"))
    stranger.force_login(make.user(elsewhere.center, Role.CHIEF))
    for name, args in (("group_list", ()), ("group_page", (group.pk,)), ("group_sheet", (group.pk,))):
        assert colleague.get(_url(name, operation, *args)).status_code == 403
        assert stranger.get(_url(name, operation, *args)).status_code == 404
    assert stranger.get(_url("group_page", elsewhere, group.pk)).status_code == 404
