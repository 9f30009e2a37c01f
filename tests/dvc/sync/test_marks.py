"""What the server promises about backups, and what a restored server does with what tablets send again."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dvc.accounts import services as accounts
from dvc.accounts.models import DeviceProfile
from dvc.audit.services import SYSTEM
from dvc.backups import services as backups
from dvc.backups.models import Backup
from dvc.drills.purge import purge
from dvc.operations.models import Mode
from dvc.outbox import services as outbox
from dvc.outbox.models import Row
from dvc.sync import marks, snapshot
from dvc.sync.models import Receipt
from intake.checkin.models import Visit
from intake.volunteers.models import Volunteer
from tests import make
from tests.dvc.sync.tablet import Tablet

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


@pytest.fixture
def stick(tmp_path: Path, settings: Any) -> Path:
    """A second folder, so that a backup counts."""
    settings.DATA = tmp_path / "data"
    settings.KEYS_DIR, settings.BACKUPS_DIR = settings.DATA / "keys", settings.DATA / "backups"
    settings.KEYS_DIR.mkdir(parents=True)
    settings.BACKUP_TO = tmp_path / "stick"
    settings.BACKUP_TO.mkdir()
    return settings.BACKUP_TO  # type: ignore[no-any-return]


def back_up() -> Backup:
    Backup.objects.all().delete()
    backup = backups.request_due(at=timezone.now())
    assert backup is not None
    outbox.work(Row.objects.get(kind=backups.KIND, object_id=str(backup.pk)).pk, now=timezone.now)
    backup.refresh_from_db()
    return backup


def mark(tablet: Tablet) -> int:
    answer = json.loads(tablet.post({"epoch": 1, "ops": []}).content)
    return int(answer["backed_up_seq"])


def arrivals(tablet: Tablet, count: int) -> list[dict[str, Any]]:
    return [tablet.op(volunteer=make.volunteer(tablet.operation.center).pk) for _ in range(count)]


def test_an_op_counts_as_backed_up_only_after_the_next_backup(tablet: Tablet, stick: Path) -> None:
    tablet.send(*arrivals(tablet, 3))
    assert mark(tablet) == 0
    assert back_up().elsewhere
    assert mark(tablet) == 3
    tablet.send(*arrivals(tablet, 2))
    assert mark(tablet) == 3
    back_up()
    assert mark(tablet) == 5


def test_without_a_second_folder_nothing_is_promised(tablet: Tablet, stick: Path, settings: Any) -> None:
    settings.BACKUP_TO = None
    tablet.send(*arrivals(tablet, 1))
    assert back_up().finished_at is not None
    assert mark(tablet) == 0


def test_a_mark_never_passes_an_op_that_has_not_come(tablet: Tablet, stick: Path) -> None:
    ops = arrivals(tablet, 4)
    tablet.send(ops[0], ops[2], ops[3])
    back_up()
    assert mark(tablet) == 1
    tablet.send(ops[1])
    assert mark(tablet) == 1
    back_up()
    assert mark(tablet) == 4


def test_refusals_count_as_well(tablet: Tablet, stick: Path) -> None:
    ops = [
        {**tablet.op(volunteer=1), "kind": "visit.explode"},
        {**tablet.op(volunteer=1), "operation": 987654},
        *arrivals(tablet, 1),
    ]
    assert [result["status"] for result in tablet.send(*ops)] == ["refused", "refused", "applied"]
    back_up()
    assert mark(tablet) == 3


def test_a_wiped_drill_leaves_no_hole_and_a_repeat_stays_a_repeat(stick: Path) -> None:
    tablet = Tablet(make.operation(mode=Mode.DRILL, name="訓練"))
    person = make.volunteer(tablet.operation.center, "髙﨑", drill=tablet.operation)
    op = tablet.op(volunteer=person.pk)
    tablet.send(op)
    purge(tablet.operation, by=SYSTEM, at=timezone.now())
    assert "髙﨑" not in str(Receipt.objects.values())
    back_up()
    assert mark(tablet) == 1
    [again] = tablet.send(op)
    assert (again["status"], again["data"]) == ("replayed", {})
    assert not Visit.objects.exists()


def test_the_mark_costs_no_statement(tablet: Tablet, stick: Path, django_assert_num_queries: Any) -> None:
    tablet.send(*arrivals(tablet, 1))
    back_up()
    device = accounts.authenticate_device(f"{tablet.device.pk}.{tablet.secret}")
    with django_assert_num_queries(0):
        assert marks.mark_of(device, 1) == 1


def test_a_tablet_registered_again_loses_nothing_and_repeats_nothing(tablet: Tablet, stick: Path) -> None:
    """Its ops keep their ids and get new numbers; receipts follow them, so that the new numbers have no gap."""
    ops = arrivals(tablet, 3)
    tablet.send(*ops)
    old = tablet.device
    tablet.device, tablet.secret = accounts.register_device(
        tablet.operation.center, name="受付1", profile=DeviceProfile.RECEPTION, by=make.by(tablet.operator),
        at=make.at(10),
    )  # fmt: skip
    new = arrivals(tablet, 1)
    again = [{**op, "seq": i} for i, op in enumerate([ops[2], ops[0], ops[1], *new], start=1)]
    assert [result["status"] for result in tablet.send(*again)] == ["replayed"] * 3 + ["applied"]
    assert Visit.objects.count() == 4
    assert not Receipt.objects.filter(device=old).exists()
    back_up()
    assert mark(tablet) == 4


def test_another_centers_tablet_learns_nothing_from_a_known_id(tablet: Tablet) -> None:
    op = arrivals(tablet, 1)[0]
    tablet.send(op)
    other = Tablet(make.operation(make.center("隣町")))
    [result] = other.send(op)
    assert (result["status"], result["data"]) == ("mismatch", {})
    assert Receipt.objects.get().device == tablet.device


def test_an_op_refused_for_its_shape_is_applied_by_a_release_that_can_read_it(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    op = tablet.op(volunteer=person.pk)
    [refused] = tablet.send({**op, "kind": "visit.of_tomorrow"})
    assert refused["status"] == "refused"
    [applied] = tablet.send(op)
    assert applied["status"] == "applied"
    assert Receipt.objects.get().kind == "visit.arrive"


@pytest.mark.once
@hypothesis_settings(deadline=None)
@given(st.lists(st.integers(1, 30), unique=True), st.integers(0, 5))
def test_gapless_is_the_last_number_before_the_first_hole(seqs: list[int], start: int) -> None:
    above = sorted(seq for seq in seqs if seq > start)
    found = marks.gapless(start, above)
    assert found == start or set(range(start + 1, found + 1)) <= set(above)
    assert found + 1 not in above


def test_the_generation_is_one_until_a_restore(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    assert snapshot.generation() == "1"
    (tmp_path / "generation").write_text(uuid.uuid4().hex)
    assert len(snapshot.generation()) == 32


def test_nobody_is_counted_twice_when_everything_is_sent_again(tablet: Tablet) -> None:
    ops = arrivals(tablet, 5)
    first = tablet.send(*ops)
    again = tablet.send(*reversed(ops))
    assert {r["op_id"]: {**r, "status": "replayed", "was": r["status"]} for r in first} == {
        r["op_id"]: r for r in again
    }
    assert (Visit.objects.count(), Volunteer.objects.count()) == (5, 5)
