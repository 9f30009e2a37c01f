"""Scripted people who act through the real services: what each step of a scenario does.

Every act takes the drill's own time and is carried out in the caller's transaction, so a step that was cut off has
not happened at all and is played again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Required, TypedDict

from django.db import transaction
from django.utils import timezone

from dvc.audit.services import By
from dvc.core.refused import Refused
from dvc.drills.models import Drill
from dvc.drills.scenario import EXAMPLE_ZONE, TOWNS, Call, Player, Scenario, Step
from dvc.operations.models import Site
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.help_requests import services as help_requests
from intake.help_requests.models import Need, NeedState
from intake.help_requests.services import ItemAnswers, NeedAnswers
from intake.people import services as people
from intake.people.services import HouseholdAnswers, PersonAnswers, TownRow
from intake.volunteers import cards
from intake.volunteers import services as volunteers
from intake.volunteers.models import InsurancePlan, Source, Volunteer
from matching.dispatch import services as dispatches
from matching.dispatch.models import Dispatch, DispatchState, Outcome
from matching.equipment import services as equipment
from matching.proposals import decisions, runs
from matching.proposals.models import MatchRun, Proposal, ProposalState, RunState
from matching.safety import services as safety

BY: Final = By(via="drill")
CHECKS: Final = ("health", "gear", "drink", "no_overwork", "contact")


class Story(TypedDict, total=False):
    """What a scripted leader tells at the return; the arguments of `dispatch.services.report`."""

    outcome: Required[str]
    people: Required[int]
    text: str
    remaining: str
    people_next: int
    near_miss: str
    watch: bool


class NotYet(Exception):
    """The step waits for something that runs elsewhere (the matching worker); it is tried again in a second."""


def play(step: Step, drill: Drill, scenario: Scenario, *, at: datetime) -> str:
    """Carry out one step at the drill's time `at`; returns a short outcome without personal data.

    Raises `NotYet` while the engine has not answered: who came in the meantime would otherwise depend on how busy
    the machine is, and no two plays of the script would end the same.
    """
    if MatchRun.objects.filter(operation=drill.operation, state=RunState.REQUESTED).exists():
        raise NotYet
    return _ACTS[step.kind](step, drill, scenario, at)


def _prepare(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    operation = drill.operation
    site = _site(drill)
    equipment.set_stock(operation, site=site, counts=scenario.tools, by=BY, at=at)
    for name, kind, seats in scenario.vehicles:
        equipment.add_vehicle(operation, site=site, name=name, kind=kind, seats=seats, by=BY, at=at)
    if not operation.center.towns.exists():
        # A center without a town file of its own still sees town names in the drill.
        rows = [TownRow(name, "", "", lat, lng) for name, lat, lng in TOWNS]
        people.keep_towns(operation.center, rows, by=BY, at=at)
    cards.issue_stock(operation.center, count=len(scenario.players), drill=operation, by=BY, at=at)
    name, points = EXAMPLE_ZONE
    safety.add_zone(operation, name=name, points=points, by=BY, at=at)
    return f"カード{len(scenario.players)}枚と資機材を準備"


def _site(drill: Drill) -> Site:
    return Site.objects.filter(center=drill.operation.center).earliest("id")


def _arrive(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    """Register, get a card from the box, be checked in: what the desk does for each of them."""
    operation = drill.operation
    player = scenario.players[step.which]
    person = volunteers.register(
        operation.center,
        by=BY,
        at=at,
        drill=operation,
        source=Source.DRILL,
        **_fields(player, step.which, drill, at),
    )
    if player.group >= 0:
        group = volunteers.register_group(operation.center, name=scenario.groups[player.group], by=BY, at=at)
        volunteers.correct(person, group=group, by=BY, at=at)
    if player.insured:
        volunteers.record_insurance(
            person,
            plan=InsurancePlan.BASIC,
            joined_on=timezone.localdate(at) - timedelta(days=10),
            by=BY,
            at=at,
        )
    card = cards.next_blank(operation.center, operation)
    assert card is not None
    cards.bind(card, person, by=BY, at=at, on=operation.real_day(at))
    came = checkin.arrive(operation, person, site=_site(drill), by=BY, at=at)
    return came.code


def _fields(player: Player, index: int, drill: Drill, at: datetime) -> volunteers.VolunteerFields:
    return {
        "family_name": player.family, "given_name": player.given, "family_kana": player.family_kana,
        "given_kana": player.given_kana, "phone": f"090-0000-{index:04d}", "birth_date": player.birthday(index),
        "gender": player.gender, "emergency_name": "訓練 家族", "emergency_phone": "022-000-0000",
        "emergency_relation": "家族", "guardian": _guardian(player, drill), "guardian_consent": player.guardian >= 0,
        "skills": list(player.skills), "languages": list(player.languages), "experience": player.exp,
        "stamina": player.stamina, "vehicle": player.vehicle, "vehicle_seats": player.seats,
        "avoids": list(player.avoids), "consented_at": at,
    }  # fmt: skip


def _guardian(player: Player, drill: Drill) -> Volunteer | None:
    """The adult a minor comes with; they arrived before, so their phone number tells who it is."""
    if player.guardian < 0:
        return None
    return Volunteer.objects.get(drill=drill.operation, phone=f"090-0000-{player.guardian:04d}")


def _orient(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    """A briefing for everybody who is here; at its end the desk looks at insurance that is still open."""
    waiting = Visit.objects.present().filter(operation=drill.operation, oriented_at__isnull=True)
    people = [visit.volunteer for visit in waiting.select_related("volunteer").order_by("id")]
    for person in people:
        checkin.orient(drill.operation, person, by=BY, at=at)
        if not person.policies.exists():
            checkin.see_insurance(drill.operation, person, evidence="seen_card", by=BY, at=at)
    return f"{len(people)}人が説明を受けた"


def _call(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    call = scenario.calls[step.which]
    caller = PersonAnswers(
        name=f"{call.family} {call.given}", kana=call.kana, phone=f"022-000-{step.which:04d}"
    )
    if call.ending == "duplicate":
        return _same_house_again(caller, call, drill, at)
    need = help_requests.receive(
        drill.operation, caller=caller, resident=None, household=_house(call), answers=_answers(call),
        items=[_item(call)], by=BY, at=at - timedelta(days=call.days_ago),
    )  # fmt: skip
    if call.ending == "declined":
        help_requests.move(
            need, NeedState.DECLINED, reason="高所・屋根の作業のため", told="電話をくれた本人", by=BY, at=at
        )
        return f"N{need.number} 対応不可"
    if call.ending == "survey":
        help_requests.move(need, NeedState.SURVEY_WAIT, by=BY, at=at)
        help_requests.move(need, NeedState.SURVEYED, by=BY, at=at)
    help_requests.make_ready(need, by=BY, at=at)
    return f"N{need.number} 受付"


def _same_house_again(caller: PersonAnswers, call: Call, drill: Drill, at: datetime) -> str:
    """The son calls in the afternoon about what the mother told in the morning (domain.md §0.5)."""
    first = Need.objects.filter(operation=drill.operation).earliest("id")
    person = people.add_person(drill.operation, caller, household=first.household, by=BY, at=at)
    help_requests.add_caller(first, person, relation=call.relation, note=call.said, by=BY, at=at)
    return f"N{first.number} に電話を追加"


def _house(call: Call) -> HouseholdAnswers:
    return HouseholdAnswers(
        address=f"{call.town}{call.house}", lat=call.lat, lng=call.lng, lives_alone=call.alone
    )


def _answers(call: Call) -> NeedAnswers:
    return NeedAnswers(
        summary=call.summary, description=call.said, hazards=call.hazards, needs_crisis=call.crisis,
        needs_watch=call.watch, consent_to_share=True, relation=call.relation,
    )  # fmt: skip


def _item(call: Call) -> ItemAnswers:
    work = call.work
    least, ideal, most = work.people
    return ItemAnswers(
        category=work.category, detail=work.detail, people_min=least, people_ideal=ideal, people_max=most,
        minutes=work.minutes, skills=work.skills, tools=work.tools, needs_truck=work.truck, women_min=work.women_min,
        minors_ok=work.minors_ok, stamina_min=work.stamina, estimate_reason="電話で聞いた量から",
    )  # fmt: skip


def _match(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    run = runs.request_run(drill.operation, why="drill", by=BY, at=at)
    return str(run.pk)


def _accept(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    """The coordinator takes everything the engine offers now."""
    taken = 0
    for proposal in Proposal.objects.filter(operation=drill.operation, state=ProposalState.OFFERED).order_by(
        "need__number"
    ):
        try:
            with transaction.atomic():
                decisions.accept(proposal, by=BY, at=at)
        except Refused:
            # A trainee took the people or the need first: that is what the drill is for.
            continue
        taken += 1
    return f"班を決定（{taken}班）"


def _of_state(drill: Drill, state: DispatchState) -> list[Dispatch]:
    return list(
        Dispatch.objects.filter(operation=drill.operation, state=state)
        .select_related("team__leader", "need", "operation")
        .order_by("serial")
    )


def _depart(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    gone = 0
    for dispatch in _of_state(drill, DispatchState.ACCEPTED):
        _mend_at_the_gate(dispatch, at)
        try:
            with transaction.atomic():
                dispatches.depart(dispatch, checks=CHECKS, by=BY, at=at)
        except Refused:
            continue
        gone += 1
    return f"班が出発（{gone}班）"


def _mend_at_the_gate(dispatch: Dispatch, at: datetime) -> None:
    """Who missed the briefing gets it now; who has no insurance on file shows the card."""
    for member in dispatch.team.members.filter(left_at__isnull=True).select_related("volunteer", "visit"):
        checkin.orient(dispatch.operation, member.volunteer, by=BY, at=at)
        checkin.see_insurance(dispatch.operation, member.volunteer, evidence="seen_card", by=BY, at=at)


def _on_site(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    on_the_way = _of_state(drill, DispatchState.DEPARTED)
    for dispatch in on_the_way:
        dispatches.arrive_on_site(dispatch, by=BY, at=at)
    return f"班が到着（{len(on_the_way)}班）"


def _report(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    """Half of those in the field come back and say how it went; in the last round all of them."""
    working = _of_state(drill, DispatchState.ON_SITE)
    told = working if step.which >= 3 else working[: (len(working) + 1) // 2]
    for dispatch in told:
        dispatches.report(dispatch, by=BY, at=at, **_story(dispatch))
        for visit in _later_visits(dispatch):
            dispatches.report(visit, by=BY, at=at, **_story(visit))
        dispatches.come_back(dispatch, by=BY, at=at)
    return f"班が帰着（{len(told)}班）"


def _later_visits(dispatch: Dispatch) -> list[Dispatch]:
    """The houses this team goes on to, in order."""
    waiting = Dispatch.objects.filter(team=dispatch.team_id, state=DispatchState.NEXT)
    return list(waiting.select_related("team__leader", "need", "operation").order_by("position"))


def _story(dispatch: Dispatch) -> Story:
    people = dispatch.team.members.filter(left_at__isnull=True).count()
    if dispatch.need.number % 5 == 0:
        return {
            "outcome": Outcome.CONTINUING, "people": people, "text": "半分まで運び出しました。",
            "remaining": "奥の部屋が残っています。", "people_next": 4,
        }  # fmt: skip
    if dispatch.need.number % 7 == 0:
        return {
            "outcome": Outcome.COMPLETED, "people": people, "text": "終わりました。",
            "near_miss": "釘を踏みそうになりました。", "watch": True,
        }  # fmt: skip
    return {
        "outcome": Outcome.COMPLETED,
        "people": people,
        "text": "予定どおり終わりました。喜んでいただけました。",
    }


def _go_home(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    here = Visit.objects.present().filter(operation=drill.operation, volunteer__source=Source.DRILL)
    people = [visit.volunteer for visit in here.select_related("volunteer").order_by("id")]
    for person in people:
        checkin.leave(drill.operation, person, by=BY, at=at)
    return f"{len(people)}人が帰った"


def _finish(step: Step, drill: Drill, scenario: Scenario, at: datetime) -> str:
    return "台本の終わり"


_ACTS: Final[Mapping[str, Callable[[Step, Drill, Scenario, datetime], str]]] = {
    "prepare": _prepare, "arrive": _arrive, "orient": _orient, "call": _call, "match": _match, "accept": _accept,
    "depart": _depart, "on_site": _on_site, "report": _report, "go_home": _go_home, "finish": _finish,
}  # fmt: skip
