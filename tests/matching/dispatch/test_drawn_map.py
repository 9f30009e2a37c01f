"""The drawn map of an order: true distances and directions, where to flee, what is dangerous; without tiles or internet."""

from __future__ import annotations

import math
import os
import re
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dvc.accounts.models import User
from dvc.accounts.roles import Role
from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM
from dvc.operations.models import Operation
from intake.help_requests.models import Need
from intake.maps import services as maps
from intake.maps.models import NoteKind
from intake.people.models import Household, Precision, Town
from intake.people.places import km
from matching.dispatch import services, sheets
from matching.dispatch.models import Dispatch
from matching.dispatch.sketch import HEIGHT, WIDTH, Area, Frame, Mark, Shape, clipped, draw, hatched, wind
from matching.dispatch.surroundings import around, map_of
from matching.safety import services as safety
from matching.safety.zones import is_inside
from matching.trips import services as trips
from tests import make
from tests.matching.dispatch import scene

TAGAJO = (38.2939, 141.0044)
near_tagajo = st.tuples(st.floats(38.2, 38.4), st.floats(140.9, 141.1))


busy = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a machine has other things to do


# ── the drawing ────────────────────────────────────────────────────────────────────────────────
@busy
@given(st.lists(near_tagajo, min_size=1, max_size=6))
def test_whatever_must_be_seen_lies_on_the_paper_and_distances_are_true(
    places: list[tuple[float, float]],
) -> None:
    frame = Frame.around(places)
    assert all(frame.shows(*place) for place in places)
    for a in places:
        for b in places:
            drawn = math.dist(frame.at(*a), frame.at(*b)) / frame.scale
            assert drawn == pytest.approx(km(*a, *b), abs=0.02, rel=0.005)
    assert frame.bar / 1000 * frame.scale <= 50


@pytest.mark.parametrize(
    ("to", "said"),
    [((38.31, 141.0044), "北"), ((38.2939, 141.03), "東"), ((38.2839, 140.9917), "南西"), ((38.3039, 140.9917), "北西")],
)  # fmt: skip
def test_a_place_is_found_by_eight_winds(to: tuple[float, float], said: str) -> None:
    assert wind(TAGAJO, to) == said


def test_north_is_up_and_east_is_right() -> None:
    frame = Frame.around([TAGAJO])
    x, y = frame.at(*TAGAJO)
    assert frame.at(TAGAJO[0] + 0.001, TAGAJO[1])[1] < y
    assert frame.at(TAGAJO[0], TAGAJO[1] + 0.001)[0] > x


corners = st.lists(st.tuples(st.floats(-200, 400), st.floats(-200, 400)), min_size=3, max_size=8)


@busy
@given(corners)
def test_a_zone_is_cut_at_the_edge_of_the_paper_and_hatched_inside_of_it_only(
    polygon: list[tuple[float, float]],
) -> None:
    cut = clipped(polygon)
    assert all(-0.01 <= x <= WIDTH + 0.01 and -0.01 <= y <= HEIGHT + 0.01 for x, y in cut)
    if len(cut) < 3:
        return
    for x1, y1, x2, y2 in hatched(cut):
        middle = ((x1 + x2) / 2, (y1 + y2) / 2)
        if math.dist((x1, y1), (x2, y2)) > 0.1:
            assert is_inside(cut, *middle)


def test_the_drawing_is_whole_without_anything_from_outside_and_words_are_no_markup() -> None:
    frame = Frame.around([TAGAJO])
    marks = [
        Mark(Shape.HOUSE, *TAGAJO, label="行き先"),
        *(Mark(shape, TAGAJO[0] + 0.001, TAGAJO[1] - 0.001, label="<b>&", letter="P") for shape in Shape),
    ]
    drawn = draw(
        frame,
        marks,
        [Area("川ぞい<i>", [[38.293, 141.0], [38.295, 141.0], [38.295, 141.01], [38.293, 141.01]])],
    )
    tree = ElementTree.fromstring(drawn)  # noqa: S314  our own drawing
    said = "".join(tree.itertext())
    assert all(words in said for words in ("行き先", "<b>&", "川ぞい<i>", "北", "200 m"))
    assert not re.search(r"href|style=|<script|<image", drawn)
    assert set(re.findall(r'(?:fill|stroke)="(#\w+)"', drawn)) <= {
        "#fff",
        "#000",
        "#666",
        "#999",
    }  # black and white


