"""The staff's map: who sees which place, what it weighs, and notes that anybody adds and takes away."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dvc.accounts.roles import ROLES_THAT_MAY, May, Role
from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.help_requests.models import Need, NeedState
from intake.maps import points, services
from intake.maps.models import MapNote, NoteKind
from intake.maps.points import CRISIS, HAZARD, PIN, WORDS, Sight
from intake.people import merge
from intake.people.models import Town
from tests import make
from tests.intake.maps.many import requests

pytestmark = pytest.mark.django_db


@pytest.fixture
def operation() -> Operation:
    made = make.operation()
    Town.objects.create(center=made.center, name="町前一丁目", lat=38.29, lng=141.00)
    Town.objects.create(center=made.center, name="桜木一丁目", lat=38.31, lng=141.02)
    return made


def signed_in(operation: Operation, *roles: Role) -> Client:
    client = Client()
    client.force_login(make.user(operation.center, *roles))
    return client


def url(name: str, operation: Operation, *ids: Any) -> str:
    return reverse(name, args=[operation.pk, *ids])


def data(client: Client, operation: Operation) -> dict[str, Any]:
    response = client.get(url("map_points", operation), headers={"accept-encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    return dict(json.loads(gzip.decompress(response.content)))


def summed(steps: list[int]) -> list[int]:
    return [sum(steps[: n + 1]) for n in range(len(steps))]


@pytest.mark.database
def test_requests_stand_where_they_are_with_state_and_danger(operation: Operation) -> None:
    first = make.need(operation, lat=38.29612, lng=141.00634, state=NeedState.SURVEY_WAIT)
    second = make.need(operation, lat=38.30001, lng=141.0)
    Need.objects.filter(pk=second.pk).update(hazards=["gas"], needs_crisis=True)
    make.need(operation, state=NeedState.DECLINED)
    lost = make.need(operation)
    lost.household.lat = lost.household.lng = None  # type: ignore[union-attr]
    lost.household.save()  # type: ignore[union-attr]
    make.need(make.operation(operation.center, name="別"))
    said = data(signed_in(operation, Role.SURVEY), operation)
    assert summed(said["id"]) == [first.pk, second.pk]
    assert summed(said["number"]) == [first.number, second.number]
    assert [WORDS[word] for word in said["word"]] == ["調査中", "マッチング待ち"]
    assert (summed(said["lat"]), summed(said["lng"])) == ([3829612, 3830001], [14100634, 14100000])
    assert said["flags"] == [PIN, PIN | HAZARD | CRISIS]
    assert (said["nowhere"], len(said["towns"])) == (1, 2)
    assert "高橋" not in json.dumps(said, ensure_ascii=False)


def test_who_has_no_need_for_the_pin_sees_the_middle_of_the_town(operation: Operation) -> None:
    need = make.need(operation, lat=38.2951, lng=141.0061)
    Need.objects.filter(pk=need.pk).update(needs_crisis=True)
    for role in Role:
        said = data(signed_in(operation, role), operation)
        pins = role in ROLES_THAT_MAY[May.SEE_PINS]
        assert (summed(said["lat"]), summed(said["lng"])) == (
            ([3829510], [14100610]) if pins else ([3829000], [14100000])
        )
        assert said["flags"] == [PIN | CRISIS if pins else 0]
        assert bool(said["id"]) == (role in ROLES_THAT_MAY[May.KEEP_NEEDS])


@pytest.mark.database
def test_an_unchanged_map_is_not_sent_again(operation: Operation) -> None:
    client = signed_in(operation)
    first = client.get(url("map_points", operation))
    etag = {"if-none-match": first["ETag"]}
    assert client.get(url("map_points", operation), headers=etag).status_code == 304
    # Another role's answer is another one.
    assert (
        signed_in(operation, Role.RECEPTION).get(url("map_points", operation), headers=etag).status_code
        == 200
    )
    services.add_note(
        operation, kind=NoteKind.CLOSED_ROAD, text="橋", lat=38.3, lng=141.0, by=SYSTEM, at=make.at(9)
    )
    assert client.get(url("map_points", operation), headers=etag).status_code == 200


@pytest.mark.database
def test_a_map_is_sent_again_when_two_houses_become_one(operation: Operation) -> None:
    """The register is the whole center's: what is said of its houses belongs to no operation."""
    client = signed_in(operation)
    twin, house = (make.need(operation).household for _ in range(2))
    assert twin is not None
    assert house is not None
    etag = {"if-none-match": client.get(url("map_points", operation))["ETag"]}
    merge.merge_households(twin, house, by=SYSTEM, at=make.at(9))
    assert client.get(url("map_points", operation), headers=etag).status_code == 200


def test_five_thousand_requests_weigh_little_and_cost_few_queries(
    operation: Operation, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    requests(operation, 5000)
    with django_assert_max_num_queries(3):
        body = points.packed(operation, Sight(pins=True, needs=True))
    assert len(body) < 300_000
    assert len(json.loads(gzip.decompress(body))["number"]) > 4000


@pytest.mark.database
def test_anybody_on_the_staff_adds_a_note_and_takes_it_away(operation: Operation) -> None:
    client = signed_in(operation, Role.RECEPTION)
    add = url("map_note_add", operation)
    note = {"kind": "closed_road", "text": "橋が落ちている", "latitude": "38.30", "longitude": "141.01"}
    for wrong, words in [
        ({"latitude": ""}, "地図を押して"), ({"text": ""}, "短く書いて"), ({"latitude": "12"}, "100km以上離れて"),
    ]:  # fmt: skip
        refused = client.post(add, {**note, **wrong})
        assert refused.status_code in (409, 422)
        assert words in refused.content.decode()
    assert client.post(add, note).status_code == 302
    made = MapNote.objects.get()
    assert data(client, operation)["notes"] == [[made.pk, "closed_road", "橋が落ちている", 38.3, 141.01]]
    assert "通行止め：橋が落ちている" in client.get(url("area_map", operation)).content.decode()
    for _ in range(2):
        signed_in(operation, Role.TRANSPORT).post(
            url("map_note_remove", operation, made.pk), {"reason": "通れた"}
        )
    made.refresh_from_db()
    assert (made.removed_reason, data(client, operation)["notes"]) == ("通れた", [])
    assert "消したメモ" in client.get(url("area_map", operation)).content.decode()
    for _ in range(2):
        client.post(url("map_note_remove", operation, made.pk), {"back": "1"})
    assert [note[0] for note in data(client, operation)["notes"]] == [made.pk]
    actions = list(Entry.objects.about(made).values_list("action", flat=True))
    assert actions == ["map.note_added", "map.note_removed", "map.note_brought_back"]


def test_strangers_see_neither_map_nor_notes(operation: Operation) -> None:
    note = services.add_note(
        operation, kind=NoteKind.OTHER, text="裏", lat=38.3, lng=141.0, by=SYSTEM, at=make.at(9)
    )
    stranger, nobody = signed_in(make.operation()), Client()
    for name in ("area_map", "map_points"):
        assert stranger.get(url(name, operation)).status_code == 404
        assert nobody.get(url(name, operation)).status_code == 302
    assert stranger.post(url("map_note_remove", operation, note.pk)).status_code == 404
