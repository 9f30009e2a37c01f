"""Two plans beside one another: what is gained, what is lost, who goes elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from matching.solver import model, rules


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan does: needs served, of them crises, people in teams, teams, and minutes on the way (all teams)."""

    served: int
    crisis: int
    people: int
    teams: int
    travel: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`gained` and `lost` are needs (pk) served only after or only before; one that is not asked about any more is not
    lost. `moved` people have another need or are free
    now and were not; `announced` of them had been proposed for something."""

    before: Outcome
    after: Outcome
    gained: tuple[int, ...]
    lost: tuple[int, ...]
    moved: int
    announced: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Comparison:
        return cls(
            Outcome(**told["before"]), Outcome(**told["after"]), tuple(told["gained"]), tuple(told["lost"]),
            told["moved"], told["announced"],
        )  # fmt: skip


def compare(
    problem: model.Problem, before: model.Plan, other: model.Problem, after: model.Plan
) -> Comparison:
    """The plan of a problem and the plan of the changed one, in 40 ms for 3,000 people and 1,000 needs. People who exist
    only in one are not counted as moved."""
    was, becomes = _where(before), _where(after)
    served, then = {n for t in before.teams for n in t.visits}, {n for t in after.teams for n in t.visits}
    both = [one.id for one in problem.volunteers if one.id in other.volunteer_by]
    moved = {who for who in both if who in was and was[who] != becomes.get(who)}
    return Comparison(
        before=outcome(problem, before),
        after=outcome(other, after),
        gained=_pks(then - served),
        lost=_pks({need for need in served - then if need in other.need_by}),
        moved=len(moved),
        announced=sum(who in moved for who, need in problem.baseline.items() if need),
    )


def outcome(problem: model.Problem, plan: model.Plan) -> Outcome:
    """What this plan does in this problem."""
    lines = rules.review(problem, plan).timelines
    served = {need for team in plan.teams for need in team.visits}
    return Outcome(
        served=len(served),
        crisis=sum(need.tier == 1 and need.id in served for need in problem.needs),
        people=sum(len(team.members) for team in plan.teams),
        teams=len(plan.teams),
        travel=round(sum(line.legs for line in lines.values())),
    )


def _where(plan: model.Plan) -> dict[str, tuple[str, ...]]:
    return {who: team.visits for team in plan.teams for who in team.members}


def _pks(needs: set[str]) -> tuple[int, ...]:
    return tuple(sorted(int(need[1:]) for need in needs))


def sentences(found: Comparison, *, numbers: dict[int, int], past: bool = False) -> Iterator[str]:
    """What a coordinator wants to hear first. `numbers`: need pk → its number. `past`: of a morning that may be another
    by now."""
    does, does_not, is_ = ("ました", "ませんでした", "でした") if past else ("ます", "ません", "です")
    more = found.after.served - found.before.served
    if more > 0:
        yield f"行ける困りごとが{more}件増え{does}（{found.before.served}件 → {found.after.served}件）。"
    elif more < 0:
        yield f"行ける困りごとが{-more}件減り{does}（{found.before.served}件 → {found.after.served}件）。"
    else:
        yield f"行ける困りごとの数は変わり{does_not}（{found.after.served}件）。"
    if found.after.crisis != found.before.crisis:
        yield f"危機介入は、{found.before.crisis}件 → {found.after.crisis}件{is_}。"
    if found.gained:
        yield f"新しく行けるのは、{_named(found.gained, numbers)}{is_}。"
    if found.lost:
        yield f"行けなくなるのは、{_named(found.lost, numbers)}{is_}。"
    people = found.after.people - found.before.people
    if people:
        yield f"活動する人が{abs(people)}人{'増え' if people > 0 else '減り'}{does}。"
    minutes = found.after.travel - found.before.travel
    if abs(minutes) > 1:
        yield f"移動は、全部の班を合わせて{abs(minutes)}分{'長く' if minutes > 0 else '短く'}なり{does}。"
    if found.announced:
        whom = "そのとき" if past else "いま"
        yield f"{whom}提案に出てい{'た' if past else 'る'}人のうち{found.announced}人の行き先が変わり{does}。"
    elif found.moved:
        yield f"{found.moved}人の行き先が変わり{does}。"


def _named(needs: Sequence[int], numbers: dict[int, int], *, most: int = 6) -> str:
    known = [f"N{numbers[need]}" for need in needs if need in numbers]
    rest = len(needs) - len(known[:most])
    return "、".join(known[:most]) + (f"など{len(needs)}件" if rest else "")
