"""A team leaves when nothing is missing, or when the chief says why it may leave all the same."""

from __future__ import annotations

from datetime import date

import pytest

from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import QuestionsStop
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.help_requests import services as needs
from intake.help_requests.models import Need, NeedState, WorkState
from intake.questions import services as questions
from intake.volunteers.models import Volunteer
from matching.dispatch import services
from matching.dispatch.models import Dispatch, DispatchState
from matching.teams.models import TeamState
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


def leave(dispatch: Dispatch, **how: object) -> Dispatch:
    values: dict[str, object] = {"checks": scene.ALL, "by": SYSTEM, "at": make.at(10), **how}
    return services.depart(dispatch, **values)  # type: ignore[arg-type]


def refused(dispatch: Dispatch, **how: object) -> Refused:
    with pytest.raises(Refused) as refusal:
        leave(dispatch, **how)
    dispatch.refresh_from_db()
    assert dispatch.state == DispatchState.ACCEPTED
    return refusal.value


def test_a_complete_team_leaves_and_the_need_is_in_progress() -> None:
    dispatch = leave(scene.assigned(), due_back_at=make.at(12))
    assert dispatch.state == DispatchState.DEPARTED
    assert (dispatch.departed_at, dispatch.due_back_at) == (make.at(10), make.at(12))
    need = Need.objects.get(pk=dispatch.need_id)
    assert need.state == NeedState.IN_PROGRESS
    assert set(need.items.values_list("state", flat=True)) == {WorkState.WORKING}
    dispatch.team.refresh_from_db()
    assert dispatch.team.state == TeamState.OUT
    assert Entry.objects.filter(action="dispatch.departed").count() == 1


def test_a_second_departure_changes_nothing() -> None:
    dispatch = leave(scene.assigned())
    before = Entry.objects.count()
    again = leave(dispatch, at=make.at(11), due_back_at=make.at(15))
    assert again.departed_at == make.at(10)
    assert Entry.objects.count() == before


def test_without_a_return_time_the_usual_one_is_set_within_the_day() -> None:
    assert leave(scene.assigned()).due_back_at == make.at(13)  # 2 h of work and 30 minutes each way
    late = leave(scene.assigned(), at=make.at(14, 2))
    assert late.due_back_at == make.at(16)  # work ends at 15:30
    evening = leave(scene.assigned(), at=make.at(18, 1))
    assert evening.due_back_at == make.at(21, 5)


def test_the_return_is_after_the_departure() -> None:
    assert refused(scene.assigned(), due_back_at=make.at(10)).code == "dispatch.back_before_leaving"


@pytest.mark.parametrize("left_out", scene.ALL)
def test_each_of_the_five_points_has_to_be_ticked(left_out: str) -> None:
    refusal = refused(scene.assigned(), checks=[check for check in scene.ALL if check != left_out])
    assert refusal.code == "dispatch.not_ready"
    assert refusal.text.count("に印がありません。") == 1


def member(dispatch: Dispatch, number: int = 1) -> Volunteer:
    return dispatch.team.members.select_related("volunteer").order_by("id")[number].volunteer


def test_a_person_without_insurance_is_named_with_what_to_do() -> None:
    operation = make.operation()
    leader = scene.present(operation, make.volunteer(operation.center))
    other = scene.present(operation, make.volunteer(operation.center, "髙橋", "二郎", insured=False))
    dispatch = scene.assigned(operation, leader, other)
    text = refused(dispatch).text
    assert "髙橋 二郎さん：ボランティア保険が確認できていません" in text
    assert "佐藤" not in text
    checkin.see_insurance(operation, other, evidence="seen_card", by=SYSTEM, at=make.at(9, 50))
    assert leave(dispatch).state == DispatchState.DEPARTED


def test_insurance_that_begins_tomorrow_does_not_count_today() -> None:
    operation = make.operation()
    leader = scene.present(operation, make.volunteer(operation.center))
    leader.policies.update(valid_from=make.at(24))
    dispatch = scene.assigned(operation, leader)
    assert [block.code for block in services.departure_blocks(dispatch, at=make.at(10))] == ["insurance"]
    assert services.departure_blocks(dispatch, at=make.at(25)) == []


def test_a_person_who_missed_the_briefing_is_named() -> None:
    operation = make.operation()
    person = scene.present(operation, make.volunteer(operation.center), oriented=False)
    assert "説明（オリエンテーション）をまだ受けていません" in refused(scene.assigned(operation, person)).text


def test_a_leader_without_a_phone_number_does_not_leave() -> None:
    operation = make.operation()
    person = scene.present(operation, make.volunteer(operation.center, phone=""))
    assert "リーダーの携帯電話の番号がありません" in refused(scene.assigned(operation, person)).text


def test_a_member_who_went_home_has_to_be_taken_out_of_the_team() -> None:
    dispatch = scene.assigned()
    gone = member(dispatch)
    checkin.leave(dispatch.operation, gone, by=SYSTEM, at=make.at(9, 45))
    chief = make.by(make.user(dispatch.operation.center))
    refusal = refused(dispatch, override="だいじょうぶ", by=chief)
    assert f"{gone.name}さん：もう帰っています" in refusal.text


def test_a_team_of_yesterday_does_not_leave_on_yesterdays_reception() -> None:
    dispatch = scene.assigned()
    visits = Visit.objects.filter(operation=dispatch.operation)
    checkin.mark_unreturned(visits, by=SYSTEM, at=make.at(24 + 6))
    missing = services.departure_blocks(Dispatch.objects.get(pk=dispatch.pk), at=make.at(24 + 9))
    assert {(block.code, block.firm) for block in missing} == {("other_day", True)}
    assert "7月18日の受付のままです" in missing[0].text


