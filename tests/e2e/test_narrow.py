"""What a crowded day puts on a phone and on the wall: numbers of four figures, names of forty letters."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser

from tests.e2e.conftest import PHONE, WALL, Visitor
from tests.e2e.reception import fresh_link, set_up
from tests.infra.center import RunningCenter

# Whether a number of four figures with its unit is on one line and inside of its tile.
_TILE = """number => {
    const one = number.getBoundingClientRect().height;
    number.firstChild.textContent = "1200";
    return [number.getBoundingClientRect().height - one, number.scrollWidth <= number.clientWidth];
}"""
# Whether a number of three figures, and the smaller one of four, stay inside of their tile with the unit.
_WALL_TILE = """number => ["900", "1200"].map(figures => {
    number.classList.toggle("wall-tile__number--long", figures.length > 3);
    number.firstChild.textContent = figures;
    return number.scrollWidth <= number.clientWidth;
})"""
# The list of teams as the tablet draws it (field/tools.ts), one of them with a long name: does it scroll sideways?
_TEAMS = """list => {
    for (let part = list; part; part = part.parentElement) part.hidden = false;
    for (const name of ["佐藤 花子", "アレクサンドラ・マリアデロスアンヘレス・フェルナンデスゴンサレス イサベル"]) {
        const team = document.createElement("button");
        team.className = "button t-team";
        const number = document.createElement("b"), has = document.createElement("span");
        number.textContent = "3001班";
        has.className = "t-team__has";
        has.textContent = "貸出中 5";
        team.append(number, ` ${name}さん`, has);
        list.append(team);
    }
    const box = list.parentElement;
    return [box.scrollWidth - box.clientWidth, list.children.length];
}"""


def test_large_numbers_and_long_names_fit_a_phone(
    running: RunningCenter, launch: Callable[..., Browser]
) -> None:
    desk = set_up(running, [])
    visitor = Visitor(launch(), running, PHONE)
    visitor.sign_in(fresh_link(running, desk))
    visitor.page.goto(f"/o/{desk.operation}/board/")
    tile = visitor.page.locator(".tile__number").first
    assert tile.evaluate(_TILE) == [0, True]
    visitor.page.goto(f"/o/{desk.operation}/loans/tablet/")
    assert visitor.page.locator("[data-teams]").evaluate(_TEAMS) == [0, 2]


def test_large_numbers_fit_the_wall(running: RunningCenter, launch: Callable[..., Browser]) -> None:
    desk = set_up(running, [])
    visitor = Visitor(launch(), running, WALL)
    visitor.sign_in(fresh_link(running, desk))
    visitor.page.goto(f"/o/{desk.operation}/board/wall/")
    assert visitor.page.locator(".wall-tile__number").first.evaluate(_WALL_TILE) == [True, True]
