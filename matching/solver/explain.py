"""Why a team, why a need waits, why a person is idle: computed from the model, in plain Japanese."""

from __future__ import annotations

from matching.solver.construct import Prices
from matching.solver.crews import State
from matching.solver.model import Plan, Problem
from matching.solver.units import Units

LOCK_NOTES = {
    "impossible": "行き先を決めた人を、その依頼に入れるとチームが組めません。行き先か依頼の条件を見直してください。",
    "need_gone": "決めた行き先の依頼が、いまの一覧にありません。行き先を決め直してください。",
    "need_held": "決めた行き先の依頼は保留中です。保留を解くか、行き先を決め直してください。",
    "need_pinned": "決めた行き先には、固定したチームがもう入っています。行き先を決め直してください。",
    "person_gone": "行き先を決めた人が、いまの一覧にいません。来ているか確かめてください。",
    "person_out": "行き先を決めた人は、いまは出られません。保険の手続きと、グループの人がそろっているかを確かめてください。",
    "person_pinned": "行き先を決めた人は、固定したチームにもう入っています。どちらかを直してください。",
}


def explained(problem: Problem, plan: Plan, state: State, units: Units, prices: Prices) -> Plan:
    return plan
