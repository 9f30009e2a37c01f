"""Failures seen in the field with other systems (sync.md §8), one test each under its number.

Elsewhere, under their numbers: 7, 9 and the tablet's part of 26 (frontend/test), 12 and the search of 18
(tests/intake/help_requests), 22, 24 and the need of 19 (tests/matching/dispatch), 31 (tests/dvc/sync/test_tools.py).
"""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from dvc.accounts import services as accounts
from dvc.accounts.models import DeviceProfile, Membership, SignInLink
from dvc.accounts.roles import Role
from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM
from dvc.core.refusals import REFUSALS
from dvc.core.refused import Refused
from dvc.devices import pairing
from dvc.devices.trouble import duration
from dvc.operations import services as operations
from dvc.operations.models import Operation
from dvc.sync.broken import AGAIN_AFTER
from dvc.sync.kinds import KINDS
from dvc.sync.models import ItemKind, QuarantinedOp, Receipt
from dvc.sync.situations import SITUATIONS
from intake.checkin import services as checkin
from intake.checkin.models import FailedScan, Visit, VisitFlag
from intake.checkin.stays import UNDO_FOR
from intake.checkin.verdicts import VERDICTS
from intake.help_requests.models import Lookalike, Need
from intake.operators import services as badges
from intake.orientation import services as briefing
from intake.orientation.models import EXIT_LASTS
from intake.paper import services as paper
from intake.paper.models import SheetKind
from intake.people.models import Town
from intake.selfcheckin import codes as selfcheckin
from intake.volunteers import cards, groups
from intake.volunteers import services as volunteers
from intake.volunteers.models import Card, Volunteer
from intake.volunteers.services import FROM_ONE_ADDRESS
from intake.web_requests import services as web_requests
from intake.web_requests.services import HelpAnswers
from matching.dispatch import services as dispatch
from matching.dispatch import throttle
from matching.proposals.runs import OFFERED_FOR
from matching.teams import services as teams
from matching.teams.models import Member
from tests import make
from tests.dvc.sync import desk
from tests.dvc.sync.tablet import Tablet, card_of
from tests.infra.tablet import ClientLine
from tests.infra.tablet import Tablet as Simulated
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


@pytest.fixture
def person(tablet: Tablet) -> Volunteer:
    return make.volunteer(tablet.operation.center)


def simulated(operation: Operation) -> Simulated:
    who = desk.identity(operation, make.user(operation.center))
    return Simulated(who, ClientLine(), clock=timezone.now)


def snapshot(tablet: Tablet, operation: Operation | None = None) -> dict[str, object]:
    number = (operation or tablet.operation).pk
    answer = tablet.client.get(
        f"/api/v1/sync/snapshot?operation={number}",
        headers={"authorization": f"Device {tablet.device.pk}.{tablet.secret}"},
    )
    assert answer.status_code == 200
    return dict(answer.json())


def test_failure_01_an_impossible_scan_is_answered_once_and_not_tried_for_ever(tablet: Tablet) -> None:
    one = simulated(tablet.operation)
    entries = [one.record("visit.arrive", card="VC1こわれた"), one.record("visit.explode")]
    one.drain_until_empty(1)
    requests = len(one.statuses)
    one.drain()
    assert [entry.queued for entry in entries] == [False, False]
    assert len(one.statuses) == requests + 1  # the hello, with nothing in it
    assert all(entry.answer and entry.answer["tone"] == "stop" for entry in entries)


def test_failure_02_one_bad_op_blocks_neither_the_others_nor_the_download(
    tablet: Tablet, person: Volunteer
) -> None:
    bad = {**tablet.op(volunteer=person.pk), "payload": "no object"}
    results = tablet.send(bad, tablet.op(volunteer=person.pk))
    assert sorted(result["status"] for result in results) == ["applied", "refused"]
    assert str(person.pk) in snapshot(tablet)["present"]  # type: ignore[operator]


