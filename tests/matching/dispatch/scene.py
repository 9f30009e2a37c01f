"""A team with a need, at any point of its day, through the real services."""

from __future__ import annotations

import re
import zlib
from datetime import datetime, timedelta

from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.checkin import services as checkin
from intake.help_requests.models import Need
from intake.volunteers.models import Volunteer
from matching.dispatch import services
from matching.dispatch.gate import Check
from matching.dispatch.models import Dispatch
from matching.teams import services as teams
from matching.teams.models import Team
from tests import make

TEN, ONE = make.at(10), make.at(13)
ALL = [str(check) for check in Check]


def present(
    operation: Operation, person: Volunteer, *, at: datetime = make.MORNING, oriented: bool = True
) -> Volunteer:
    checkin.arrive(operation, person, site=None, by=SYSTEM, at=at)
    if oriented:
        checkin.orient(operation, person, by=SYSTEM, at=at)
    return person


def team(operation: Operation, *people: Volunteer, at: datetime = make.MORNING) -> Team:
    """A team of these people (two when none is named); the first leads."""
    crew = list(people) or [
        present(operation, make.volunteer(operation.center, "髙﨑", "一郎")),
        present(operation, make.volunteer(operation.center, "𠮷田", "花")),
    ]
    return teams.form(operation, volunteers=crew, leader=crew[0], mode="walk", by=SYSTEM, at=at)


def assigned(operation: Operation | None = None, *people: Volunteer, need: Need | None = None) -> Dispatch:
    operation = operation or make.operation()
    return services.assign(
        team(operation, *people), need or make.need(operation), by=SYSTEM, at=make.at(9, 30)
    )


def out(operation: Operation | None = None, *, at: datetime = TEN, hours: int = 3) -> Dispatch:
    return services.depart(
        assigned(operation), checks=ALL, by=SYSTEM, at=at, due_back_at=at + timedelta(hours=hours)
    )


def back(operation: Operation | None = None, *, at: datetime = ONE) -> Dispatch:
    return services.come_back(out(operation), by=SYSTEM, at=at)


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF of WeasyPrint has: its tree of pages lies in a packed stream."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    inside = b"".join(zlib.decompressobj().decompress(one) for one in streams if one[:1] == b"\x78")
    counts = re.findall(rb"/Count (\d+)\b", inside)
    return max(int(count) for count in counts)
