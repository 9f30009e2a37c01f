"""Names, readings, telephone numbers and dates as people really write them."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc.core.japanese import (
    era_date,
    family_first_letter,
    format_phone,
    how_long,
    is_phone,
    kana_key,
    normalise_text,
    parse_date_ja,
    parse_time_ja,
    phone_digits,
    phone_key,
    phone_numbers,
    said_hours,
    search_key,
    split_name,
    to_hiragana,
)

NFD_GA = "か\u3099"
IVS_KATSU = "葛\U000e0100"


@pytest.mark.parametrize(
    "name",
    ["髙橋", "山﨑", "𠮷田", "神谷\ufa19", "塚\ufa10", IVS_KATSU + "西", "Ｍａｒｙ", "👩‍👩‍👧 花", "नेपाल"],
)
def test_a_name_is_stored_as_it_was_typed(name: str) -> None:
    assert normalise_text(name) == name


def test_only_the_edges_and_runs_of_white_space_change() -> None:
    assert normalise_text(" \u3000髙橋\u3000\t 花子\ufeff\n") == "髙橋 花子"
    assert normalise_text(NFD_GA) == "が"
    assert normalise_text("\ufa19" + NFD_GA) == "\ufa19が"


def test_line_ends_are_kept_where_they_are_wanted() -> None:
    assert normalise_text("一行目 \r\n\r\n 二行目\r\n", multiline=True) == "一行目\n\n二行目"
    assert normalise_text("一行目\n二行目") == "一行目 二行目"


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "a\ud800b", "a\u202eb", "a\u2066b", "a" * 10_001])
def test_text_that_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"text (holds U\+|is too long)"):
        normalise_text(text)


@given(st.text(max_size=200))
def test_what_was_stored_once_is_stored_the_same_again(text: str) -> None:
    try:
        stored = normalise_text(text)
    except ValueError:
        return
    assert normalise_text(stored) == stored
    stored.encode()


@given(st.text(max_size=200))
def test_keys_are_made_of_any_text_and_are_stable(text: str) -> None:
    assert search_key(search_key(text)) == search_key(text)
    assert kana_key(kana_key(text)) == kana_key(text)
    assert phone_digits(phone_digits(text)) == phone_digits(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙橋", "高橋"),
        ("山﨑", "山崎"),
        ("山嵜", "山崎"),
        ("𠮷野家", "吉野家"),
        ("齋藤", "斉藤"),
        ("齊藤", "斎藤"),
        ("渡邊", "渡邉"),
        ("渡邉", "渡辺"),
        ("澤田", "沢田"),
        ("廣瀨", "広瀬"),
        ("濵田", "濱田"),
        ("濱田", "浜田"),
        ("佐々木", "佐佐木"),
        ("茅ヶ崎", "茅ケ崎"),
        (IVS_KATSU + "西", "葛西"),
        ("神\ufa19", "神神"),
        ("ｻﾄｳ ﾊﾅｺ", "さとうはなこ"),
        ("サーラ・デ・ラ・クルス", "さら で ら くるす"),
        ("ヴァネッサ", "バネッサ"),
        ("シヨウコ", "しょうこ"),
        ("かづこ", "かずこ"),
        ("みすゞ", "みすず"),
        (NFD_GA + "くと", "がくと"),
        ("ＭＡＲＹ－ＡＮＮ Ｏ’Ｎｅｉｌ", "Mary Ann ONeil"),
        ("Nguyễn Thị Đào", "nguyen thi dao"),
        ("José", "Jose\u0301"),
    ],
)
def test_two_spellings_of_one_name_meet(one: str, other: str) -> None:
    assert search_key(one) == search_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("たかた", "たかだ"), ("田中", "中田"), ("नेपाल", "नपल"), ("太田", "大田")]
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert search_key(one) != search_key(other)


def test_a_text_of_signs_has_no_key() -> None:
    assert search_key("・ー－ 、。") == ""


def test_a_reading_becomes_hiragana() -> None:
    assert to_hiragana("ｻﾄｳ　ハナコ ") == "さとう はなこ"
    assert to_hiragana("サーラ") == "さーら"


def test_the_reading_key_folds_what_forms_mix_up_and_keeps_the_rest() -> None:
    assert kana_key("サトウ　ハナコ") == "さとうはなこ"
    assert kana_key("シヨウコ") == kana_key("しょうこ")
    assert kana_key("たかた") != kana_key("たかだ")
    assert sorted(["わだ", "いとう", "アベ", "ｽｽﾞｷ"], key=kana_key) == ["アベ", "いとう", "ｽｽﾞｷ", "わだ"]


@pytest.mark.parametrize(
    ("typed", "digits", "shown"),
    [
        ("０９０ー００００−００１２", "09000000012", "090-0000-0012"),
        ("090 0000 0012", "09000000012", "090-0000-0012"),
        ("+81 90-0000-0012", "09000000012", "090-0000-0012"),
        ("＋８１（０）９０-0000-0012", "09000000012", "090-0000-0012"),
        ("0081 90 0000 0012", "09000000012", "090-0000-0012"),
        ("(022)368-0000", "0223680000", "022-368-0000"),
        ("022-368-0000 内線12", "0223680000", "022-368-0000"),
        ("+1 (202) 555-0123", "+12025550123", "+1 202-555-0123"),
    ],
)
def test_a_telephone_number_is_read_in_any_dress(typed: str, digits: str, shown: str) -> None:
    assert phone_digits(typed) == digits
    assert format_phone(typed) == shown
    assert is_phone(typed)


@pytest.mark.parametrize("typed", ["", "なし", "119", "12345678901", "0" * 40, "+" + "9" * 30])
def test_what_is_no_number_is_shown_as_typed(typed: str) -> None:
    assert not is_phone(typed)
    assert format_phone(typed) == typed


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2026, 11, 23), "令和8年11月23日（2026年）"),
        (date(2019, 5, 1), "令和元年5月1日（2019年）"),
        (date(2019, 4, 30), "平成31年4月30日（2019年）"),
        (date(1989, 1, 8), "平成元年1月8日（1989年）"),
        (date(1989, 1, 7), "昭和64年1月7日（1989年）"),
        (date(1926, 12, 25), "昭和元年12月25日（1926年）"),
        (date(1912, 7, 29), "明治45年7月29日（1912年）"),
        (date(1850, 3, 4), "1850年3月4日"),
    ],
)
def test_a_printed_date_shows_both_calendars(day: date, shown: str) -> None:
    assert era_date(day) == shown


@pytest.mark.parametrize(
    "text",
    [
        "1961-5-4",
        "1961/05/04",
        "1961.5.4",
        "19610504",
        "１９６１年５月４日",
        "S36.5.4",
        "s36-05-04",
        "昭和36年5月4日",
        "昭和３６年５月４日生まれ",
        " 昭和 36 年 5 月 4 日 ",
        "㍼36年5月4日",
        "1961ー5ー4",
    ],
)
def test_one_birthday_is_read_however_it_is_written(text: str) -> None:
    assert parse_date_ja(text) == date(1961, 5, 4)


def test_the_first_and_the_last_year_of_an_era_are_read() -> None:
    assert parse_date_ja("令和元年5月1日") == date(2019, 5, 1)
    assert parse_date_ja("平成31年5月1日") == date(2019, 5, 1)
    assert parse_date_ja("昭和64年1月7日") == date(1989, 1, 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "不明",
        "61-5-4",
        "1961-2-30",
        "1961-13-1",
        "昭和70年1月1日",
        "昭和0年1月1日",
        "元年1月1日",
        "S36",
        "1" * 9,
        "9" * 100_000,
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a date|no year|four digits|range|must be in"):
        parse_date_ja(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_dates(text: str) -> None:
    try:
        day = parse_date_ja(text)
    except ValueError:
        return
    assert 1 <= day.year <= 9999


@given(st.dates(date(1868, 1, 25), date(2100, 1, 1)))
def test_a_printed_date_is_read_back(day: date) -> None:
    assert parse_date_ja(era_date(day).partition("（")[0]) == day


def test_the_door_shows_the_family_name_and_one_letter() -> None:
    assert family_first_letter("佐藤", "花") == "佐藤 花"
    assert family_first_letter("さとう", "はな") == "さとう は…"
    assert family_first_letter("𠮷田", "𠮷子") == "𠮷田 𠮷…"
    assert family_first_letter("葛西", IVS_KATSU + "子") == f"葛西 {IVS_KATSU}…"
    assert family_first_letter("Madonna", "") == "Madonna"
    assert family_first_letter("", "Li") == "L…"


@pytest.mark.parametrize("text", ["9:05", "09:05", "905", "9.05", "9時5分", "９：０５", "９時０５分"])
def test_a_time_is_read_as_people_write_it(text: str) -> None:
    assert parse_time_ja(text) == time(9, 5)


def test_a_stretch_of_time_is_said_in_hours() -> None:
    assert [how_long(minutes) for minutes in (0, 45, 60, 150, 180)] == [
        "0分",
        "45分",
        "1時間",
        "2時間30分",
        "3時間",
    ]


def test_hours_that_keep_nobody_are_not_said() -> None:
    nine, half_past_three, midnight, last = time(9, 0), time(15, 30), time(0, 0), time(23, 59)
    assert said_hours(nine, half_past_three) == "9:00～15:30"
    assert {said_hours(begin, half_past_three) for begin in (midnight, None)} == {"15:30まで"}
    assert {said_hours(nine, end) for end in (last, None)} == {"9:00から"}
    assert {said_hours(midnight, last), said_hours(None, None)} == {"いつでも"}


@pytest.mark.parametrize("text", ["", "25:00", "9:60", "9:5:5", "朝", "\x00", "9" * 5000, "9:05𠮷"])
def test_what_no_clock_shows_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|hour|minute"):
        parse_time_ja(text)


@pytest.mark.parametrize(
    ("text", "family", "given_name"),
    [
        ("高橋 キヨ", "高橋", "キヨ"),
        ("高橋　キヨ 様", "高橋", "キヨ"),
        ("高橋さん", "高橋", ""),
        ("高橋キヨ（妻）", "高橋キヨ", ""),
        ("グエン・ヴァン・アン", "グエン", "ヴァン アン"),
        ("鵜殿", "鵜殿", ""),
        ("", "", ""),
    ],
)
def test_a_name_is_parted_without_honorifics(text: str, family: str, given_name: str) -> None:
    assert split_name(text) == (family, given_name)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("9000000012", "09000000012"),
        ("223686300", "0223686300"),
        ("022-368-6300", "0223686300"),
        ("+81 90 0000 0012", "09000000012"),
        ("3686300", "3686300"),
        ("", ""),
    ],
)
def test_the_zero_that_a_spreadsheet_takes_comes_back(text: str, key: str) -> None:
    assert phone_key(text) == key


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("022-000-0001", ["022-000-0001"]), ("022 368 0043", ["022 368 0043"]), ("090 0000 0001", ["090 0000 0001"]),
        ("022-000-0001 / 090-0000-0002", ["022-000-0001", "090-0000-0002"]),
        ("０２２－０００－０００１、０９０－００００－０００２", ["022-000-0001", "090-0000-0002"]),
        ("022-000-0001 090-0000-0002", ["022-000-0001", "090-0000-0002"]),
        ("022 000 0001 090 0000 0002", ["022 000 0001", "090 0000 0002"]),
        ("022-000-0001または090-0000-0002", ["022-000-0001", "090-0000-0002"]),
        ("0220000001（内線12）", ["0220000001(内線12)"]), ("+81 22 000 0001", ["+81 22 000 0001"]), ("なし", ["なし"]), ("", []), (" 、 ", []),
    ],
)  # fmt: skip
def test_a_field_may_hold_several_numbers(text: str, numbers: list[str]) -> None:
    assert phone_numbers(text) == numbers
