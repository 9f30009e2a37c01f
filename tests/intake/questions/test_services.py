"""What an operation asks whoever arrives, and whom the answers keep from going out."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By
from dvc.operations.models import Mode, Operation, QuestionsStop
from dvc.operations.services import set_clock
from dvc.sync import merging
from intake.questions import services as questions
from intake.questions.catalog import QUESTIONS
from intake.questions.models import DayAnswer
from intake.questions.services import Answers, Standing
from intake.volunteers.models import Volunteer
from tests import make

pytestmark = pytest.mark.django_db


def _asking(*codes: str, stop: QuestionsStop = QuestionsStop.NO) -> Operation:
    return questions.set_asked(make.operation(), codes=codes, stop=stop, by=SYSTEM, at=make.at(8))


def _say(operation: Operation, person: Volunteer, at: datetime, op: str = "", **answers: str) -> bool:
    return bool(questions.answer(operation, person, answers=answers, by=By(op=op), at=at))


def _standing(operation: Operation, person: Volunteer) -> Standing | None:
    day = timezone.localdate(make.at(9))
    return Answers(operation, [person.pk], [day]).standing(person.pk, day)


def _blocks(operation: Operation, person: Volunteer) -> list[str]:
    day = timezone.localdate(make.at(9))
    return [block.code for block in Answers(operation, [person.pk], [day]).blocks(person.pk, day)]


def test_nothing_is_asked_unless_the_operation_asks(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    operation = make.operation()
    person = make.volunteer(operation.center)
    with django_assert_num_queries(0):
        assert _standing(operation, person) is None
        assert _blocks(operation, person) == []


def test_answers_in_any_order_leave_the_latest_one_standing() -> None:
    told = [(make.at(9), "a", "no"), (make.at(9, 5), "b", "yes"), (make.at(9, 2), "c", "no")]
    for order in itertools.permutations(told):
        operation = _asking("well")
        person = make.volunteer(operation.center)
        for at, op, answer in order:
            _say(operation, person, at, op, well=answer)
        assert DayAnswer.objects.get(operation=operation).answer == "yes"


def test_everything_is_fine_stands_behind_whatever_else_was_said_that_day() -> None:
    def everything_is_fine(operation: Operation, person: Volunteer) -> bool:
        by, fine = By(op="b"), {"well": "yes", "fever": "yes"}
        told = questions.answer(operation, person, answers=fine, by=by, at=make.at(9, 5), only_new=True)
        return bool(told)

    def has_a_fever(operation: Operation, person: Volunteer) -> bool:
        return _say(operation, person, make.at(9), "a", fever="no")

    for order in itertools.permutations((everything_is_fine, has_a_fever)):
        operation = _asking("well", "fever")
        person = make.volunteer(operation.center)
        assert all(tell(operation, person) for tell in order)
        assert _standing(operation, person) == Standing((), (), talk=True)
        assert not everything_is_fine(operation, person)
        _say(operation, person, make.at(9, 10), "c", fever="yes")
        assert _standing(operation, person) == Standing((), (), talk=False)


def test_the_same_answer_again_changes_nothing() -> None:
    operation = _asking("well")
    person = make.volunteer(operation.center)
    assert _say(operation, person, make.at(9), "a", well="yes")
    entries = Entry.objects.count()
    assert not _say(operation, person, make.at(9), "a", well="yes")
    assert Entry.objects.count() == entries


def test_a_correction_lets_somebody_go_out() -> None:
    operation = _asking("well", "boots")
    person = make.volunteer(operation.center)
    _say(operation, person, make.at(9), well="no", boots="no")
    assert _blocks(operation, person) == ["answer_talk", "answer_gear"]
    _say(operation, person, make.at(9, 10), well="yes", boots="yes")
    assert _standing(operation, person) == Standing((), (), talk=False)
    assert _blocks(operation, person) == []


def test_the_operation_says_whom_the_answers_stop() -> None:
    stops = {QuestionsStop.NEVER: ([], []), QuestionsStop.NO: ([], ["answer_talk"]),
             QuestionsStop.UNANSWERED: (["questions"], ["answer_talk", "questions"])}  # fmt: skip
    for stop, (unasked, unwell) in stops.items():
        operation = _asking("well", "fever", stop=stop)
        person = make.volunteer(operation.center)
        assert _blocks(operation, person) == unasked
        _say(operation, person, make.at(9), well="no")
        assert _blocks(operation, person) == unwell


def test_what_is_only_good_to_know_keeps_nobody() -> None:
    operation = _asking("car", "tools")
    person = make.volunteer(operation.center)
    _say(operation, person, make.at(9), car="no", tools="no")
    assert _blocks(operation, person) == []


def test_yesterdays_answers_are_not_todays() -> None:
    operation = _asking("well")
    person = make.volunteer(operation.center)
    _say(operation, person, make.at(9) - timedelta(days=1), well="no")
    assert _standing(operation, person) == Standing(("well",), (), talk=False)


def test_what_somebody_said_under_their_other_registration_counts_until_they_are_two_again() -> None:
    operation = _asking("well", "boots")
    day = timezone.localdate(make.at(9))
    person, stranger = make.volunteer(operation.center), make.volunteer(operation.center)
    twin = make.volunteer(operation.center, registered_at=make.at(8))
    _say(operation, person, make.at(8, 30), "a", well="yes", boots="yes")
    _say(operation, twin, make.at(8, 40), "b", well="no")
    made = merging.merge(person, twin, by=SYSTEM, at=make.at(8, 50))
    assert _blocks(operation, person) == ["answer_talk"]  # the later answer stands
    assert Answers(operation, None, [day]).people == {person.pk}
    assert _standing(operation, stranger) == Standing(("well", "boots"), (), talk=False)
    _say(operation, person, make.at(9), "c", well="yes")
    assert _blocks(operation, person) == []
    merging.undo(made, by=SYSTEM, at=make.at(9, 10))
    assert (_blocks(operation, person), _blocks(operation, twin)) == ([], ["answer_talk"])


def test_the_log_says_that_somebody_answered_and_not_what() -> None:
    operation = _asking("well", "fever")
    _say(operation, make.volunteer(operation.center), make.at(9), well="no")
    entry = Entry.objects.get(action="questions.answered")
    assert entry.details == {"questions": ["well"]}


def test_the_log_keeps_what_was_asked_before() -> None:
    operation = _asking("well")
    questions.set_asked(operation, codes=["boots", "well"], stop=QuestionsStop.NO, by=SYSTEM, at=make.at(9))
    questions.set_asked(operation, codes=["well", "boots"], stop=QuestionsStop.NO, by=SYSTEM, at=make.at(9))
    last = Entry.objects.filter(action="questions.set").latest("id").details
    assert (last["before"], last["asked"]) == (["well"], ["well", "boots"])
    assert Entry.objects.filter(action="questions.set").count() == 2


def test_answers_are_forgotten_thirty_days_after_their_day() -> None:
    operation = _asking("well")
    _say(operation, make.volunteer(operation.center), make.at(9), well="no")
    assert questions.forget(at=make.at(9) + timedelta(days=30)) == 0
    assert questions.forget(at=make.at(9) + timedelta(days=31)) == 1
    assert not DayAnswer.objects.exists()


@pytest.mark.parametrize("years", [-1, 1])
@pytest.mark.parametrize("speed", [0, 1, 60])
def test_what_was_said_in_a_drill_of_another_year_is_kept_for_thirty_real_days(
    years: int, speed: float
) -> None:
    drill = make.operation(mode=Mode.DRILL)
    reading = make.at(9).replace(year=make.at(9).year + years)
    set_clock(drill, reading=reading, speed=speed, by=SYSTEM, at=make.at(9))
    _say(drill, make.volunteer(drill.center), reading, well="no")
    assert questions.forget(at=make.at(10) + timedelta(days=29)) == 0
    assert questions.forget(at=make.at(10) + timedelta(days=31)) == 1


def test_unknown_questions_and_answers_are_left_out() -> None:
    operation = _asking("well", "of-the-future")
    assert operation.day_questions == ["well"]
    assert not _say(operation, make.volunteer(operation.center), make.at(9), other="yes", well="perhaps")


def test_no_english_question_asks_whether_something_is_not_so() -> None:
    for question in QUESTIONS.values():
        assert not set(question.en.ask.lower().split()) & {"no", "not", "none"}
    assert (QUESTIONS["fever"].en.yes, QUESTIONS["fever"].en.no) == ("No", "Yes")
    assert (QUESTIONS["doctor"].en.yes, QUESTIONS["doctor"].en.no) == ("No", "Yes")
