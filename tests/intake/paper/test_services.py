"""Paper: true times, nothing typed is lost, nothing counts twice, every serial is explained."""

from __future__ import annotations

import threading
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM, By
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.sync import merging
from intake.checkin import services as checkin
from intake.checkin.models import Visit
from intake.paper import lists, reading, services
from intake.paper.lists import ListKind
from intake.paper.models import PaperLine, PaperPeriod, PaperSheet, SheetKind, SheetState
from intake.paper.services import Keyed, Typed
from intake.volunteers import cards
from intake.volunteers import services as volunteers
from intake.volunteers.models import Volunteer
from tests import make

pytestmark = pytest.mark.django_db


class Paper:
    """A period 9:40–11:10 on the test's day, and rosters to type."""

    def __init__(self) -> None:
        self.operation: Operation = make.operation()
        self.desk = By(user=make.user(self.operation.center))
        self.period: PaperPeriod = services.record_period(
            self.operation,
            started_at=make.at(9, 40),
            ended_at=make.at(11, 10),
            reason="停電",
            by=self.desk,
            at=make.at(12),
        )
        [self.sheet] = self.print(1)

    def print(self, count: int, kind: SheetKind = SheetKind.ROSTER) -> list[PaperSheet]:
        return services.print_sheets(self.operation, kind=kind, count=count, by=self.desk, at=make.at(9))

    def key(
        self,
        who: str,
        arrive: str,
        leave: str = "",
        *,
        line: int = 1,
        chosen: int | None = None,
        hour: int = 12,
    ) -> Keyed:
        typed = Typed(who, arrive, leave, chosen)
        return services.key_line(self.sheet, line, typed, period=self.period, by=self.desk, at=make.at(hour))

    def visit(self) -> tuple[datetime, datetime | None]:
        visit = Visit.objects.get(annulled_at__isnull=True)
        return visit.arrived_at, visit.left_at


@pytest.fixture
def paper() -> Paper:
    return Paper()


@pytest.mark.django_db(transaction=True)
def test_desks_that_print_at_once_share_no_serial_and_a_double_tap_gets_the_same_sheets() -> None:
    operation, token = make.operation(), uuid4()
    printed: list[tuple[UUID, list[int]]] = []

    def desk(form: UUID) -> None:
        try:
            sheets = services.print_sheets(
                operation, kind=SheetKind.ROSTER, count=3, by=SYSTEM, at=make.at(9), token=form
            )
            printed.append((form, [sheet.serial for sheet in sheets]))
        finally:
            connection.close()

    desks = [threading.Thread(target=desk, args=[token if n < 4 else uuid4()]) for n in range(8)]
    for thread in desks:
        thread.start()
    for thread in desks:
        thread.join()
    assert len(printed) == 8
    assert len({tuple(serials) for form, serials in printed if form == token}) == 1
    assert sorted(PaperSheet.objects.values_list("serial", flat=True)) == list(range(1, 16))
    assert Entry.objects.filter(action="paper.printed").count() == 5


def code_of(person: Volunteer) -> str:
    card = cards.issue_stock(person.center, count=1, by=SYSTEM, at=make.at(8)).cards.get()
    cards.bind(card, person, by=SYSTEM, at=make.at(8), on=make.day(make.at(8)))
    return card.short_code


@pytest.mark.parametrize(
    "typed", ["940", "0940", "9:40", "９：４０", "9時40分", "9.40", " 9 40 ", "9 時 40 分"]
)
def test_a_time_is_read_as_it_is_written(typed: str) -> None:
    assert reading.moment(typed, make.at(12).date()) == make.at(9, 40)


@pytest.mark.parametrize("typed", ["", "2460", "25", "960", "朝", "9:4:0", "\x00", "9" * 5000, "９４０𠮷"])
def test_what_is_no_time_is_none(typed: str) -> None:
    assert reading.moment(typed, make.at(12).date()) is None