def test_failure_03_who_was_let_in_off_line_is_not_shown_as_refused(
    tablet: Tablet, person: Volunteer
) -> None:
    other = Tablet(tablet.operation)
    [first] = tablet.send({**tablet.op(volunteer=person.pk), "mode": "offline"})
    [second] = other.send({**other.op(volunteer=person.pk), "mode": "offline"})
    assert (first["status"], first["tone"]) == ("applied", "ok")
    assert second["status"] in ("merged", "review")
    assert second["tone"] != "stop"
    assert Visit.objects.get().left_at is None


def test_failure_04_a_failed_scan_is_kept_when_the_same_person_succeeds_later(
    tablet: Tablet, person: Volunteer
) -> None:
    old, new = (
        card_of(person),
        Card.objects.get(stock=cards.issue_stock(person.center, count=1, by=SYSTEM, at=make.at(8))),
    )
    cards.reissue(person, new, lost=True, by=SYSTEM, at=make.at(9), on=make.day(make.at(9)))
    tablet.send(tablet.op(card=old.token[:60]))
    tablet.send(tablet.op(card=new.token))
    assert FailedScan.objects.get().code == "unreadable"
    assert Visit.objects.get().volunteer == person


def test_failure_05_a_late_fact_belongs_to_the_operation_it_was_recorded_in(
    tablet: Tablet, person: Volunteer
) -> None:
    op = tablet.op(volunteer=person.pk)
    later = make.operation(tablet.operation.center, name="8月台風")
    tablet.send(op)
    assert Visit.objects.get().operation == tablet.operation
    assert not Visit.objects.filter(operation=later).exists()


def test_failure_06_the_tablet_has_no_rule_texts_of_its_own(tablet: Tablet) -> None:
    """Colour, word and sentence of every verdict come from the server's one table."""
    texts = snapshot(tablet)["texts"]
    assert texts == {code: {"tone": v.tone, "title": v.title, "say": v.say} for code, v in VERDICTS.items()}


def test_failure_08_two_people_of_one_name_and_one_phone_are_two(tablet: Tablet) -> None:
    twins = [make.volunteer(tablet.operation.center, "佐藤", "花子", phone="090-0000-0000") for _ in range(2)]
    moment = timezone.now().isoformat()
    results = tablet.send(*({**tablet.op(volunteer=one.pk), "t_wall": moment} for one in twins))
    assert [result["status"] for result in results] == ["applied", "applied"]
    assert Visit.objects.count() == 2


def test_failure_10_what_the_operator_before_recorded_goes_out_under_that_operator(tablet: Tablet) -> None:
    people = [make.volunteer(tablet.operation.center) for _ in range(2)]
    next_operator = make.user(tablet.operation.center)
    before = tablet.op(volunteer=people[0].pk)
    after = {**tablet.op(volunteer=people[1].pk), "actor": next_operator.pk}
    assert {result["status"] for result in tablet.send(before, after)} == {"applied"}
    actors = Entry.objects.filter(action="visit.arrived").order_by("pk").values_list("actor", flat=True)
    assert list(actors) == [tablet.operator.pk, next_operator.pk]


def test_failure_11_equal_contents_for_two_operations_are_two_facts(
    tablet: Tablet, person: Volunteer
) -> None:
    second = make.operation(tablet.operation.center, name="8月台風")
    one = tablet.op(volunteer=person.pk)
    other = {**tablet.op(volunteer=person.pk), "operation": second.pk, "t_wall": one["t_wall"]}
    assert [result["status"] for result in tablet.send(one, other)] == ["applied", "applied"]
    assert set(Visit.objects.values_list("operation", flat=True)) == {tablet.operation.pk, second.pk}