def test_a_minor_needs_consent_the_guardian_and_work_open_to_minors() -> None:
    operation = make.operation()
    parent = scene.present(operation, make.volunteer(operation.center, "親", "子"))
    child = scene.present(
        operation,
        make.volunteer(operation.center, "中", "学生", birth_date=date(2013, 4, 2), guardian=parent),
    )
    dispatch = scene.assigned(operation, parent, child, need=make.need(operation, minors_ok=False))
    codes = [block.code for block in services.departure_blocks(dispatch, at=make.at(10))]
    assert codes == ["guardian", "minor_work"]
    dispatch.team.members.filter(volunteer=parent).update(left_at=make.at(9, 40))
    codes = [block.code for block in services.departure_blocks(dispatch, at=make.at(10))]
    assert codes == ["leader", "guardian", "guardian_absent", "minor_work"]


def test_a_need_that_was_withdrawn_holds_its_team_back() -> None:
    dispatch = scene.assigned()
    needs.move(dispatch.need, NeedState.WITHDRAWN, by=SYSTEM, at=make.at(9, 40), reason="本人から")
    assert "「取下げ」に変わりました。この派遣を取りやめてください。" in refused(dispatch).text


def test_only_the_chief_overrides_with_a_reason_and_it_is_written_down() -> None:
    operation = make.operation()
    person = scene.present(operation, make.volunteer(operation.center, insured=False))
    dispatch = scene.assigned(operation, person)
    coordinator = make.by(make.user(operation.center, Role.MATCHING, Role.OFFICE))
    chief = make.by(make.user(operation.center, Role.CHIEF))
    foreign_chief = make.by(make.user(make.center("よその市のセンター"), Role.CHIEF))
    for other in (coordinator, foreign_chief, SYSTEM):
        assert refused(dispatch, override="電話で確認", by=other).code == "dispatch.override_chief_only"
    assert refused(dispatch, override=" ", by=chief).code == "dispatch.not_ready"
    assert refused(dispatch, override="電話で確認", by=chief, checks=[]).code == "dispatch.not_ready"
    leave(dispatch, override="保険会社に電話で確認", by=chief)
    entry = Entry.objects.get(action="dispatch.departed")
    assert entry.details["overridden"] == ["insurance"]
    assert entry.details["reason"] == "保険会社に電話で確認"
    assert entry.actor == chief.user


def test_nobody_is_overridden_when_nothing_is_missing() -> None:
    leave(scene.assigned(), override="念のため")
    assert Entry.objects.get(action="dispatch.departed").details["overridden"] == []


def test_a_cancelled_team_does_not_leave() -> None:
    dispatch = scene.assigned()
    services.cancel(dispatch, reason="雨", by=SYSTEM, at=make.at(9, 40))
    with pytest.raises(Refused) as refusal:
        leave(dispatch)
    assert refusal.value.code == "dispatch.cancelled"


def test_a_team_is_late_the_moment_its_return_time_has_passed_and_may_be_given_more() -> None:
    dispatch = leave(scene.assigned(), due_back_at=make.at(12))
    assert not dispatch.is_overdue(make.at(12))
    assert list(Dispatch.objects.overdue(make.at(12, 1))) == [dispatch]
    with pytest.raises(Refused) as refusal:
        services.postpone(dispatch, due_back_at=make.at(12), by=SYSTEM, at=make.at(12, 1))
    assert refusal.value.code == "dispatch.back_in_the_past"
    services.postpone(dispatch, due_back_at=make.at(13), by=SYSTEM, at=make.at(12, 1))
    assert not Dispatch.objects.overdue(make.at(12, 1)).exists()
    services.come_back(dispatch, by=SYSTEM, at=make.at(12, 30))
    with pytest.raises(Refused) as refusal:
        services.postpone(dispatch, due_back_at=make.at(14), by=SYSTEM, at=make.at(12, 40))
    assert refusal.value.code == "dispatch.not_in_field"


def test_the_gate_costs_the_same_for_two_and_for_eight(django_assert_max_num_queries: object) -> None:
    operation = make.operation()
    crew = [scene.present(operation, make.volunteer(operation.center)) for _ in range(8)]
    dispatch = scene.assigned(operation, *crew)
    dispatch = Dispatch.objects.select_related("operation", "need", "team__leader").get(pk=dispatch.pk)
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        assert services.departure_blocks(dispatch, at=make.at(10)) == []


def test_whoever_the_questions_of_the_day_stop_is_named_and_nothing_of_what_they_said() -> None:
    dispatch = scene.assigned()
    questions.set_asked(
        dispatch.operation, codes=["well", "boots"], stop=QuestionsStop.UNANSWERED, by=SYSTEM, at=make.at(9)
    )
    leader = dispatch.team.leader
    assert leader is not None
    for member in Volunteer.objects.filter(center=dispatch.operation.center):
        said = {"well": "no" if member == leader else "yes", "boots": "yes"}
        questions.say(dispatch.operation, member, answers=said, by=SYSTEM, at=make.at(9))
    refusal = refused(dispatch)
    assert refusal.text.count("班長が本人の話を聞いてください") == 1
    assert leader.name in refusal.text
    assert "体調" not in refusal.text
    questions.say(dispatch.operation, leader, answers={"well": "yes"}, by=SYSTEM, at=make.at(9, 30))
    assert leave(Dispatch.objects.get(pk=dispatch.pk)).state == DispatchState.DEPARTED
