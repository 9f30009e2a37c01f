"""The one write path of the tablets."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dvc.accounts import services as accounts
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.sync.models import Receipt
from intake.checkin.models import FailedScan, Visit
from intake.volunteers import cards
from intake.volunteers.models import Card, Volunteer
from tests import make
from tests.dvc.sync.tablet import Tablet, card_of
from tests.vectors.cards import of_unknown_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation())


def test_a_scanned_card_checks_its_holder_in(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center, "髙﨑", "𠮷野")
    [result] = tablet.send(tablet.op(card=card_of(person).token))
    assert (result["status"], result["code"], result["tone"]) == ("applied", "ok", "ok")
    assert result["data"]["name"] == "髙﨑 𠮷野"
    assert [todo["code"] for todo in result["data"]["todo"]] == ["orientation"]
    assert Visit.objects.get().volunteer == person
    assert Entry.objects.filter(action="visit.arrived", device=tablet.device, actor=tablet.operator).exists()


def test_full_width_lower_case_reader_text_works(tablet: Tablet) -> None:
    token = card_of(make.volunteer(tablet.operation.center)).token
    wide = "".join(chr(ord(c) + 0xFEE0) for c in token.lower())
    [result] = tablet.send(tablet.op(card=wide + "\r\n"))
    assert result["code"] == "ok"


def test_a_typed_short_code_works(tablet: Tablet) -> None:
    card = card_of(make.volunteer(tablet.operation.center))
    [result] = tablet.send(tablet.op(short_code=f"{card.short_code[:4]}-{card.short_code[4:]}".lower()))
    assert result["code"] == "ok"


def test_the_same_op_again_gets_the_same_answer_and_changes_nothing(tablet: Tablet) -> None:
    op = tablet.op(card=card_of(make.volunteer(tablet.operation.center)).token)
    [first] = tablet.send(op)
    entries = Entry.objects.count()
    [again] = tablet.send(op)
    assert again == {**first, "status": "replayed", "was": "applied"}
    assert (Visit.objects.count(), Entry.objects.count(), Receipt.objects.count()) == (1, entries, 1)


def test_the_same_op_twice_in_one_batch_is_applied_once(tablet: Tablet) -> None:
    op = tablet.op(card=card_of(make.volunteer(tablet.operation.center)).token)
    results = tablet.send(op, op)
    assert [result["status"] for result in results] == ["applied", "replayed"]
    assert Visit.objects.count() == 1


def test_the_same_id_with_another_content_is_a_mismatch(tablet: Tablet) -> None:
    one, two = (make.volunteer(tablet.operation.center) for _ in range(2))
    op = tablet.op(volunteer=one.pk)
    tablet.send(op)
    [result] = tablet.send({**op, "payload": {"volunteer": two.pk}})
    assert (result["status"], result["code"]) == ("mismatch", "op_id_reused")
    assert Visit.objects.get().volunteer == one


def test_a_poisoned_op_does_not_block_the_others(tablet: Tablet) -> None:
    people = [make.volunteer(tablet.operation.center) for _ in range(3)]
    good = [tablet.op(volunteer=person.pk) for person in people]
    bad = {**tablet.op(volunteer=1), "kind": "visit.explode"}
    results = tablet.send(good[0], bad, *good[1:])
    assert {result["op_id"]: result["status"] for result in results} == {
        **{op["op_id"]: "applied" for op in good},
        bad["op_id"]: "refused",
    }
    assert Visit.objects.count() == 3


@pytest.mark.parametrize(
    "state", ["lost", "blank", "foreign", "unknown_key", "forged", "half", "nothing", "url", "drill"]
)
def test_a_wrong_card_is_a_sentence_and_is_kept(tablet: Tablet, state: str) -> None:
    center = tablet.operation.center
    card = card_of(make.volunteer(center))
    raw, expected = card.token, ""
    if state == "lost":
        cards.lose(card, by=SYSTEM, at=make.at(9))
        expected = "revoked"
    elif state == "blank":
        raw = Card.objects.get(stock=cards.issue_stock(center, count=1, by=SYSTEM, at=make.at(8))).token
        expected = "unbound_card"
    elif state == "foreign":
        raw, expected = card_of(make.volunteer(make.center("隣町"))).token, "foreign_card"
    elif state == "unknown_key":
        raw, expected = of_unknown_key(center.issuer), "unknown_key"
    elif state == "forged":
        raw, expected = raw[:-1] + ("0" if raw[-1] != "0" else "1"), "forged_card"
    elif state == "half":
        raw, expected = raw[:70], "unreadable"
    elif state == "nothing":
        raw, expected = "ｱ", "unreadable"
    elif state == "url":
        raw, expected = "https://example.jp/?q=VC1", "unreadable"
    elif state == "drill":
        Volunteer.objects.update(drill=center.operations.exclude(pk=tablet.operation.pk).get())
        expected = "drill_card"
    [result] = tablet.send(tablet.op(card=raw))
    status = "held" if state == "blank" else "merged"
    assert (result["status"], result["code"], result["tone"] == "ok") == (status, expected, False)
    assert result["text"].endswith("。")
    assert [scan.code for scan in FailedScan.objects.all()] == ([] if state == "blank" else [expected])
    assert not Visit.objects.exists()


def test_leaving_orientation_and_insurance_go_the_same_way(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center, insured=False)
    results = tablet.send(
        tablet.op(volunteer=person.pk),
        tablet.op("visit.orient", volunteer=person.pk),
        tablet.op("visit.insure", volunteer=person.pk, evidence="seen_card"),
        tablet.op("visit.leave", volunteer=person.pk),
    )
    assert [result["code"] for result in results] == [
        "insurance_missing",
        "ok_oriented",
        "ok_insured",
        "ok_left",
    ]
    assert results[2]["data"]["todo"] == []
    assert Visit.objects.get().left_at is not None


def test_a_card_is_bound_by_an_op_and_then_opens_the_door(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    stock = cards.issue_stock(tablet.operation.center, count=1, by=SYSTEM, at=make.at(8))
    token = Card.objects.get(stock=stock).token
    results = tablet.send(tablet.op("card.bind", card=token, volunteer=person.pk), tablet.op(card=token))
    assert [result["code"] for result in results] == ["ok_bound", "ok"]


def test_a_slow_tablet_clock_is_corrected(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    behind = timezone.now() - timedelta(hours=2)
    op = {**tablet.op(volunteer=person.pk), "t_wall": behind.isoformat()}
    tablet.send(op, sent_wall=(behind + timedelta(minutes=5)).isoformat())
    error = abs(Visit.objects.get().arrived_at - (timezone.now() - timedelta(minutes=5)))
    assert error < timedelta(seconds=10)


def test_a_clock_in_another_century_is_no_reason_to_refuse(tablet: Tablet) -> None:
    person = make.volunteer(tablet.operation.center)
    op = {**tablet.op(volunteer=person.pk), "t_wall": "1970-01-01T00:00:00+00:00"}
    [result] = tablet.send(op, sent_wall="0001-01-01T00:00:01+00:00")
    assert result["status"] == "applied"


def test_a_revoked_device_with_nothing_to_tell_is_told_so(tablet: Tablet) -> None:
    accounts.revoke_device(tablet.device, by=SYSTEM, at=make.at(9))
    response = tablet.post({"epoch": 1, "ops": []})
    assert response.status_code == 403
    assert json.loads(response.content)["code"] == "device_revoked"


@pytest.mark.parametrize(
    "header", ["", "Device", "Device x.y", "Bearer abc", f"Device {uuid.UUID(int=7)}.secret", "Device ./."]
)
def test_an_unknown_device_is_told_so(tablet: Tablet, header: str) -> None:
    response = tablet.post({"epoch": 1, "ops": []}, authorization=header)
    assert response.status_code == 401
    assert json.loads(response.content)["code"] == "device_unknown"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"epoch": 1}',
        '{"epoch": 1, "ops": 5}',
        "\x00",
        '{"epoch":1,"ops":[7]}',
        "[" * 5000,
    ],
)
def test_a_body_that_is_no_batch_is_a_clear_400(tablet: Tablet, body: str) -> None:
    response = tablet.post(body)
    assert response.status_code == 400
    assert json.loads(response.content)["code"] == "malformed"


def test_too_many_ops_are_asked_to_be_split(tablet: Tablet) -> None:
    response = tablet.post({"epoch": 1, "ops": [{}] * 201})
    assert response.status_code == 413


@pytest.mark.parametrize("junk", ["", "A" * 1_000_000, "\x00", "\ud800", "𠮷﨑髙", "<script>", "' OR 1=1 --"])
def test_nasty_card_text_is_answered_and_never_breaks(tablet: Tablet, junk: str) -> None:
    [result] = tablet.send(tablet.op(card=junk))
    assert result["status"] in {"merged", "refused"}
    assert result["tone"] == "stop"


def test_an_operation_of_another_center_is_not_reached(tablet: Tablet) -> None:
    other = make.operation(make.center("隣町"))
    [result] = tablet.send({**tablet.op(volunteer=1), "operation": other.pk})
    assert (result["status"], result["code"]) == ("refused", "invalid")


def test_somebody_elses_operator_id_is_not_written_down(tablet: Tablet) -> None:
    stranger = make.user(make.center("隣町"))
    person = make.volunteer(tablet.operation.center)
    tablet.send({**tablet.op(volunteer=person.pk), "actor": stranger.pk})
    assert Entry.objects.get(action="visit.arrived").actor is None


def test_a_scan_costs_at_most_twelve_statements(tablet: Tablet, django_assert_max_num_queries: Any) -> None:
    token = card_of(make.volunteer(tablet.operation.center)).token
    tablet.send()  # once a minute the device's own row is written as well
    op = tablet.op(card=token)
    with django_assert_max_num_queries(13):  # eleven, and the two of a transaction
        tablet.send(op)


def test_the_snapshot_says_enough_and_not_more(tablet: Tablet) -> None:
    person = make.volunteer(
        tablet.operation.center, "髙﨑", "𠮷野", address="町前1-2-3", phone="090-1111-2222"
    )
    card = card_of(person)
    headers = {"authorization": f"Device {tablet.device.pk}.{tablet.secret}"}
    url = f"/api/v1/sync/snapshot?operation={tablet.operation.pk}"
    response = tablet.client.get(url, headers=headers)
    content = response.json()
    assert content["cards"][card.card_id[:16]][:2] == [person.pk, "髙﨑 𠮷…"]
    assert content["short_codes"][card.short_code] == card.card_id[:16]
    # The digits as they are kept, typed or told by telephone; four of them alone may stand in any card's number.
    for secret in ("𠮷野", "町前", "11112222", "1111-2222", '"2222"'):
        assert secret not in response.content.decode()
    again = tablet.client.get(url, headers={**headers, "if-none-match": response["ETag"]})
    assert again.status_code == 304
    tablet.send(tablet.op(card=card.token))
    changed = tablet.client.get(url, headers={**headers, "if-none-match": response["ETag"]})
    assert str(person.pk) in changed.json()["present"]


@pytest.mark.parametrize("number", ["", "x", "-1", "99999999", "9" * 40])
def test_a_snapshot_of_nothing_is_a_404(tablet: Tablet, number: str) -> None:
    response = tablet.client.get(
        f"/api/v1/sync/snapshot?operation={number}",
        headers={"authorization": f"Device {tablet.device.pk}.{tablet.secret}"},
    )
    assert response.status_code == 404
