"""What leaders tell from outside is here, late or twice, and a person answers; the leader sees the answer."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from dvc.accounts.roles import Role
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from intake.maps import services as maps
from intake.maps.models import NoteKind
from matching.control import recalls
from matching.dispatch import services as dispatches
from matching.dispatch import tokens, undoing
from matching.dispatch.models import ActivityReport, Dispatch, DispatchState
from matching.field import queries, services
from matching.field.models import FieldNote, Said
from matching.safety import services as safety
from matching.safety.models import How, RecallReason
from matching.trips import services as trips
from matching.trips.models import DumpQueue, DumpSite
from matching.trips.queries import dumps
from tests import make
from tests.matching.dispatch import scene

pytestmark = pytest.mark.django_db


def out() -> Dispatch:
    """Out for an hour by the real clock."""
    now = timezone.now()
    operation = make.operation()
    crew = [
        scene.present(operation, make.volunteer(operation.center, name, "一郎"), at=now - timedelta(hours=2))
        for name in ("髙﨑", "𠮷田")
    ]
    team = scene.team(operation, *crew, at=now - timedelta(hours=2))
    dispatch = dispatches.assign(team, make.need(operation), by=SYSTEM, at=now - timedelta(hours=2))
    return dispatches.depart(
        dispatch,
        checks=scene.ALL,
        by=SYSTEM,
        at=now - timedelta(hours=1),
        due_back_at=now + timedelta(hours=3),
    )


def page(dispatch: Dispatch, name: str = "leader_page") -> str:
    return reverse(name, args=[tokens.leader_token(dispatch.token_nonce)])


def tell(dispatch: Dispatch, kind: str, *, fetch: bool = True, **said: Any) -> Any:
    headers = {"X-Requested-With": "fetch"} if fetch else {}
    # Without cookies and with the check for forged requests on: a phone's queue has neither.
    return Client(enforce_csrf_checks=True).post(
        page(dispatch, "leader_tell"), {"kind": kind, "op": str(uuid4()), **said}, headers=headers
    )


def test_every_kind_is_kept_once_with_when_it_was_told_and_waits_by_gravity() -> None:
    dispatch = out()
    for said in reversed(Said):
        if said != Said.PHOTO:
            answer = tell(dispatch, said, text="ようす", count="3", age_ms=str(10 * 60_000))
            assert answer.json() == {"said": "told"}
    notes = queries.waiting(dispatch.operation)
    assert [note.said for note in notes] == [said for said in Said if said != Said.PHOTO]
    assert {note.minutes_late for note in notes} == {10}
    op = str(uuid4())
    for _ in range(2):
        tell(dispatch, "extra", op=op, text="庭の草むしり")
    assert FieldNote.objects.filter(said=Said.EXTRA).count() == 2


def test_a_call_for_help_from_before_comes_with_its_place_and_never_before_the_departure() -> None:
    dispatch, op = out(), str(uuid4())
    tell(dispatch, "sos", op=op, age_ms=str(5 * 3600_000))
    note = FieldNote.objects.get()
    assert (note.told_at, note.lat) == (dispatch.departed_at, None)
    tell(dispatch, "sos", op=op, lat="38.3", lng="141.0")
    tell(dispatch, "sos", op=op, lat="1", lng="2")
    note.refresh_from_db()
    assert (note.lat, note.lng) == (38.3, 141.0)
    tell(dispatch, "sos", lat="nan", lng="141.0")
    assert FieldNote.objects.filter(lat=None).count() == 1
    client = Client()
    client.force_login(make.user(dispatch.operation.center, Role.TRANSPORT))
    banners = reverse("alerts_part", args=[dispatch.operation_id])
    part = client.get(banners)
    assert part.content.decode().count("助けを求めています") == 2
    assert client.get(banners, {"version": part.headers["X-Version"]}).status_code == 204
    # Everybody hears a call for help; what else waits is for whoever answers it.
    tell(dispatch, "tools", text="土のう袋")
    reception = Client()
    reception.force_login(make.user(dispatch.operation.center, Role.RECEPTION))
    seen = reception.get(banners).content.decode()
    assert "助けを求めています" in seen
    assert "現地からの連絡が" not in seen
    assert "現地からの連絡が1件" in client.get(banners).content.decode()


def test_facts_kept_without_a_signal_come_in_with_their_own_time_and_after_the_page_has_ended() -> None:
    dispatch = out()
    assert tell(dispatch, "on_site", age_ms=str(30 * 60_000)).json() == {"said": "on_site"}
    dispatch.refresh_from_db()
    assert dispatch.on_site_at is not None
    assert abs(timezone.now() - timedelta(minutes=30) - dispatch.on_site_at) < timedelta(minutes=1)
    dispatches.come_back(dispatch, by=SYSTEM, at=timezone.now() - timedelta(hours=0))
    Dispatch.objects.update(returned_at=timezone.now() - timedelta(hours=3))
    assert Client().get(page(dispatch)).status_code == 404
    report: dict[str, Any] = {
        "outcome": "completed",
        "people": "2",
        "text": "床下の泥を出した",
        "injury": "",
        "age_ms": "100000",
    }
    assert tell(dispatch, "report", **report).json() == {"said": "report"}
    assert tell(dispatch, "report", **report).json() == {"said": "report"}
    assert ActivityReport.objects.get().people == 2
    Dispatch.objects.update(returned_at=timezone.now() - timedelta(days=8))
    assert tell(dispatch, "extra", text="x").status_code == 404


def dump_site(operation: Operation, name: str) -> DumpSite:
    return trips.keep_dump_site(
        operation, name=name, address="", hours="", takes="", closed=False, by=SYSTEM, at=timezone.now()
    )


def test_a_wait_at_a_dump_site_is_of_the_time_it_was_told_and_once() -> None:
    dispatch = out()
    operation, now = dispatch.operation, timezone.now()
    site = dump_site(operation, "総合公園")
    later, earlier = [dict[str, Any](op=str(uuid4()), site=str(site.pk)) for _ in range(2)]
    for _ in range(2):  # the answer to the first was lost on the way
        assert tell(dispatch, "dump", **later, minutes="15", age_ms=str(5 * 60_000)).json() == {
            "said": "told"
        }
        assert tell(dispatch, "dump", **earlier, minutes="40", age_ms=str(30 * 60_000)).json() == {
            "said": "told"
        }
    assert DumpQueue.objects.filter(by_driver=True).count() == 2
    (dump,) = dumps(operation, at=timezone.now())
    assert dump.last is not None
    assert dump.last.minutes == 15
    dispatch.refresh_from_db()
    assert dispatch.heard_at is not None
    assert now - timedelta(minutes=6) < dispatch.heard_at <= now  # a sign of life, of when it was told
    assert tell(dispatch, "dump", **later | {"op": str(uuid4())}, minutes="481").status_code == 409
    elsewhere = dump_site(make.operation(), "よその")
    for wrong in (
        {"minutes": "x"},
        {"minutes": ""},
        {"op": "?"},
        {"site": str(elsewhere.pk)},
        {"site": "9" * 30},
    ):
        answer = tell(dispatch, "dump", **dict[str, Any](later, minutes="5", op=str(uuid4())) | wrong)
        assert (answer.status_code, bool(answer.json()["refusal"])) == (400, True)
    assert DumpQueue.objects.count() == 2


@pytest.mark.parametrize(
    ("kind", "said", "status"),
    [
        ("report", {"outcome": "completed"}, 422),
        ("report", {"outcome": "continuing", "people": "2"}, 409),
        ("photo", {}, 409),
        ("nonsense", {}, 400),
        ("extra", {"op": "no uuid"}, 400),
        ("extra", {"text": "\x00"}, 400),
        ("extra", {"age_ms": "-5"}, 200),
        ("later", {"until": "25:99"}, 200),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_else_is_lost(
    kind: str, said: dict[str, Any], status: int
) -> None:
    assert tell(out(), kind, **said).status_code == status


def test_a_sheet_nobody_knows_tells_nothing() -> None:
    address = reverse("leader_tell", args=["x" * 22])
    assert Client().post(address, {"kind": "sos", "op": str(uuid4())}).status_code == 404
    assert not FieldNote.objects.exists()


def test_a_photo_from_the_field_is_seen_by_the_desk_only(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    dispatch, picture = out(), BytesIO()
    Image.new("RGB", (40, 30), "brown").save(picture, "JPEG")
    file = SimpleUploadedFile("x.jpg", picture.getvalue(), "image/jpeg")
    assert (
        tell(dispatch, "photo", photo=file, text="床下", fetch=False)
        .headers["Location"]
        .endswith("?said=told")
    )
    note = FieldNote.objects.get()
    assert note.photo is not None
    address = reverse("photo", args=[dispatch.operation_id, note.photo.pk])
    for role, status in ((Role.EQUIPMENT, 200), (Role.RECEPTION, 404)):
        client = Client()
        client.force_login(make.user(dispatch.operation.center, role))
        assert client.get(address).status_code == status


def test_extra_work_is_refused_with_a_word_and_the_leader_sees_it() -> None:
    dispatch = out()
    tell(dispatch, "extra", text="庭の草むしりも")
    note = FieldNote.objects.get()
    client = Client()
    client.force_login(make.user(dispatch.operation.center, Role.MATCHING))
    address = reverse("field_answer", args=[dispatch.operation_id, note.pk])
    assert (
        "庭の草むしりも" in client.get(reverse("field_list", args=[dispatch.operation_id])).content.decode()
    )
    assert client.post(address, {"agreed": "no", "answer": ""}).status_code == 409
    client.post(address, {"agreed": "no", "answer": "今日は泥かきだけです"})
    client.post(address, {"agreed": "yes", "answer": "二度目"})
    seen = Client().get(page(dispatch)).content.decode()
    assert "引き受けないでください" in seen
    assert "今日は泥かきだけです" in seen
    dispatch.need.refresh_from_db()
    assert dispatch.need.items.count() == 1


@pytest.mark.parametrize(
    ("said", "agreed", "reads"),
    [
        (Said.EXTRA, True, "今日は引き受けないでください"),
        (Said.EXTRA, False, "引き受けないでください"),
        (Said.SOS, False, "まちがいと分かりました"),
        (Said.NEAR_MISS, False, "聞きました"),
        (Said.PEOPLE, True, "人を送ります"),
        (Said.TOOLS, False, "届けられません"),
    ],
)
def test_the_leader_reads_what_the_center_does_and_never_a_bare_yes(
    said: Said, agreed: bool, reads: str
) -> None:
    dispatch = out()
    tell(dispatch, said, text="庭の草むしり", count="2")
    services.answer(
        FieldNote.objects.get(), agreed=agreed, text="電話で話しました", by=SYSTEM, at=timezone.now()
    )
    seen = Client().get(page(dispatch)).content.decode()
    assert f"{reads}</span> 電話で話しました" in seen
    assert "返事：はい" not in seen
    assert "返事：できません" not in seen


def test_more_time_that_is_agreed_to_moves_the_return_and_one_in_the_past_is_refused() -> None:
    dispatch = scene.out()
    at = make.at(11)
    late, past = (
        services.tell(dispatch, Said.LATER, op=uuid4(), until=until, by=SYSTEM, told_at=at, at=at)
        for until in (make.at(14), make.at(10))
    )
    services.answer(late, agreed=True, text="", by=SYSTEM, at=make.at(11, 5))
    dispatch.refresh_from_db()
    assert dispatch.due_back_at == make.at(14)
    with pytest.raises(Refused) as refusal:
        services.answer(past, agreed=True, text="", by=SYSTEM, at=make.at(11, 5))
    assert refusal.value.code == "dispatch.back_in_the_past"
    past.refresh_from_db()
    assert past.answered_at is None
    assert dispatch.state == DispatchState.DEPARTED


def test_more_time_that_was_asked_for_yesterday_is_yesterdays() -> None:
    dispatch = out()
    Dispatch.objects.filter(pk=dispatch.pk).update(departed_at=timezone.now() - timedelta(days=2))
    asked = timezone.localtime() - timedelta(days=1)
    until = asked + timedelta(minutes=30)
    tell(dispatch, "later", until=f"{until:%H:%M}", age_ms=str(24 * 3600_000))
    meant = FieldNote.objects.get().until
    assert meant is not None
    assert abs(meant - until) < timedelta(minutes=1)


def test_the_report_of_a_house_the_desk_has_taken_off_meanwhile_waits_for_a_person() -> None:
    dispatch = out()
    further = dispatches.add_visit(
        dispatch.team, make.need(dispatch.operation), by=SYSTEM, at=timezone.now() - timedelta(minutes=50)
    )
    # Without a signal they went on, worked and reported; the desk took them back and knew nothing of it.
    dispatches.come_back(dispatch, by=SYSTEM, at=timezone.now() - timedelta(minutes=5))
    further.refresh_from_db()
    assert further.state == DispatchState.CANCELLED
    op, work = str(uuid4()), "床板をはがした。" * 500  # as long as the form lets it be
    left, hurt = "消毒" * 1000, "指を切った" * 100
    story: dict[str, Any] = {
        "outcome": "continuing",
        "people": "2",
        "text": work,
        "remaining": left,
        "injury": hurt,
        "near_miss": hurt,
    }
    assert tell(further, "on_site", age_ms=str(40 * 60_000)).json() == {"said": "on_site"}
    for _ in range(2):
        answer = tell(further, "report", op=op, age_ms=str(20 * 60_000), **story)
        assert answer.json() == {"said": "report"}
    (note,) = queries.waiting(dispatch.operation)
    assert (note.said, note.minutes_late) == (Said.REPORT, 20)
    for words in (f"N{further.need.number}", f"けが：{hurt}", "継続", work, f"残り：{left}"):
        assert words in note.text
    further.refresh_from_db()
    assert further.state == DispatchState.CANCELLED
    client = Client()
    client.force_login(make.user(dispatch.operation.center, Role.MATCHING))
    listed = client.get(reverse("field_list", args=[dispatch.operation_id])).content.decode()
    assert "行っていないはずのお宅の報告" in listed
    assert "床板をはがした" in listed


# ── a phone without a signal ───────────────────────────────────────────────────────────────────
def unsealed(text: str) -> str:
    """What a phone keeps in the open (frontend/src/leader/sealing.ts)."""
    assert text.count("<!--sealed-->") == text.count("<!--/sealed-->") > 0
    return re.sub(r"<!--sealed-->.*?<!--/sealed-->", "", text, flags=re.DOTALL)


def test_what_a_phone_keeps_in_the_open_names_nobody_and_has_what_keeps_the_team_safe() -> None:
    now = timezone.now()
    operation = make.operation()
    crew = [
        scene.present(
            operation, make.volunteer(operation.center, "髙﨑", "一郎"), at=now - timedelta(hours=2)
        )
    ]
    houses = [make.need(operation, detail="仏間の床下") for _ in range(2)]
    for house in houses:
        house.hazards, house.parking = ["nails"], "裏の空き地"
        house.save()
        assert house.household is not None
        type(house.household).objects.filter(pk=house.household.pk).update(landmark="青い屋根")
    maps.add_note(
        operation, kind=NoteKind.EVACUATION, text="桜木の高台", lat=38.286, lng=141.0125, by=SYSTEM, at=now
    )
    dispatch = dispatches.assign(
        scene.team(operation, *crew, at=now), houses[0], then=[houses[1]], by=SYSTEM, at=now
    )
    dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=now, due_back_at=now + timedelta(hours=3))
    tell(dispatch, "extra", text="高橋さんの隣の家も")
    text = Client().get(page(dispatch)).content.decode()
    private = [
        "高橋", "0220000001", "青い屋根", "裏の空き地", "仏間の床下", "床下の泥かき", "141.006",
        *(house.household.address for house in houses if house.household),
    ]  # fmt: skip
    assert [words for words in private if words not in text] == private[
        -1:
    ]  # of the next house only the town
    kept = unsealed(text)
    assert [words for words in private if words in kept] == []
    for words in (
        "釘・ガラス",
        "桜木の高台",
        "tel:022-000-0000",
        "tel:119",
        'data-tell="sos"',
        'data-tell="on_site"',
        "20分作業",
    ):
        assert words in kept, words
    report = Client().get(page(dispatch, "leader_report")).content.decode()
    assert "床下の泥かき" in report
    assert [words for words in private if words in unsealed(report)] == []


def test_a_phone_may_keep_the_page_until_two_hours_after_the_return() -> None:
    dispatch = out()

    def hours() -> float:
        return int(Client().get(page(dispatch)).headers["X-Keep-For"]) / 3600

    assert hours() == pytest.approx(5, abs=0.1)  # three hours until it should be back
    Dispatch.objects.filter(pk=dispatch.pk).update(due_back_at=timezone.now() - timedelta(hours=6))
    assert hours() == pytest.approx(2, abs=0.1)  # it is late: it is not back before now
    dispatches.come_back(dispatch, by=SYSTEM, at=timezone.now() - timedelta(minutes=30))
    assert hours() == pytest.approx(1.5, abs=0.1)
    Dispatch.objects.filter(pk=dispatch.pk).update(returned_at=timezone.now() - timedelta(hours=2, minutes=1))
    gone = Client().get(page(dispatch))
    assert (gone.status_code, "X-Keep-For" in gone.headers) == (404, False)


def test_in_a_drill_whose_clock_runs_faster_a_phone_keeps_it_for_less_of_its_own_time() -> None:
    dispatch = out()
    type(dispatch.operation).objects.filter(pk=dispatch.operation_id).update(
        clock_reading=timezone.now(), clock_set_at=timezone.now(), clock_speed=10
    )
    assert int(Client().get(page(dispatch)).headers["X-Keep-For"]) == pytest.approx(5 * 360, abs=60)


def test_the_worker_of_the_page_may_look_after_nothing_else() -> None:
    answer = Client().get(reverse("leader_worker"))
    if answer.status_code == 404:
        pytest.skip("the front end is not built")
    assert answer.headers["Service-Worker-Allowed"] == "/l/"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_recall_is_answered_without_a_signal_at_the_time_it_was_told() -> None:
    dispatch = out()
    begun = timezone.now() - timedelta(minutes=20)
    recall = safety.start_recall(dispatch.operation, reason=RecallReason.TSUNAMI, by=SYSTEM, at=begun)
    for _ in range(2):
        answer = tell(dispatch, "recall_safe", how="safe", age_ms=str(15 * 60_000))
        assert (answer.status_code, answer.json()) == (200, {"said": "told"})
    heard = recall.answers.get()
    assert (heard.how, heard.team_id) == (How.PAGE, dispatch.team_id)
    assert heard.at - begun == pytest.approx(timedelta(minutes=5), abs=timedelta(seconds=30))
    tell(dispatch, "recall_help", how="help")
    assert sorted(recall.answers.values_list("how", flat=True)) == [How.HELP, How.PAGE]
    safety.end_recall(recall, reason="解除", by=SYSTEM, at=timezone.now())
    assert tell(dispatch, "recall_safe").status_code == 200
    assert recall.answers.count() == 2


def test_who_needs_help_is_heard_though_the_recall_was_ended_before_the_phone_had_a_signal() -> None:
    dispatch, op = out(), str(uuid4())
    now = timezone.now()
    recall = safety.start_recall(
        dispatch.operation, reason=RecallReason.TSUNAMI, by=SYSTEM, at=now - timedelta(minutes=20)
    )
    safety.end_recall(recall, reason="解除", by=SYSTEM, at=now - timedelta(minutes=1))
    for _ in range(2):
        answer = tell(dispatch, "recall_help", op=op, how="help", age_ms=str(10 * 60_000))
        assert answer.json() == {"said": "told"}
    note = FieldNote.objects.get()
    assert (note.said, note.minutes_late) == (Said.SOS, 10)
    assert not recall.answers.exists()
    Client().post(page(dispatch, "leader_recall_safe"), {"how": "help"})  # and without a script
    assert FieldNote.objects.filter(said=Said.SOS).count() == 2
    tell(dispatch, "recall_safe", how="safe")
    assert FieldNote.objects.count() == 2


@pytest.mark.parametrize("where", ["back", "not_gone"])
def test_who_needs_help_is_heard_in_a_recall_that_does_not_show_the_team(where: str) -> None:
    dispatch = out()
    if where == "back":  # the wrong card was tapped: they are out there still
        dispatches.come_back(dispatch, by=SYSTEM, at=timezone.now() - timedelta(minutes=3))
    else:
        Dispatch.objects.update(departed_at=timezone.now() - timedelta(minutes=5))
        undoing.undo(dispatch, seen="departed", by=SYSTEM, at=timezone.now())
    recall = safety.start_recall(
        dispatch.operation, reason=RecallReason.TSUNAMI, by=SYSTEM, at=timezone.now() - timedelta(minutes=1)
    )
    tell(dispatch, "recall_safe", how="safe")
    assert not FieldNote.objects.exists()
    tell(dispatch, "recall_help", how="help")
    assert [note.said for note in queries.waiting(dispatch.operation)] == [Said.SOS]
    assert recalls.tally(recall).help == 0


def test_that_the_team_has_left_already_is_one_note_however_often_it_is_told_until_somebody_answers() -> None:
    dispatch, words = out(), "「もう出発しています」"
    Dispatch.objects.update(departed_at=timezone.now() - timedelta(minutes=5))
    undoing.undo(dispatch, seen="departed", by=SYSTEM, at=timezone.now())
    for _ in range(3):
        assert tell(dispatch, "gone", text=words).json() == {"said": "told"}
    (note,) = queries.waiting(dispatch.operation)
    services.answer(note, agreed=False, text="まだ机の前にいる", by=SYSTEM, at=timezone.now())
    tell(dispatch, "gone", text=words)
    assert FieldNote.objects.filter(said=Said.GONE).count() == 2


def test_that_all_are_safe_is_no_answer_to_a_recall_that_began_later() -> None:
    dispatch = out()
    recall = safety.start_recall(
        dispatch.operation,
        reason=RecallReason.TSUNAMI,
        by=SYSTEM,
        at=timezone.now() - timedelta(minutes=5),
    )
    before = str(30 * 60_000)
    assert tell(dispatch, "recall_safe", how="safe", age_ms=before).status_code == 200
    assert not recall.answers.exists()
    tell(dispatch, "recall_help", how="help", age_ms=before)
    assert recall.answers.get().how == How.HELP
    tell(dispatch, "recall_safe", how="safe", age_ms="1000")
    assert sorted(recall.answers.values_list("how", flat=True)) == [How.HELP, How.PAGE]


def test_an_open_page_learns_that_the_team_has_left_and_that_the_center_has_answered() -> None:
    now = timezone.now()
    operation = make.operation()
    crew = [scene.present(operation, make.volunteer(operation.center), at=now - timedelta(hours=1))]
    dispatch = dispatches.assign(
        scene.team(operation, *crew, at=now), make.need(operation), by=SYSTEM, at=now
    )
    poll = reverse("leader_recall", args=[tokens.leader_token(dispatch.token_nonce)])

    def shown() -> str:
        return str(re.findall('data-mark="([^"]+)"', Client().get(page(dispatch)).content.decode())[0])

    def polled() -> str:
        return str(re.findall('data-page-mark="([^"]+)"', Client().get(poll).content.decode())[0])

    before = shown()
    assert polled() == before
    dispatches.depart(dispatch, checks=scene.ALL, by=SYSTEM, at=timezone.now())
    assert before != polled() == shown()
    tell(dispatch, "extra", text="庭の草むしり")
    left = polled()
    services.answer(FieldNote.objects.get(), agreed=False, text="今日は泥だけ", by=SYSTEM, at=timezone.now())
    assert left != polled() == shown()


def test_a_team_that_was_given_its_work_a_week_before_it_left_is_heard() -> None:
    dispatch = out()
    Dispatch.objects.filter(pk=dispatch.pk).update(accepted_at=timezone.now() - timedelta(days=9))
    assert tell(dispatch, "sos").status_code == 200
    Dispatch.objects.filter(pk=dispatch.pk).update(departed_at=timezone.now() - timedelta(days=8))
    assert tell(dispatch, "sos").status_code == 404
