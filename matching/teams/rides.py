"""Which cars a team goes in and who drives each, as values and in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from intake.volunteers.models import VehicleKind, Volunteer
from matching.equipment.models import Vehicle


@dataclass(frozen=True, slots=True)
class Drive:
    """A car and its driver. `vehicle` is the center's, or None: the driver's own car. A vehicle of the center may still
    want its driver (None), a car without either is none."""

    vehicle: Vehicle | None
    driver: Volunteer | None

    def __str__(self) -> str:
        if self.vehicle is None:
            return own_car(self.driver) if self.driver else ""
        return f"{self.vehicle}（運転 {self.driver.name}）" if self.driver else str(self.vehicle)


def said(drives: Iterable[Drive]) -> str:
    """「白のハイエース（運転 佐藤 一郎）、鈴木 花子さんの車」; empty without any."""
    return "、".join(str(drive) for drive in drives)


def own_car(person: Volunteer) -> str:
    """「鈴木 花子さんの車」, a truck by its name."""
    plain = person.vehicle in ("", VehicleKind.CAR)
    return f"{person.name}さんの{'車' if plain else VehicleKind(person.vehicle).label}"
