"""Needs, people and houses become one and come apart again; nobody's call is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Mode
from intake.help_requests import lookalikes, merge, services
from intake.help_requests.models import Lookalike, Need, NeedState
from intake.help_requests.services import NeedAnswers
from intake.people import services as people
from intake.people.models import Household, Person, Precision, Town
from intake.people.services import HouseholdAnswers, PersonAnswers
from tests import make
from tests.intake.help_requests.test_services import receive, refusal

pytestmark = pytest.mark.django_db
S = NeedState
SUSUMU = PersonAnswers("高橋 進", "たかはし すすむ", "090-0000-0077")


def twice() -> tuple[Need, Need]:
    """The mother in the morning, the son in the afternoon, at two desks."""
    operation = make.operation()
    first = receive(operation)
    kiyo = PersonAnswers("髙橋キヨ", "", "")
    second = receive(
        operation, caller=SUSUMU, resident=kiyo, answers=NeedAnswers(relation="家族・親族", hazards=("gas",), needs_crisis=True),
    )  # fmt: skip
    return first, second


def test_what_comes_in_beside_it_is_set_aside_with_the_reason() -> None:
    first, second = twice()
    pair = Lookalike.objects.get()
    assert (pair.need, pair.other) == (second, first)
    assert pair.reasons[:2] == ["同じ家", "同じ名前"]
    assert list(lookalikes.waiting(first.operation)) == [pair]
    assert lookalikes.note(first, at=make.at(12)) == lookalikes.note(second, at=make.at(12)) == []


def test_the_same_request_keeps_both_callers_and_what_keeps_people_safe() -> None:
    first, second = twice()
    services.add_call(
        second, PersonAnswers("高橋 恵"), relation="嫁", note="水が出た", by=SYSTEM, at=make.at(13)
    )
    assert merge.say_same(Lookalike.objects.get(), by=SYSTEM, at=make.at(14)) == first
    first.refresh_from_db()
    second.refresh_from_db()
    assert (second.state, second.standing) == (S.DUPLICATE, first)
    assert [(call.person.name, call.relation) for call in first.callers.order_by("id")] == [
        ("高橋 進", "家族・親族"), ("髙橋キヨ", ""), ("高橋 恵", "嫁"),
    ]  # fmt: skip
    assert first.needs_crisis
    assert first.hazards == ["gas"]
    assert not lookalikes.waiting(first.operation).exists()
    assert refusal(merge.say_two, Lookalike.objects.get(), by=SYSTEM, at=make.at(15)) == "need.lookalike_done"


def test_a_request_that_was_none_takes_its_calls_and_its_hazards_back() -> None:
    first, second = twice()
    services.mark_duplicate(second, first, reason="同じ", by=SYSTEM, at=make.at(14))
    services.move(second, S.TRIAGE, by=SYSTEM, at=make.at(15), reason="別の家だった")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (second.duplicate_of, second.carried) == (None, {})
    assert not first.callers.exists()
    assert (first.needs_crisis, first.hazards) == (False, [])
    assert {"need.took_over", "need.gave_back"} <= set(
        Entry.objects.about(first).values_list("action", flat=True)
    )


def test_what_was_taken_over_stays_where_somebody_has_worked_with_it_since() -> None:
    first, second = twice()
    services.mark_duplicate(second, first, reason="同じ", by=SYSTEM, at=make.at(14))
    first.refresh_from_db()
    services.move(first, S.SURVEY_WAIT, by=SYSTEM, at=make.at(14, 30))
    services.move(second, S.TRIAGE, by=SYSTEM, at=make.at(15))
    first.refresh_from_db()
    assert first.needs_crisis
    assert not first.callers.exists()


def test_a_request_that_waits_for_a_team_stops_when_the_other_call_tells_of_danger() -> None:
    first, second = twice()
    services.make_ready(first, by=SYSTEM, at=make.at(10))
    services.mark_duplicate(second, first, reason="同じ", by=SYSTEM, at=make.at(14))
    first.refresh_from_db()
    assert first.state == S.TRIAGE


def test_two_requests_are_not_asked_about_again() -> None:
    first, second = twice()
    merge.say_two(Lookalike.objects.get(), by=SYSTEM, at=make.at(14))
    assert lookalikes.note(second, at=make.at(15)) == []
    assert not lookalikes.waiting(first.operation).exists()


def values(*rows: Any) -> list[dict[str, Any]]:
    """What stands in the rows; the version of a need only goes up."""
    found = [type(row)._default_manager.filter(pk=row.pk).values().get() for row in rows]
    return [{name: value for name, value in row.items() if name != "version"} for row in found]


def test_two_people_become_one_and_two_again() -> None:
    first, second = twice()
    kiyo, also_kiyo = first.resident, second.resident
    assert kiyo is not None
    assert also_kiyo is not None
    Person.objects.filter(pk=kiyo.pk).update(note="")
    Person.objects.filter(pk=also_kiyo.pk).update(note="耳が遠い")
    before = values(kiyo, also_kiyo, first, second)
    made = merge.merge_people(also_kiyo, kiyo, by=SYSTEM, at=make.at(14))
    kiyo.refresh_from_db()
    second.refresh_from_db()
    assert second.resident == kiyo
    assert (kiyo.note, kiyo.phone) == ("耳が遠い", "022-000-0001")
    assert refusal(merge.merge_people, also_kiyo, kiyo, by=SYSTEM, at=make.at(14)) == "register.merge_done"
    assert merge.undo_people(made, by=SYSTEM, at=make.at(15))
    assert not merge.undo_people(made, by=SYSTEM, at=make.at(15))
    assert values(kiyo, also_kiyo, first, second) == before
    actions = Entry.objects.about(also_kiyo).values_list("action", flat=True)
    assert {"person.merged", "person.unmerged"} <= set(actions)


def test_two_houses_become_one_with_the_better_place_and_two_again() -> None:
    operation = make.operation()
    vague = receive(operation, household=HouseholdAnswers(address="町前一丁目9999-1"))
    exact = receive(
        operation, household=HouseholdAnswers(address="町前1-9999-1", lat=38.29, lng=141.0, members="母")
    )
    into, twin = vague.household, exact.household
    assert into is not None
    assert twin is not None
    before = values(into, twin, vague, exact, *Person.objects.order_by("pk"))
    made = merge.merge_households(twin, into, by=SYSTEM, at=make.at(14))
    into.refresh_from_db()
    assert (into.lat, into.precision, into.members) == (38.29, Precision.PIN, "母")
    assert Need.objects.filter(household=into).count() == 2
    assert not Person.objects.filter(household=twin).exists()
    assert merge.undo_households(made, by=SYSTEM, at=make.at(15))
    assert values(into, twin, vague, exact, *Person.objects.order_by("pk")) == before


def test_an_address_that_was_mended_after_the_merge_keeps_its_town_and_place() -> None:
    operation = make.operation()
    town = Town.objects.create(center=operation.center, name="町前一丁目", lat=38.29, lng=141.0)
    into = receive(operation, household=HouseholdAnswers()).household
    twin = receive(
        operation, household=HouseholdAnswers(town=town, address="9999-1", landmark="角")
    ).household
    assert into is not None
    assert twin is not None
    made = merge.merge_households(twin, into, by=SYSTEM, at=make.at(14))
    into.refresh_from_db()
    mended = HouseholdAnswers(town=town, address="9999-7", landmark=into.landmark)
    people.edit_household(operation, into, mended, by=SYSTEM, at=make.at(15))
    assert merge.undo_households(made, by=SYSTEM, at=make.at(16))
    into.refresh_from_db()
    assert (into.town, into.address, into.precision, into.landmark) == (town, "9999-7", Precision.TOWN, "")


def test_merges_that_build_on_one_another_come_apart_from_the_last() -> None:
    operation = make.operation()
    a, b, c = (
        Person.objects.get(needs=receive(operation, caller=PersonAnswers(f"高橋 {name}")))
        for name in "一二三"
    )
    first = merge.merge_people(a, b, by=SYSTEM, at=make.at(10))
    second = merge.merge_people(b, c, by=SYSTEM, at=make.at(11))
    a.refresh_from_db()
    assert a.merged_into == c
    assert refusal(merge.undo_people, first, by=SYSTEM, at=make.at(12)) == "register.merge_later"
    assert merge.undo_people(second, by=SYSTEM, at=make.at(12))
    assert merge.undo_people(first, by=SYSTEM, at=make.at(13))
    assert not Person.objects.exclude(merged_into=None).exists()
    assert [receive_.resident_id for receive_ in Need.objects.order_by("id")] == [a.pk, b.pk, c.pk]


def test_nobody_is_merged_across_a_drill_or_with_themself() -> None:
    center = make.center()
    real, drill = make.operation(center), make.operation(center, mode=Mode.DRILL, name="訓練")
    one, other = receive(real), receive(drill)
    for twin, into in ((one.resident, other.resident), (one.resident, one.resident)):
        assert refusal(merge.merge_people, twin, into, by=SYSTEM, at=make.at(9)) == "register.merge_not_two"
    with pytest.raises(Refused):
        merge.merge_households(
            Household.objects.get(needs=one),
            Household.objects.get(needs=other),
            by=SYSTEM,
            at=make.at(9),
        )
