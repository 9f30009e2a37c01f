"""What a tablet's two clocks say of when something happened: settings, sleeps, new starts, flat batteries."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import assume, given
from hypothesis import strategies as st

from dvc.accounts import services as accounts
from dvc.audit.services import SYSTEM
from dvc.sync import resolutions
from dvc.sync.clocks import Heard, Reading, Told, when
from dvc.sync.envelope import read_ops
from dvc.sync.models import HeldOp, InboxItem, QuarantinedOp, Receipt
from dvc.sync.services import apply_ops
from intake.checkin.models import Visit, VisitFlag
from intake.volunteers import cards
from intake.volunteers.models import Card
from tests import make
from tests.dvc.sync.tablet import Tablet

NINE = datetime(2026, 11, 25, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CLOSE = timedelta(seconds=10)


@dataclass
class Clocks:
    """A tablet's clocks while true time goes by."""

    now: datetime = NINE
    error: timedelta = timedelta()
    mono: timedelta = timedelta()
    boot: int = 1
    heard: Heard | None = None
    sets: int = 0

    def read(self) -> Reading:
        return Reading(self.now + self.error, self.mono, str(self.boot))

    def go_on(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.mono += minutes * MINUTE

    def sleep(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    def set(self, minutes: int) -> None:
        self.error += minutes * MINUTE
        self.sets += 1

    def start_again(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.mono, self.boot = timedelta(), self.boot + 1

    def hear(self, minutes: int = 0) -> None:
        self.heard = Heard(self.now, self.read())
        self.sets = 0


@dataclass
class Story:
    """Steps before the recording, and between it and the sending."""

    clocks: Clocks = field(default_factory=Clocks)

    def told(self, before: list[tuple[str, int]], after: list[tuple[str, int]]) -> tuple[Told, datetime]:
        """What the rule makes of it, and the truth."""
        clocks = self.clocks
        for step, minutes in before:
            getattr(clocks, step)(minutes)
        recorded, heard, truth = clocks.read(), clocks.heard, clocks.now
        for step, minutes in after:
            getattr(clocks, step)(minutes)
        return when(recorded, heard, clocks.read(), received_at=clocks.now), truth


@pytest.mark.parametrize(
    ("before", "after", "by"),
    [
        ([("go_on", 5)], [("go_on", 60)], ""),
        ([("set", 20), ("go_on", 5)], [("go_on", 60)], "sent"),
        ([("hear", 0), ("go_on", 5)], [("sleep", 60), ("go_on", 5)], ""),
        # set while it waits, forwards and back, with and without a sleep
        ([("hear", 0), ("go_on", 5)], [("set", 60), ("go_on", 30)], ""),
        ([("hear", 0), ("go_on", 5)], [("set", -60), ("sleep", 30), ("go_on", 30)], ""),
        ([("set", 7), ("hear", 0), ("go_on", 5)], [("set", -67), ("sleep", 30)], "heard"),
        ([("hear", 0), ("sleep", 20), ("go_on", 5)], [("set", -60), ("go_on", 30)], ""),
        ([("hear", 0), ("set", 60), ("go_on", 5)], [("go_on", 30)], "sent"),
        ([("hear", 0), ("set", 60), ("go_on", 5)], [("sleep", 30)], "sent"),
        # set twice: nothing but the other clock is right
        ([("hear", 0), ("set", 60), ("go_on", 5)], [("set", -90), ("go_on", 30)], "bounds"),
        # without the server ever heard: a clock set back is proven by the other one
        ([("go_on", 5)], [("set", -60), ("go_on", 30)], ""),
        # the page began anew between recording and sending
        ([("hear", 0), ("go_on", 5)], [("start_again", 9), ("set", 60), ("go_on", 30)], ""),
        ([("hear", 0), ("go_on", 5)], [("set", -600), ("start_again", 9)], ""),
    ],
)
def test_the_true_time_is_found(before: list[tuple[str, int]], after: list[tuple[str, int]], by: str) -> None:
    told, truth = Story().told(before, after)
    assert abs(told.at - truth) < CLOSE
    assert told.by in (by, "bounds")


def test_a_flat_battery_that_took_the_clock_years_back_is_seen_through() -> None:
    told, truth = Story().told(
        [("hear", 0), ("go_on", 30), ("start_again", 5), ("set", -6 * 365 * 24 * 60), ("go_on", 10)],
        [("set", 6 * 365 * 24 * 60), ("go_on", 10)],
    )
    assert abs(told.at - truth) < CLOSE
    assert (told.by, told.doubtful) == ("bounds", True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([("go_on", 5)], [("set", 60), ("go_on", 30)]),  # or a sleep: the server was never heard
        ([("go_on", 5)], [("set", -60), ("sleep", 30)]),
        ([("hear", 0), ("sleep", 20)], [("set", -5), ("start_again", 30)]),
    ],
)
def test_what_cannot_be_known_is_doubtful(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    assert Story().told(before, after)[0].doubtful


def test_a_server_whose_own_clock_was_wrong_when_it_was_heard_does_not_move_what_it_hears_now() -> None:
    for wrong in (timedelta(hours=26), timedelta(minutes=-10)):
        heard = Heard(NINE + wrong, Reading(NINE, timedelta(), "a"))
        recorded, sent = (
            Reading(NINE + 5 * MINUTE, 5 * MINUTE, "a"),
            Reading(NINE + 9 * MINUTE, 9 * MINUTE, "a"),
        )
        told = when(recorded, heard, sent, received_at=NINE + 9 * MINUTE)
        assert (told.at, told.doubtful) == (NINE + 5 * MINUTE, False)


# Settings are odd and sleeps are even: a sleep that is exactly as long as a setting looks like nothing at all.
MINUTES = st.integers(1, 300).map(lambda n: 2 * n)
SETTINGS = st.integers(-400, 400).map(lambda n: 2 * n + 1).filter(lambda n: abs(n) > 4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["go_on", "sleep", "start_again", "hear"]), MINUTES),
        st.tuples(st.just("set"), SETTINGS),
    ),
    max_size=5,
)


