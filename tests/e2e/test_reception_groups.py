"""A group by its sheet: one scan, one tap, the absent by name, one more by their card, also without a network."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.e2e.conftest import WALL, manage
from tests.e2e.reception import Tablet, set_up
from tests.infra.center import RunningCenter

_GROUP = """
import json
from django.utils import timezone
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.volunteers import groups, services
from intake.volunteers.models import Volunteer
operation = Operation.objects.select_related("center").get(pk={operation})
group = services.register_group(operation.center, name="桜木町内会", by=SYSTEM, at=timezone.now())
people = Volunteer.objects.filter(center=operation.center).exclude(family_name="遠藤")
people.update(group=group)
groups.set_leader(group, people.get(family_name="阿部"), by=SYSTEM, at=timezone.now())
print(json.dumps([group.pk, groups.sheet_token(group, by=SYSTEM, at=timezone.now())]))
"""
_HERE = """
import json
from intake.checkin.models import GroupArrival, Visit
here = Visit.objects.filter(operation={operation}).order_by("volunteer_id")
extra = GroupArrival.objects.filter(operation={operation})
print(json.dumps([[visit.volunteer.family_name for visit in here], [row.extra for row in extra]]))
"""


def test_a_group_comes_by_its_sheet_without_a_network(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, ["阿部", "伊東", "上野", "遠藤"])
    group, sheet = manage(running, _GROUP.format(operation=desk.operation))
    tablet = Tablet(launch(), running, desk)
    page = tablet.page
    tablet.visitor.context.set_offline(True)
    tablet.read(sheet)
    form = page.locator("[data-group]")
    expect(form.get_by_text("阿部 花…（代表）")).to_be_visible()
    form.get_by_text("伊東 花…").click()
    tablet.read(desk.holders[3].token)  # 遠藤 is not on the list
    expect(form.get_by_text("遠藤 花… さんを入れました。")).to_be_visible()
    for _ in range(2):
        form.get_by_role("button", name="名簿にない人を1人増やす").click()
    tablet.visitor.picture("group-by-sheet")
    form.get_by_role("button", name="5人を受付する").click()
    tablet.expect_verdict("group_arrived")
    tablet.visitor.context.set_offline(False)
    page.get_by_role("button", name="送信").click()
    tablet.expect_unsent(0)
    assert manage(running, _HERE.format(operation=desk.operation)) == [["阿部", "上野", "遠藤"], [2]]
    page.get_by_role("button", name="説明").click()
    tablet.read(sheet)
    tablet.expect_verdict("group_sheet_here")
    assert tablet.visitor.errors == []

    for path, name in ((f"groups/{group}/", "group-page"), (f"groups/{group}/sheet/", "group-sheet"),
                       ("groups/", "group-list"), ("", "group-home"), ("board/", "group-board")):  # fmt: skip
        page.goto(f"/o/{desk.operation}/{path}")
        tablet.visitor.picture(name)
    expect(page.get_by_text("名前のない人")).to_be_visible()
    page.set_viewport_size({"width": WALL["width"], "height": WALL["height"]})
    page.goto(f"/o/{desk.operation}/board/wall/")
    expect(page.get_by_text("ほかに 名前のない人 2人")).to_be_visible()
    tablet.visitor.picture("group-wall")
