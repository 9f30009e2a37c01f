"""The tablet's download: whole once, afterwards what changed, and nothing skipped."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dvc.audit.services import SYSTEM
from dvc.drills.purge import purge
from dvc.operations import services as operations
from dvc.operations.models import Mode
from dvc.sync import download, holders, merging, snapshot
from intake.checkin import services as checkin
from intake.volunteers import cards
from intake.volunteers import services as volunteers
from intake.volunteers.models import Card, InsurancePolicy, Volunteer
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_whole_of_another_test() -> Iterator[None]:
    download._wholes.clear()
    yield
    download._wholes.clear()


class Downloader(Tablet):
    """A tablet that keeps what it downloads, as the kit does."""

    cursor = ""
    head: dict[str, Any]
    cards: dict[str, list[Any]]
    revoked: set[str]
    present: dict[str, str]
    wholes = 0

    def get(self, packed: bool = False) -> Any:
        response = self.client.get(
            f"/api/v1/sync/snapshot?operation={self.operation.pk}&since={self.cursor}",
            headers={
                "authorization": f"Device {self.device.pk}.{self.secret}",
                **({"accept-encoding": "gzip"} if packed else {}),
            },
        )
        assert response.status_code == 200, response.content
        body = gzip.decompress(response.content) if packed and "whole" not in response else response.content
        return json.loads(body)

    def refresh(self) -> dict[str, Any]:
        answer = self.get()
        self.cursor = answer["cursor"]
        if answer.get("whole"):
            self.wholes += 1
            columns = answer["columns"]
            size = holders.PREFIX_CHARS
            prefixes = [columns["prefixes"][i : i + size] for i in range(0, len(columns["prefixes"]), size)]
            rows = zip(
                *(columns[name] for name in ("volunteers", "names", "kanas", "flags", "ends")), strict=True
            )
            self.cards = {prefix: list(row) for prefix, row in zip(prefixes, rows, strict=True)}
            self.revoked = {answer["revoked"][i : i + size] for i in range(0, len(answer["revoked"]), size)}
            self.head, self.present = answer["head"], answer["present"]
            answer = self.get()
            if answer.get("whole"):  # on PostgreSQL, where this very test is a transaction that has not ended
                return answer  # type: ignore[no-any-return]
            self.cursor = answer["cursor"]
        self.head = {**self.head, **answer["head"]}
        for prefix in [*answer["unbound"], *answer["revoked"], *answer["cards"]]:
            self.cards.pop(prefix, None)
        self.cards.update(answer["cards"])
        self.revoked.update(answer["revoked"])
        for volunteer, arrived in answer["present"].items():
            self.present.pop(volunteer, None)
            if arrived is not None:
                self.present[volunteer] = arrived
        return answer  # type: ignore[no-any-return]

    def assert_up_to_date(self) -> None:
        """What it holds is what a fresh whole would say."""
        self.refresh()
        truth = snapshot.build(self.operation, at=timezone.now())
        assert self.cards == truth["cards"]
        assert self.revoked == set(truth["revoked"])
        assert self.present == truth["present"]


@pytest.fixture
def tablet() -> Downloader:
    return Downloader(make.operation())


def test_every_kind_of_change_arrives_as_a_change(tablet: Downloader) -> None:
    center = tablet.operation.center
    people = [make.volunteer(center, "佐藤", f"花{i}") for i in range(5)]
    held = [card_of(person) for person in people]
    tablet.refresh()
    now = timezone.now()
    checkin.arrive(tablet.operation, people[0], site=None, by=SYSTEM, at=now)
    tablet.assert_up_to_date()
    assert str(people[0].pk) in tablet.present
    checkin.leave(tablet.operation, people[0], by=SYSTEM, at=now + timedelta(minutes=1))
    volunteers.block(people[1], reason="迷惑行為", by=SYSTEM, at=now)
    cards.lose(held[2], by=SYSTEM, at=now)
    cards.unbind(held[3], by=SYSTEM, at=now)
    stock = cards.issue_stock(center, count=2, by=SYSTEM, at=now)
    fresh = list(Card.objects.filter(stock=stock))
    cards.reissue(people[4], fresh[0], lost=False, by=SYSTEM, at=now, on=make.day(now))
    newcomer = make.volunteer(center, "髙﨑", "𠮷野", insured=False)
    cards.bind(fresh[1], newcomer, by=SYSTEM, at=now, on=make.day(now))
    tablet.assert_up_to_date()
    volunteers.record_insurance(newcomer, by=SYSTEM, at=now)
    checkin.arrive(tablet.operation, newcomer, site=None, by=SYSTEM, at=now)
    checkin.orient(tablet.operation, newcomer, by=SYSTEM, at=now)
    tablet.assert_up_to_date()
    assert tablet.cards[fresh[1].card_id[:16]][3] & (holders.INSURED | holders.ORIENTED) == 3
    assert tablet.wholes == 1


def test_the_card_of_a_merged_registration_stands_for_the_one_person(tablet: Downloader) -> None:
    center, now = tablet.operation.center, timezone.now()
    first = make.volunteer(center, "髙橋", registered_at=make.at(8) - timedelta(days=9))
    second = make.volunteer(center, "高橋", insured=False)
    prefix = card_of(second).card_id[: holders.PREFIX_CHARS]
    tablet.refresh()
    merging.merge(first, second, by=SYSTEM, at=now)
    tablet.assert_up_to_date()
    checkin.arrive(tablet.operation, first, site=None, by=SYSTEM, at=now)
    checkin.orient(tablet.operation, first, by=SYSTEM, at=now)
    tablet.assert_up_to_date()
    volunteer, _name, _kana, flags, _ends = tablet.cards[prefix]
    assert str(volunteer) in tablet.present
    assert flags & (holders.INSURED | holders.ORIENTED) == 3


def test_what_the_card_of_a_merged_registration_shows_is_the_standing_ones(tablet: Downloader) -> None:
    center, now = tablet.operation.center, timezone.now()
    since = now - timedelta(hours=1)
    operations.renew_consent(tablet.operation, note="", by=SYSTEM, at=since)
    told: dict[str, Any] = {"emergency_phone": "", "guardian_consent": True, "said_minor": True}
    twin = make.volunteer(center, "高橋", "一郎", consented_at=now, **told)
    first = make.volunteer(center, "髙橋", "花子", registered_at=make.at(8) - timedelta(days=9))
    prefix = card_of(twin).card_id[: holders.PREFIX_CHARS]
    tablet.refresh()
    merging.merge(first, twin, by=SYSTEM, at=now)
    tablet.assert_up_to_date()
    assert tablet.cards[prefix][:2] == [first.pk, "髙橋 花…"]
    # What makes somebody a minor holds under either registration; the consent is the standing one's.
    shown = holders.INSURED | holders.MINOR | holders.GUARDIAN_CONSENT | holders.OLD_CONSENT
    assert tablet.cards[prefix][3] == shown
    volunteers.block(first, reason="迷惑行為", by=SYSTEM, at=now)
    tablet.assert_up_to_date()
    assert tablet.cards[prefix][3] == shown | holders.BLOCKED


def test_an_answer_without_change_is_small(tablet: Downloader) -> None:
    for _ in range(5):
        card_of(make.volunteer(tablet.operation.center))
    tablet.refresh()
    if tablet.refresh()["cards"]:  # on PostgreSQL this very test is a transaction that has not ended
        return
    answer = tablet.refresh()
    assert (answer["head"], answer["cards"], answer["present"]) == ({}, {}, {})
    assert len(json.dumps(answer)) < 500


def test_a_cards_last_day_comes_with_the_whole_and_with_a_change(tablet: Downloader) -> None:
    """A short code does not tell it, and a tablet without a network must not be green for a card that is over."""
    center, over = tablet.operation.center, date(2027, 3, 31)
    first = card_of(make.volunteer(center), expires=over)
    tablet.refresh()
    second = card_of(make.volunteer(center), expires=over)
    third = card_of(make.volunteer(center))
    tablet.refresh()
    told = {card.pk: tablet.cards[card.card_id[: holders.PREFIX_CHARS]][4] for card in (first, second, third)}
    assert told == {first.pk: "2027-03-31", second.pk: "2027-03-31", third.pk: ""}
    tablet.assert_up_to_date()


def test_a_small_section_is_sent_again_when_it_differs_and_alone(tablet: Downloader) -> None:
    tablet.refresh()
    tablet.operation.center.name = "新しい名前"
    tablet.operation.center.save()
    answer = tablet.refresh()
    assert list(answer["head"]) == ["center"]
    assert tablet.head["center"]["name"] == "新しい名前"


@pytest.mark.parametrize(
    "cursor", ["", "x", "1.2.3", "....", "9" * 500, "0.1.2026-01-01" + ".x" * 8, "\U0001f600"]
)
def test_a_cursor_that_is_none_of_ours_gets_the_whole(tablet: Downloader, cursor: str) -> None:
    tablet.cursor = cursor
    assert tablet.get()["whole"]


def test_a_new_generation_a_new_day_and_a_log_cut_short_get_the_whole(
    tablet: Downloader, settings: Any, tmp_path: Any
) -> None:
    tablet.refresh()
    ours = download.Cursor.read(tablet.cursor)
    assert ours is not None
    now = timezone.now()
    assert download.changes(tablet.operation, ours, at=now) is not None
    assert download.changes(tablet.operation, ours, at=now + timedelta(days=1)) is None
    ahead = download.Cursor(ours.generation, ours.place + 10**12, ours.day, ours.digests)
    assert download.changes(tablet.operation, ahead, at=now) is None
    settings.DATA = tmp_path
    (tmp_path / "generation").write_text("abc")
    assert download.changes(tablet.operation, ours, at=now) is None


def test_a_drill_past_midnight_shows_its_own_day_under_the_tablets_date(tablet: Downloader) -> None:
    drill = make.operation(tablet.operation.center, mode=Mode.DRILL, name="訓練")
    operations.set_clock(drill, reading=make.at(22), speed=60, by=SYSTEM, at=make.at(9))
    person = make.volunteer(drill.center, insured=False, birth_date=date(2008, 7, 19))
    card_of(person)
    InsurancePolicy.objects.create(
        volunteer=person, valid_from=make.at(24), valid_to=make.at(48), recorded_at=make.at(22)
    )
    checkin.arrive(drill, person, site=None, by=SYSTEM, at=drill.moment(make.at(9, 3)))
    evening, night = (snapshot.build(drill, at=make.at(9, minute)) for minute in (1, 3))
    assert [shown["today"]["day"] for shown in (evening, night)] == ["2026-07-18"] * 2
    assert [shown["today"]["arrived"] for shown in (evening, night)] == [0, 1]
    [[flags], [later]] = [[card[3] for card in shown["cards"].values()] for shown in (evening, night)]
    assert (flags, later) == (holders.MINOR, holders.INSURED)
    cursor = download.whole(drill, at=make.at(9)).cursor
    assert download.changes(drill, cursor, at=make.at(9, 1)) is not None
    assert download.changes(drill, cursor, at=make.at(9, 3)) is None  # what follows from the calendar


def _get_while(tablet: Downloader, statement: int, happen: Callable[[], object]) -> dict[str, Any] | None:
    """The answer when this is committed before the n-th statement of making it; None when it made fewer."""
    made, has_happened = 0, False

    def come_in(execute: Callable[..., Any], *statement_of_it: Any) -> Any:
        nonlocal made, has_happened
        made += not has_happened
        if made == statement and not has_happened:
            has_happened = True
            happen()
        return execute(*statement_of_it)

    with connection.execute_wrapper(come_in):
        answer: dict[str, Any] = tablet.get()
    return answer if has_happened else None


@pytest.mark.parametrize("first", [False, True], ids=["changes", "whole"])
def test_who_comes_or_goes_while_it_is_made_is_in_number_and_list_alike(
    tablet: Downloader, first: bool
) -> None:
    """Or the tablet that recorded them counts them twice, until it asks again a minute and a half later."""
    now = timezone.now()
    alike = {"came": 0, "left": 0, "not yet": 0}
    for statement in count(1):
        comes, goes = (make.volunteer(tablet.operation.center) for _ in range(2))
        checkin.arrive(tablet.operation, goes, site=None, by=SYSTEM, at=now)
        tablet.refresh()
        arrived, left = tablet.head["today"]["arrived"], set(tablet.head["today"]["left"])
        if first:
            download._wholes.clear()
            tablet.cursor = ""

        def happen(comes: Volunteer = comes, goes: Volunteer = goes) -> None:
            checkin.arrive(tablet.operation, comes, site=None, by=SYSTEM, at=now)
            checkin.leave(tablet.operation, goes, by=SYSTEM, at=now + timedelta(minutes=1))

        answer = _get_while(tablet, statement, happen)
        if answer is None:
            break
        today = answer["head"].get("today", tablet.head["today"])
        came = answer["present"].get(str(comes.pk)) is not None
        went = answer["present"].get(str(goes.pk)) is None and (first or str(goes.pk) in answer["present"])
        assert today["arrived"] == arrived + came, statement
        assert set(today["left"]) == left | ({goes.pk} if went else set()), statement
        alike["came" if came else "not yet"] += 1
        alike["left"] += went
        tablet.assert_up_to_date()
    assert all(alike.values()), alike


def test_a_wiped_drill_is_forgotten(tablet: Downloader) -> None:
    drill = make.operation(tablet.operation.center, mode=Mode.DRILL, name="訓練")
    person = make.volunteer(drill.center, "訓練", drill=drill)
    stock = cards.issue_stock(drill.center, count=1, by=SYSTEM, at=timezone.now(), drill=drill)
    cards.bind(
        Card.objects.get(stock=stock), person, by=SYSTEM, at=timezone.now(), on=make.day(timezone.now())
    )
    inside = Downloader(drill)
    inside.refresh()
    tablet.refresh()
    assert len(inside.cards) == 1
    purge(drill, by=SYSTEM, at=timezone.now())
    inside.refresh()
    assert (inside.wholes, inside.cards) == (2, {})
    tablet.refresh()
    assert tablet.head["purged"] == [drill.pk]


def test_the_whole_is_made_once_for_all_tablets_and_again_when_too_much_changed(
    tablet: Downloader, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = download.whole(tablet.operation, at=timezone.now())
    card_of(make.volunteer(tablet.operation.center))
    assert download.whole(tablet.operation, at=timezone.now()) is first
    tablet.assert_up_to_date()  # an older whole and the changes since
    monkeypatch.setattr(download, "MOST_ENTRIES", 0)
    assert download.whole(tablet.operation, at=timezone.now()) is not first


def test_the_gzipped_whole_says_the_same(tablet: Downloader) -> None:
    card_of(make.volunteer(tablet.operation.center, "𠮷﨑"))
    response = tablet.client.get(
        f"/api/v1/sync/snapshot?operation={tablet.operation.pk}&since=",
        headers={"authorization": f"Device {tablet.device.pk}.{tablet.secret}", "accept-encoding": "gzip"},
    )
    assert response["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(response.content)) == tablet.get()


@pytest.mark.parametrize("born", [date(2008, 2, 29), date(2008, 7, 18), date(2008, 7, 19), date(1990, 1, 1)])
@pytest.mark.parametrize("today", [date(2026, 2, 28), date(2026, 3, 1), date(2026, 7, 18), date(2028, 2, 29)])
def test_who_is_under_age_is_the_same_in_a_list_and_alone(born: date, today: date) -> None:
    assert (born > holders._adult_since(today)) is Volunteer(birth_date=born).is_minor_on(today)