def test_a_line_becomes_a_visit_with_the_true_times(paper: Paper) -> None:
    person = make.volunteer(paper.operation.center)
    code = code_of(person)
    keyed = paper.key(f"{code[:4]}-{code[4:].lower()}", "950", "1105")
    assert keyed.line.volunteer == person
    assert paper.visit() == (make.at(9, 50), make.at(11, 5))
    assert Entry.objects.get(action="visit.arrived").via == "paper"
    assert Entry.objects.get(action="visit.arrived").actor == paper.desk.user


def test_the_same_line_typed_again_changes_nothing(paper: Paper) -> None:
    make.volunteer(paper.operation.center)
    paper.key("さとう はなこ", "940", "1100")
    visit, entries = Visit.objects.get(), Entry.objects.count()
    paper.key("サトウハナコ", "9:40", "11:00")
    assert Visit.objects.get() == visit
    assert Entry.objects.count() == entries
    assert PaperLine.objects.count() == 1


def test_a_line_that_is_no_visit_yet_stands_in_the_log_whenever_it_changes(paper: Paper) -> None:
    for typed in (("さとう", "940"), ("さとう", "940"), ("さとう", ""), ("", "")):
        paper.key(*typed, line=3)
    told = Entry.objects.filter(action="paper.line_keyed").order_by("id")
    assert [entry.details for entry in told] == [
        {"line": 3, "problem": "nobody"}, {"line": 3, "problem": "nobody"}, {"line": 3, "problem": ""},
    ]  # fmt: skip
    assert {(entry.subject_id, entry.actor, entry.operation) for entry in told} == {
        (str(paper.sheet.pk), paper.desk.user, paper.operation)
    }
    paper.key("さとう", "940")
    make.volunteer(paper.operation.center)
    paper.key("さとう", "940")
    assert [entry.details["problem"] for entry in told.all()[3:]] == ["nobody", ""]
    assert Entry.objects.filter(action="visit.arrived").exists()


def test_a_corrected_line_takes_back_what_it_said_first(paper: Paper) -> None:
    first = make.volunteer(paper.operation.center)
    second = make.volunteer(
        paper.operation.center, "鈴木", "一郎", family_kana="すずき", given_kana="いちろう"
    )
    paper.key("さとう", "940", "1100")
    paper.key("すずき", "945")
    assert not Visit.objects.filter(volunteer=first, annulled_at__isnull=True).exists()
    assert Visit.objects.get(annulled_at__isnull=True).volunteer == second
    assert paper.visit() == (make.at(9, 45), None)
    paper.key("すずき", "950", "1100")
    assert paper.visit() == (make.at(9, 50), make.at(11))
    paper.key("", "", "")
    assert not Visit.objects.filter(annulled_at__isnull=True).exists()
    assert not PaperLine.objects.exists()


def test_a_visit_another_desk_typed_from_the_line_is_taken_back_only_by_who_has_seen_it(paper: Paper) -> None:
    make.volunteer(paper.operation.center)
    make.volunteer(paper.operation.center, "鈴木", family_kana="すずき")
    empty, other = services.mark_of(None), By(user=make.user(paper.operation.center))

    def other_types(who: str, arrive: str, seen: str) -> str:
        typed = Typed(who, arrive)
        keyed = services.key_line(
            paper.sheet, 1, typed, period=paper.period, by=other, at=make.at(12), seen=seen
        )
        return services.mark_of(keyed.line)

    paper.key("さとう", "940")
    for typed in (("すずき", "950"), ("さ", ""), ("", "")):
        with pytest.raises(Refused, match="この行は、ほかの人が先に入力しました"):
            other_types(*typed, seen=empty)
    assert paper.visit() == (make.at(9, 40), None)
    now = other_types("佐藤", "9:40", seen=empty)  # from the same paper
    other_types("すずき", "950", seen=now)
    other_types("すずき", "955", seen=now)  # typed on before the answer was here
    assert paper.visit() == (make.at(9, 55), None)


