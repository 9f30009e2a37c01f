"""Drafts, calls back, 危機介入, rules of triage and dangerous work: through the services."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test import Client

from dvc.accounts.models import User
from dvc.accounts.roles import Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from intake.help_requests import call_backs, crisis, drafts, services, triage
from intake.help_requests.answers import NOT_TOLD_YET, REASONS, Judgement
from intake.help_requests.models import (
    BLOCKING,
    AckAs,
    CallBack,
    CallDraft,
    CallerNote,
    Hazard,
    Need,
    NeedState,
    TryOutcome,
    Verdict,
    WorkState,
)
from intake.help_requests.referrals import REASON_OF_RULE, USUAL
from intake.help_requests.services import ItemAnswers, NeedAnswers
from intake.help_requests.triage import RuleAnswers
from intake.people.services import HouseholdAnswers, PersonAnswers
from tests import make

pytestmark = pytest.mark.django_db
S = NeedState
ROOF = RuleAnswers(
    title="屋根", verdict=Verdict.REFER, signs=["height"], words=["屋根", "瓦"], say="「屋根の団体をご案内します。」",
    refer="屋根の会 022-000-0000", is_used=True,
)  # fmt: skip


def refusal(call: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code


# ── drafts ─────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_is_kept_at_every_pause_and_becomes_the_need() -> None:
    operation, token = make.operation(), uuid4()
    by = make.by(make.user(operation.center))
    first = drafts.keep(operation, token, {"caller_name": ["高"]}, version=0, by=by, at=make.at(9)).draft
    same = drafts.keep(operation, token, {"caller_name": ["高"]}, version=0, by=by, at=make.at(9, 1)).draft
    assert (same.version, same.saved_at) == (1, make.at(9))
    more = {"caller_name": ["高橋\0キヨ"], "hazards": ["gas", "nails"], "note": [""]}
    kept = drafts.keep(operation, token, more, version=1, by=by, at=make.at(9, 2)).draft
    assert (kept.pk, kept.version, kept.saved_at) == (first.pk, 2, make.at(9, 2))
    assert kept.fields == {"caller_name": ["高橋キヨ"], "hazards": ["gas", "nails"]}
    need = services.receive(
        operation, caller=PersonAnswers("高橋 キヨ"), resident=None, household=HouseholdAnswers(),
        answers=NeedAnswers(), form_token=token, by=by, at=make.at(9, 5),
    )  # fmt: skip
    kept.refresh_from_db()
    assert (kept.need, kept.fields) == (need, {})
    late = {"caller_name": ["遅れて届いた"]}
    assert refusal(drafts.keep, operation, token, late, version=2, by=by, at=make.at(9, 6)) == "draft.over"
    actions = Entry.objects.about(kept).values_list("action", flat=True)
    assert list(actions) == ["call_draft.started"]


def test_of_two_machines_on_one_draft_both_texts_are_kept() -> None:
    operation, token = make.operation(), uuid4()
    one, other = (make.by(make.user(operation.center, name=name)) for name in ("甲", "乙"))
    drafts.keep(operation, token, {"note": ["a"]}, version=0, by=one, at=make.at(9))
    drafts.keep(operation, token, {"note": ["a 甲"]}, version=1, by=one, at=make.at(9, 1))
    split = drafts.keep(operation, token, {"note": ["a 乙"]}, version=1, by=other, at=make.at(9, 1))
    assert split.split
    assert split.draft.form_token != token
    texts = {draft.fields["note"][0]: draft.saved_by for draft in CallDraft.objects.waiting()}
    assert texts == {"a 甲": one.user, "a 乙": other.user}
    assert split.draft.copy_of is not None


def test_a_sheet_that_is_added_to_a_known_need_is_no_draft_any_more() -> None:
    need, son = received(), PersonAnswers("高橋 進", "", "090-0000-0077")
    operation, early, late = need.operation, uuid4(), uuid4()

    def add(token: UUID) -> CallerNote | None:
        return services.add_call(
            need, son, relation="", note="まだ水が出ない", by=SYSTEM, at=make.at(10), form_token=token
        )

    drafts.keep(operation, early, {"caller_name": ["高橋 進"]}, version=0, by=SYSTEM, at=make.at(9))
    assert add(early) is not None
    assert add(early) is None, "a second press"
    assert add(late) is not None
    # The first saving of that sheet was still on its way.
    with pytest.raises(Refused, match="over"):
        drafts.keep(operation, late, {"caller_name": ["高橋 進"]}, version=0, by=SYSTEM, at=make.at(10))
    assert not CallDraft.objects.waiting().exists()
    assert list(CallDraft.objects.values_list("need", "fields")) == [(need.pk, {})] * 2
    assert need.callers.count() == 2


def test_a_draft_is_thrown_away_with_a_reason_and_comes_back() -> None:
    operation = make.operation()
    draft = drafts.keep(operation, uuid4(), {"note": ["犬"]}, version=0, by=SYSTEM, at=make.at(9)).draft
    assert refusal(drafts.drop, draft, reason="", by=SYSTEM, at=make.at(10)) == "draft.reason_needed"
    drafts.drop(draft, reason="まちがい電話", by=SYSTEM, at=make.at(10))
    assert not CallDraft.objects.waiting().exists()
    drafts.bring_back(draft, by=SYSTEM, at=make.at(11))
    assert CallDraft.objects.waiting().get().fields == {"note": ["犬"]}


# ── calls back ─────────────────────────────────────────────────────────────────────────────────


def received(**changes: object) -> Need:
    values: dict[str, object] = {
        "caller": PersonAnswers("高橋 キヨ"), "resident": None, "household": HouseholdAnswers(),
        "answers": NeedAnswers(), "judgement": Judgement.SURVEY, "by": SYSTEM, "at": make.at(9), **changes,
    }  # fmt: skip
    return services.receive(make.operation(), **values)  # type: ignore[arg-type]


def test_what_is_missing_is_a_call_with_a_time() -> None:
    need = received()
    call = CallBack.objects.open().get(need=need)
    assert (call.why, call.due_at, need.state) == ("電話番号・住所を聞く", make.at(10), S.TRIAGE)
    promised = received(call_back_at=make.at(13))
    assert CallBack.objects.open().get(need=promised).due_at == make.at(13)


def test_nobody_is_rung_at_night() -> None:
    assert call_backs.next_call(make.at(17, 30)) == make.at(9) + timedelta(days=1)
    assert call_backs.next_call(make.at(6)) == make.at(9)


@pytest.mark.django_db(transaction=True)
def test_two_desks_that_promise_a_call_at_the_same_moment_promise_one() -> None:
    need = received(judgement=None)
    promised = threading.Event()

    def other_desk() -> None:
        try:
            promised.wait(20)
            call_backs.promise(need, why="鍵のこと", due_at=make.at(11), by=SYSTEM, at=make.at(9))
        finally:
            connection.close()

    thread = threading.Thread(target=other_desk)
    thread.start()
    with transaction.atomic():
        call_backs.promise(need, why="日にちのこと", due_at=make.at(12), by=SYSTEM, at=make.at(9))
        promised.set()
        thread.join(0.5)  # the other one is at the same row by now, or comes after this one
    thread.join()
    call = CallBack.objects.open().get()
    assert (set(call.why.split("、")), call.due_at) == ({"日にちのこと", "鍵のこと"}, make.at(11))


def test_each_try_is_kept_until_somebody_is_reached() -> None:
    need = received()
    by = make.by(make.user(need.operation.center))
    call = CallBack.objects.open().get()
    for n in range(call_backs.TRIES_BEFORE_UNREACHABLE):
        assert call_backs.in_vain(call) == n
        call_backs.tried(call, TryOutcome.ABSENT, note="", again_at=None, by=by, at=make.at(10 + n))
        assert call.due_at == make.at(11 + n)
    assert call_backs.in_vain(call) == call_backs.TRIES_BEFORE_UNREACHABLE
    past = refusal(
        call_backs.tried, call, TryOutcome.ABSENT, note="", again_at=make.at(9), by=by, at=make.at(13)
    )
    assert past == "need.call_in_the_past"
    call_backs.tried(call, TryOutcome.REACHED, note="娘さん", again_at=make.at(15), by=by, at=make.at(14))
    assert (call.closed_at, call.due_at, call_backs.in_vain(call)) == (None, make.at(15), 0)
    call_backs.tried(call, TryOutcome.REACHED, note="", again_at=None, by=by, at=make.at(15))
    assert (call.closed_at, call.closed_by) == (make.at(15), by.user)
    closed = refusal(call_backs.tried, call, TryOutcome.ABSENT, note="", again_at=None, by=by, at=make.at(16))
    assert closed == "need.call_closed"
    tries = Entry.objects.about(need).filter(action="need.call_tried")
    assert [entry.details["outcome"] for entry in tries.order_by("id")] == ["absent"] * 3 + ["reached"] * 2


def test_whoever_was_not_told_yet_is_on_the_list_and_nobody_else_after_the_end() -> None:
    need = received()
    services.end(
        need, S.DECLINED, code="height", reason="屋根・高所", told="本人に電話", by=SYSTEM, at=make.at(10)
    )
    assert not CallBack.objects.open().exists()
    services.move(need, S.TRIAGE, by=SYSTEM, at=make.at(11))
    services.end(
        need, S.REFERRED, code="city", reason="市の担当課", told=NOT_TOLD_YET, by=SYSTEM, at=make.at(11)
    )
    assert "「他機関へ」になったことを伝える" in CallBack.objects.open().get().why
    told = [(change.code, change.told_at) for change in need.changes.all() if change.told]
    assert told == [("height", make.at(10)), ("city", None)]
    again = received()
    wrong = refusal(
        services.end, again, S.WITHDRAWN, code="", reason="済んだ", told="", by=SYSTEM, at=make.at(10)
    )
    assert wrong == "need.told_needed"


def test_what_nobody_touched_for_two_days_is_a_list() -> None:
    operation = make.operation()
    left, taken, over, fresh = (
        make.need(operation, state=state) for state in (S.SURVEY_WAIT, S.IN_PROGRESS, S.DECLINED, S.TRIAGE)
    )
    Need.objects.filter(pk__in=[left.pk, taken.pk, over.pk]).update(touched_at=make.at(9) - timedelta(days=2))
    assert list(Need.objects.untouched(make.at(9))) == [left]
    assert fresh.touched_at > make.at(9) - timedelta(days=2)


# ── 危機介入 ────────────────────────────────────────────────────────────────────────────────────


def test_a_crisis_stands_on_every_board_until_both_have_taken_note_by_name() -> None:
    need = received(answers=NeedAnswers(needs_crisis=True))
    operation = need.operation
    (alert,) = crisis.standing(operation)
    assert (alert.number, [str(side.label) for side in alert.missing]) == (1, ["班長", "センター長"])
    row = need.crisis_alerts.get()
    lead, chief = (make.by(make.user(operation.center, role)) for role in (Role.LEAD, Role.CHIEF))
    crisis.take_note(row, AckAs.LEAD, by=lead, at=make.at(9, 1))
    crisis.take_note(row, AckAs.LEAD, by=lead, at=make.at(9, 2))
    assert refusal(crisis.take_note, row, AckAs.LEAD, by=chief, at=make.at(9, 3)) == "need.alert_acknowledged"
    assert len(crisis.standing(operation)) == 1
    crisis.take_note(row, AckAs.CHIEF, by=chief, at=make.at(9, 4))
    assert crisis.standing(operation) == []
    seen = Entry.objects.about(need).filter(action="need.crisis_seen").order_by("id")
    assert [(one.actor, one.details["seen_as"]) for one in seen] == [
        (lead.user, "lead"),
        (chief.user, "chief"),
    ]
    assert refusal(crisis.take_note, row, AckAs.CHIEF, by=SYSTEM, at=make.at(10)) == "need.alert_by_name"


def test_two_are_to_know_of_a_crisis_also_where_one_has_both_roles() -> None:
    """Asked under the lock of the alert, not on the page before it: somebody may have two windows open."""
    need = received(answers=NeedAnswers(needs_crisis=True))
    center, row = need.operation.center, need.crisis_alerts.get()
    both, driver = (
        make.by(make.user(center, *roles)) for roles in ((Role.LEAD, Role.CHIEF), (Role.TRANSPORT,))
    )
    chief = make.by(make.user(center, Role.CHIEF))
    assert refusal(crisis.take_note, row, AckAs.LEAD, by=driver, at=make.at(9)) == "need.alert_not_yours"
    crisis.take_note(row, AckAs.LEAD, by=both, at=make.at(9, 1))
    assert refusal(crisis.take_note, row, AckAs.CHIEF, by=both, at=make.at(9, 2)) == "need.alert_anothers"
    assert len(crisis.standing(need.operation)) == 1
    crisis.take_note(row, AckAs.CHIEF, by=chief, at=make.at(9, 3))
    assert crisis.standing(need.operation) == []


def test_who_has_both_roles_notes_one_side_unless_there_is_nobody_else(client: Client) -> None:
    need = received(answers=NeedAnswers(needs_crisis=True))
    center, alert = need.operation.center, need.crisis_alerts.get()
    both = make.user(center, Role.LEAD, Role.CHIEF)
    client.force_login(both)
    address = f"/o/{need.operation_id}/needs/alerts/{alert.pk}/note/"
    client.post(address, {"as": "lead"})
    other = make.user(center, Role.CHIEF, name="別の センター長")
    client.post(address, {"as": "chief"})
    assert [ack.seen_as for ack in alert.acks.all()] == ["lead"]
    page = client.get(f"/o/{need.operation_id}/needs/{need.pk}/").content.decode()
    assert "別の人が、センター長として確認します" in page
    assert 'value="chief"' not in page
    User.objects.filter(pk=other.pk).update(is_active=False)
    client.post(address, {"as": "chief"})
    assert not crisis.standing(need.operation)


def test_a_crisis_is_raised_by_an_edit_and_called_off_by_another() -> None:
    need = received()
    services.edit(need, NeedAnswers(needs_crisis=True), version=need.version, by=SYSTEM, at=make.at(10))
    services.flag_crisis(need, by=SYSTEM, at=make.at(10, 1))
    assert len(crisis.standing(need.operation)) == 1
    services.edit(need, NeedAnswers(), version=need.version, by=SYSTEM, at=make.at(10, 2))
    assert crisis.standing(need.operation) == []


# ── rules of triage ────────────────────────────────────────────────────────────────────────────


def test_the_table_a_center_begins_with_says_something_about_every_blocking_hazard() -> None:
    center = make.center()
    assert all(one.say.startswith("「") and one.refer for one in USUAL)
    assert len({one.key for one in USUAL}) == len(USUAL)
    for hazard in BLOCKING:
        assert triage.advice_for(center, [hazard]), hazard
    assert triage.advice_for(center, ["roof", "height"]) == triage.advice_for(center, ["roof"])
    assert triage.advice_for(center, ["nails", "知らない", ""]) == []
    said = triage.advice_for(center, [], "昨日の雨で\n二階の天井から雨漏りして、やねの瓦も")
    assert [rule.rule for rule in said] == ["height"]


def test_the_ending_a_rule_advises_has_its_reason_chosen(client: Client) -> None:
    assert set(REASON_OF_RULE) <= {one.key for one in USUAL}
    for one in USUAL:
        code = REASON_OF_RULE.get(one.key)
        to = {Verdict.DECLINE: S.DECLINED, Verdict.REFER: S.REFERRED}.get(one.verdict)
        assert code is None or (to and code in REASONS[to]), one.key
    need = received(answers=NeedAnswers(hazards=("height",)))
    client.force_login(make.user(need.operation.center, Role.NEEDS_DESK))
    page = client.get(f"/o/{need.operation_id}/needs/{need.pk}/").content.decode()
    assert '<option value="height" selected>' in page
    # A rule of the center's own has no code in the list: what it is about stands in the words.
    dredge = RuleAnswers("川ざらい", Verdict.DECLINE, (), ("川の底",), "「川には入れません」", "市", True)
    triage.add(need.operation.center, dredge, by=SYSTEM, at=make.at(9))
    river = triage.advice_for(need.operation.center, [], "川の底をさらってほしい")
    assert triage.suggested_ending(river) == triage.Ending(S.DECLINED, "", "川ざらい")


def test_a_center_edits_its_rules_with_history_and_others_keep_theirs() -> None:
    center, other = make.center(), make.center("となりのセンター")
    one, two = (make.by(make.user(center, name=name)) for name in ("甲", "乙"))
    triage.edit(center, "height", ROOF, revision=0, by=one, at=make.at(9))
    assert refusal(triage.edit, center, "height", ROOF, revision=0, by=two, at=make.at(9)) == "triage.changed"
    off = RuleAnswers(**{**{name: getattr(ROOF, name) for name in ROOF.__slots__}, "is_used": False})
    triage.edit(center, "height", off, revision=1, by=two, at=make.at(10))
    assert triage.advice_for(center, ["height"]) == []
    assert [(row.revision, row.by, row.is_used) for row in triage.history(center, "height")] == [
        (2, two.user, False), (1, one.user, True),
    ]  # fmt: skip
    assert triage.advice_for(other, ["height"])[0].say.startswith("「屋根や高いところ")
    own = triage.add(center, ROOF, by=one, at=make.at(11))
    assert [rule.rule for rule in triage.advice_for(center, ["height"])] == [own.rule] == ["own-1"]
    empty = RuleAnswers("x", Verdict.CARE, [], [], "「y」", "", is_used=True)
    assert refusal(triage.add, center, empty, by=one, at=make.at(11)) == "triage.nothing_brings_it_up"
    written = Entry.objects.filter(action="triage.rule_edited", center=center)
    assert [(row.actor, row.details["revision"]) for row in written.order_by("id")] == [
        (one.user, 1), (two.user, 2), (one.user, 1),
    ]  # fmt: skip


# ── dangerous work ─────────────────────────────────────────────────────────────────────────────


def test_a_danger_of_one_piece_of_work_stops_only_that() -> None:
    need = make.need(make.operation(), state=S.TRIAGE)
    ceiling = services.add_item(
        need, ItemAnswers("cleaning", hazards=(Hazard.ASBESTOS, Hazard.DUST)), by=SYSTEM, at=make.at(9)
    )
    assert ceiling.state == WorkState.BLOCKED
    assert services.what_is_missing(need) == []
    need.items.exclude(pk=ceiling.pk).delete()
    assert [one.code for one in services.what_is_missing(need)] == ["need.items_blocked"]
    assert (
        refusal(services.clear_item, ceiling, note="", by=SYSTEM, at=make.at(9)) == "need.hazards_note_needed"
    )
    services.clear_item(ceiling, note="市が調べて石綿なし", by=SYSTEM, at=make.at(10))
    assert (ceiling.state, services.what_is_missing(need)) == (WorkState.OPEN, [])
    services.make_ready(need, by=SYSTEM, at=make.at(10))
    services.edit_item(ceiling, ItemAnswers("cleaning", hazards=(Hazard.GAS,)), by=SYSTEM, at=make.at(11))
    need.refresh_from_db()
    assert (ceiling.state, ceiling.hazards_cleared_note, need.state) == (WorkState.BLOCKED, "", S.TRIAGE)
    backwards = ItemAnswers("cleaning", open_from=make.MORNING.time(), open_until=make.MORNING.time())
    assert refusal(services.edit_item, ceiling, backwards, by=SYSTEM, at=make.at(11)) == "need.item_hours"
