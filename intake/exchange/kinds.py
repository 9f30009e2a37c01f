"""What each kind of table does its own way; everything else about an import is the same for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from dvc.operations.models import Operation
from intake.exchange import checking, needs, residents
from intake.exchange.checking import Checked, Known, Rest
from intake.exchange.columns import Kind
from intake.exchange.models import Import, ImportRow
from intake.exchange.reading import Row
from intake.exchange.values import Heard
from intake.people import towns


@dataclass(frozen=True, slots=True)
class Handling:
    """`says_something`: a line without any of these fields is about nobody. `rest`: where words go that have no place of
    their own. `belongs_to_operation`: a line is itself once in its operation; else once in the center's register, or a
    drill's. `judge` reads a line's values together. `here_already`: numbers of lines whose row is here by another way.
    `make` writes rows of ours and names them in the lines. `take_back`: id of a line → why what it made stays; `remove`
    takes away what the others made."""

    says_something: Sequence[str]
    rest: Rest
    belongs_to_operation: bool
    judge: Callable[[dict[str, Any], Heard, Known], None]
    here_already: Callable[[Operation, Sequence[Checked]], set[int]]
    make: Callable[[Import, list[ImportRow], towns.Known, datetime], None]
    take_back: Callable[[list[ImportRow]], dict[int, str]]
    remove: Callable[[list[ImportRow]], None]


HANDLING: Final[Mapping[Kind, Handling]] = MappingProxyType({
    Kind.NEEDS: Handling(
        needs.SAYS_SOMETHING, Rest("description", "依頼の内容", "\n"), True, needs.judge, needs.here_already, needs.make,
        needs.take_back, needs.remove,
    ),
    Kind.RESIDENTS: Handling(
        residents.SAYS_SOMETHING, Rest("note", "配慮すること", "　"), False, residents.judge, residents.here_already,
        residents.make, residents.take_back, residents.remove,
    ),
})  # fmt: skip


def check(row: Row, mapping: Mapping[int, str], kind: Kind, known: Known) -> Checked | None:
    """Read one line as its kind of table does: see `checking.check`."""
    how = HANDLING[kind]
    return checking.check(
        row, mapping, known, says_something=how.says_something, rest=how.rest, judge=how.judge
    )
