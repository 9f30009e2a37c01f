"""What people decided by hand, put into the problem: fixed teams, destinations, needs kept for a group.

The engine meets them first. What it can not meet it owns up to in the plan's notes; `unowned` are the rules a plan
breaks beyond that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from matching.proposals.cars import to_solver
from matching.proposals.check import crew
from matching.proposals.gather import Gathered
from matching.proposals.ties import Destination, FixedTeam
from matching.proposals.weights import weights
from matching.queue.queries import kept_for
from matching.solver import model, rules

PIN_BROKEN = model.Reason(
    "pin_broken",
    "固定した班の人か行き先がそろいません。「手で決めたこと」で固定をはずすか、手で組んでください。",
)
IN_BROKEN_PIN = model.Reason(
    "in_broken_pin",
    "固定した班に入っていますが、ほかの人か行き先がそろいません。その班の固定を見直してください。",
)


def with_decisions(gathered: Gathered, *, day: date) -> Gathered:
    """The morning of `day` with what was decided for it, and with the operation's weights. Asks the database nothing.

    A need that is kept for a group which has not come yet, or for who comes another day, and a fixed team somebody of
    which is missing, stay out of the problem with the reason: nobody else gets the need, or the people, before the
    coordinator has said so.
    """
    problem = gathered.problem
    pins, broken = _pins(problem, gathered.ties.fixed)
    whole = {int(need[1:]) for pin in pins for need in pin.team.visits}
    busy = {int(who[1:]) for pin in pins for who in pin.team.members}
    here = {*problem.volunteer_by, *(f"V{who}" for who in gathered.left_out)}
    locks, reserved = _locks(problem, gathered.ties.destinations, here, day=day)
    aside = {need: why for need, why in reserved.items() if need not in whole}
    aside |= {need: PIN_BROKEN for pin in broken for need in pin.visits if need not in whole}
    kept_back = {
        who for pin in broken for who in pin.members if f"V{who}" in problem.volunteer_by and who not in busy
    }
    return replace(
        gathered,
        problem=replace(
            problem,
            params=replace(problem.params, w=weights(gathered.steps)),
            needs=tuple(need for need in problem.needs if int(need.id[1:]) not in aside),
            volunteers=tuple(one for one in problem.volunteers if int(one.id[1:]) not in kept_back),
            locks=locks,
            pins=pins,
            baseline={**problem.baseline, **dict(locks)},
        ),
        set_aside={**gathered.set_aside, **aside},
        left_out={**gathered.left_out, **dict.fromkeys(kept_back, IN_BROKEN_PIN)},
    )


def _locks(
    problem: model.Problem, destinations: Sequence[Destination], here: Collection[str], *, day: date
) -> tuple[tuple[tuple[str, str], ...], dict[int, model.Reason]]:
    """Destinations of people who are `here`, those of a group spread over its members; and needs kept for who is to come.
    Somebody who has not come yet stands on the page of what was decided, and is no trouble of this plan."""
    pairs: dict[str, str] = {}
    reserved = {}
    today = [one for one in destinations if one.day == day]
    for one in today:
        members = problem.members_of.get(f"G{one.group}", ()) if one.group else (f"V{one.person}",)
        if not members:
            reserved[one.need] = _reason("reserved", kept_for(one.name))
        for who in members:
            if who in here:
                pairs.setdefault(who, f"N{one.need}")
    theirs = {one.need for one in today}
    for one in destinations:
        if one.need not in theirs:
            reserved.setdefault(one.need, _reason("reserved", kept_for(one.name, day=one.day)))
    return tuple(pairs.items()), reserved


def _reason(code: str, sentence: str) -> model.Reason:
    return model.Reason(
        code, f"{sentence}来ないときや、先に行くときは、「手で決めたこと」で取り消してください。"
    )


def _pins(
    problem: model.Problem, fixed: Sequence[FixedTeam]
) -> tuple[tuple[model.Pin, ...], list[FixedTeam]]:
    """Fixed teams as the solver writes them, and those somebody or something of which is not there now."""
    pins, broken = [], []
    people, needs = set(problem.volunteer_by), set(problem.need_by)  # that no other fixed team has
    for one in fixed:
        members = tuple(f"V{person}" for person in one.members)
        visits = tuple(f"N{need}" for need in one.visits)
        if not (people.issuperset(members) and needs.issuperset(visits)):
            broken.append(one)
            continue
        people.difference_update(members)
        needs.difference_update(visits)
        team = crew(problem, visits, members, f"V{one.leader}", [to_solver(car) for car in one.cars])
        pins.append(model.Pin(replace(team, id=f"P{one.pk}")))
    return tuple(pins), broken


def unowned(
    problem: model.Problem, plan: model.Plan, violations: Sequence[rules.Violation]
) -> list[rules.Violation]:
    """Rules the plan breaks without saying so. What a person decided stands although it breaks one; a plan owns up
    to it in its notes."""
    said = {(note.code, note.team, note.need, note.volunteer) for note in plan.notes}
    unmet = {(need, who) for code, _, need, who in said if code.startswith("lock:")}
    # Met by a fixed team that the rules can not read because of somebody else in it.
    unmet |= {(need, who) for pin in problem.pins for need in pin.team.visits for who in pin.team.members}
    return [
        one
        for one in violations
        if (f"pin:{one.code}", one.team, one.need, one.volunteer) not in said
        and not (one.code == "lock_broken" and (one.need, one.volunteer) in unmet)
    ]