def test_failure_13_a_leaving_that_arrives_first_closes_the_visit_all_the_same(
    tablet: Tablet, person: Volunteer
) -> None:
    came, went = timezone.now() - timedelta(minutes=40), timezone.now() - timedelta(minutes=20)
    arrive = {**tablet.op(volunteer=person.pk), "t_wall": came.isoformat()}
    leave = {**tablet.op("visit.leave", volunteer=person.pk), "t_wall": went.isoformat()}
    tablet.send(leave)
    tablet.send(arrive)
    visit = Visit.objects.get()
    assert (visit.arrived_at, visit.left_at) == (came, went)


@pytest.mark.django_db(transaction=True)
def test_failure_14_ten_requests_with_one_op_at_the_same_time_are_one_visit() -> None:
    tablet = Tablet(make.operation())
    op = tablet.op(volunteer=make.volunteer(tablet.operation.center).pk)
    body = json.dumps({"epoch": 1, "ops": [op]})
    told: list[str] = []

    def send() -> None:
        answer = Client(raise_request_exception=False).post(
            "/api/v1/sync/ops", body, content_type="application/json",
            headers={"authorization": f"Device {tablet.device.pk}.{tablet.secret}"},
        )  # fmt: skip
        told.extend(result["status"] for result in json.loads(answer.content).get("results", []))
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Visit.objects.count(), Receipt.objects.count()) == (1, 1)
    assert told.count("applied") == 1
    assert set(told) == {"applied", "replayed"}


def test_failure_15_a_browser_that_lost_its_storage_begins_again_without_doubling(
    tablet: Tablet, person: Volunteer
) -> None:
    tablet.send(tablet.op(volunteer=person.pk))
    fresh = Tablet(tablet.operation)  # registered again, numbers from 1
    [again] = fresh.send(fresh.op(volunteer=person.pk))
    assert again["status"] == "merged"
    assert again["code"] == "already_present"
    assert (Visit.objects.count(), Receipt.objects.count()) == (1, 2)


def test_failure_16_what_a_device_wrote_before_it_lost_its_right_does_not_vanish(
    tablet: Tablet, person: Volunteer
) -> None:
    op = tablet.op(volunteer=person.pk)
    accounts.revoke_device(tablet.device, by=SYSTEM, at=timezone.now())
    [result] = tablet.send(op)
    assert result["status"] == "held"
    assert str(QuarantinedOp.objects.get().op_id) == op["op_id"]


def test_failure_17_facts_of_an_operator_who_was_moved_are_kept(tablet: Tablet, person: Volunteer) -> None:
    op = tablet.op(volunteer=person.pk)
    Membership.objects.filter(user=tablet.operator).delete()
    [result] = tablet.send(op)
    assert result["status"] in ("applied", "review")
    assert Visit.objects.get().volunteer == person


def test_failure_18_whatever_way_a_need_comes_in_it_is_compared_with_what_is_known(tablet: Tablet) -> None:
    """The phone desk and the key-in of paper search before they save; who asks from home is compared at arrival. Tablets
    make no needs: whoever lets them in adds the search there, and changes this."""
    operation, at = tablet.operation, timezone.now()
    assert not [kind for kind in KINDS if kind.startswith("need")]
    client = Client()
    client.force_login(tablet.operator)
    search = reverse("need_similar", args=[operation.pk])
    [sheet] = paper.print_sheets(operation, kind=SheetKind.REQUEST, count=1, by=SYSTEM, at=at)
    for answer in (
        client.get(reverse("need_new", args=[operation.pk])),
        client.get(reverse("request_key", args=[operation.pk, sheet.serial])),
        client.post(
            reverse("need_new", args=[operation.pk]), {"caller_phone": "x" * 500}
        ),  # typed again: searched again
    ):
        part = re.search(f'<div[^>]*hx-post="{search}"[^>]*>', answer.content.decode())
        assert part is not None
        assert 'hx-trigger="load, ' in part[0]
    assert not Need.objects.exists()
    mother, son = (
        web_requests.ask_for_help(
            operation, HelpAnswers(name, "022-000-1234", name == "髙橋 キヨ", resident, "町前一丁目9999-1", "泥", ""),
            language="ja", client="192.0.2.1", form_token=uuid4(), at=at,
        ).need
        for name, resident in (("髙橋 キヨ", ""), ("髙橋 一郎", "髙橋 キヨ"))
    )  # fmt: skip
    assert Lookalike.objects.filter(need=son, other=mother).exists()