@given(before=STEPS, after=STEPS.map(lambda steps: [step for step in steps if step[0] != "hear"]))
def test_with_one_setting_since_the_server_was_heard_the_time_is_right_or_doubtful(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    story = Story()
    story.clocks.hear()
    told, truth = story.told(before, after)
    assume(story.clocks.sets <= 1)
    assert told.doubtful or abs(told.at - truth) < timedelta(minutes=2, seconds=10)
    assert told.at <= story.clocks.now


@given(before=STEPS, after=STEPS)
def test_whatever_was_done_to_a_clock_nothing_happens_in_the_future_or_before_the_server_was_heard(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    story = Story()
    story.clocks.hear()
    after = [step for step in after if step[0] != "hear"]
    heard_last = [minutes for step, minutes in before if step == "hear"]
    told, _ = story.told(before, after)
    assert told.at <= story.clocks.now
    if told.by and heard_last:
        assert story.clocks.heard is not None
        assert told.at >= story.clocks.heard.at - CLOSE


# ── through the API ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tablet(db: None) -> Tablet:
    return Tablet(make.operation())


def ms(at: datetime) -> float:
    return at.timestamp() * 1000


def arrival_before_a_setting(
    tablet: Tablet, *, minutes: int, **more: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Somebody came an hour ago; half an hour ago the clock was set by so many minutes. The op and its envelope."""
    now = timezone.now()
    came = now - timedelta(hours=1)
    person = make.volunteer(tablet.operation.center)
    op = {
        **tablet.op(volunteer=person.pk),
        "t_wall": came.isoformat(),
        "t_mono": 5000.0,
        "boot_id": "b",
        **more,
    }
    envelope = {
        "epoch": 1, "sent_wall": (now + timedelta(minutes=minutes)).isoformat(), "sent_mono": 5000.0 + 3_600_000,
        "boot_id": "b", "ops": [op],
    }  # fmt: skip
    return op, envelope


def heard(at: datetime, boot: str = "b") -> dict[str, Any]:
    return {"at": ms(at), "wall": ms(at), "mono": 1000.0, "boot_id": boot}


@pytest.mark.parametrize("minutes", [90, -45, 26 * 60])
def test_a_clock_set_while_ops_waited_is_corrected_by_the_clock_that_cannot_be_set(
    tablet: Tablet, minutes: int
) -> None:
    more = {"heard": heard(timezone.now() - timedelta(minutes=60, seconds=4))} if minutes > 0 else {}
    op, envelope = arrival_before_a_setting(tablet, minutes=minutes, **more)
    tablet.post(envelope)
    visit = Visit.objects.get()
    assert abs(visit.arrived_at - datetime.fromisoformat(op["t_wall"])) < CLOSE
    assert VisitFlag.CLOCK_UNCERTAIN in visit.flags
    receipt = Receipt.objects.get()
    assert abs(receipt.clock_error_ms) < 10_000
    # As an older tablet says it: the error at sending is taken for the error at recording.
    older, envelope = arrival_before_a_setting(tablet, minutes=minutes)
    del envelope["sent_mono"], envelope["boot_id"]
    tablet.post(envelope)
    wrong = Receipt.objects.get(op_id=older["op_id"])
    assert (wrong.corrected_by, wrong.clock_error_ms // 60_000) == ("sent", -minutes)


@pytest.mark.parametrize("minutes", [90, -45])
def test_the_time_stays_corrected_through_quarantine(tablet: Tablet, minutes: int) -> None:
    more = {"heard": heard(timezone.now() - timedelta(minutes=60, seconds=4))}
    op, envelope = arrival_before_a_setting(tablet, minutes=minutes, **more)
    accounts.revoke_device(tablet.device, by=SYSTEM, at=timezone.now())
    tablet.post(envelope)
    came = datetime.fromisoformat(op["t_wall"])
    assert abs(QuarantinedOp.objects.get().happened_at - came) < CLOSE
    chief = make.by(make.user(tablet.operation.center))
    resolutions.choose(
        InboxItem.objects.get(), "take_in", reason="", told_at=None, by=chief, at=timezone.now()
    )
    assert abs(Visit.objects.get().arrived_at - came) < CLOSE


@pytest.mark.parametrize("year", [2000, 2090])
@pytest.mark.parametrize("way", ["card", "quarantine"])
def test_a_clock_that_is_decades_off_stays_corrected_while_an_op_waits(
    tablet: Tablet, year: int, way: str
) -> None:
    """A flat battery takes a tablet to its factory's year; that is more than the receipt's integer can say."""
    person, minute = make.volunteer(tablet.operation.center), timedelta(minutes=1)
    stock = cards.issue_stock(person.center, count=1, by=SYSTEM, at=timezone.now())
    card = Card.objects.get(stock=stock)
    chief = make.by(make.user(tablet.operation.center))
    if way == "quarantine":
        cards.bind(card, person, by=SYSTEM, at=timezone.now(), on=make.day(timezone.now()))
        accounts.revoke_device(tablet.device, by=SYSTEM, at=timezone.now())
    walls = datetime(year, 1, 1, tzinfo=UTC)
    op = {**tablet.op(card=card.token), "t_wall": (walls - minute).isoformat()}
    [result] = tablet.send(op, sent_wall=walls.isoformat())
    assert result["status"] == "held"
    if way == "quarantine":
        item = InboxItem.objects.get()
        resolutions.choose(item, "take_in", reason="", told_at=None, by=chief, at=timezone.now())
    else:
        tablet.send(tablet.op("card.bind", card=card.token, volunteer=person.pk))
    assert abs(Visit.objects.get().arrived_at - (timezone.now() - minute)) < CLOSE


def test_a_file_is_corrected_by_what_was_heard_at_recording(tablet: Tablet) -> None:
    truth = timezone.now() - timedelta(hours=3)
    wall = truth + timedelta(minutes=40)
    said = {"at": ms(truth), "wall": ms(wall), "mono": 1000.0, "boot_id": "b"}
    person = make.volunteer(tablet.operation.center)
    op = {**tablet.op(volunteer=person.pk), "t_wall": wall.isoformat(), "t_mono": 1000.0, "heard": said}
    ops, _ = read_ops([op])
    apply_ops(tablet.device, ops, epoch=1, sent=None, at=timezone.now())
    assert abs(Visit.objects.get().arrived_at - truth) < CLOSE
    assert Receipt.objects.get().corrected_by == "heard"


@pytest.mark.parametrize(
    "said",
    [
        None, "x", 7, [], {}, {"at": "x"}, {"at": 1e300, "wall": 1, "mono": 1, "boot_id": "b"},
        {"at": 1, "wall": -5, "mono": 1, "boot_id": "b"}, {"at": 1, "wall": 1, "mono": "\x00", "boot_id": ["b"]},
        {"at": True, "wall": 10**30, "mono": -1, "boot_id": "b" * 5000},
    ],
)  # fmt: skip
def test_nonsense_about_clocks_is_no_reason_to_refuse(tablet: Tablet, said: Any) -> None:
    monos = [-1, 0, 1e300, 5.5]
    people = [make.volunteer(tablet.operation.center) for _ in monos]
    for mono, person in zip(monos, people, strict=True):
        op = {**tablet.op(volunteer=person.pk), "t_mono": mono, "heard": said}
        sent = {"sent_wall": timezone.now().isoformat(), "sent_mono": mono, "boot_id": "b"}
        [result] = json.loads(tablet.post({"epoch": 1, **sent, "ops": [op]}).content)["results"]
        assert result["status"] == "applied"
    for visit in Visit.objects.all():
        assert abs(visit.arrived_at - timezone.now()) < timedelta(minutes=5)


@pytest.mark.parametrize(
    "wall", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59-14:00"]
)
def test_a_time_at_the_end_of_the_calendar_is_kept_as_well(tablet: Tablet, wall: str) -> None:
    person = make.volunteer(tablet.operation.center)
    [result] = tablet.send({**tablet.op(volunteer=person.pk), "t_wall": wall})
    assert result["status"] in ("applied", "refused"), result
    card = Card.objects.get(stock=cards.issue_stock(person.center, count=1, by=SYSTEM, at=timezone.now()))
    tablet.send({**tablet.op(card=card.token), "t_wall": wall})
    [bound] = tablet.send({**tablet.op("card.bind", card=card.token, volunteer=person.pk), "t_wall": wall})
    assert bound["status"] in ("applied", "refused"), bound
    assert not HeldOp.objects.filter(state="waiting", card__holder=person).exists()
