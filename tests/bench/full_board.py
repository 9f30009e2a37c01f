"""`python -m tests.bench.full_board PEOPLE NEEDS` with DATA/DATABASE_URL: a morning of that size and what the engine proposes
first, to open the matching screens on. Prints JSON: the operation, a sign-in link, how many are offered, seconds.

Written in bulk, and with the first plan (no improvement): it is for looking at screens, not at plans.
"""

from __future__ import annotations

import json
import random
import sys
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from dvc.operations.models import Operation

FAMILIES = [
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "髙﨑",
    "齋藤",
    "長谷川",
    "阿部",
    "菊地",
    "千葉",
    "遠藤",
]
GIVEN = [
    "花子",
    "太郎",
    "一郎",
    "陽菜",
    "蓮",
    "結衣",
    "大翔",
    "美咲",
    "健",
    "恵子",
    "キヨ",
    "正",
    "和子",
    "さくら",
    "海斗",
]
TOWNS = [
    "中央",
    "八幡",
    "桜木",
    "大代",
    "町前",
    "高橋",
    "山王",
    "南宮",
    "市川",
    "浮島",
    "高崎",
    "留ケ谷",
    "伝上山",
    "下馬",
    "笠神",
]
WORK = ("mud_removal", "furniture_out", "under_floor", "cleaning", "debris", "tidy_up")
WORDS = {
    "mud_removal": "庭と玄関の泥かき", "furniture_out": "ぬれた家具の運び出し", "under_floor": "床下の泥かき",
    "cleaning": "床と壁の拭き掃除", "debris": "災害ごみの運搬", "tidy_up": "1階の片付け",
}  # fmt: skip
SKILLS = ("driver", "driver", "driver", "chainsaw", "carpenter", "nurse")


