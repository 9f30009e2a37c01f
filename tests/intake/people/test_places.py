"""A pin in the sea or in another city is a slip of the finger: a sentence, with the nearest 町丁目."""

from __future__ import annotations

import pytest

from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Center
from intake.people.places import km, nearest, outside
from intake.people.services import HouseholdAnswers, TownRow, add_household, keep_towns
from tests import make

pytestmark = pytest.mark.django_db
# Middles of towns two kilometres apart, one of them alone in the hills.
TOWNS = [
    TownRow("町前一丁目", "", "", 38.294, 141.004),
    TownRow("町前二丁目", "", "", 38.299, 141.009),
    TownRow("桜木一丁目", "", "", 38.288, 141.011),
    TownRow("市川", "丸山", "", 38.306, 140.986),
]


@pytest.fixture
def center() -> Center:
    made = make.center()
    keep_towns(made, TOWNS, by=SYSTEM, at=make.at(9))
    return made


def test_kilometres_are_those_of_the_map() -> None:
    assert km(35.681236, 139.767125, 34.702485, 135.495951) == pytest.approx(403, abs=1)
    assert km(38.3, 141.0, 38.3, 141.0) == 0


def test_a_house_between_the_towns_is_inside_and_one_in_the_sea_is_not(center: Center) -> None:
    towns = list(center.towns.all())
    assert outside(towns, 38.297, 140.995) is None
    found = outside(towns, 38.25, 141.08)
    assert found is not None
    assert (str(found[0]), round(found[1])) == ("桜木一丁目", 7)
    near = nearest(towns, 38.2941, 141.0041)
    assert near is not None
    assert str(near[0]) == "町前一丁目"


def test_without_a_town_file_nothing_can_be_said(center: Center) -> None:
    assert nearest([], 38.3, 141.0) is None
    assert outside(list(center.towns.all())[:2], 10.0, 141.0) is None


def test_a_pin_in_the_sea_is_refused_with_the_nearest_town(center: Center) -> None:
    operation = make.operation(center)
    with pytest.raises(Refused) as refused:
        add_household(operation, HouseholdAnswers(lat=38.25, lng=141.08), by=SYSTEM, at=make.at(9))
    assert refused.value.code == "place.outside"
    assert "桜木一丁目" in refused.value.text
    add_household(operation, HouseholdAnswers(lat=38.297, lng=140.995), by=SYSTEM, at=make.at(9))
