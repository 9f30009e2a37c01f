"""Data for tests: small, fictitious, through the real services. Every function takes only what matters to the test."""

from __future__ import annotations

import itertools
import secrets
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from dvc.accounts.models import Membership, User
from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM, By
from dvc.core.japanese import kana_key, phone_digits, search_key
from dvc.operations import services as operations
from dvc.operations.models import Center, Mode, Operation
from intake.help_requests.models import Need, NeedState, WorkItem
from intake.people.models import Household, Person, Precision
from intake.people.services import fill_house_keys, fill_person_keys
from intake.volunteers.models import InsurancePolicy, Volunteer

MORNING = datetime(2026, 7, 18, 0, 0, tzinfo=UTC)  # 9:00 in Japan, a Saturday
_count = itertools.count(1)


def at(hour: int, minute: int = 0) -> datetime:
    """A moment of the test's day, in Japanese time."""
    return MORNING + timedelta(hours=hour - 9, minutes=minute)


def day(moment: datetime) -> date:
    """The local day of a moment."""
    return timezone.localdate(moment)


def center(name: str = "多賀城市災害ボランティアセンター") -> Center:
    """A center with one site and its ordinary operation, open."""
    return operations.create_center(
        name=name, city="多賀城市", phone="022-000-0000", site_name="本部", lat=38.2939, lng=141.0044,
        by=SYSTEM, at=MORNING - timedelta(days=30),
    )  # fmt: skip


def user(center: Center, *roles: Role, name: str = "伊藤 職員") -> User:
    """A member of staff with these roles (chief when none is named)."""
    made = User.objects.create_user(f"staff-{secrets.token_hex(4)}", name, "a-long-password")
    for role in roles or (Role.CHIEF,):
        Membership.objects.create(user=made, center=center, role=role)
    return made


def operation(
    center_: Center | None = None, *, mode: Mode = Mode.DISASTER, name: str = "7月豪雨"
) -> Operation:
    """An open operation whose insurance and orientation rules are on."""
    made = operations.create_operation(center_ or center(), mode=mode, name=name, by=SYSTEM, at=MORNING)
    return operations.open_operation(made, by=SYSTEM, at=MORNING)


def by(user_: User) -> By:
    return By(user=user_)


def volunteer(
    center: Center, family: str = "佐藤", given: str = "花子", *, insured: bool = True, **fields: object
) -> Volunteer:
    """A registered volunteer, insured from the day before the test's day, for good, unless told otherwise."""
    number = next(_count)
    values: dict[str, object] = {
        "family_kana": "さとう", "given_kana": "はなこ", "phone": f"090-0000-{number % 10000:04d}", "experience": 2,
        "emergency_phone": "090-0000-0000", "registered_at": MORNING - timedelta(days=1), **fields,
    }  # fmt: skip
    made = Volunteer(center=center, family_name=family, given_name=given, **values)
    made.name_key = search_key(made.name)
    made.kana_key = kana_key(made.kana)
    made.phone_digits = phone_digits(made.phone)
    made.save()
    if insured:
        InsurancePolicy.objects.create(
            volunteer=made, valid_from=MORNING - timedelta(days=1), valid_to=datetime(2100, 3, 31, 15, tzinfo=UTC),
            recorded_at=MORNING - timedelta(days=1),
        )  # fmt: skip
    return made


def need(
    operation: Operation,
    *,
    lat: float = 38.296,
    lng: float = 141.006,
    state: NeedState = NeedState.READY,
    **item: object,
) -> Need:
    """A need with a household, a caller and one work item, ready for matching unless told otherwise."""
    number = next(_count)
    household = Household(
        center=operation.center, address=f"町前 9999-{number}", lat=lat, lng=lng, precision=Precision.PIN,
        created_at=MORNING,
    )  # fmt: skip
    fill_house_keys(household)
    household.save()
    person = Person(
        center=operation.center, household=household, name="高橋 キヨ", kana="たかはし きよ", phone="022-000-0001",
        created_at=MORNING,
    )  # fmt: skip
    fill_person_keys(person)
    person.save()
    made = Need.objects.create(
        operation=operation, number=number, household=household, requester=person, resident=person,
        summary="床下の泥かき", state=state, received_at=MORNING - timedelta(days=2),
        ready_at=MORNING if state == NeedState.READY else None, touched_at=MORNING,
        open_from=time(9), open_until=time(15, 30),
    )  # fmt: skip
    values: dict[str, object] = {
        "category": "mud_removal",
        "people_min": 2,
        "people_ideal": 3,
        "people_max": 5,
        **item,
    }
    WorkItem.objects.create(need=made, **values)
    return made
