"""What surveyors tell is kept whatever happened meanwhile; only the first of a need that waits changes anything."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState, WorkItem
from intake.survey import reports, services
from intake.survey.forms import filled, in_words
from intake.survey.models import AppointmentState, Survey, Why
from tests import make
from tests.infra.scale import count
from tests.intake.survey.scene import FORM, booked, findings, told, waiting

pytestmark = pytest.mark.django_db
S = AppointmentState


@pytest.fixture
def operation() -> Operation:
    return make.operation()


def test_the_first_survey_ends_the_visit_and_fills_the_need(operation: Operation) -> None:
    need = waiting(operation)
    visit = booked(need)
    survey = told(need, visit).survey
    need.refresh_from_db()
    visit.refresh_from_db()
    assert (survey.counts, need.state, visit.state) == (True, NeedState.SURVEYED, S.DONE)
    assert (need.hazards, need.damage_kinds, need.lifelines) == (["nails"], ["flood_above_floor"], ["water"])
    assert need.parking == "軽トラ1台"
    assert dict(in_words(survey.answers))["残してほしいもの"] == "仏壇と写真"
    assert need.changes.latest("id").reason == "入ってよい"


def test_a_red_paper_or_asbestos_keeps_volunteers_out(operation: Operation) -> None:
    need = waiting(operation)
    Need.objects.filter(pk=need.pk).update(hazards=["bees"], hazards_cleared=True)
    told(need, building_tag="red", asbestos="maybe")
    need.refresh_from_db()
    assert need.hazards == ["nails", "asbestos", "red_tag", "bees"]
    assert not need.hazards_cleared
    assert [h.value for h in needs.blocking_hazards(need)] == ["asbestos", "red_tag"]


def test_the_same_survey_again_is_one(operation: Operation) -> None:
    need, key = waiting(operation), uuid.uuid4()
    visit = booked(need)

    def tell(form: Any, under: uuid.UUID) -> reports.Told:
        return reports.report(need, form, appointment=visit, key=under, by=SYSTEM, at=make.at(11))

    first = tell(findings(), key)
    entries = Entry.objects.count()
    for again in (tell(findings(), key), tell(findings(rooms="3"), key), tell(findings(), uuid.uuid4())):
        assert (again.survey, again.new) == (first.survey, False)
    assert (Survey.objects.count(), Entry.objects.count()) == (1, entries)


def test_a_second_survey_of_the_visit_waits_for_a_person(operation: Operation) -> None:
    need = waiting(operation)
    visit = booked(need)
    first = told(need, visit).survey
    second = told(need, visit, hour=12, rooms="5", hazards=["gas"]).survey
    need.refresh_from_db()
    assert (second.counts, second.why) == (False, Why.SECOND)
    assert need.hazards == ["nails"]
    reports.use(second, by=SYSTEM, at=make.at(13))
    first.refresh_from_db()
    need.refresh_from_db()
    assert (second.counts, first.counts, first.why) == (True, False, "")
    assert need.hazards == ["nails", "gas"]
    assert need.state == NeedState.SURVEYED


@pytest.mark.parametrize("state", [s for s in NeedState if s != NeedState.SURVEY_WAIT])
def test_a_survey_of_a_need_that_moved_on_changes_nothing(operation: Operation, state: NeedState) -> None:
    need = waiting(operation)
    visit = booked(need)
    Need.objects.filter(pk=need.pk).update(state=state)
    survey = told(need, visit).survey
    need.refresh_from_db()
    assert (survey.counts, survey.why) == (False, Why.MOVED_ON)
    assert (need.state, need.hazards) == (state, [])


def test_a_survey_of_a_cancelled_or_missed_visit_still_counts(operation: Operation) -> None:
    for end in (S.CANCELLED, S.ABSENT):
        need = waiting(operation)
        visit = booked(need)
        services.end(visit, end, reason="理由", by=SYSTEM, at=make.at(9))
        again = booked(need)
        survey = told(need, visit).survey
        visit.refresh_from_db()
        again.refresh_from_db()
        assert (survey.counts, visit.state, again.state) == (True, S.DONE, S.CANCELLED)


def test_nobody_there_leaves_the_need_waiting(operation: Operation) -> None:
    need = waiting(operation)
    visit = booked(need)
    assert reports.nobody_there(visit, note="手紙を入れた", by=SYSTEM, at=make.at(11))
    assert not reports.nobody_there(visit, note="", by=SYSTEM, at=make.at(12))
    need.refresh_from_db()
    assert (visit.state, visit.reason, need.state) == (S.ABSENT, "手紙を入れた", NeedState.SURVEY_WAIT)
    assert booked(need).state == S.BOOKED


def test_what_cannot_be_read_is_kept_as_it_was_written(operation: Operation) -> None:
    survey = told(waiting(operation), rooms="たくさん", hazards=["dragon"], water_cm="99999").survey
    assert survey.unread == {
        "作業する部屋の数": "たくさん", "危ないもの（見つけたものすべて）": "dragon", "水が来た高さ（cm）": "99999",
    }  # fmt: skip
    assert survey.counts


# ── the estimate ───────────────────────────────────────────────────────────────────────────────


def test_the_estimate_becomes_work_items_in_one_step_and_once(operation: Operation) -> None:
    need = waiting(operation)
    survey = told(need, e={"e2-category": "furniture_out"}, trucks="1", women=True).survey
    mud, furniture = reports.make_items(survey, by=SYSTEM, at=make.at(12))
    assert (mud.category, mud.detail, mud.people_min, mud.people_ideal, mud.people_max, mud.minutes) == (
        "mud_removal", "6畳2間", 3, 6, 10, 180,
    )  # fmt: skip
    assert (mud.visits, mud.estimate_reason) == (2, "泥5cmで2間")
    assert (furniture.people_ideal, furniture.needs_truck, furniture.women_min) == (5, True, 1)
    assert needs.make_ready(Need.objects.get(pk=need.pk), by=SYSTEM, at=make.at(12)).state == NeedState.READY
    with pytest.raises(Refused) as refused:
        reports.make_items(survey, by=SYSTEM, at=make.at(13))
    assert refused.value.code == "survey.items_made"
    assert WorkItem.objects.filter(need=need).count() == 2


def test_without_an_estimate_or_a_decision_nothing_is_made(operation: Operation) -> None:
    need = waiting(operation)
    empty = told(need, e={"e1-category": ""}).survey
    other = told(need, hour=12, rooms="9").survey
    for survey, code in ((empty, "survey.no_estimate"), (other, "survey.does_not_count")):
        with pytest.raises(Refused) as refused:
            reports.make_items(survey, by=SYSTEM, at=make.at(12))
        assert refused.value.code == code


class AnyEstimate(TestCase):
    @given(
        people=st.integers(1, 50), minutes=st.sampled_from([30, 90, 360]), visits=st.integers(1, 50),
        category=st.sampled_from(["mud_removal", "company", "meals", "under_floor"]), reason=st.text(max_size=160),
    )  # fmt: skip
    @settings(max_examples=count(8, 50), deadline=None)
    def test_any_estimate_makes_work_whose_head_counts_are_in_order(
        self, people: int, minutes: int, visits: int, category: str, reason: str
    ) -> None:
        form = {
            "e1-category": category, "e1-people": str(people), "e1-minutes": str(minutes), "e1-visits": str(visits),
            "e1-reason": reason,
        }  # fmt: skip
        survey = told(waiting(make.operation()), e=form).survey
        [item] = reports.make_items(survey, by=SYSTEM, at=make.at(12))
        assert 1 <= item.people_min <= item.people_ideal == people <= item.people_max


@given(
    st.dictionaries(
        st.sampled_from([*FORM, "unknown", "e9-people"]),
        st.one_of(
            st.text(max_size=30), st.lists(st.text(max_size=10), max_size=3), st.booleans(), st.integers()
        ),
        max_size=8,
    )
)
@settings(max_examples=80, deadline=None)
def test_whatever_a_tablet_sends_is_either_read_or_kept(said: dict[str, Any]) -> None:
    form = filled(said)
    answers, unread = form.answers(), form.unread()
    assert not set(answers) & set(form.errors)
    assert all(isinstance(text, str) for text in unread.values())
    in_words(answers)
