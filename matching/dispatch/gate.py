"""The departure gate: what keeps a team from leaving, said by name, with what to do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.utils import timezone

from intake.checkin.services import departure_blocks as visit_blocks
from intake.help_requests.models import NeedState, WorkState
from intake.questions.services import Answers
from intake.volunteers.models import InsurancePolicy
from matching.dispatch.models import Dispatch
from matching.teams.models import Member

EACH_WAY: Final = timedelta(minutes=30)
_STEP: Final = timedelta(minutes=5)


class Check(models.TextChoices):
    """The five points of every departure (domain.md §1.3 送り出し)."""

    HEALTH = "health", "体調：全員に聞きました。具合の悪い人はいません"
    GEAR = "gear", "装備：長そで・長ぐつ・手袋・マスクがそろっています"
    DRINK = "drink", "飲み物：全員が持っています"
    NO_OVERWORK = "no_overwork", "無理をしない：20分作業したら10分休むと伝えました"
    CONTACT = "contact", "連絡先：センターの電話番号を全員に伝えました"


@dataclass(frozen=True, slots=True)
class Block:
    """One thing that is missing. `who` is a name or empty; a `firm` one cannot be overridden by anybody."""

    code: str
    who: str
    text: str
    firm: bool = False

    def __str__(self) -> str:
        return f"{self.who}さん：{self.text}" if self.who else self.text


def departure_blocks(dispatch: Dispatch, *, at: datetime) -> list[Block]:
    """What is missing before the team may leave at the moment `at`, leader first; empty when nothing is.

    The five points and the return time are asked of whoever sends the team, see `unticked`. Four queries; one more where the
    operation asks questions of the day.
    """
    members = list(
        Member.objects.filter(team=dispatch.team_id, left_at__isnull=True)
        .select_related("volunteer", "visit")
        .order_by("id")
    )
    return [
        *_need_blocks(dispatch),
        *_leader_blocks(dispatch, members),
        *_people_blocks(dispatch, members, at=at),
    ]


def unticked(checks: Collection[str]) -> list[Check]:
    """Points that were not ticked, in order."""
    return [check for check in Check if check not in checks]


def usual_return(dispatch: Dispatch, *, at: datetime) -> datetime:
    """When a team leaving at `at` should be back: the work and 30 minutes each way, at the latest 30 minutes after
    the operation's work ends; on the next five minutes."""
    work = dispatch.need.items.exclude(state=WorkState.DONE).aggregate(sum=models.Sum("minutes"))["sum"] or 0
    due = at + timedelta(minutes=work) + 2 * EACH_WAY
    local = timezone.localtime(at)
    end = dispatch.operation.work_end
    latest = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0) + EACH_WAY
    # Leaving in the evening, after the day's work has ended, there is no day's end to obey.
    due = min(due, latest) if latest > at + EACH_WAY else due
    return _round_up(due)


def _round_up(moment: datetime) -> datetime:
    over = timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    return moment - over + _STEP if over else moment


def _need_blocks(dispatch: Dispatch) -> list[Block]:
    state = NeedState(dispatch.need.state)
    if state == NeedState.ASSIGNED:
        return []
    text = f"困りごとN{dispatch.need.number}は「{state.label}」に変わりました。この派遣を取りやめてください。"
    return [Block("need", "", text, firm=True)]


def _leader_blocks(dispatch: Dispatch, members: list[Member]) -> list[Block]:
    leader = dispatch.team.leader
    if leader is None or leader.pk not in {member.volunteer_id for member in members}:
        return [
            Block(
                "leader",
                "",
                "リーダーが班にいません。マッチングの画面でリーダーを決めてください。",
                firm=True,
            )
        ]
    if not leader.phone:
        return [
            Block(
                "leader_phone", leader.name, "リーダーの携帯電話の番号がありません。聞いて登録してください。"
            )
        ]
    return []


def _people_blocks(dispatch: Dispatch, members: list[Member], *, at: datetime) -> list[Block]:
    insured = set(
        InsurancePolicy.objects.covering(at)
        .filter(volunteer__in=[member.volunteer_id for member in members])
        .values_list("volunteer_id", flat=True)
    )
    here = {member.volunteer_id for member in members}
    day = timezone.localdate(at)
    answers = Answers(dispatch.operation, here, [day])
    adults_only = dispatch.need.items.filter(minors_ok=False).exclude(state=WorkState.DONE).exists()
    found = []
    for member in members:
        person, visit = member.volunteer, member.visit
        if visit.left_at is not None or visit.annulled_at is not None:
            text = "もう帰っています（受付の記録）。班から外してください。"
            found.append(Block("left", person.name, text, firm=True))
            continue
        visit.volunteer, visit.operation = person, dispatch.operation  # spares two queries a person
        blocks = [
            *visit_blocks(visit, at=at, insured=person.pk in insured),
            *answers.blocks(person.pk, day),
        ]
        found.extend(Block(block.code, person.name, block.text) for block in blocks)
        if not person.is_minor_on(day):
            continue
        if person.guardian_id is not None and person.guardian_id not in here:
            found.append(Block("guardian_absent", person.name, "付き添いの保護者が、この班にいません。"))
        if adults_only:
            text = "18歳未満の人が入れない作業があります。班から外してください。"
            found.append(Block("minor_work", person.name, text, firm=True))
    return found
