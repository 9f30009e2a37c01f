"""A rule-based state machine: k simulated tablets, a bad network, wrong clocks, restores; the invariants of sync.md §7.

The machine keeps an oracle of its own: what each tablet recorded, when that really happened, and what the server said.
It never asks the server what it thinks happened until the end, when everything has been sent.

In one process each sequence runs inside a savepoint that is rolled back, so that thousands of them need one database; a
backup is a savepoint too, and a restore the way back to it under a new generation. Over HTTP each sequence has a world
of its own in the same database, and there is no way back.

Things happen yesterday, from eight in the morning on. In one process the server's clock goes along with them, so that a
tablet hears of it, is set, sleeps and starts anew between two facts. Over HTTP the server lives today, and the tablets
are of a release that tells of one clock only.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dvc.audit.services import SYSTEM
from dvc.board import queries as board
from dvc.operations.models import Operation, QuestionsStop
from dvc.sync import gather
from dvc.sync.models import HeldOp, HeldState, Receipt
from intake.checkin.models import FailedScan, Visit, VisitFlag
from intake.checkin.stays import UNDO_FOR
from intake.orientation import services as orientation
from intake.questions import services as questions
from intake.questions.models import DayAnswer
from intake.volunteers import cards
from intake.volunteers.models import Card, Volunteer
from tests import make
from tests.dvc.sync.desk import identity
from tests.infra.tablet import Entry, Identity, Json, Line, Tablet

TABLETS, PEOPLE, BLANKS = 3, 5, 2
QUESTIONS = ["well", "boots"]
TAKEN_BACK_WITHIN = 600
NOT_TAKEN_BACK = {"visit.orient", "visit.answer"}
Stay = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Fact:
    """What a tablet recorded about a person, and when it really happened. `card`: the blank card it was told by, whose
    holder is known when somebody has bound it. `said`: answers to questions of the day; `at_once` with one button."""

    op_id: str
    kind: str
    person: int | None
    at: datetime
    card: int | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    at_once: bool = False


@dataclass
class World:
    """An open operation that asks questions of the day, people with cards, blank cards, registered tablets. Made once
    for many sequences."""

    operation: Operation
    people: list[Volunteer]
    cards: list[Card]
    blanks: list[Card]
    identities: list[Identity]


def make_world() -> World:
    operation = make.operation()
    questions.set_asked(operation, codes=QUESTIONS, stop=QuestionsStop.UNANSWERED, by=SYSTEM, at=make.at(7))
    center, operator = operation.center, make.user(operation.center)
    people = [make.volunteer(center, insured=number % 2 == 0) for number in range(PEOPLE)]
    deck = list(
        Card.objects.filter(
            stock=cards.issue_stock(center, count=PEOPLE + BLANKS, by=SYSTEM, at=make.at(7))
        ).order_by("pk")
    )
    # The last person has no card yet: tablets bind one.
    for person, card in zip(people[:-1], deck, strict=False):
        cards.bind(card, person, by=SYSTEM, at=make.at(7), on=make.day(make.at(7)))
    return World(
        operation,
        people,
        deck[: PEOPLE - 1],
        deck[PEOPLE:],
        [identity(operation, operator, f"受付{n}") for n in range(TABLETS)],
    )


def stays(facts: list[Fact]) -> list[Stay]:
    """The reference: one person's facts in the order in which they happened. A leaving of somebody who is not here is
    no stay; the server keeps it as one that waits for its arrival, flagged."""
    here: datetime | None = None
    found: list[Stay] = []
    for fact in sorted(facts, key=lambda one: one.at):
        if fact.kind == "visit.arrive" and here is None:
            here = fact.at
        elif fact.kind == "visit.leave" and here is not None:
            found.append((here, fact.at))
            here = None
    return [*found, (here, None)] if here is not None else found


@dataclass
class Tally:
    """What all sequences of a run came to, for the printed line."""

    sequences: int = 0
    ops: int = 0
    requests: int = 0
    cut: int = 0
    restores: int = 0


@dataclass
class Weather:
    """What the network does to each request of a sequence; seeded by the sequence."""

    dice: random.Random
    bad: float = 0.0
    tally: Tally = field(default_factory=Tally)

    def __call__(self) -> str | None:
        self.tally.requests += 1
        if self.dice.random() >= self.bad:
            return None
        self.tally.cut += 1
        return self.dice.choice(["before", "after"])


class TabletsMachine(RuleBasedStateMachine):
    """Subclasses say over which line the tablets talk. `shared`: one world for all, taken back after each sequence."""

    shared: ClassVar[World | None]
    tally: ClassVar[Tally]
    line: ClassVar[Callable[[Weather], Line]]
    tablet: ClassVar[type[Tablet]]

    def __init__(self) -> None:
        super().__init__()
        self.outer = transaction.atomic() if self.shared else nullcontext()
        self.outer.__enter__()
        self.world = self.shared or make_world()
        yesterday = timezone.localdate() - timedelta(days=1)
        self.moment = timezone.make_aware(datetime.combine(yesterday, time(8)))
        self.facts: list[Fact] = []
        self.nothing: list[str] = []
        self.taken_back: set[int | None] = set()
        self.generation = settings.DATA / "generation"
        self.generation.unlink(missing_ok=True)
        self.backup: str | None = None

    @initialize(seed=st.integers(0, 2**32 - 1))
    def tablets_are_switched_on(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.weather = Weather(self.dice, tally=self.tally)
        line = type(self).line(self.weather)
        self.errors = [timedelta() for _ in range(TABLETS)]
        self.stood_still = [timedelta() for _ in range(TABLETS)]
        # A clock that is set and one that stands still look alike; of one tablet only one of them happens.
        self.gets_set = [self.dice.random() < 0.5 for _ in range(TABLETS)]
        self.tablets = [
            self.tablet(
                one, line, clock=self._clock(number), seed=seed + number + self.world.operation.pk * 2**40,
                mono=self._mono(number) if self.shared else None,
            )
            # Op ids are for ever: where nothing is taken back, the same seed must not give the same ids again.
            for number, one in enumerate(self.world.identities)
        ]  # fmt: skip
        if self.shared:
            for tablet in self.tablets:
                self._drain(tablet)  # whoever was just registered has heard the server

    def _clock(self, number: int) -> Callable[[], datetime]:
        return lambda: (self.moment if self.shared else timezone.now()) + self.errors[number]

    def _mono(self, number: int) -> Callable[[], float]:
        begin = self.moment
        return lambda: (self.moment - begin - self.stood_still[number]).total_seconds() * 1000

    def _drain(self, tablet: Tablet) -> None:
        with self._server_time():
            tablet.drain()

    def _server_time(self) -> AbstractContextManager[object]:
        return _server_clock(lambda: self.moment) if self.shared else nullcontext()

    # What people do

    @rule(tablet=st.integers(0, TABLETS - 1), person=st.integers(0, PEOPLE - 1), by_card=st.booleans())
    def somebody_arrives(self, tablet: int, person: int, by_card: bool) -> None:
        self._fact(tablet, "visit.arrive", person, by_card)

    @rule(tablet=st.integers(0, TABLETS - 1), person=st.integers(0, PEOPLE - 1), by_card=st.booleans())
    def somebody_leaves(self, tablet: int, person: int, by_card: bool) -> None:
        self._fact(tablet, "visit.leave", person, by_card)

    @rule(tablet=st.integers(0, TABLETS - 1), person=st.integers(0, PEOPLE - 1))
    def somebody_is_briefed(self, tablet: int, person: int) -> None:
        self._fact(tablet, "visit.orient", person, by_card=False)

    @rule(tablet=st.integers(0, TABLETS - 1), person=st.integers(0, PEOPLE - 1))
    def somebody_shows_insurance(self, tablet: int, person: int) -> None:
        self._fact(tablet, "visit.insure", person, by_card=False, evidence="seen_card")

    @rule(tablet=st.integers(0, TABLETS - 1), person=st.integers(0, PEOPLE - 1), by_card=st.booleans())
    def somebody_answers(self, tablet: int, person: int, by_card: bool) -> None:
        self._fact(tablet, "visit.answer", person, by_card, **self._answers())

    def _answers(self) -> Json:
        """One question or both, yes or no; or 「ぜんぶ問題なし」."""
        if self.dice.random() < 0.3:
            return {"answers": dict.fromkeys(QUESTIONS, "yes"), "all": True}
        asked = self.dice.sample(QUESTIONS, self.dice.randint(1, len(QUESTIONS)))
        return {"answers": {question: self.dice.choice(["yes", "no"]) for question in asked}}

    @rule(tablet=st.integers(0, TABLETS - 1))
    def something_that_is_no_card_is_scanned(self, tablet: int) -> None:
        entry = self._record(tablet, "visit.arrive", card=f"https://example.jp/{len(self.nothing)}")
        self.nothing.append(entry.op["op_id"])

    @rule(tablet=st.integers(0, TABLETS - 1), blank=st.integers(0, BLANKS - 1))
    def a_blank_card_is_bound(self, tablet: int, blank: int) -> None:
        card = self.world.blanks[blank].token
        self._record(tablet, "card.bind", card=card, volunteer=self.world.people[-1].pk)

    @rule(tablet=st.integers(0, TABLETS - 1), blank=st.integers(0, BLANKS - 1))
    def a_card_that_may_be_bound_later_is_scanned(self, tablet: int, blank: int) -> None:
        card = self.world.blanks[blank]
        kind = self.dice.choice(["visit.arrive", "visit.leave", "visit.answer"])
        more = self._answers() if kind == "visit.answer" else {}
        entry = self._record(tablet, kind, card=card.token, **more)
        self.facts.append(_fact(entry, None, self.moment, card.pk))

    @rule(tablet=st.integers(0, TABLETS - 1))
    def the_last_record_is_taken_back(self, tablet: int) -> None:
        """Of a person this tablet saw so once in the time that is taken back: a card held up twice at one gate goes as
        one. Briefings and answers are not taken back; who answers anew answers otherwise."""
        mine = {entry.op["op_id"] for entry in self.tablets[tablet].shelf}
        told = [fact for fact in self.facts if fact.op_id in mine]
        last = next((fact for fact in reversed(told) if fact.card is None), None)
        if last is None or last.kind in NOT_TAKEN_BACK or self.moment - last.at > timedelta(minutes=4):
            return
        before = self.moment - UNDO_FOR - timedelta(seconds=TAKEN_BACK_WITHIN)
        alike = [fact for fact in told if fact.kind == last.kind and fact.at > before]
        if sum(fact.person in (last.person, None) for fact in alike) == 1:
            self._record(tablet, "visit.undo", within=TAKEN_BACK_WITHIN, op=last.op_id, of=last.kind)
            self.facts.remove(last)
            self.taken_back.add(last.person)

    def _fact(self, tablet: int, kind: str, person: int, by_card: bool, **more: Any) -> None:
        who: Json = {"volunteer": self.world.people[person].pk}
        if by_card and person < len(self.world.cards):
            who = {"card": self.world.cards[person].token}
        entry = self._record(tablet, kind, **who, **more)
        self.facts.append(_fact(entry, self.world.people[person].pk, self.moment))

    def _record(self, tablet: int, kind: str, *, within: int = 900, **payload: Any) -> Entry:
        """On that tablet, by its own clock, `within` so many seconds of the fact before, but at least a minute after it:
        which came first has an answer."""
        self.moment += timedelta(seconds=self.dice.randint(61, within))
        self.tally.ops += 1
        return self.tablets[tablet].record(kind, at=self.moment + self.errors[tablet], **payload)

    # What networks, clocks and machines do

    # Three rules, not one with three arguments: each rule is drawn as often as the next, and a sequence in which nothing
    # is sent before its end shows little.

    @rule(tablet=st.integers(0, TABLETS - 1), mess=st.booleans())
    def a_tablet_sends(self, tablet: int, mess: bool) -> None:
        self._send(tablet, 0.0, mess)

    @rule(tablet=st.integers(0, TABLETS - 1), mess=st.booleans())
    def a_tablet_sends_over_a_bad_line(self, tablet: int, mess: bool) -> None:
        self._send(tablet, 0.5, mess)

    @rule(tablet=st.integers(0, TABLETS - 1), mess=st.booleans())
    def a_tablet_sends_over_a_line_that_breaks(self, tablet: int, mess: bool) -> None:
        self._send(tablet, 1.0, mess)

    def _send(self, tablet: int, bad: float, mess: bool) -> None:
        one = self.tablets[tablet]
        self.weather.bad = bad
        one.arrange = self._twice_in_any_order if mess else list
        self._drain(one)

    def _twice_in_any_order(self, ops: list[Json]) -> list[Json]:
        again = [*ops, *ops]
        self.dice.shuffle(again)
        return again

    @rule(tablet=st.integers(0, TABLETS - 1), minutes=st.sampled_from([-600, -10, 3, 26 * 60]))
    def a_clock_is_set(self, tablet: int, minutes: int) -> None:
        """Also while ops wait; over HTTP, where tablets tell of one clock only, before the first of them."""
        if self.gets_set[tablet] if self.shared else not self.tablets[tablet].seq:
            self.errors[tablet] = timedelta(minutes=minutes)

    @precondition(lambda self: self.shared is not None)
    @rule(tablet=st.integers(0, TABLETS - 1), minutes=st.sampled_from([1, 20, 90]), anew=st.booleans())
    def a_tablet_sleeps(self, tablet: int, minutes: int, anew: bool) -> None:
        """The clock that cannot be set stands still; or the page is loaded anew and it begins at another place."""
        if self.gets_set[tablet]:
            return
        self.moment += timedelta(minutes=minutes)
        self.stood_still[tablet] += timedelta(minutes=minutes)
        if anew:
            self.tablets[tablet].boot += "again"

    @precondition(lambda self: self.shared is not None and self.backup is None)
    @rule()
    def a_backup_is_made(self) -> None:
        self.backup = transaction.savepoint()

    @precondition(lambda self: self.backup is not None)
    @rule()
    def the_server_is_restored_from_the_backup(self) -> None:
        assert self.backup is not None
        transaction.savepoint_rollback(self.backup)
        self.backup = None
        self.tally.restores += 1
        self.generation.write_text(f"{self.tally.restores + 1}")
        for tablet in self.tablets:
            tablet.told.clear()

    # What must hold

    def teardown(self) -> None:
        try:
            if hasattr(self, "tablets"):
                self._everything_is_sent()
                self._nothing_is_lost_or_applied_twice()
                self._every_no_is_visible()
                self._state_is_what_happened()
                self._answers_are_what_was_said()
                self.tally.sequences += 1
        finally:
            self.generation.unlink(missing_ok=True)
            if self.shared:
                transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    def _everything_is_sent(self) -> None:
        """A generation that changed is noticed by the first answer, so that every tablet has something to say."""
        self.weather.bad = 0.0
        for number, tablet in enumerate(self.tablets):
            tablet.arrange = list
            self.something_that_is_no_card_is_scanned(number)
            with self._server_time():
                tablet.drain()
                tablet.drain_until_empty(3)
        gather.fold_what_waited(self.world.operation, at=self.moment)
        orientation.catch_up(at=self.moment)

    def _nothing_is_lost_or_applied_twice(self) -> None:
        receipts = Counter(
            str(op_id)
            for op_id in Receipt.objects.filter(operation=self.world.operation).values_list(
                "op_id", flat=True
            )
        )
        recorded = {str(entry.op["op_id"]) for tablet in self.tablets for entry in tablet.shelf}
        assert recorded == set(receipts), "an op has no receipt"
        assert self._failed("unreadable") == len(self.nothing), (
            "a scan that led nowhere was lost or kept twice"
        )
        folded = Counter(fact.op for visit in self._visits() for fact in visit.told)
        known = self._facts_of_known_people()
        seen = [fact.op_id for fact in known if fact.kind in ("visit.arrive", "visit.leave")]
        assert folded == Counter(seen), "a fact is in no visit, or in two"
        contradicted = [pair for tablet in self.tablets for pair in tablet.contradicted]
        assert contradicted == [], "a repeat got another answer than the first"

    def _visits(self) -> list[Visit]:
        return list(Visit.objects.filter(operation=self.world.operation, annulled_at__isnull=True))

    def _failed(self, *codes: str) -> int:
        scans = FailedScan.objects.filter(operation=self.world.operation)
        return (scans.filter(code__in=codes) if codes else scans).count()

    def _facts_of_known_people(self) -> list[Fact]:
        """Which binding won is a decision of the server; what was told by a card counts for whoever holds it now."""
        holders = dict(Card.objects.filter(holder__isnull=False).values_list("pk", "holder"))
        named = (
            fact if fact.card is None else replace(fact, person=holders.get(fact.card)) for fact in self.facts
        )
        return [fact for fact in named if fact.person is not None]

    def _every_no_is_visible(self) -> None:
        """A refused scan is a row; what waits for a card's holder is one; every answer says what to do."""
        unclear = 0
        for tablet in self.tablets:
            for entry in tablet.shelf:
                assert entry.answer is not None, "a tablet never learned what became of an op"
                assert entry.answer["text"].endswith("。"), entry.answer
                unclear += entry.answer["code"] == "unreadable"
        assert self._failed() == unclear, "a scan that led nowhere was lost or kept twice"
        known = {fact.op_id for fact in self._facts_of_known_people()}
        held = HeldOp.objects.filter(operation=self.world.operation, state=HeldState.WAITING)
        assert not held.filter(target__isnull=False).exists(), "a taking back was never done"
        waiting = {str(one.op_id) for one in held.filter(card__isnull=False)}
        assert waiting == {fact.op_id for fact in self.facts} - known, "who waits"

    def _state_is_what_happened(self) -> None:
        visits, here, known = self._visits(), 0, self._facts_of_known_people()
        for person in self.world.people:
            expected = stays([fact for fact in known if fact.person == person.pk])
            found = [(visit.arrived_at, visit.left_at) for visit in visits
                     if visit.volunteer_id == person.pk and VisitFlag.NO_ARRIVAL not in visit.flags]  # fmt: skip
            assert close(found, expected), (person.pk, found, expected)
            if expected and person.pk not in self.taken_back:
                self._what_was_seen_stands([fact for fact in known if fact.person == person.pk])
            here += sum(1 for _, left in expected if left is None)
        assert (
            board.shown(self.world.operation, at=timezone.now(), names=False, wall=True).numbers.present
            == here
        )

    def _what_was_seen_stands(self, facts: list[Fact]) -> None:
        """Insurance and briefing count for who came that day, also told before the arrival or after the leaving."""
        visits = [visit for visit in self._visits() if visit.volunteer_id == facts[0].person]
        for kind, seen in (
            ("visit.insure", [visit.insurance_seen_at for visit in visits]),
            ("visit.orient", [visit.oriented_at for visit in visits]),
        ):
            if any(fact.kind == kind for fact in facts):
                assert any(seen), f"{kind} was lost"

    def _answers_are_what_was_said(self) -> None:
        """The latest answer stands, whichever came first; what one button said stands where nothing else was said."""
        told = sorted(self._facts_of_known_people(), key=lambda fact: (not fact.at_once, fact.at))
        expected = {
            (fact.person, timezone.localdate(fact.at), question): answer
            for fact in told
            for question, answer in fact.said.items()
        }
        rows = DayAnswer.objects.filter(operation=self.world.operation)
        found = {(row.volunteer_id, row.day, row.question): row.answer for row in rows}
        assert found == expected, "what somebody said was lost or changed"


