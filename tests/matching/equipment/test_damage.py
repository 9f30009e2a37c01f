"""Damage is told with a photo, keeps the thing from being lent, and is settled once."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Site
from intake.help_requests.models import Tool
from matching.equipment import damage, services
from matching.equipment.models import Condition, Damage, ToolStock, Vehicle
from tests import make

pytestmark = pytest.mark.django_db


def test_what_is_damaged_is_not_lent_until_it_is_mended() -> None:
    operation = make.operation()
    site = operation.center.sites.get()
    truck = services.add_vehicle(
        operation, site=site, name="軽トラ", kind="car", seats=2, by=SYSTEM, at=make.at(8)
    )
    services.set_stock(operation, site=site, counts={"shovel": 2}, by=SYSTEM, at=make.at(8))
    [saw] = services.add_items(
        operation, site=site, tool="chainsaw", count=1, from_stock=False, by=SYSTEM, at=make.at(8)
    )
    for what in (truck, saw, Tool.SHOVEL):
        damage.tell(operation, what, note="曲がった", unusable=True, site=site, by=SYSTEM, at=make.at(12))
    saw.refresh_from_db()
    assert (truck.available, saw.condition, ToolStock.objects.get().broken) == (False, Condition.BROKEN, 1)
    assert [one.what for one in Damage.objects.all()] == ["軽トラ", "チェーンソー 1号", Tool.SHOVEL.label]
    with pytest.raises(Refused) as refusal:
        damage.tell(operation, truck, note=" ", unusable=False, by=SYSTEM, at=make.at(12))
    assert refusal.value.code == "equipment.note_needed"


def test_damage_comes_with_a_photo_and_is_settled_from_the_page(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    operation = make.operation()
    site = operation.center.sites.get()
    truck = services.add_vehicle(
        operation, site=site, name="軽トラ", kind="car", seats=2, by=SYSTEM, at=make.at(8)
    )
    client, picture = Client(), BytesIO()
    client.force_login(make.user(operation.center, Role.TRANSPORT))
    Image.new("RGB", (40, 30), "red").save(picture, "JPEG")
    address = reverse("damage_list", args=[operation.pk])
    sent = {"what": f"vehicle:{truck.pk}", "note": "左のドアをこすった"}
    photo = SimpleUploadedFile("x.jpg", picture.getvalue(), "image/jpeg")
    assert client.post(address, {**sent, "note": ""}).status_code == 409
    assert client.post(address, {**sent, "photo": photo}).status_code == 302
    assert client.post(address, {"what": "tool:nonsense", "note": "x"}).status_code == 404
    made = Damage.objects.get()
    assert made.photo is not None
    assert Vehicle.objects.get().available  # nobody said that it cannot be driven
    assert "左のドアをこすった" in client.get(address).content.decode()
    settle = reverse("damage_settle", args=[operation.pk, made.pk])
    assert client.post(settle, {"how": ""}).status_code == 409
    client.post(settle, {"how": "保険で直した"})
    client.post(settle, {"how": "二度目"})
    assert Damage.objects.get().how == "保険で直した"


def test_a_counted_tool_is_broken_at_the_site_it_belongs_to() -> None:
    operation = make.operation()
    first = operation.center.sites.get()
    north = Site.objects.create(center=operation.center, name="北拠点", lat=38.3, lng=141.0)
    for site in (first, north):
        services.set_stock(operation, site=site, counts={"shovel": 2}, by=SYSTEM, at=make.at(8))
    client = Client()
    client.force_login(make.user(operation.center, Role.EQUIPMENT))
    address = reverse("damage_list", args=[operation.pk])
    assert "北拠点" in client.get(address).content.decode()
    sent = {"what": "tool:shovel", "note": "柄が折れた", "unusable": "on"}
    client.post(address, {**sent, "site": north.pk})
    assert dict(ToolStock.objects.values_list("site", "broken")) == {first.pk: 0, north.pk: 1}
    elsewhere = make.center("よその市のセンター").sites.get()
    assert client.post(address, {**sent, "site": elsewhere.pk}).status_code == 404