def test_names_of_towns_do_not_lie_on_each_other() -> None:
    frame = Frame.around([TAGAJO])
    crowd = [Mark(Shape.TOWN, TAGAJO[0] + n * 0.00005, TAGAJO[1], label=f"町前{n}丁目") for n in range(40)]
    drawn = draw(frame, crowd)
    named = re.findall(r'y="([\d.]+)" font-size="3.7" text-anchor="start" fill="#000"', drawn)
    assert 3 < len(named) < 40


# ── what stands on it ──────────────────────────────────────────────────────────────────────────
def drawn(operation: Operation, *needs: Need) -> str:
    made = map_of([need.household for need in needs], around(operation))
    assert made is not None
    return made.svg


def note(operation: Operation, kind: NoteKind, text: str, lat: float, lng: float) -> None:
    maps.add_note(operation, kind=kind, text=text, lat=lat, lng=lng, by=SYSTEM, at=make.MORNING)


@pytest.mark.django_db
def test_the_map_has_the_house_the_center_towns_notes_zones_and_where_to_flee() -> None:
    operation = make.operation()
    Town.objects.create(center=operation.center, name="町前一丁目", lat=38.2945, lng=141.0075)
    need = make.need(operation, lat=38.2902, lng=141.0128)
    note(operation, NoteKind.EVACUATION, "川のそばの集会所", 38.2901, 141.0120)
    note(operation, NoteKind.EVACUATION, "桜木の高台", 38.2860, 141.0125)
    note(operation, NoteKind.DUMP_SITE, "総合公園", 38.2890, 141.0090)
    note(operation, NoteKind.CLOSED_ROAD, "八幡橋は落ちている", 38.2918, 141.0080)
    note(operation, NoteKind.OTHER, "遠い町のメモ", 38.4, 141.2)
    river = [[38.2915, 141.006], [38.2925, 141.014], [38.2880, 141.0160], [38.287, 141.007]]
    safety.add_zone(operation, name="砂押川ぞい", points=river, by=SYSTEM, at=make.MORNING)
    here = around(operation)
    made = map_of([need.household], here)
    assert made is not None
    for words in ("行き先", "センター", "町前一丁目", "桜木の高台", "砂押川ぞい"):
        assert f">{words}<" in made.svg, words
    # The nearest place is in the river's zone itself: nobody is sent there.
    assert here.shelter(need.household) == "桜木の高台（お宅から南へ約500 m）"
    assert "川のそばの集会所" not in made.svg
    # The closed road comes first, what is out of the picture not at all.
    assert [(one.number, one.kind) for one in made.notes] == [(1, "通行止め"), (2, "仮置場")]
    assert made.zones == ["砂押川ぞい"]
    assert (made.places[0].way, made.places[0].rough) == ("南東へ約800 m", False)


@pytest.mark.django_db
def test_an_order_tells_of_the_zone_and_the_shelter_and_has_one_page_more_for_the_map() -> None:
    operation = make.operation()
    need = make.need(operation, lat=38.2902, lng=141.0128)
    note(operation, NoteKind.EVACUATION, "桜木の高台", 38.2860, 141.0125)
    river = [[38.2915, 141.006], [38.2925, 141.014], [38.2880, 141.0160], [38.287, 141.007]]
    safety.add_zone(operation, name="砂押川ぞい", points=river, by=SYSTEM, at=make.MORNING)
    dispatch = scene.assigned(operation, need=need)
    client = signed_in(make.user(operation.center, Role.TRANSPORT))
    text = client.get(reverse("work_order", args=[operation.pk, dispatch.pk])).content.decode()
    for words in (
        "1／2ページ",
        "2／2ページ",
        "危険な区域の中です（砂押川ぞい）",
        "避難する場所：<b>桜木の高台",
        'class="drawn-map"',
    ):
        assert words in text, words
    assert text.count("活動した人数") == 1


