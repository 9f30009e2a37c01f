"""Whether something has happened to a row since an import made it. Nothing is taken back over a person's work."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, Final

from django.db import models

from dvc.audit.models import Entry
from intake.help_requests.models import Opinion


def edited(model: type[models.Model], ids: set[int], *, own: Set[str] = frozenset()) -> dict[int, str]:
    """Those of these rows that somebody has changed since the import made them, by the log. `own`: what the import itself
    writes there."""
    entries = Entry.objects.filter(
        subject_type=model._meta.label_lower, subject_id__in=[str(pk) for pk in ids]
    )
    changed = entries.exclude(action__in=own).values_list("subject_id", flat=True)
    return {int(pk): "名簿の直し" for pk in changed}


def leaned_on(
    model: type[models.Model],
    ids: set[Any],
    *,
    except_for: dict[str, list[Any]],
    own: Set[str] = frozenset(),
) -> dict[Any, str]:
    """Which of these rows another row points at, and what that is called. One query for each kind of row that could."""
    found: dict[Any, str] = {}
    if not ids:
        return found
    for relation in model._meta.get_fields(include_hidden=True):  # related_objects leaves out those named "+"
        if not isinstance(relation, models.ManyToOneRel):
            continue
        other: Any = relation.related_model
        label = other._meta.label
        if relation.get_accessor_name() in own or label == "exchange.ImportRow":
            continue
        field = relation.field.name
        pointing = other._base_manager.filter(**{f"{field}__in": ids}).exclude(
            pk__in=except_for.get(label, [])
        )
        if label == "help_requests.CrisisAlert":
            pointing = pointing.exclude(acks=None)  # the import raised it, and nobody has taken note of it
        if label == "help_requests.Lookalike":
            pointing = pointing.exclude(
                opinion=Opinion.OPEN
            )  # found by comparing, and nobody has said anything
        for pk in pointing.values_list(relation.field.attname, flat=True):
            found.setdefault(pk, NAMES.get(label, "ほかの記録"))
    return found


# What may lean on a need, a person, a house or a volunteer, as people call it.
NAMES: Final = {
    "dispatch.Dispatch": "班の派遣",
    "help_requests.CrisisAlert": "危機介入の知らせ",
    "help_requests.Lookalike": "似た依頼の答え",
    "help_requests.CallBack": "折り返しの電話",
    "proposals.Proposal": "マッチングの提案",
    "proposals.ProposalVisit": "マッチングの提案",
    "queue.Hold": "見合わせ",
    "queue.Ban": "行かせない人",
    "queue.Lock": "行き先の指定",
    "queue.Pin": "固定した班",
    "help_requests.CallerNote": "追加の電話",
    "help_requests.UnsavedEdit": "保存できなかった直し",
    "help_requests.Need": "ほかの困りごと",
    "web_requests.RequestLink": "本人用のリンク",
    "people.Person": "同じ世帯の人",
    "checkin.Visit": "受付",
    "volunteers.Card": "カード",
    "volunteers.CardBinding": "カード",
    "volunteers.Group": "団体の代表",
    "volunteers.Volunteer": "付き添い・まとめた登録",
    "volunteers.Merge": "まとめた登録",
    "teams.Member": "班",
}
