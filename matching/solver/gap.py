"""How far a plan may be from the best one, as a number and as a sentence for the coordinator."""

from __future__ import annotations

ALMOST_BEST = 0.01
GOOD = 0.03
FAR = 0.10


def gap(score: float, bound: float) -> float:
    """Share of the bound that a plan's score may still be below the best: 0 is best, 0.02 at most 2 % better.

    0 as well for a score above the bound, which only a plan that breaks rules can have.
    """
    return max(0.0, bound - score) / max(1.0, abs(bound))


def gap_sentence(share: float | None) -> str:
    """What a gap means, in plain Japanese; None is not known."""
    if share is None:
        return "あとどれだけ良くなるかは、まだ分かりません。"
    percent = f"{100 * share:.1f}％"
    if share <= ALMOST_BEST:
        return f"これ以上はほぼ良くなりません（いちばん良い案との差は、多くて{percent}）。"
    if share <= GOOD:
        return f"良い案です。良くなるとしても、わずかです（いちばん良い案との差は、多くて{percent}）。"
    if share <= FAR:
        return f"まだ良くなるかもしれません（いちばん良い案との差は、多くて{percent}）。"
    return f"もっと良い案があるかもしれません（いちばん良い案との差は、多くて{percent}）。時間をかけて計算し直すことができます。"