def people(operation: Operation, count: int, dice: random.Random, *, at: datetime) -> None:
    """Registered, insured and here since a while; a fifth in groups, a third with a car."""
    from dvc.core.japanese import search_key
    from intake.checkin.models import Visit
    from intake.volunteers.models import Group, InsurancePolicy, Volunteer

    groups = Group.objects.bulk_create(
        Group(
            center=operation.center, name=f"第{number}ボランティア会", atomic=number % 3 == 0, created_at=at
        )
        for number in range(1, count // 25 + 1)
    )
    rows = []
    for number in range(count):
        family, given = dice.choice(FAMILIES), f"{dice.choice(GIVEN)}{number}"
        car = dice.random() < 0.35
        rows.append(
            Volunteer(
                center=operation.center, family_name=family, given_name=given, name_key=search_key(f"{family} {given}"),
                kana_key=f"{number:05d}", phone=f"090-0000-{number:04d}", phone_digits=f"0900000{number:04d}",
                gender=dice.choice("FMM"), experience=dice.choices((0, 1, 2, 3), (80, 12, 6, 2))[0],
                stamina=dice.randint(1, 3), skills=[dice.choice(SKILLS)] if dice.random() < 0.4 else [],
                group=groups[number // 5] if groups and number // 5 < len(groups) else None,
                vehicle=dice.choice(("car", "car", "van", "kei_truck")) if car else "",
                avoids=["under_floor"] if dice.random() < 0.2 else [],
                prefers=[dice.choice(WORK)] if dice.random() < 0.3 else [], registered_at=at,
            )
        )  # fmt: skip
    made = Volunteer.objects.bulk_create(rows, batch_size=500)
    InsurancePolicy.objects.bulk_create(
        (
            InsurancePolicy(
                volunteer=person,
                valid_from=at - timedelta(days=1),
                valid_to=at + timedelta(days=200),
                recorded_at=at,
            )
            for person in made
        ),
        batch_size=500,
    )
    Visit.objects.bulk_create(
        (
            Visit(
                operation=operation,
                volunteer=person,
                day=at.date(),
                arrived_at=at - timedelta(minutes=30),
                oriented_at=at,
            )
            for person in made
        ),
        batch_size=500,
    )


def needs(operation: Operation, count: int, dice: random.Random, *, at: datetime) -> None:
    """Waiting for a team: one in fifty a crisis, one in five somebody who lives alone, some heavy or with a truck."""
    from intake.help_requests.models import Need, NeedState, WorkItem
    from intake.people.models import Household, Precision, Town

    towns = [
        Town.objects.get_or_create(
            center=operation.center, name=name, defaults={"kana": name, "lat": 38.29, "lng": 141.0}
        )[0]
        for name in TOWNS
    ]
    houses = Household.objects.bulk_create(
        (
            Household(
                center=operation.center, address=f"9999-{number}", address_key=f"9999{number}", town=dice.choice(towns),
                lat=38.2939 + dice.gauss(0, 0.015), lng=141.0044 + dice.gauss(0, 0.018), precision=Precision.PIN,
                lives_alone=dice.random() < 0.2, created_at=at,
            )
            for number in range(count)
        ),
        batch_size=500,
    )  # fmt: skip
    made = Need.objects.bulk_create(
        (
            Need(
                operation=operation, number=number, household=house, summary=WORDS[WORK[number % len(WORK)]],
                state=NeedState.READY, received_at=at - timedelta(days=dice.randint(0, 12), minutes=number),
                ready_at=at, touched_at=at, needs_crisis=dice.random() < 0.02, open_from=datetime.min.time(),
                open_until=datetime.max.time().replace(microsecond=0),
            )
            for number, house in enumerate(houses, 1)
        ),
        batch_size=500,
    )  # fmt: skip
    items = []
    for number, need in enumerate(made):
        least = dice.choice((2, 3, 3, 4, 5))
        items.append(
            WorkItem(
                need=need, category=WORK[number % len(WORK)], people_min=least, people_ideal=least + 1,
                people_max=least + 1, minutes=dice.choice((60, 90, 120, 180)),
                needs_truck=dice.random() < 0.15, women_min=int(dice.random() < 0.1),
                skills={"chainsaw": 1} if dice.random() < 0.05 else {},
                tools={"shovel": least, "wheelbarrow": 1} if number % 2 else {"brush": 2},
            )
        )  # fmt: skip
    WorkItem.objects.bulk_create(items, batch_size=500)


def prepare(count: int, wanted: int) -> dict[str, Any]:
    """A drill whose clock stands at half past nine of today, with everything in it."""
    from django.utils import timezone

    from dvc.accounts import services as accounts
    from dvc.accounts.roles import Role
    from dvc.audit.services import SYSTEM, By
    from dvc.operations import services as operations
    from dvc.operations.models import Center, Mode, Operation, OperationState
    from dvc.outbox import services as outbox
    from dvc.outbox.models import Row
    from matching.equipment.models import ToolStock, Vehicle
    from matching.proposals import runs
    from matching.proposals.models import Proposal

    now, dice = timezone.now(), random.Random(7)
    user = accounts.ensure_first_user(at=now)
    by = By(user=user)
    center = Center.objects.first() or operations.create_center(
        name="計測センター", city="多賀城市", phone="022-000-0000", site_name="本部", lat=38.2939, lng=141.0044, by=by, at=now,
    )  # fmt: skip
    accounts.set_roles(user, center, roles=[Role.CHIEF], by=by, at=now)
    operation = operations.create_operation(center, mode=Mode.DRILL, name="大きな朝", by=by, at=now)
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.OPEN, opened_at=now)
    operation.refresh_from_db()
    morning = timezone.localtime(now).replace(hour=9, minute=30, second=0, microsecond=0)
    operation = operations.set_clock(operation, reading=morning, speed=0, by=SYSTEM, at=now)
    people(operation, count, dice, at=morning)
    needs(operation, wanted, dice, at=morning)
    site = center.sites.get()
    Vehicle.objects.bulk_create(
        Vehicle(
            operation=operation,
            site=site,
            name=f"軽トラ{number}号",
            kind="kei_truck",
            seats=2,
            available=True,
        )
        for number in range(1, 13)
    )
    ToolStock.objects.bulk_create(
        ToolStock(operation=operation, site=site, tool=tool, count=count // 3)
        for tool in ("shovel", "wheelbarrow", "brush")
    )
    run = runs.request_run(operation, why="bench", by=by, at=morning)
    held = outbox.claim(Row.objects.get(kind=runs.KIND, dedupe_key=f"run:{run.pk}").pk, at=now)
    assert held is not None
    runs.WHOLE = runs.Budget(effort=0, seconds=60)  # type: ignore[misc]
    began = time.monotonic()
    runs.run(held, now=timezone.now)
    run.refresh_from_db()
    # Nobody looks at a board within ten minutes of making it.
    Proposal.objects.update(expires_at=now + timedelta(days=1))
    return {
        "operation": operation.pk, "state": run.state, "error": run.error, "seconds": round(time.monotonic() - began, 1),
        "offers": Proposal.objects.filter(operation=operation).count(),
        "link": accounts.issue_sign_in_link(user, at=now),
    }  # fmt: skip


if __name__ == "__main__":
    django.setup()
    json.dump(prepare(int(sys.argv[1]), int(sys.argv[2])), sys.stdout, ensure_ascii=False)