def test_a_correction_leaves_what_a_tablet_saw(paper: Paper) -> None:
    person = make.volunteer(paper.operation.center)
    checkin.arrive(paper.operation, person, site=None, by=SYSTEM, at=make.at(9, 55))
    assert paper.key("さとう", "940").line.known_at == make.at(9, 55)
    assert paper.visit() == (make.at(9, 40), None)
    assert paper.key("さとう", "1010").line.known_at == make.at(9, 55)
    assert paper.visit() == (make.at(9, 55), None), "the earlier of both stands"
    assert paper.key("さとう", "955").line.known_at is None


def test_a_line_is_corrected_after_the_registrations_of_the_person_became_one(paper: Paper) -> None:
    stands, twin = (make.volunteer(paper.operation.center) for _ in range(2))
    paper.key("さとう", "940", chosen=twin.pk)
    merging.merge(stands, twin, by=SYSTEM, at=make.at(12, 10))
    paper.key("さとう", "1040", "1100", hour=13)
    assert paper.visit() == (make.at(10, 40), make.at(11))
    paper.key("", "", hour=13)
    assert not Visit.objects.filter(annulled_at__isnull=True).exists()


def test_a_stay_on_paper_and_a_later_one_by_tablet_are_two(paper: Paper) -> None:
    person = make.volunteer(paper.operation.center)
    checkin.arrive(paper.operation, person, site=None, by=SYSTEM, at=make.at(11, 30))
    paper.key("さとう", "940", "1110")
    stays = list(Visit.objects.filter(annulled_at__isnull=True).values_list("arrived_at", "left_at"))
    assert stays == [(make.at(9, 40), make.at(11, 10)), (make.at(11, 30), None)]


def test_what_is_not_clear_yet_is_kept_as_typed_and_says_what_is_missing(paper: Paper) -> None:
    one = make.volunteer(paper.operation.center)
    make.volunteer(paper.operation.center, "佐藤", "太郎", given_kana="たろう")
    unclear = {
        ("さとう", "940", ""): "several", ("たなか", "940", ""): "nobody", ("", "940", ""): "who",
        ("さとうはなこ", "", ""): "arrive", ("さとうはなこ", "940", "あとで"): "leave",
        ("さとうはなこ", "940", "930"): "order", ("さとうはなこ", "1300", ""): "future",
        ("𠮷" * 500 + "\x00", "\x00\x01", "9" * 5000): "nobody",
    }  # fmt: skip
    for line, (typed, problem) in enumerate(unclear.items(), start=1):
        keyed = paper.key(*typed, line=line)
        assert keyed.line.problem == problem, typed
    assert PaperLine.objects.count() == len(unclear)
    assert not Visit.objects.exists()
    assert [person.given_name for person in paper.key("さとう", "940").choices] == ["太郎", "花子"]
    chosen = paper.key("さとう", "940", chosen=one.pk)
    assert chosen.line.volunteer == one
    assert paper.key("さとう", "940", "1100").line.volunteer == one, "the choice stays while the name does"
    stranger = make.volunteer(make.center("隣"))
    assert paper.key("さとう", "941", chosen=stranger.pk, line=9).line.problem == "several"


def test_serials_count_on_without_a_gap_and_every_one_has_to_be_explained(paper: Paper) -> None:
    sheets = paper.print(3)
    assert [sheet.serial for sheet in sheets] == [2, 3, 4]
    paper.key("さとう", "940")
    services.finish(paper.sheet, by=paper.desk, at=make.at(12))
    missing = PaperSheet.objects.filter(operation=paper.operation).missing()
    assert [sheet.serial for sheet in missing] == [2, 3, 4]
    services.explain(sheets[0], state=SheetState.UNUSED, reason="", by=paper.desk, at=make.at(12))
    with pytest.raises(Refused, match=r"paper\.reason_needed|理由"):
        services.explain(sheets[1], state=SheetState.LOST, reason="  ", by=paper.desk, at=make.at(12))
    services.explain(sheets[1], state=SheetState.LOST, reason="雨でぬれた", by=paper.desk, at=make.at(12))
    assert [sheet.serial for sheet in missing.all()] == [4]
    services.out_again(sheets[0], by=paper.desk, at=make.at(12, 1))
    assert [sheet.serial for sheet in missing.all()] == [2, 4]
    with pytest.raises(Refused):
        paper.print(services.MOST_SHEETS + 1)
    with pytest.raises(IntegrityError, match=r"one_sheet_per_serial|serial"), transaction.atomic():
        PaperSheet.objects.create(
            operation=paper.operation, serial=2, kind=SheetKind.FORM, printed_at=make.at(9)
        )


