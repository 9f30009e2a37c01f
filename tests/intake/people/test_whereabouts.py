"""What two places as they were told say of each other."""

from __future__ import annotations

import pytest

from intake.people.whereabouts import Where, spot, where


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("高崎2丁目14番7号", "宮城県多賀城市高崎２－１４－７", Where.HOUSE),
        ("高崎三丁目14-7", "高崎さんちょうめ じゅうよんの なな", Where.HOUSE),
        ("塩竈市玉川3-12-5", "塩釜市玉川3丁目12番5号", Where.HOUSE),
        ("高崎2-14-7", "高崎2-14-7 佐藤方", Where.HOUSE),
        ("高崎2-14-7", "高崎2丁目14番", Where.BEGINS),
        ("高崎2-14-7 コーポ桜101", "高崎2-14-7-101", Where.DOOR),
        ("高崎2-14-7 コーポ桜101", "高崎2-14-7 コーポ桜 3階", Where.BUILDING),
        ("高崎2-14-7 コーポ桜101", "高崎2-14-7 コーポ桜203", Where.OTHER_DOOR),
        ("高崎2-14-7 コーポ桜302", "高崎2-14-7 コーポ桜303", Where.SLIP_DOOR),
        ("高崎2-14-7 県営住宅3号棟204", "高崎2-14-7 県営住宅 3-204", Where.DOOR),
        ("高崎2-14-7 県営住宅3号棟204", "高崎2-14-7 県営住宅4号棟204", Where.OTHER_BLOCK),
        ("高崎2-14-7", "高崎2-14-8の隣", Where.BESIDE),
        ("高崎2-14-7", "高崎2-14-9", Where.NEXT),
        ("高崎2-14-7", "高崎2-14-1", Where.EAR),
        ("高崎2-14-7", "高崎2-41-7", Where.EAR),
        ("高崎2-3-15", "高崎2-15-3", Where.TURNED),
        ("高崎2-3-15", "高崎3-2-15", Where.OTHER_CHOME),
        ("高崎2-3-15", "高崎3-3-15", Where.CHOME_SLIP),
        ("高崎2-3-15", "高崎3-15", Where.NO_CHOME),
        ("高崎2-3-15", "高崎2-315", Where.STROKE),
        ("下馬2-3-15", "下場2-3-15", Where.ALIKE),
        ("高崎2-3-15", "高崎2丁目 郵便局の裏", Where.TOWN),
        ("高崎2-3-15", "高崎", Where.MAYBE_TOWN),
        ("高崎2-3-15", "高崎2-30-9", Where.OTHER_HOUSE),
        ("高崎2-3-15", "大代1-8-9", Where.OTHER_TOWN),
        ("多賀城市栄2-3-15", "仙台市宮城野区栄2-3-15", Where.OTHER_CITY),
        ("高崎2-3-15", "仙台市宮城野区福室3-4-5 コーポ桜201（娘宅）", Where.AWAY),
        ("高崎2-3-15", "", Where.UNKNOWN),
    ],
)  # fmt: skip
def test_two_places(one: str, other: str, expected: Where) -> None:
    a, b = (spot("", address, "多賀城市") for address in (one, other))
    assert where(a, b) == expected
    assert where(b, a) == expected
