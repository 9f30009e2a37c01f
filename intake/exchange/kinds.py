"""What each kind of table does its own way; everything else about an import is the same for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from intake.exchange import checking, needs, residents, volunteers
from intake.exchange.checking import Checked, Found, Known, Rest
from intake.exchange.columns import Kind
from intake.exchange.models import Import, ImportRow
from intake.exchange.reading import Row
from intake.exchange.values import Heard
from intake.people import towns


@dataclass(frozen=True, slots=True)
class Handling:
    """`says_something`: a line without any of these fields is about nobody, and says `nothing` (a code of `problems`); a
    file without any of them is refused as `nothing_mapped`. `rest`: where words go that have no place of
    their own. `belongs_to_operation`: a line is itself once in its operation; else once in the center's register, or a
    drill's. `judge` reads a line's values together. `compare`: by a line's number, what the register knows of it.
    `make` writes rows of ours and names them in the lines. `take_back`: id of a line → why what it made stays; `remove`
    takes away what the others made."""

    says_something: Sequence[str]
    nothing: str
    nothing_mapped: str
    rest: Rest
    belongs_to_operation: bool
    judge: Callable[[dict[str, Any], Heard, Known], None]
    compare: Callable[[Import, Sequence[Checked]], Mapping[int, Found]]
    make: Callable[[Import, list[ImportRow], towns.Known, datetime], None]
    take_back: Callable[[list[ImportRow]], dict[int, str]]
    remove: Callable[[list[ImportRow]], None]


HANDLING: Final[Mapping[Kind, Handling]] = MappingProxyType({
    Kind.NEEDS: Handling(
        says_something=needs.SAYS_SOMETHING, nothing="nothing", nothing_mapped="import.nothing_mapped",
        rest=Rest("description", "依頼の内容", "\n"), belongs_to_operation=True, judge=needs.judge, compare=needs.compare,
        make=needs.make, take_back=needs.take_back, remove=needs.remove,
    ),
    Kind.RESIDENTS: Handling(
        says_something=residents.SAYS_SOMETHING, nothing="nothing", nothing_mapped="import.nothing_mapped",
        rest=Rest("note", "配慮すること", "　"), belongs_to_operation=False, judge=residents.judge,
        compare=residents.compare, make=residents.make, take_back=residents.take_back, remove=residents.remove,
    ),
    Kind.VOLUNTEERS: Handling(
        says_something=volunteers.SAYS_SOMETHING, nothing="volunteer_name", nothing_mapped="import.no_name_mapped",
        rest=Rest(), belongs_to_operation=False, judge=volunteers.judge, compare=volunteers.compare,
        make=volunteers.make, take_back=volunteers.take_back, remove=volunteers.remove,
    ),
})  # fmt: skip


def check(row: Row, mapping: Mapping[int, str], kind: Kind, known: Known) -> Checked | None:
    """Read one line as its kind of table does: see `checking.check`."""
    how = HANDLING[kind]
    return checking.check(
        row,
        mapping,
        known,
        says_something=how.says_something,
        nothing=how.nothing,
        rest=how.rest,
        judge=how.judge,
    )
