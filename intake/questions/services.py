"""Choose what is asked, keep what people say, and say whom it keeps from going out. An answer is a fact: it is kept at any
time and in any order, the later one (by its moment) stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from dvc.audit.services import By, record
from dvc.core.races import look_again
from dvc.operations.models import Operation, QuestionsStop
from intake.checkin.services import Block
from intake.questions.catalog import ANSWERS, QUESTIONS, asked, at_once
from intake.questions.models import DayAnswer
from intake.volunteers.models import Volunteer

KEPT_FOR: Final = timedelta(
    days=30
)  # health answers: the end of the day and 30 days (source: domain.md, retention)


@dataclass(frozen=True, slots=True)
class Standing:
    """How it is with one person: questions nobody has answered yet, gear they lack (codes), and whether a lead has to
    talk with them. Never what they said about their health."""

    left: tuple[str, ...]
    lacks: tuple[str, ...]
    talk: bool

    def as_json(self) -> dict[str, Any]:
        return {"left": list(self.left), "lacks": list(self.lacks), "talk": self.talk}

    @property
    def left_at_once(self) -> list[str]:
        """Of what is left, what one button may answer."""
        return at_once(self.left)

    @property
    def code(self) -> str:
        """The verdict on an answer: a key of VERDICTS."""
        if self.talk:
            return "answered_talk"
        return "answered_lend" if self.lacks else "ok_answered"


@transaction.atomic
def set_asked(
    operation: Operation, *, codes: Collection[str], stop: QuestionsStop, by: By, at: datetime
) -> Operation:
    """From now on these questions are asked, in the order of the catalog. The log says what changed."""
    chosen = [question.code for question in asked(codes)]
    if (chosen, str(stop)) == (operation.day_questions, operation.questions_stop):
        return operation
    before = {"before": operation.day_questions, "stop_before": operation.questions_stop}
    Operation.objects.filter(pk=operation.pk).update(day_questions=chosen, questions_stop=stop)
    operation.day_questions, operation.questions_stop = chosen, str(stop)
    record(
        "questions.set", operation, by=by, at=at, operation=operation, asked=chosen, stop=str(stop), **before
    )
    return operation


@transaction.atomic(savepoint=False)
def answer(
    operation: Operation,
    volunteer: Volunteer,
    *,
    answers: Mapping[str, str],
    by: By,
    at: datetime,
    only_new: bool = False,
) -> list[str]:
    """This person said so at the moment `at`. Questions we do not know are left out. Returns whose answer changed.
    `only_new`: one button for all that is still open (「ぜんぶ問題なし」): whatever else was said that day, before or after
    and whichever comes here first, stands over it.

    Raises `IntegrityError` when somebody else writes the same answer at this moment: look again once.
    """
    said = {code: text for code, text in answers.items() if code in QUESTIONS and text in ANSWERS}
    day = timezone.localdate(at)
    rows = DayAnswer.objects.select_for_update().filter(
        operation=operation, volunteer=volunteer, day=day, question__in=list(said)
    )
    known = {row.question: row for row in rows}
    # As said in the day's first moment, so that it is older than any answer of its own.
    since = timezone.make_aware(datetime.combine(day, time.min)) if only_new else at
    changed = [
        code
        for code, text in said.items()
        if _keep(operation, volunteer, day, known.get(code), code, text, by, since)
    ]
    if changed:
        # What was said is nobody's business in the log; that a question was answered is.
        record("questions.answered", volunteer, by=by, at=at, operation=operation, questions=sorted(changed))
    return changed


@transaction.atomic
def take_back(
    operation: Operation, volunteer: Volunteer, *, op: str = "", by: By, at: datetime
) -> dict[str, str]:
    """This person did not say so: forget what the tablet's operation `op` (without one: anybody) told of them, and return
    it. What was said later in its place stands; what it had taken the place of is asked again."""
    rows = DayAnswer.objects.filter(
        Q(volunteer=volunteer) | Q(volunteer__merged_into=volunteer), operation=operation
    )
    if op:
        rows = rows.filter(op=op)
    said = dict(rows.values_list("question", "answer"))
    if said:
        rows.delete()
        record("questions.taken_back", volunteer, by=by, at=at, operation=operation, questions=sorted(said))
    return said


def say(
    operation: Operation,
    volunteer: Volunteer,
    *,
    answers: Mapping[str, str],
    by: By,
    at: datetime,
    only_new: bool = False,
) -> list[str]:
    """`answer` for somebody who answers on-line, where nobody tries again for us."""
    return look_again(lambda: answer(operation, volunteer, answers=answers, by=by, at=at, only_new=only_new))


def _keep(
    operation: Operation, volunteer: Volunteer, day: date, row: DayAnswer | None, code: str, text: str, by: By, at: datetime
) -> bool:  # fmt: skip
    if row is None:
        DayAnswer.objects.create(
            operation=operation, volunteer=volunteer, day=day, question=code, answer=text, at=at, op=by.op
        )
        return True
    if (row.at, row.op) >= (at, by.op):
        return False
    row.answer, row.at, row.op = text, at, by.op
    row.save(update_fields=["answer", "at", "op"])
    return True


class Answers:
    """What some people (None: all) said on some days, also under a registration that was merged into theirs: the later
    answer stands, and taking the merge apart gives each their own again. One query, none when nothing is asked."""

    def __init__(
        self, operation: Operation, volunteers: Collection[int] | None, days: Iterable[date]
    ) -> None:
        self.operation = operation
        self.questions = asked(operation.day_questions) if operation.day_questions else []
        self._said: dict[tuple[int, date], dict[str, str]] = {}
        if not self.questions:
            return
        rows = DayAnswer.objects.filter(operation=operation, day__in=set(days))
        if volunteers is not None:
            theirs = Volunteer.objects.filter(Q(pk__in=volunteers) | Q(merged_into__in=volunteers))
            rows = rows.filter(volunteer__in=theirs.order_by().values("pk"))
        told = rows.annotate(person=Coalesce("volunteer__merged_into", "volunteer")).order_by("at", "op")
        for volunteer, day, question, said in told.values_list("person", "day", "question", "answer"):
            self._said.setdefault((volunteer, day), {})[question] = said

    @property
    def people(self) -> set[int]:
        """Who said anything."""
        return {volunteer for volunteer, _ in self._said}

    def said(self, volunteer: int, day: date) -> Mapping[str, str]:
        """question → answer. For people who may know it only."""
        return self._said.get((volunteer, day), {})

    def standing(self, volunteer: int, day: date) -> Standing | None:
        """None when the operation asks nothing."""
        if not self.questions:
            return None
        said = self.said(volunteer, day)
        noes = [question for question in self.questions if said.get(question.code) == "no"]
        return Standing(
            left=tuple(question.code for question in self.questions if question.code not in said),
            lacks=tuple(question.code for question in noes if question.kind == "gear"),
            talk=any(question.kind == "health" for question in noes),
        )

    def blocks(self, volunteer: int, day: date) -> list[Block]:
        """What keeps this person from going out, as far as the operation wants it to."""
        standing = self.standing(volunteer, day)
        if standing is None:
            return []
        return blocks(standing, self.operation.questions_stop)


def answered_of_health(operation: Operation, volunteer: Volunteer, *, at: datetime) -> list[str]:
    """The questions about health that this person has answered today, whatever the answer."""
    day = timezone.localdate(at)
    answers = Answers(operation, [volunteer.pk], [day])
    said = answers.said(volunteer.pk, day)
    return [each.code for each in answers.questions if each.kind == "health" and each.code in said]


def blocks(standing: Standing, stop: str) -> list[Block]:
    if stop == QuestionsStop.NEVER:
        return []
    found = []
    if standing.talk:
        found.append(
            Block("answer_talk", "今日の質問で、確かめることがあります。班長が本人の話を聞いてください。")
        )
    if standing.lacks:
        names = "・".join(QUESTIONS[code].name for code in standing.lacks)
        found.append(
            Block("answer_gear", f"足りない物があります（{names}）。貸したら「今日の質問」を直してください。")
        )
    if standing.left and stop == QuestionsStop.UNANSWERED:
        found.append(Block("questions", "今日の質問がまだです。本人に聞いて、答えを押してください。"))
    return found


@transaction.atomic
def forget(*, at: datetime) -> int:
    """Delete answers that nobody needs any more. Returns how many. What was said in a drill is kept as long as anything
    else, whatever year its clock read."""
    before = timezone.localdate(at - KEPT_FOR)
    kept = DayAnswer.objects.order_by()
    by_a_clock = kept.filter(operation__clock_reading__isnull=False)
    gone = kept.filter(operation__clock_reading__isnull=True, day__lt=before).delete()[0]
    days = by_a_clock.values_list("operation", "day").distinct()
    drills = Operation.objects.in_bulk({operation for operation, _ in days})
    for operation, day in days:
        begun = timezone.make_aware(datetime.combine(day, time.min))
        if drills[operation].real_day(begun) < before:
            gone += by_a_clock.filter(operation=operation, day=day).delete()[0]
    return gone
