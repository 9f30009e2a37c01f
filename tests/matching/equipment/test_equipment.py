"""Tools and vehicles a center can lend."""

from __future__ import annotations

import pytest

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation, Site
from matching.equipment import queries, services
from matching.equipment.models import ToolStock
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    return make.operation()


@pytest.fixture
def site(operation: Operation) -> Site:
    return operation.center.sites.get()


def test_setting_the_same_count_again_changes_and_records_nothing(operation: Operation, site: Site) -> None:
    for expected in (2, 0):
        counts = {"shovel": 10, "cart": 3, "rope": 0}
        assert services.set_stock(operation, site=site, counts=counts, by=SYSTEM, at=make.at(8)) == expected
    assert Entry.objects.filter(action="equipment.stock_set").count() == 1
    assert dict(ToolStock.objects.values_list("tool", "count")) == {"shovel": 10, "cart": 3}


@pytest.mark.parametrize(
    ("counts", "code"),
    [
        ({"shovel": -1}, "equipment.count"),
        ({"shovel": 10_000}, "equipment.count"),
        ({"gold": 1}, "equipment.unknown_tool"),
    ],
)
def test_a_count_that_cannot_be_is_refused(
    operation: Operation, site: Site, counts: dict[str, int], code: str
) -> None:
    with pytest.raises(Refused) as error:
        services.set_stock(operation, site=site, counts={"cart": 5, **counts}, by=SYSTEM, at=make.at(8))
    assert error.value.code == code
    assert not ToolStock.objects.exists()


def test_every_site_shows_every_tool_counted_or_not(operation: Operation, site: Site) -> None:
    services.set_stock(operation, site=site, counts={"cart": 5}, by=SYSTEM, at=make.at(8))
    (shelf,) = queries.shelves(operation)
    assert {row.tool: row.count for row in shelf.rows if row.count} == {"cart": 5}
    assert ("shovel", "角スコップ", 0) in [(row.tool, row.label, row.count) for row in shelf.rows]


def test_a_vehicle_is_switched_off_and_on(operation: Operation, site: Site) -> None:
    truck = services.add_vehicle(
        operation, site=site, name=" 軽トラ1号 ", kind="kei_truck", seats=2, by=SYSTEM, at=make.at(8)
    )
    assert truck.name == "軽トラ1号"
    for available in (False, False, True):
        services.set_available(truck, available=available, by=SYSTEM, at=make.at(9))
    assert Entry.objects.filter(action="equipment.vehicle_available").count() == 2
    assert queries.vehicles(operation, day=make.day(make.at(9))) == [truck]
