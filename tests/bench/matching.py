"""What the matching engine is worth: `make bench-matching`, `python -m tests.bench matching [WHAT ...] [--seconds 10]`.

WHAT: `examples` (the vcmatch/1 files of MATCHING_REFERENCE), `hard` (generated kinds), `prefecture`, `events`; a file's
name (L-base-1), or KIND:SIZE:SEED of tests.matching.instances. Nothing named: all four.

For each instance, in a fresh process: the coordinator's plan with cards (tests.bench.greedy), the first plan, the plan
after some seconds, and in another process a proven bound; all plans pass matching.solver.rules. `events` re-plans a
morning event by event, as the desk does, and compares the end with a plan made from nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matching.solver.model import Plan, Problem
from matching.solver.rules import Score, review
from matching.solver.vcjson import problem_from_json
from tests.bench.greedy import by_cards
from tests.matching.instances import KINDS, problem

if TYPE_CHECKING:
    from tests.bench.events import Step

REPO = Path(__file__).resolve().parents[2]
EXAMPLES = Path(os.environ.get("MATCHING_REFERENCE", REPO.parent / "shared" / "matching")) / "examples"
SECTIONS = ("examples", "hard", "prefecture", "events")


def load(name: str) -> Problem:
    """An example by its file's name, or KIND:SIZE:SEED made from the seed."""
    if ":" in name:
        kind, size, seed = name.split(":")
        return problem(kind, size, int(seed))
    return problem_from_json(json.loads((EXAMPLES / f"{name}.json").read_text()))


def worth(made: Problem, plan: Plan) -> Score:
    """The plan's score; what a plan breaks is printed and counts, unless teams already out break it."""
    found = review(made, plan)
    out = set(review(made, Plan(teams=tuple(pin.team for pin in made.pins))).violations)
    reported = {(note.volunteer, note.need) for note in plan.notes}
    for broken in found.violations:
        if broken.code == "lock_broken" and (broken.volunteer, broken.need) in reported:
            continue
        if broken not in out or broken.code == "lock_broken":
            print(f"BROKEN in {made.id}: {broken}", file=sys.stderr, flush=True)
    return found.score


# ---- one instance, in a process of its own


