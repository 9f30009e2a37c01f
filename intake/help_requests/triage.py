"""The rules of triage of one center: what it began with (`referrals.USUAL`) and what it has changed since. They advise
and never refuse. A change is a further revision, so that its history is the table itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from dvc.audit.services import By, record
from dvc.core.japanese import search_key
from dvc.core.refused import Refused
from dvc.operations.models import Center
from intake.help_requests.answers import REASONS
from intake.help_requests.models import Need, NeedState, TriageRule, Verdict
from intake.help_requests.referrals import REASON_OF_RULE, USUAL

OWN: Final = "own-"
SHORTEST_WORD: Final = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it counts now. `revision` 0: as the center began with it."""

    rule: str
    revision: int
    title: str
    verdict: Verdict
    signs: Sequence[str]
    words: Sequence[str]
    say: str
    refer: str
    is_used: bool = True

    def comes_up(self, signs: Collection[str], said: str) -> bool:
        """`said`: the search key of what was said."""
        return any(sign in signs for sign in self.signs) or any(
            key in said for word in self.words if len(key := search_key(word)) >= SHORTEST_WORD
        )


@dataclass(frozen=True, slots=True)
class RuleAnswers:
    """What a coordinator writes of a rule."""

    title: str
    verdict: Verdict
    signs: Sequence[str]
    words: Sequence[str]
    say: str
    refer: str
    is_used: bool


_USUAL: Final = tuple(
    Rule(one.key, 0, one.title, one.verdict, one.signs, one.words, one.say, one.refer) for one in USUAL
)


def rules(center: Center) -> list[Rule]:
    """Every rule of the center, also those not used, in the order of the table; its own come last. One query."""
    newest: dict[str, TriageRule] = {}
    for row in center.triage_rules.order_by("rule", "-revision"):
        newest.setdefault(row.rule, row)
    usual = [_of_row(newest.pop(one.rule)) if one.rule in newest else one for one in _USUAL]
    own = sorted(newest.values(), key=lambda row: int(row.rule.removeprefix(OWN) or 0))
    return [*usual, *(_of_row(row) for row in own)]


def _of_row(row: TriageRule) -> Rule:
    return Rule(
        row.rule,
        row.revision,
        row.title,
        Verdict(row.verdict),
        row.signs,
        row.words,
        row.say,
        row.refer,
        row.is_used,
    )


def advice_for(center: Center, signs: Collection[str], said: str = "") -> list[Rule]:
    """The rules that what was ticked or said brings up, in the order of the table. One query, none for nothing."""
    if not signs and not said:
        return []
    key = "".join(search_key(line) for line in said.splitlines())
    return [rule for rule in rules(center) if rule.is_used and rule.comes_up(signs, key)]


def advice_for_need(center: Center, need: Need, categories: Collection[str]) -> list[Rule]:
    signs = [*need.hazards, *need.damage_kinds, *categories]
    return advice_for(center, signs, f"{need.summary}\n{need.description}")


@dataclass(frozen=True, slots=True)
class Ending:
    """The ending that a rule advises: the code of its reason in the list (`answers.REASONS`), or what it is about where
    the list has none."""

    to: NeedState
    code: str
    words: str


def suggested_ending(advice: Sequence[Rule]) -> Ending | None:
    """Of the first rule that advises to decline, else of the first that refers; a person decides."""
    for verdict, to in ((Verdict.DECLINE, NeedState.DECLINED), (Verdict.REFER, NeedState.REFERRED)):
        for rule in advice:
            if rule.verdict == verdict:
                code = REASON_OF_RULE.get(rule.rule, "")
                return Ending(to, code, "") if code in REASONS[to] else Ending(to, "", rule.title)
    return None


def rule_of(center: Center, key: str) -> Rule | None:
    return next((rule for rule in rules(center) if rule.rule == key), None)


def history(center: Center, key: str) -> list[TriageRule]:
    """What the center made of the rule, the newest first. One query."""
    return list(center.triage_rules.filter(rule=key).select_related("by").order_by("-revision"))


@transaction.atomic
def edit(
    center: Center, key: str, answers: RuleAnswers, *, revision: int, by: By, at: datetime
) -> TriageRule:
    """The next revision of a rule. `revision`: the one the editor saw. The same words again change nothing.

    Refused: triage.changed (somebody was first), triage.nothing_brings_it_up.
    """
    _check(answers)
    now = rule_of(center, key)
    if now is None or now.revision != revision:
        raise Refused("triage.changed")
    try:
        with transaction.atomic():
            made = TriageRule.objects.create(
                center=center, rule=key, revision=revision + 1, by=by.user, at=at, **_columns(answers)
            )
    except IntegrityError:  # one_rule_per_revision
        raise Refused("triage.changed") from None
    record(
        "triage.rule_edited", made, by=by, at=at, center_id=center.pk, rule=key, revision=made.revision,
        used=answers.is_used,
    )  # fmt: skip
    return made


@transaction.atomic
def add(center: Center, answers: RuleAnswers, *, by: By, at: datetime) -> TriageRule:
    """A rule of the center's own. Refused: triage.nothing_brings_it_up, triage.changed (another at the same moment)."""
    _check(answers)
    own = center.triage_rules.filter(rule__startswith=OWN).values_list("rule", flat=True)
    number = max((int(key.removeprefix(OWN)) for key in own), default=0) + 1
    try:
        with transaction.atomic():
            made = TriageRule.objects.create(
                center=center, rule=f"{OWN}{number}", revision=1, by=by.user, at=at, **_columns(answers)
            )
    except IntegrityError:
        raise Refused("triage.changed") from None
    record(
        "triage.rule_edited", made, by=by, at=at, center_id=center.pk, rule=made.rule, revision=1, used=True
    )
    return made


def _check(answers: RuleAnswers) -> None:
    if answers.is_used and not answers.signs and not answers.words:
        raise Refused("triage.nothing_brings_it_up")


def _columns(answers: RuleAnswers) -> dict[str, object]:
    return {**asdict(answers), "signs": list(answers.signs), "words": list(answers.words)}