@pytest.mark.django_db(transaction=True)
def test_failure_19_the_places_of_the_day_are_given_out_once_and_whoever_waits_is_recorded() -> None:
    operation = make.operation()
    operations.edit_operation(operation, by=SYSTEM, at=make.at(8), capacity=3)
    desks = [Tablet(operation) for _ in range(10)]
    bodies = [
        json.dumps({"epoch": 1, "ops": [each.op(volunteer=make.volunteer(operation.center).pk)]})
        for each in desks
    ]
    start, told = threading.Barrier(len(desks)), list[tuple[str, str]]()

    def send(each: Tablet, body: str) -> None:
        start.wait(timeout=30)
        told.extend((one["status"], one["code"]) for one in json.loads(each.post(body).content)["results"])
        connections.close_all()

    threads = [threading.Thread(target=send, args=pair) for pair in zip(desks, bodies, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [("applied", "full")] * 7 + [("applied", "ok")] * 3
    waiting = [visit for visit in Visit.objects.present() if VisitFlag.STANDBY in visit.flags]
    assert (Visit.objects.present().count(), len(waiting)) == (10, 7)


def test_failure_20_nobody_is_in_two_teams(tablet: Tablet) -> None:
    operation = tablet.operation
    one, two = (scene.present(operation, make.volunteer(operation.center)) for _ in range(2))
    scene.team(operation, one, two)
    with pytest.raises(Refused):
        teams.form(operation, volunteers=[one], leader=one, mode="walk", by=SYSTEM, at=make.at(9))
    assert Member.objects.filter(volunteer=one, left_at__isnull=True).count() == 1


def test_failure_21_a_lease_is_won_once_and_given_back_when_it_is_called_off(tablet: Tablet) -> None:
    first = scene.assigned(tablet.operation)
    second = scene.team(tablet.operation)
    with pytest.raises(Refused, match=r"dispatch\.need_taken"):
        dispatch.assign(second, first.need, by=SYSTEM, at=make.at(9, 31))
    dispatch.cancel(first, reason="雨", by=SYSTEM, at=make.at(9, 40))
    again = dispatch.assign(second, Need.objects.get(pk=first.need_id), by=SYSTEM, at=make.at(9, 41))
    assert again.team == second


@pytest.mark.once
def test_failure_23_printing_changes_nothing(tablet: Tablet, person: Volunteer) -> None:
    operation, center = tablet.operation, tablet.operation.center
    dispatch_ = scene.assigned(operation)
    card = card_of(person)
    badges.issue(center, [tablet.operator], by=SYSTEM, at=timezone.now())
    group = volunteers.register_group(center, name="町内会", by=SYSTEM, at=make.at(8))
    groups.sheet_token(group, by=SYSTEM, at=make.at(8))
    [blank] = paper.print_sheets(operation, kind=SheetKind.ROSTER, count=1, by=SYSTEM, at=make.at(8))
    client = Client()
    client.force_login(tablet.operator)
    before = everything()
    for name, *args in (
        ("work_order", dispatch_.pk), ("card_sheet", card.stock_id), ("card_sheet_pdf", card.stock_id),
        ("volunteer_card_sheet", person.pk), ("volunteer_card_pdf", person.pk), ("badge_sheet",),
        ("group_sheet", group.pk), ("paper_home",), ("paper_blank", blank.serial, blank.serial), ("self_poster",),
        ("network_wall",),
    ):  # fmt: skip
        for _ in range(2):
            assert client.get(reverse(name, args=[operation.pk, *args])).status_code == 200, name
            assert everything() == before, name
    # What counts a sheet out, or shows a secret, is asked for with a button and never by opening an address.
    for name, *args in (
        ("work_order_pdf", dispatch_.pk), ("work_order_count", dispatch_.pk), ("group_print", group.pk),
        ("paper_print",), ("paper_list",), ("paper_teams",), ("backup_sheet",),
    ):  # fmt: skip
        assert client.get(reverse(name, args=[operation.pk, *args])).status_code == 405, name
    assert everything() == before


def everything() -> dict[str, list[tuple[object, ...]]]:
    """Every row there is; not who looked at what, and not the sessions of browsers."""
    models = [model for model in apps.get_models() if model not in (Look, Session)]
    return {model._meta.label: list(model._base_manager.order_by("pk").values_list()) for model in models}


def test_failure_25_a_visit_nobody_ended_is_no_stay_of_days(tablet: Tablet, person: Volunteer) -> None:
    now = timezone.now()
    checkin.arrive(tablet.operation, person, site=None, by=SYSTEM, at=now - timedelta(days=1))
    tablet.send(tablet.op(volunteer=person.pk))
    yesterday, today = Visit.objects.order_by("arrived_at")
    assert yesterday.left_at is None
    assert yesterday.unreturned_at is not None
    assert today.unreturned_at is None
    assert Visit.objects.present().get() == today


@pytest.mark.parametrize(
    ("code", "span"),
    [
        ("device.code_old", pairing.CODE_LIFETIME),
        ("proposal.expired", OFFERED_FOR),
        ("account.too_many_tries", timedelta(seconds=accounts.WRONG_PASSWORDS.seconds)),
        ("account.too_many_tries", timedelta(seconds=accounts.WRONG_PASSWORDS_OF_ADDRESS.seconds)),
        ("account.name_guessed", timedelta(seconds=accounts.WRONG_PASSWORDS_OF_NAME.seconds)),
        ("device.too_many_tries", timedelta(seconds=pairing.WRONG_CODES.seconds)),
        ("operator.too_many_tries", timedelta(seconds=badges.WRONG_PINS.seconds)),
        ("operator.too_many_tries", timedelta(seconds=badges.WRONG_PINS_OF_DEVICE.seconds)),
        ("field.too_many", timedelta(seconds=throttle.OF_ONE_SHEET.seconds)),
        ("field.too_many", timedelta(seconds=throttle.WRONG_SHEETS.seconds)),
        ("volunteer.online_busy", timedelta(seconds=FROM_ONE_ADDRESS.seconds)),
    ],
)
def test_failure_26_a_refusal_says_the_time_that_is_enforced(code: str, span: timedelta) -> None:
    assert re.findall(r"[0-9]+(?:分|時間)", REFUSALS[code]) == [duration(span)]


def test_failure_26_pages_say_the_times_that_are_enforced(tablet: Tablet, settings: Settings) -> None:
    operation = tablet.operation
    client = Client()
    client.force_login(tablet.operator)

    def page(name: str, *args: object, post: bool = False) -> str:
        ask = client.post if post else client.get
        return str(ask(reverse(name, args=[operation.pk, *args]), follow=True).content.decode())

    every = duration(selfcheckin.EVERY)
    text = page("help")
    assert f"{duration(UNDO_FOR)}のあいだ" in text
    assert f"入口の画面に出すQRは{every}ごとに変わります" in text
    assert f"{duration(AGAIN_AFTER)}ごとに自動でもう一度試します" in text
    assert f"{duration(AGAIN_AFTER)}ごとに自動でもう一度試します" in SITUATIONS[ItemKind.BROKEN_OP].so_far
    assert f"QRが{every}ごとに変わります" in page("self_home")
    settings.BACKUP_MINUTES = 25
    assert "25分ごとに自動で作ります" in page("help")
    settings.BACKUP_MINUTES = 0
    assert "自動で作りません" in page("help")

    session = briefing.open_session(
        operation, starts_at=timezone.now(), place="玄関", speaker="伊藤", by=SYSTEM, at=timezone.now()
    )
    briefing.set_checklist(session, others=[], by=SYSTEM, at=timezone.now())
    briefing.tick(session, said=range(len(session.checklist)), by=SYSTEM, at=timezone.now())
    assert f"{duration(EXIT_LASTS)}はこの回に入ります" in page("orientation_end", session.pk, post=True)

    link = page("staff_link", make.user(operation.center).pk, post=True)
    ends = SignInLink.objects.get().expires_at
    assert ends - SignInLink.objects.get().created_at == accounts.LINK_LIFETIME
    assert f"{timezone.localtime(ends):%H:%M}まで使えます" in link
    code = pairing.invite(
        operation,
        name="受付2",
        profile=DeviceProfile.RECEPTION,
        by=make.by(tablet.operator),
        at=timezone.now(),
    )
    assert code.ends_at - code.created_at == pairing.CODE_LIFETIME
    assert f"{timezone.localtime(code.ends_at):%H:%M}まで、1台だけ使えます" in page("device_pairing", code.pk)


def test_failure_27_an_import_that_is_run_again_multiplies_nothing(tmp_path: Path) -> None:
    make.center()
    file = tmp_path / "towns.json"
    file.write_text(
        json.dumps([{"town": "高橋一丁目", "koaza": "", "lat": 38.28, "lng": 140.97}]), encoding="utf-8"
    )
    for _ in range(2):
        call_command("import_towns", file, stdout=StringIO())
    assert Town.objects.count() == 1


def test_failure_28_no_name_stands_on_the_page_for_everybody(tablet: Tablet) -> None:
    center = tablet.operation.center
    person = make.volunteer(center, "秘密野", "太郎")
    scene.present(tablet.operation, person)
    make.need(tablet.operation)
    page = Client().get(f"/p/{center.pk}/").content.decode()
    assert center.name in page
    for secret in ("秘密野", "太郎", "高橋 キヨ", "町前"):
        assert secret not in page


def test_failure_29_nothing_leaks_through_a_page_below_another_centers_page(tablet: Tablet) -> None:
    ours, theirs = make.volunteer(tablet.operation.center), make.operation(make.center("隣町"))
    stranger = Client()
    stranger.force_login(make.user(theirs.center, Role.CHIEF))
    for operation in (tablet.operation, theirs):
        assert stranger.get(f"/o/{operation.pk}/volunteers/{ours.pk}/").status_code == 404
    [result] = Tablet(theirs).send(Tablet(theirs).op(volunteer=ours.pk))
    assert result["code"] in ("no_such_volunteer", "invalid")


def test_failure_30_cards_have_no_number_to_guess_and_a_replaced_one_opens_nothing(
    tablet: Tablet, person: Volunteer
) -> None:
    stock = cards.issue_stock(person.center, count=3, by=SYSTEM, at=make.at(8))
    ids = [int(card.card_id, 16) for card in Card.objects.filter(stock=stock)]
    assert min(abs(a - b) for a in ids for b in ids if a != b) > 2**64
    old, new = card_of(person), Card.objects.filter(stock=stock).first()
    assert new is not None
    cards.reissue(person, new, lost=False, by=SYSTEM, at=make.at(9), on=make.day(make.at(9)))
    [result] = tablet.send(tablet.op(card=old.token))
    assert result["code"] in ("revoked", "ok", "ok_old_card")
    assert (result["code"] == "revoked") or result["status"] == "review"


def test_failure_32_the_time_of_an_off_line_fact_is_when_it_happened(
    tablet: Tablet, person: Volunteer
) -> None:
    happened = timezone.now() - timedelta(hours=3)
    tablet.send({**tablet.op(volunteer=person.pk), "t_wall": happened.isoformat(), "mode": "offline"})
    assert Visit.objects.get().arrived_at == happened
    receipt = Receipt.objects.get()
    assert receipt.happened_at == happened
    assert receipt.received_at > happened + timedelta(hours=2)
