"""Any walk of the desk through a need's states, by every service that moves it: no forbidden edge, and for every edge the
log says who, when and why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dvc.audit.models import Entry
from dvc.core.refused import Refused
from intake.help_requests import services
from intake.help_requests.answers import NOT_TOLD_YET, REASONS, TOLD, Judgement
from intake.help_requests.models import CLOSED, CallBack, Need, NeedState, WorkState
from intake.help_requests.services import ItemAnswers, NeedAnswers
from intake.help_requests.states import ENDINGS, STEPS, needs_reason
from tests import make
from tests.infra.scale import count

S = NeedState
ANY_STATE = st.sampled_from(list(NeedState))
ANY_ENDING = st.sampled_from(sorted(ENDINGS))
REASON = st.sampled_from(["", "くわしい理由"])


class NeedInUse(RuleBasedStateMachine):
    """One need, several people of the desk, one minute between what they do. `state` is what it should be."""

    @initialize()
    def receive(self) -> None:
        self.operation = make.operation()
        self.staff = [make.user(self.operation.center, name=f"職員{n}") for n in range(3)]
        self.minutes = 0
        self.need = make.need(self.operation, state=S.RECEIVED)
        self.first = make.need(self.operation)
        self.state = S.RECEIVED
        self.steps = 0

    def turn(self, who: int) -> dict[str, object]:
        self.minutes += 1
        return {"by": make.by(self.staff[who]), "at": make.at(9) + timedelta(minutes=self.minutes)}

    def tell(self, steps: int) -> None:
        """`steps` edges were taken, and the row says where it is now."""
        self.steps += steps
        self.need.refresh_from_db()
        self.state = S(self.need.state)

    @rule(to=ANY_STATE, reason=REASON, who=st.integers(0, 2))
    def move(self, to: NeedState, reason: str, who: int) -> None:
        try:
            services.move(self.need, to, reason=reason, **self.turn(who))  # type: ignore[arg-type]
        except Refused as refused:
            why = {
                "need.step_not_allowed": to not in STEPS[self.state],
                "need.reason_needed": needs_reason(self.state, to) and not reason,
                "need.duplicate_of_what": to == S.DUPLICATE,
            }
            code = refused.code
            assert why[code], (self.state, to)
            self.tell(0)
        else:
            assert to in STEPS[self.state]
            self.tell(1)
            assert self.state == to

    @rule(to=ANY_ENDING, data=st.data(), who=st.integers(0, 2))
    def end(self, to: NeedState, data: st.DataObject, who: int) -> None:
        code = data.draw(st.sampled_from([*REASONS[to], "other"]))
        told = data.draw(st.sampled_from([*TOLD, ""]))
        reason = REASONS[to].get(code, "そのほか")
        try:
            services.end(
                self.need,
                to,
                code=code,
                reason=reason,
                told=told,
                first=self.first,
                **self.turn(who),  # type: ignore[arg-type]
            )
        except Refused as refused:
            if refused.code == "need.told_needed":
                assert not told
            else:
                assert to not in STEPS[self.state]
            self.tell(0)
            return
        assert to in STEPS[self.state]
        self.tell(1)
        change = self.need.changes.order_by("-id")[0]
        assert (change.code, change.told) == (code, told)
        assert (change.told_at == change.at) == (told not in ("", NOT_TOLD_YET))
        due = CallBack.objects.open().filter(need=self.need).exists()
        assert due == (told == NOT_TOLD_YET and to != S.UNREACHABLE)

    @rule(judgement=st.sampled_from(list(Judgement)), who=st.integers(0, 2))
    def judge(self, judgement: Judgement, who: int) -> None:
        try:
            services.judge(self.need, judgement, reason="電話で分かった", **self.turn(who))  # type: ignore[arg-type]
        except Refused as refused:
            code = refused.code
            assert code == "need.step_not_allowed"
            self.tell(0)
        else:
            self.tell(1)

    @rule(who=st.integers(0, 2))
    def make_ready(self, who: int) -> None:
        missing = services.what_is_missing(self.need)
        try:
            services.make_ready(self.need, **self.turn(who))  # type: ignore[arg-type]
        except Refused:
            assert missing or S.READY not in STEPS[self.state]
            self.tell(0)
        else:
            assert not missing
            self.tell(1)

    @rule(hazard=st.sampled_from(["", "gas", "nails"]), crisis=st.booleans(), who=st.integers(0, 2))
    def edit(self, hazard: str, crisis: bool, who: int) -> None:
        answers = NeedAnswers(hazards=(hazard,) if hazard else (), needs_crisis=crisis)
        before = self.state
        services.edit(self.need, answers, version=self.need.version, **self.turn(who))  # type: ignore[arg-type]
        self.tell(0)
        self.steps += int(self.state != before)
        assert self.state in (before, S.TRIAGE)

    @rule(hazards=st.sampled_from([(), ("asbestos",)]), who=st.integers(0, 2))
    def add_work(self, hazards: tuple[str, ...], who: int) -> None:
        services.add_item(self.need, ItemAnswers(category="cleaning", hazards=hazards), **self.turn(who))  # type: ignore[arg-type]
        self.tell(0)

    @precondition(lambda self: self.state == S.IN_PROGRESS)
    @rule(who=st.integers(0, 2))
    def go_on_another_day(self, who: int) -> None:
        services.continue_with(self.need, remaining="奥の部屋", people_next=4, **self.turn(who))  # type: ignore[arg-type]
        self.tell(2)
        assert self.state == S.READY

    @invariant()
    def every_edge_says_who_when_and_why(self) -> None:
        if not hasattr(self, "need"):
            return
        changes = list(self.need.changes.order_by("id"))
        moved = list(Entry.objects.about(self.need).filter(action="need.moved").order_by("id"))
        assert len(changes) == len(moved) == self.steps
        now = S.RECEIVED
        for change, entry in zip(changes, moved, strict=True):
            to = S(change.to_state)
            assert change.from_state == now
            assert to in STEPS[now]
            assert (entry.details["before"], entry.details["to"]) == (now, to)
            assert change.by is not None
            assert (entry.actor, entry.at) == (change.by, change.at)
            assert change.reason or not needs_reason(S(change.from_state), to)
            assert entry.details.get("code", "") == change.code
            now = to
        assert Need.objects.get(pk=self.need.pk).state == now == self.state

    @invariant()
    def what_is_over_can_be_opened_again(self) -> None:
        if getattr(self, "state", None) in CLOSED:
            assert STEPS[self.state] == {S.TRIAGE}

    @invariant()
    def work_that_is_not_safe_is_never_started(self) -> None:
        if hasattr(self, "need"):
            unsafe = [item for item in self.need.items.all() if "asbestos" in item.hazards]
            assert all(item.state == WorkState.BLOCKED for item in unsafe)


@pytest.mark.django_db
def test_any_walk_of_the_desk_keeps_the_table_and_the_log() -> None:
    run_state_machine_as_test(
        NeedInUse,
        settings=settings(
            max_examples=count(5, 30),
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
