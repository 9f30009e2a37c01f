"""What two names as they were typed say of each other."""

from __future__ import annotations

import pytest

from intake.people.naming import Who, human, who


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("佐藤 花", ""), ("佐藤花", ""), Who.NAME),
        (("本田 礼子", "ほんだ れいこ"), ("本多 令子", "ホンダレイコ"), Who.READING),
        (("佐藤 花", "さとう はな"), ("SATO HANA", ""), Who.NEAR),
        (("佐藤 花", ""), ("花 佐藤", ""), Who.TURNED),
        (("グルン ビカス", "ぐるん びかす"), ("ビカス・グルング", "びかす ぐるんぐ"), Who.TURNED),
        (("我妻 ツネ", "わがつま つね"), ("我妻 ツネ子", "わがつま つねこ"), Who.NEAR),
        (("菅野 静子", "かんの しずこ"), ("", "かんの しすこ"), Who.NEAR),
        (("グエン ヴァン アン", ""), ("グエン・アン", ""), Who.NEAR),
        (("菅野 静子", "かんの しずこ"), ("菅野さん宅", ""), Who.FAMILY),
        (("菅野 静子", "かんの しずこ"), ("菅野さんのおばあちゃん", ""), Who.FAMILY),
        (("菅野 静子", "かんの しずこ"), ("かどやの菅野", ""), Who.FAMILY),
        (("菅野 静子", "かんの しずこ"), ("元菅野さん宅（空き家）", ""), Who.FAMILY),
        (("金 英淑", "きん えいしゅく"), ("キム ヨンスク", "きむ よんすく"), Who.FAINT),
        (("菅野 静枝", ""), ("菅野 キミ", ""), Who.UNREAD),
        (("菅野 とし江", ""), ("菅野 キミ", ""), Who.KIN),
        (("高橋 進", "たかはし すすむ"), ("高橋 恵", "たかはし めぐみ"), Who.KIN),
        (("五十嵐 信夫", ""), ("五十嵐孝", ""), Who.KIN),
        (("菅野 悦子", "かんの えつこ"), ("星野 悦子", "ほしの えつこ"), Who.GIVEN),
        (("菅野 静子", "かんの しずこ"), ("母", ""), Who.UNKNOWN),
        (("菅野 静子", "かんの しずこ"), ("若生様", ""), Who.ONE_WORD),
        (("佐久間 智之", "さくまともゆき"), ("畠山（名前不明）", ""), Who.ONE_WORD),
        (("菅野 静子", "かんの しずこ"), ("若生 勲", "わこう いさお"), Who.OTHER),
    ],
)  # fmt: skip
def test_two_names(one: tuple[str, str], other: tuple[str, str], expected: Who) -> None:
    assert who(human(*one), human(*other)) == expected
    assert who(human(*other), human(*one)) == expected


@pytest.mark.parametrize(
    ("typed", "office"),
    [("民生委員 佐伯", True), ("大家の大沼さん", True), ("佐伯（ケアマネ）", True), ("佐伯 恵", False), ("佐伯 恵（長女）", False)],
)  # fmt: skip
def test_who_calls_because_of_an_office(typed: str, office: bool) -> None:
    assert human(typed).office == office


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("022-012-3456(自宅)090-0123-4567（携帯）", {"0220123456", "09001234567"}),
        ("①022-012-3456②090-0123-4567", {"0220123456", "09001234567"}),
        ("〇九〇ー〇一一一ー二二三三", {"09001112233"}),
        ("０２２－０１２－３４５６（内線12）", {"0220123456"}),
        ("022-012-34（途中で切れた）", {"02201234"}),
        ("000-0000-0000", set()),
        ("なし", set()),
    ],
)  # fmt: skip
def test_the_numbers_of_a_field(typed: str, numbers: set[str]) -> None:
    assert human(phone=typed).phones == numbers