def _fact(entry: Entry, person: int | None, at: datetime, card: int | None = None) -> Fact:
    payload = entry.op["payload"]
    return Fact(
        entry.op["op_id"],
        entry.op["kind"],
        person,
        at,
        card,
        payload.get("answers", {}),
        payload.get("all", False),
    )


@contextmanager
def _server_clock(now: Callable[[], datetime]) -> Iterator[None]:
    """Django's clock is this one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", now)
        yield


def close(found: list[Stay], expected: list[Stay]) -> bool:
    """Equal but for the seconds that a clock's measured error is off by."""
    tolerance = timedelta(seconds=5)
    return len(found) == len(expected) and all(
        abs(f[0] - e[0]) <= tolerance and (f[1] is None) == (e[1] is None)
        and (f[1] is None or e[1] is None or abs(f[1] - e[1]) <= tolerance)
        for f, e in zip(found, expected, strict=True)
    )  # fmt: skip


def play(
    line: Callable[[Weather], Line],
    sequences: int,
    *,
    shared: World | None = None,
    tablet: type[Tablet] = Tablet,
) -> Tally:
    """Play so many sequences over this line. The first that breaks an invariant is raised as it is: shrinking one takes minutes."""
    if shared and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A sequence is one transaction from its first op to its last: on a busy machine longer than a server's may idle.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    tally = Tally()
    members = {"shared": shared, "tally": tally, "line": staticmethod(line), "tablet": tablet}
    machine = type("Machine", (TabletsMachine,), members)
    rules = hypothesis.settings(
        max_examples=sequences, stateful_step_count=20, deadline=None, database=None,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=rules)
    return tally
