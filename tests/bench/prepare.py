"""`python -m tests.bench.prepare COUNT` with DATA/DATABASE_URL of a running center: people with cards, a tablet, JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from intake.volunteers.models import Card


def give_out(deck: Sequence[Card], *, first: int) -> list[str]:
    """A registered person for each card. Written in bulk: ten thousand of them through the services take minutes."""
    from django.utils import timezone

    from dvc.core.japanese import search_key
    from intake.volunteers.models import Card as CardRow
    from intake.volunteers.models import CardBinding, CardState, Volunteer

    now = timezone.now()
    names = [f"{first + place}号" for place in range(len(deck))]
    # Each their own: people who share a number are compared with one another.
    phones = [f"090-{number // 10000:04d}-{number % 10000:04d}" for number in range(first, first + len(deck))]
    people = Volunteer.objects.bulk_create(
        [
            Volunteer(
                center=card.center, family_name="計測", given_name=name, name_key=search_key(f"計測 {name}"),
                phone=phone, phone_digits=phone.replace("-", ""), registered_at=now,
            )
            for card, name, phone in zip(deck, names, phones, strict=True)
        ],
        batch_size=500,
    )  # fmt: skip
    for card, person in zip(deck, people, strict=True):
        card.state, card.holder = CardState.BOUND, person
    CardRow.objects.bulk_update(deck, ["state", "holder"], batch_size=200)
    CardBinding.objects.bulk_create(
        [CardBinding(card=card, volunteer=card.holder, bound_at=now) for card in deck], batch_size=500
    )
    return [card.token for card in deck]


def prepare(count: int) -> dict[str, Any]:
    """A disaster with `count` people whose cards are bound, and one device. Returns ids, secret and card texts."""
    from django.utils import timezone

    from dvc.accounts import services as accounts
    from dvc.accounts.models import DeviceProfile
    from dvc.accounts.roles import Role
    from dvc.audit.services import By
    from dvc.operations import services as operations
    from dvc.operations.models import Center, Mode
    from intake.volunteers import cards
    from intake.volunteers.models import Card

    now = timezone.now()
    user = accounts.ensure_first_user(at=now)
    by = By(user=user)
    center = Center.objects.first() or operations.create_center(
        name="計測センター",
        city="多賀城市",
        phone="022-000-0000",
        site_name="本部",
        lat=38.29,
        lng=141.0,
        by=by,
        at=now,
    )
    accounts.set_roles(user, center, roles=[Role.CHIEF], by=by, at=now)
    operation = operations.create_operation(center, mode=Mode.DISASTER, name="計測", by=by, at=now)
    operations.open_operation(operation, by=by, at=now)
    tokens: list[str] = []
    while len(tokens) < count:
        stock = cards.issue_stock(center, count=min(1000, count - len(tokens)), by=by, at=now)
        tokens += give_out(list(Card.objects.filter(stock=stock)), first=len(tokens))
    device, secret = accounts.register_device(
        center, name="計測", profile=DeviceProfile.RECEPTION, by=by, at=now
    )
    return {
        "operation": operation.pk, "actor": user.pk, "device": str(device.pk), "secret": secret, "tokens": tokens,
        "link": accounts.issue_sign_in_link(user, at=now),
    }  # fmt: skip


if __name__ == "__main__":
    django.setup()
    json.dump(prepare(int(sys.argv[1])), sys.stdout)
