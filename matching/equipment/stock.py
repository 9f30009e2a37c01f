"""The counts of one tool at one site. Every change is one conditional statement, so that two desks at the same moment
never take more than is there; the constraint `a_site_lends_no_more_than_it_has` holds what must never happen."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from dvc.core.races import look_again
from dvc.operations.models import Operation, Site
from matching.equipment.models import ToolStock


def row(operation: Operation, site: Site, tool: str) -> QuerySet[ToolStock]:
    return ToolStock.objects.filter(operation=operation, site=site, tool=tool)


def hold(operation: Operation, site: Site, tool: str) -> None:
    """Until the end of the transaction nobody else counts these. (SQLite has one writer anyway.)"""
    list(row(operation, site, tool).select_for_update().values_list("pk"))


def take(operation: Operation, site: Site, tool: str, count: int) -> bool:
    """`count` go out, if so many are here. One statement."""
    here = row(operation, site, tool).filter(count__gte=F("out") + F("broken") + count)
    return bool(here.update(out=F("out") + count))


@transaction.atomic
def take_anyway(operation: Operation, site: Site, tool: str, count: int) -> int:
    """`count` went out, whatever was counted: who lends five has five. Returns by how many the stock was raised."""
    if take(operation, site, tool, count):
        return 0
    found = look_again(
        lambda: ToolStock.objects.get_or_create(
            operation=operation, site=site, tool=tool, defaults={"count": 0}
        )[0]
    )
    found = ToolStock.objects.select_for_update().get(pk=found.pk)
    missing = max(0, count - found.free)
    found.out += count
    found.count += missing
    found.save(update_fields=["out", "count"])
    return missing


def put_back(
    operation: Operation, site: Site, tool: str, count: int, *, broken: int = 0, lost: int = 0
) -> None:
    """`count` are not out any more; of these `broken` lie here broken and `lost` are gone."""
    row(operation, site, tool).update(
        out=F("out") - count, broken=F("broken") + broken, count=F("count") - lost
    )


@transaction.atomic
def out_again(
    operation: Operation, site: Site, tool: str, count: int, *, broken: int = 0, lost: int = 0
) -> int:
    """What was put back by mistake is out still, whatever was counted or mended since. Returns by how many the stock was
    raised."""
    row(operation, site, tool).update(broken=Greatest(F("broken") - broken, 0), count=F("count") + lost)
    return take_anyway(operation, site, tool, count)


def break_here(operation: Operation, site: Site, tool: str, count: int) -> bool:
    """`count` of those here are found broken, if so many are here."""
    here = row(operation, site, tool).filter(count__gte=F("out") + F("broken") + count)
    return bool(here.update(broken=F("broken") + count))


def mend(operation: Operation, site: Site, tool: str, count: int, *, thrown_away: bool = False) -> bool:
    """`count` of the broken ones can be used again, or are thrown away; False when so many are not broken."""
    broken = row(operation, site, tool).filter(broken__gte=count)
    gone = count if thrown_away else 0
    return bool(broken.update(broken=F("broken") - count, count=F("count") - gone))


def number_one(operation: Operation, site: Site, tool: str) -> None:
    """One of those counted gets a number of its own and is counted by itself from now on. Nothing where none is here."""
    here = row(operation, site, tool).filter(count__gte=F("out") + F("broken") + 1)
    here.update(count=Greatest(F("count") - 1, 0))


def set_count(operation: Operation, site: Site, tool: str, count: int) -> ToolStock | None:
    """The site has `count`. Returns the row that stands in the way: more of them are lent or broken."""
    try:
        with transaction.atomic():
            ToolStock.objects.update_or_create(
                operation=operation, site=site, tool=tool, defaults={"count": count}
            )
    except IntegrityError:
        return row(operation, site, tool).get()
    return None