@pytest.mark.django_db
def test_a_house_nobody_can_place_has_no_map_and_one_known_by_its_town_says_so() -> None:
    operation = make.operation()
    lost, rough = make.need(operation), make.need(operation)
    assert lost.household
    assert rough.household
    type(lost.household).objects.filter(pk=lost.household.pk).update(precision=Precision.NONE)
    type(rough.household).objects.filter(pk=rough.household.pk).update(precision=Precision.TOWN)
    for one in (lost, rough):
        one.household.refresh_from_db()  # type: ignore[union-attr]
    here = around(operation)
    assert map_of([lost.household, None], here) is None
    both = map_of([lost.household, rough.household], here)
    assert both is not None
    assert [(place.number, place.rough) for place in both.places] == [(2, True)]
    assert both.rough
    order = sheets.order(
        scene.assigned(operation, need=lost), base_url="https://center.example.jp", at=scene.TEN
    )
    assert (order.pages, order.drawn) == (1, None)


@pytest.mark.django_db
def test_what_was_taken_off_the_map_is_off_the_next_order() -> None:
    operation = make.operation()
    need = make.need(operation, lat=38.298, lng=141.004)
    note(operation, NoteKind.CLOSED_ROAD, "橋", 38.2950, 141.0050)
    zone = safety.add_zone(
        operation,
        name="川ぞい",
        points=[[38.29, 141.0], [38.3, 141.0], [38.3, 141.01]],
        by=SYSTEM,
        at=make.MORNING,
    )
    made = map_of([need.household], around(operation))
    assert made is not None
    assert (len(made.notes), made.zones) == (1, ["川ぞい"])
    safety.remove_zone(zone, by=SYSTEM, at=make.MORNING)
    maps.remove_note(operation.map_notes.get(), reason="通れる", by=SYSTEM, at=make.MORNING)
    made = map_of([need.household], around(operation))
    assert made is not None
    assert (made.notes, made.zones) == ([], [])


# ── all orders of a morning ────────────────────────────────────────────────────────────────────
def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def morning(teams: int) -> tuple[Operation, list[Dispatch]]:
    operation, now = make.operation(), timezone.now()
    made = []
    for number in range(teams):
        people = [make.volunteer(operation.center, name, "花") for name in ("髙﨑", "𠮷田")]
        crew = [scene.present(operation, person, at=now - timedelta(hours=1)) for person in people]
        made.append(
            services.assign(scene.team(operation, *crew, at=now), make.need(operation), by=SYSTEM, at=now)
        )
        assert made[-1].team.number == number + 1
    return operation, made


@pytest.mark.django_db
@pytest.mark.database
def test_all_orders_of_a_morning_are_printed_as_one_pdf_and_counted_once() -> None:
    operation, made = morning(3)
    client = signed_in(make.user(operation.center, Role.TRANSPORT))
    page = reverse("work_orders", args=[operation.pk])
    text = client.get(page).content.decode()
    assert "3班分（片面なら紙 6枚）" in text
    before = Look.objects.filter(subject_type="dispatch.dispatch", why="依頼書のPDF").count()
    sent = {"order": [dispatch.pk for dispatch in made[:2]]}
    answer = client.post(reverse("work_orders_pdf", args=[operation.pk]), sent)
    assert scene.pages_of(answer.content) == 4
    assert list(Dispatch.objects.order_by("pk").values_list("sheets_printed", flat=True)) == [2, 2, 0]
    assert Look.objects.filter(subject_type="dispatch.dispatch", why="依頼書のPDF").count() == before + 2
    # What is printed is not offered again, unless all are asked for; one that has left is not printed late.
    text = client.get(page).content.decode()
    assert "1班分（片面なら紙 2枚）" in text
    assert "3班分（片面なら紙 6枚）" in client.get(f"{page}?all=1").content.decode()
    services.depart(made[2], checks=scene.ALL, by=SYSTEM, at=timezone.now())
    assert "印刷していない依頼書はありません。" in client.get(page).content.decode()
    entries = Entry.objects.filter(action="dispatch.sheet_printed").count()
    gone = client.post(reverse("work_orders_count", args=[operation.pk]), {"order": [made[2].pk, "x", ""]})
    assert gone.status_code == 302
    assert Entry.objects.filter(action="dispatch.sheet_printed").count() == entries


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.database
def test_paper_printed_on_both_sides_is_counted_out_once_and_no_order_begins_on_the_back_of_another() -> None:
    operation, made = morning(3)
    Household.objects.filter(needs=made[0].need_id).update(lat=None, lng=None)  # nothing to draw: one page
    client = signed_in(make.user(operation.center, Role.TRANSPORT))
    page = reverse("work_orders", args=[operation.pk])
    assert "紙 3枚になります" in client.get(page).content.decode()
    named = {"order": [dispatch.pk for dispatch in made]}
    assert scene.pages_of(client.post(reverse("work_orders_pdf", args=[operation.pk]), named).content) == 5
    both = client.post(reverse("work_orders_pdf", args=[operation.pk]), {**named, "both_sides": "yes"})
    assert scene.pages_of(both.content) == 6  # the back of the first stays white
    assert list(Dispatch.objects.order_by("pk").values_list("sheets_printed", flat=True)) == [2, 3, 3]
    assert (
        "紙 1枚になります"
        in client.get(reverse("work_order", args=[operation.pk, made[1].pk])).content.decode()
    )
    client.post(reverse("work_order_count", args=[operation.pk, made[1].pk]), {"both_sides": "yes"})
    client.post(reverse("work_order_pdf", args=[operation.pk, made[1].pk]), {"both_sides": "yes"})
    assert Dispatch.objects.get(pk=made[1].pk).sheets_out == 5


