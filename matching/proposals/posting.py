"""掲示・挙手: needs on the wall without anybody's name, and a team made of the cards that come to the desk with one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dvc.core import qr, short_code
from dvc.core.japanese import how_long, said_hours
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.help_requests.models import Need
from intake.help_requests.numbers import number_of
from intake.volunteers import cards
from intake.volunteers.models import CardState, Skill, Volunteer, WorkCategory
from matching.proposals.candidates import chosen
from matching.queue.queries import Waiting, kept, waiting
from matching.teams.models import Member

PER_WALL: Final = 9
# Nobody stands before a screen for longer than a minute and a half; the rest hangs on paper.
MOST_PAGES: Final = 6
WALL_SECONDS: Final = 15
PREFIX: Final = "NEED"


@dataclass(frozen=True, slots=True)
class Post:
    """One need as everybody may read it: what, where roughly, how many, under which conditions. No name, no address,
    and not the words of the telephone call."""

    need: Need
    work: str
    town: str
    people: str
    hours: str
    conditions: tuple[str, ...]

    @property
    def symbol(self) -> str:
        """The code that the desk scans, as SVG: long enough that no reader's letters are taken for a leaning elbow."""
        return qr.svg(f"{PREFIX}{self.need.number:07d}", label=f"N{self.need.number}のコード")


def posts(operation: Operation, *, at: datetime) -> list[Post]:
    """What is open to everybody, in the order of the queue. Four queries.

    A crisis is not posted: somebody is sent there (domain.md §3.2). Nor is what is held, kept for a group or for another
    day, or already has a fixed team.
    """
    for_others = kept(operation, at=at)
    return [
        _post(one)
        for one in waiting(operation, at=at)
        if not one.block and one.need.pk not in for_others and not one.need.needs_crisis
    ]


def post_of(operation: Operation, need: int, *, at: datetime) -> Post | None:
    """The open need with this pk, posted or not. Two queries."""
    found = (one for one in waiting(operation, at=at) if one.need.pk == need)
    return next((_post(one) for one in found), None)


def _post(one: Waiting) -> Post:
    need, items = one.need, one.items
    labels = [
        str(WorkCategory(item.category).label) for item in items if item.category in WorkCategory.values
    ]
    least, ideal = one.people
    return Post(
        need=need,
        work="・".join(dict.fromkeys(labels)) or "作業",
        town=need.household.town.name if need.household and need.household.town else "",
        people=f"{least}～{ideal}人" if least != ideal else f"{ideal}人",
        hours=f"{said_hours(need.open_from, need.open_until)}・約{how_long(sum(item.minutes for item in items))}",
        conditions=tuple(_conditions(one)),
    )


def _conditions(one: Waiting) -> Sequence[str]:
    found = []
    if any(item.needs_truck for item in one.items):
        found.append("軽トラックが要ります")
    if any(item.women_only for item in one.items):
        found.append("女性だけで伺います")
    elif women := max((item.women_min for item in one.items), default=0):
        found.append(f"女性{women}人以上")
    if any(item.stamina_min >= 3 for item in one.items):
        found.append("体力の要る作業")
    skills = {code: n for item in one.items for code, n in item.skills.items() if code in Skill.values}
    found += [f"{Skill(code).label}のできる人{n}人" for code, n in skills.items()]
    if any(not item.minors_ok for item in one.items):
        found.append("18歳以上")
    return found


def wall_page(found: Sequence[Post], *, at: datetime) -> tuple[Sequence[Post], int, int]:
    """What the wall shows in these fifteen seconds, which page that is, and of how many: it turns by itself."""
    pages = min(MOST_PAGES, max(1, -(-len(found) // PER_WALL)))
    page = int(at.timestamp()) // WALL_SECONDS % pages
    return found[page * PER_WALL : (page + 1) * PER_WALL], page + 1, pages


# ── the desk ───────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Scanned:
    """What one scan was: a need (then a new team begins) or a person."""

    need: Need | None = None
    person: Volunteer | None = None


def scan(
    operation: Operation, text: str, *, need: int | None, members: Sequence[int], at: datetime
) -> Scanned:
    """What was scanned or typed at the desk, with `need` and `members` (pks) scanned before.

    Raises `Refused`: posting.no_such_need, posting.need_first, posting.card_of_nobody, posting.already_in,
    team.person_left, team.person_taken, card.revoked and those of `cards.read`.
    """
    number = _need_number(text)
    if number is not None:
        found = Need.objects.ready().filter(operation=operation, number=number).first()
        if found is None:
            raise Refused("posting.no_such_need", number=number)
        return Scanned(need=found)
    card = cards.read(operation.center, text)
    if need is None:
        raise Refused("posting.need_first")
    if card.state == CardState.BLANK:
        raise Refused("posting.card_of_nobody")
    if card.state != CardState.BOUND or card.holder is None:
        raise Refused("card.revoked")
    person = card.holder.standing
    if person.pk in members:
        raise Refused("posting.already_in", name=person.name)
    if not chosen(operation, [person.pk], at=at):
        taken = Member.objects.filter(volunteer=person, left_at__isnull=True).exists()
        raise Refused("team.person_taken" if taken else "team.person_left", name=person.name)
    return Scanned(person=person)


def _need_number(text: str) -> int | None:
    """Not only the symbol: whoever cannot scan types the number. One card in ten thousand has a code of digits alone (or of
    N and digits); of two readings of eight letters that is the right one, because no need has a number that long."""
    typed = unicodedata.normalize("NFKC", text).strip().upper()
    if typed.startswith(PREFIX):
        return number_of(typed.removeprefix(PREFIX))
    return None if short_code.fits(typed) else number_of(typed)
