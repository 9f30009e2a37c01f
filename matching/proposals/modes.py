"""How teams come about in an operation: proposed, raised hands, or by hand; and groups that are placed the day before."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from dvc.audit.services import By
from dvc.operations import services as operations
from dvc.operations.models import Operation
from intake.volunteers.models import Group
from matching.queue.models import Lock


class MatchMode(models.TextChoices):
    AUTO = "auto", "自動提案"
    POSTED = "posted", "掲示・挙手"
    HAND = "hand", "手動"


ABOUT = {
    MatchMode.AUTO: "計算機が組み合わせを提案し、担当者が決めます。人や困りごとが変わるたびに作り直します。",
    MatchMode.POSTED: "困りごとを貼り出し、ボランティアが選びます。求人票とカードを窓口で読み取ると班になります。",
    MatchMode.HAND: "担当者が困りごとごとに人を選んで組みます。提案は「提案を作り直す」を押したときだけ作ります。",
}


def mode_of(operation: Operation) -> MatchMode:
    """The mode of an operation, from its two switches."""
    if operation.auto_match:
        return MatchMode.AUTO
    return MatchMode.POSTED if operation.posting else MatchMode.HAND


def set_mode(operation: Operation, mode: MatchMode, *, by: By, at: datetime) -> Operation:
    """Switch. Nothing that is decided changes, and every way stays open: a mode only says what happens by itself."""
    return operations.edit_operation(
        operation, by=by, at=at, auto_match=mode == MatchMode.AUTO, posting=mode == MatchMode.POSTED
    )


def groups_to_place(operation: Operation, *, day: date) -> QuerySet[Group]:
    """Groups that have no destination on this day, with how many registered people they have (`size`)."""
    placed = Lock.objects.filter(operation=operation, day=day, group__isnull=False).values("group")
    living = Q(volunteers__withdrawn_at__isnull=True, volunteers__merged_into__isnull=True)
    groups = Group.objects.filter(center=operation.center).exclude(pk__in=placed)
    return groups.annotate(size=Count("volunteers", filter=living)).filter(size__gt=0).order_by("name", "pk")


def placed_people(operation: Operation, *, day: date) -> QuerySet[Lock]:
    """People with a destination of their own on this day, those of one need together."""
    locks = Lock.objects.filter(operation=operation, day=day, volunteer__isnull=False)
    return locks.select_related("volunteer", "need__household__town").order_by(
        "need__number", "volunteer__kana_key", "pk"
    )


def placed_groups(operation: Operation, *, day: date) -> QuerySet[Lock]:
    """Groups with their need on this day, as the printed list has them: `size` registered people, `groups_there` groups
    with the same destination."""
    locks = Lock.objects.filter(operation=operation, day=day, group__isnull=False)
    living = Q(group__volunteers__withdrawn_at__isnull=True, group__volunteers__merged_into__isnull=True)
    there = locks.filter(need=OuterRef("need")).order_by().values("need").annotate(number=Count("pk"))
    return (
        locks.select_related("group__leader", "need__household__town", "by")
        .annotate(
            size=Count("group__volunteers", filter=living), groups_there=Subquery(there.values("number"))
        )
        .order_by("group__name", "pk")
    )