@pytest.mark.django_db
def test_orders_of_another_center_are_neither_shown_nor_counted() -> None:
    operation, _ = morning(1)
    other, theirs = morning(1)
    client = signed_in(make.user(operation.center, Role.TRANSPORT))
    client.post(reverse("work_orders_count", args=[operation.pk]), {"order": theirs[0].pk})
    assert Dispatch.objects.get(pk=theirs[0].pk).sheets_printed == 0
    assert client.get(reverse("work_orders", args=[other.pk])).status_code == 404
    colleague = signed_in(make.user(operation.center, Role.NEEDS_DESK))
    assert colleague.get(reverse("work_orders", args=[operation.pk])).status_code == 403


@pytest.mark.django_db
@pytest.mark.once
@pytest.mark.parametrize("houses", [1, 2, 3])
def test_the_fullest_order_still_fits_its_pages(houses: int) -> None:
    """A page more would not be counted, and nobody would miss it in the evening."""
    operation = make.operation()
    for number, kind in enumerate(list(NoteKind) * 2):
        note(
            operation,
            kind,
            "北の橋を通り、集会所の前を右に曲がってください。" * 3,
            38.292 + number / 4000,
            141.008,
        )
    for name in ("砂押川ぞい", "海岸ぞい"):
        corners = [[38.28, 140.99], [38.31, 140.99], [38.31, 141.02], [38.28, 141.02]]
        safety.add_zone(operation, name=name, points=corners[:-1], by=SYSTEM, at=make.MORNING)
    for name in ("総合公園", "中央公園"):
        trips.keep_dump_site(
            operation,
            name=name,
            address="高橋5丁目1-1",
            hours="8:30～16:00",
            takes="泥・畳・家具",
            closed=False,
            by=SYSTEM,
            at=make.MORNING,
        )
    crew = [scene.present(operation, make.volunteer(operation.center, "長谷川", "恵一郎")) for _ in range(20)]
    needs = []
    for _ in range(houses):
        need = make.need(operation, detail="床下、6畳2間。押し入れの中も。", tools={"shovel": 3, "cart": 1})
        need.hazards, need.hazards_cleared, need.hazards_cleared_note = (
            ["nails", "gas"],
            True,
            "ガス会社が元栓を閉めた",
        )
        need.parking, need.attendance, need.lifelines = (
            "裏の空き地に2台まで",
            "長女が午後から立ち会う",
            ["water", "toilet"],
        )
        need.save()
        assert need.household is not None
        type(need.household).objects.filter(pk=need.household.pk).update(
            landmark="青い屋根の角を曲がる", precision=Precision.TOWN
        )
        needs.append(need)
    first, *then = needs
    start = services.assign(scene.team(operation, *crew), first, then=then, by=SYSTEM, at=make.at(9, 30))
    order = sheets.order(
        Dispatch.objects.get(pk=start.pk), base_url="https://center.example.jp", at=make.at(9, 40)
    )
    written = sheets.pdf([order])
    if folder := os.environ.get("TEST_RESULTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"order-full-{houses}.pdf").write_bytes(written)
    assert scene.pages_of(written) == order.pages == (2 if houses == 1 else 3)