def measure(name: str, seconds: float, seed: int, unhurried: bool) -> dict[str, Any]:
    from matching.solver.engine import EFFORT_PER_SECOND, solve

    made = load(name)
    hand = worth(made, by_cards(made))
    begun = time.monotonic()
    first = worth(made, solve(made, effort=0, seed=seed))
    first_took = time.monotonic() - begun
    begun, burnt = time.monotonic(), time.process_time()
    if unhurried:
        plan = solve(made, effort=round(seconds * EFFORT_PER_SECOND), seed=seed)
    else:
        plan = solve(made, seconds=seconds, seed=seed)
    took, cpu = time.monotonic() - begun, time.process_time() - burnt
    best = worth(made, plan)
    return {
        "people": len(made.volunteers), "needs": len(made.needs), "hand": hand.total, "first": first.total,
        "first_took": first_took, "best": best.total, "took": took, "cpu": cpu, "lex": best.lex,
        "tier1": [best.tier1_weight, sum(n.weight for n in made.needs if n.tier == 1)], "served": best.served,
        "churned": best.churned, "notes": len(plan.notes),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def bound(name: str, seconds: float) -> dict[str, Any]:
    from matching.solver.bound import upper_bound

    begun = time.monotonic()
    found = upper_bound(load(name), seconds=seconds)
    return {"bound": found.value, "tight": found.tight, "took": time.monotonic() - begun}


def in_a_fresh_process(*command: str) -> dict[str, Any] | None:
    """What `python -m tests.bench.matching COMMAND` prints, or None when it failed (and said why on stderr)."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.matching", *command], cwd=REPO, check=False, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


TABLE = (
    f"{'instance':18}{'people × needs':>15}{'greedy':>11}{'first':>11}{'after':>7}{'score':>11}{'÷greedy':>8}"
    f"{'bound':>11}{'gap':>7}{'tier 1':>14}{'served':>7}{'wall':>7}{'cpu':>7}{'memory':>8}"
)


def row(name: str, given: argparse.Namespace) -> str:
    m = in_a_fresh_process(
        "--one", name, "--seconds", str(given.seconds), "--seed", str(given.seed), *["--unhurried"] * given.unhurried
    )  # fmt: skip
    if m is None:
        return f"{name:18} failed"
    b = (
        in_a_fresh_process("--bound-of", name, "--bound-seconds", str(given.bound_seconds))
        if given.bound_seconds
        else None
    )
    above = (
        f"{b['bound']:11,.0f}{100 * (b['bound'] - m['best']) / b['bound']:6.2f}%"
        if b
        else f"{'–':>11}{'–':>7}"
    )
    size = f"{m['people']} × {m['needs']}"
    tier1 = f"{m['tier1'][0]:,.0f}/{m['tier1'][1]:,.0f}"
    ratio = m["best"] / m["hand"] if m["hand"] else float("nan")
    lex = "  ".join(f"{points:,.0f}" for points in m["lex"])
    return (
        f"{name:18}{size:>15}{m['hand']:11,.0f}{m['first']:11,.0f}{m['first_took']:6.1f}s{m['best']:11,.0f}{ratio:8.3f}"
        f"{above}{tier1:>14}{m['served']:7}{m['took']:6.1f}s{m['cpu']:6.1f}s{m['memory']:5.0f} MB\n"
        f"{'':18}lex (tier 1, need, idle, travel, pref + cont, churn): {lex}"
        + (f"   notes: {m['notes']}" if m["notes"] else "")
    )


def events(name: str, given: argparse.Namespace) -> None:
    """Prints how long a warm session takes for the next plan, whom that disturbs, and what is lost against a plan made from
    nothing. `given.effort` rounds for each event; reasons are measured apart, at the end."""
    from matching.solver.engine import EFFORT_PER_SECOND, solve
    from matching.solver.session import Session, explained
    from tests.bench.events import EVENTS, morning

    made, whole = load(name), round(given.seconds * EFFORT_PER_SECOND)
    session = Session(made, solve(made, effort=whole))
    first = session.replan(made, effort=1, reasons=False)  # warm from here on
    steps: list[Step] = []
    for step in morning(
        made, problem("base", "XL", 77), first,
        lambda now, _: session.replan(now, effort=given.effort, reasons=False), given.events,
    ):  # fmt: skip
        if len(steps) % 10 == 9:
            worth(step.now, step.plan)
        steps.append(step)
    if not steps:
        return
    last = steps[-1]
    worth(last.now, last.plan)
    told(steps, f"{name}, {len(steps)} events, {given.effort} rounds each")
    for event in EVENTS:
        mine = [step for step in steps if step.event == event.__name__]
        if mine:
            told(mine, f"  {event.__name__:13}{len(mine):4} ×")
    begun = time.process_time()
    explained(last.now, last.plan)
    print(f"the reasons of the last plan: {1000 * (time.process_time() - begun):.0f} ms of processor time")
    for what, now in (("as announced", last.now), ("were nothing announced", replace(last.now, baseline={}))):
        kept, fresh = worth(now, last.plan).total, worth(now, solve(now, effort=whole)).total
        gap = 100 * (fresh - kept) / fresh if fresh else 0.0
        print(
            f"at the end, {what}: {kept:,.0f} event by event, {fresh:,.0f} from nothing with the effort of "
            f"{given.seconds:g} s: gap {gap:.2f} %"
        )


def told(steps: Sequence[Step], what: str) -> None:
    """One line: processor and wall time per event, and announced people sent elsewhere."""

    def at(of: list[float], share: float) -> float:
        return sorted(of)[min(len(of) - 1, int(share * len(of)))]

    burnt, took = [1000 * step.burnt for step in steps], [1000 * step.seconds for step in steps]
    churn = [float(step.churned) for step in steps]
    print(
        f"{what}: cpu p50 {at(burnt, 0.5):.0f} p95 {at(burnt, 0.95):.0f} ms, wall p50 {at(took, 0.5):.0f} "
        f"p95 {at(took, 0.95):.0f} most {max(took):.0f} ms; churn mean {sum(churn) / len(churn):.2f} "
        f"p50 {at(churn, 0.5):.0f} p95 {at(churn, 0.95):.0f}"
    )


# ---- the command


def chosen(what: list[str], size: str) -> list[str]:
    """Names of instances: the files of `examples` from small to large, one of each kind for `hard`."""
    names: list[str] = []
    for one in what or SECTIONS:
        if one == "examples":
            files = sorted(EXAMPLES.glob("*.json"), key=lambda p: (p.stat().st_size, p.name))
            names += [path.stem for path in files]
            if not files:
                print(f"no instances in {EXAMPLES}; set MATCHING_REFERENCE")
        elif one == "hard":
            names += [f"{kind}:{size}:1" for kind in KINDS if kind not in ("base", "prefecture")]
        elif one == "prefecture":
            names.append("prefecture:P:1")
        elif one != "events":
            names.append(one)
    return names


def main(arguments: list[str]) -> None:
    asked = argparse.ArgumentParser(
        prog="python -m tests.bench matching", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )  # fmt: skip
    asked.add_argument("what", nargs="*")
    asked.add_argument("--seconds", type=float, default=10.0, help="of search for each instance")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument(
        "--unhurried",
        action="store_true",
        help="all the rounds of these seconds, on a machine others use too",
    )
    asked.add_argument("--size", default="L", help="of the generated hard kinds")
    asked.add_argument("--bound-seconds", type=float, default=30.0, help="0: no bound")
    asked.add_argument("--events", type=int, default=200)
    asked.add_argument("--effort", type=int, default=3, help="rounds of search after each event")
    asked.add_argument("--on", default="base:XL:1", help="the morning of the events")
    asked.add_argument("--one", help=argparse.SUPPRESS)
    asked.add_argument("--bound-of", help=argparse.SUPPRESS)
    given = asked.parse_args(arguments)
    if given.one:
        print(json.dumps(measure(given.one, given.seconds, given.seed, given.unhurried)))
        return
    if given.bound_of:
        print(json.dumps(bound(given.bound_of, given.bound_seconds)))
        return
    names = chosen(given.what, given.size)
    if names:
        print(TABLE, flush=True)
    for name in names:
        print(row(name, given), flush=True)
    if not given.what or "events" in given.what:
        events(given.on, given)


if __name__ == "__main__":
    main(sys.argv[1:])