def test_a_period_ends_after_it_begins_and_not_in_the_future(paper: Paper) -> None:
    for started, ended in ((make.at(10), make.at(9)), (make.at(13), None), (make.at(10), make.at(13))):
        with pytest.raises(Refused):
            services.record_period(
                paper.operation,
                started_at=started,
                ended_at=ended,
                reason="停電",
                by=paper.desk,
                at=make.at(12),
            )
    lasting = services.record_period(
        paper.operation,
        started_at=make.at(11, 30),
        ended_at=None,
        reason="停電",
        by=paper.desk,
        at=make.at(12),
    )
    assert services.current(paper.operation) == lasting
    services.end_period(lasting, ended_at=make.at(11, 50), by=paper.desk, at=make.at(12))
    assert services.current(paper.operation) is None


def test_two_desks_record_one_period_and_one_end_of_it(paper: Paper) -> None:
    def begun(minute: int) -> PaperPeriod:
        return services.record_period(
            paper.operation, started_at=make.at(11, minute), ended_at=None, reason="停電", by=paper.desk, at=make.at(12)
        )  # fmt: skip

    lasting = begun(30)
    assert begun(30) == lasting
    with pytest.raises(Refused, match=r"もう記録されています（11:30から）"):
        begun(32)
    for _ in range(2):
        services.end_period(lasting, ended_at=make.at(11, 50), by=paper.desk, at=make.at(12))
    with pytest.raises(Refused, match=r"先に終わらせています（11:50まで）"):
        services.end_period(lasting, ended_at=make.at(11, 55), by=paper.desk, at=make.at(12))
    assert Entry.objects.filter(action="paper.period_ended").count() == 1


def test_the_lists_name_who_is_here_who_may_come_and_nobody_who_is_stopped(paper: Paper) -> None:
    center = paper.operation.center
    here = make.volunteer(center, "阿部", family_kana="あべ")
    code = code_of(here)
    checkin.arrive(paper.operation, here, site=None, by=SYSTEM, at=make.at(9))
    went = make.volunteer(center, "伊藤", family_kana="いとう")
    checkin.arrive(paper.operation, went, site=None, by=SYSTEM, at=make.at(9))
    checkin.leave(paper.operation, went, by=SYSTEM, at=make.at(10))
    make.volunteer(center, "上田", family_kana="うえだ", registered_at=make.at(9) - 60 * lists.RECENT)
    make.volunteer(center, "江川", family_kana="えがわ", insured=False)
    stopped = make.volunteer(center, "太田", family_kana="おおた")
    volunteers.block(stopped, reason="前回の件", by=SYSTEM, at=make.at(8))
    make.volunteer(make.center("隣"), "加藤", family_kana="かとう")

    def names(kind: ListKind) -> list[str]:
        found = lists.build(paper.operation, kind, at=make.at(11))
        return [row.name.split()[0] for page in found.pages for row in page]

    assert names(ListKind.PRESENT) == ["阿部"]
    assert names(ListKind.EXPECTED) == ["江川"]
    assert names(ListKind.REGISTERED) == ["上田", "江川"]
    [row] = lists.build(paper.operation, ListKind.PRESENT, at=make.at(11)).pages[0]
    assert (row.code, row.insured, row.oriented, row.arrived_at) == (
        f"{code[:4]}-{code[4:]}",
        True,
        False,
        make.at(9),
    )
