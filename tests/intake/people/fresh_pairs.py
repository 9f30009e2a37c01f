"""Three more sets of labelled pairs, invented and seeded, whose mistakes were thought of before any of them was compared.

Other names, towns, seeds and ways to go wrong than in `pairs`. The same hand wrote them that changes the rule, so they are
new, not independent; some kinds are here because no rule can tell them (the son gives his own address) or because a rule
is likely to be wrong about them (a borrowed telephone).

`fourth`: recall 0.788 at precision 0.919 with the rule of before, 0.874 at 1.000 with the rule that was changed before the
first look. Its misses were looked at: names of three words, and towns without 丁目. So it is not untouched any more.
`fifth`, written after that: 0.917 at 0.973 at the first look; what was missed, a stroke lost in the address, is looked for
since, so it is not untouched either.
`as_they_come` was written after that. It is not made of one mistake at a time: each of two calls is drawn by itself, with
the mistakes and gaps of a desk at rates that were guessed and fixed before the first look; some say so little that nobody
could tell. First look: 0.915 at 0.958, and 0.983 shown to the desk in some line. Its misses were looked at, and `LIKELY`
moved from 5.5 to 4.0; since then only other draws of it (another seed) are untouched.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final
from unicodedata import normalize

from tests.intake.people.pairs import (
    DIGITS,
    KANA,
    Family,
    House,
    Maker,
    Pair,
    Person,
    Told,
    World,
    another,
    kanji,
    next_door,
    pairs_of,
)

FAMILIES: Final = [
    ("須藤", "すどう"), ("伊藤", "いとう"), ("江藤", "えとう"), ("清水", "しみず"), ("土屋", "つちや"), ("堀江", "ほりえ"),
    ("猪股", "いのまた"), ("残間", "ざんま"), ("櫻田", "さくらだ"), ("蜂谷", "はちや"), ("跡部", "あとべ"), ("寺島", "てらしま"),
    ("佐藤", "さとう"), ("佐藤", "さとう"), ("阿部", "あべ"), ("千葉", "ちば"), ("角田", "かくた"), ("引地", "ひきち"),
    ("内海", "うつみ"), ("津田", "つだ"), ("西村", "にしむら"), ("石垣", "いしがき"), ("牧野", "まきの"), ("堺", "さかい"),
]  # fmt: skip
OLD: Final = [
    ("幸子", "さちこ"), ("裕子", "ゆうこ"), ("文子", "ふみこ"), ("チヨ", "ちよ"), ("スエ", "すえ"), ("きみ子", "きみこ"),
    ("信夫", "のぶお"), ("喜一", "きいち"), ("寿", "ひさし"), ("静江", "しずえ"), ("睦子", "むつこ"), ("巌", "いわお"),
    ("弘", "ひろし"), ("イネ", "いね"), ("政子", "まさこ"), ("忠", "ただし"),
]  # fmt: skip
YOUNG: Final = [
    ("学", "まなぶ"), ("達也", "たつや"), ("修平", "しゅうへい"), ("和也", "かずや"), ("大地", "だいち"), ("淳", "じゅん"),
    ("美咲", "みさき"), ("奈緒", "なお"), ("綾子", "あやこ"), ("里美", "さとみ"), ("優子", "ゆうこ"), ("瞳", "ひとみ"),
]  # fmt: skip
OTHER_READING: Final = {
    "幸子": "ゆきこ", "裕子": "ひろこ", "文子": "あやこ", "寿": "ひさ", "巌": "いわを", "弘": "ひろむ", "忠": "ちゅう", "信夫": "しのぶ",
    "睦子": "ちかこ", "政子": "せいこ",
}  # fmt: skip
CHOME: Final = ["笠神", "下馬", "城南", "大代", "桜木", "留ケ谷"]
PLAIN: Final = ["浮島", "南宮", "新田", "八幡沖", "山王西町浦"]
BUILDINGS: Final = ["ニュー城南", "県営住宅5号棟", "サンハイツ下馬", "ひまわり荘", "第三コーポ笠神"]
_NORTHERN: Final = str.maketrans("いすつじえ", "えしちずい")


def _mobile_or_same(w: World, mother: Person, mobile: str) -> Person:
    return replace(mother, phone=mobile if w.dice.random() < 0.5 else mother.phone)


def _the_local_number_alone(w: World) -> tuple[Told, Told]:
    """Whoever lives here does not say 022."""
    f = w.family()
    local = f.landline.partition("-")[2]
    return w.told(f), Told(
        (Person(f.name[0], f.name[1], w.dice.choice([local, local.replace("-", "")])),), f.house.town
    )


def _son_and_daughter_for_her(w: World) -> tuple[Told, Told]:
    f, name = w.family(), w.dice.choice(w.families)
    mother = replace(f.member(0), phone="")
    daughter = Person(f"{name[0]} {f.given[2][0]}", f"{name[1]} {f.given[2][1]}", f.mobiles[2])
    return w.told(f, f.member(1), mother), w.told(f, daughter, mother, town_only=w.dice.random() < 0.5)


def _as_it_is_said_in_the_north(w: World) -> tuple[Told, Told]:
    f = w.family()
    mother = f.member(0)
    heard = _mobile_or_same(w, replace(mother, kana=mother.kana.translate(_NORTHERN)), f.mobiles[0])
    return w.told(f), w.told(f, replace(heard, name=""), town_only=w.dice.random() < 0.5)


def _the_other_reading(w: World) -> tuple[Told, Told]:
    given = w.dice.choice([row for row in w.old if row[0] in OTHER_READING])
    f = w.family(given=(given, *w.family().given[1:]))
    mother = f.member(0, phone=f.mobiles[0])
    read = replace(mother, kana=f"{f.name[1]} {OTHER_READING[given[0]]}")
    return w.told(f), w.told(f, read, town_only=w.dice.random() < 0.5)


def _name_and_reading_in_each_others_field(w: World) -> tuple[Told, Told]:
    f = w.family()
    mother = f.member(0, phone=f.mobiles[0])
    return w.told(f), w.told(f, replace(mother, name=mother.kana, kana=mother.name))


def _the_next_chome_picked(w: World) -> tuple[Told, Told]:
    f = w.family(
        house=House(
            w.dice.choice(w.chome), w.dice.randint(1, 4), w.dice.randint(1, 40), w.dice.randint(1, 35)
        )
    )
    house = replace(f.house, chome=f.house.chome + 1)
    return w.told(f), w.told(f, f.member(0, phone=f.mobiles[0]), house=house)


def _by_what_everybody_calls_her(w: World) -> tuple[Told, Told]:
    f = w.family()
    called = f"{f.name[0]}の{w.dice.choice(['おばあちゃん', 'じいちゃん', '母'])}"
    return w.told(f), w.told(f, f.member(1), Person(called))


def _in_her_late_husbands_name(w: World) -> tuple[Told, Told]:
    f = w.family()
    husband = next(row for row in reversed(w.old) if row != f.given[0])
    him = Person(f"{f.name[0]} {husband[0]}", f"{f.name[1]} {husband[1]}", f.landline)
    return w.told(f), w.told(f, him, town_only=w.dice.random() < 0.5)


def _with_the_sons_own_address(w: World) -> tuple[Told, Told]:
    """Whoever asks where he lives gets where he lives. In half of them the mother's telephone is said as well."""
    f, elsewhere = w.family(), w.house()
    mother = replace(f.member(0), phone=w.dice.choice([f.landline, ""]))
    return w.told(f), w.told(f, f.member(1), mother, house=elsewhere)


def _a_name_of_three_words(w: World) -> tuple[Told, Told]:
    one, other, kana = w.dice.choice([
        ("NGUYEN VAN MINH", "Minh Nguyen Van", "ぐえん ゔぁん みん"), ("レ ティ フオン", "フオン レ ティ", "れ てぃ ふおん"),
        ("Santos Maria Clara", "Maria Clara Santos", "さんとす まりあ くらら"),
    ])  # fmt: skip
    f = w.family()
    return w.told(f, Person(one, kana, f.mobiles[0])), w.told(
        f, Person(other, "", f.mobiles[1]), town_only=True
    )


def _two_digits_wrong(w: World) -> tuple[Told, Told]:
    f = w.family()
    digits = list(f.landline)
    for at in w.dice.sample([8, 9, 10, 11], 2):
        digits[at] = str((int(digits[at]) + w.dice.randint(1, 8)) % 10)
    return w.told(f), w.told(f, replace(f.member(0), phone="".join(digits)), town_only=w.dice.random() < 0.5)


def _family_name_at_the_door(w: World) -> tuple[Told, Told]:
    f = w.family(house=w.house(flat=w.dice.random() < 0.5))
    return w.told(f), w.told(f, Person("", f.name[1], f.mobiles[1]))


def _from_a_form_filled_in_half_width(w: World) -> tuple[Told, Told]:
    f = w.family()
    narrow = {normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFFA0)}
    kana = "".join(
        narrow.get(part, part)
        for letter in f.member(0).kana.replace(" ", "")
        for part in normalize("NFD", chr(ord(letter) + 0x60) if "ぁ" <= letter <= "ゖ" else letter)
    )
    return w.told(f), w.told(f, Person("", kana, f.mobiles[0]))


def _the_child_in_the_mothers_place(w: World) -> tuple[Told, Told]:
    """The one who is on the phone is written down as the resident: same street, same family, another person."""
    f = w.family()
    return w.told(f, f.member(1), replace(f.member(0), phone="")), w.told(f, f.member(2))


# ── two households ─────────────────────────────────────────────────────────────────────────────


def _a_borrowed_telephone(w: World) -> tuple[Told, Told]:
    """「となりの家の電話です」"""
    f = w.family()
    g = w.family(house=next_door(f.house))
    while g.name == f.name:
        g = w.family(house=g.house)
    return w.told(f), w.told(g, replace(g.member(0), phone=f.landline))


def _one_local_number_in_two_areas(w: World) -> tuple[Told, Told]:
    f, g = w.family(), w.family()
    while g.name == f.name:
        g = w.family()
    return w.told(f), w.told(g, replace(g.member(0), phone=f"023-{f.landline.partition('-')[2]}"))


def _heard_alike_in_the_north(w: World) -> tuple[Told, Told]:
    """伊藤 and 江藤 of one town with one given name."""
    given = w.dice.choice(w.old)
    f = w.family(name=("伊藤", "いとう"), given=(given, *w.family().given[1:]))
    house = replace(f.house, ban=f.house.ban + w.dice.randint(12, 30), building="", room="")
    g = w.family(name=("江藤", "えとう"), given=f.given, house=house)
    return w.told(f), w.told(g)


def _one_daughter_for_mother_and_aunt(w: World) -> tuple[Told, Told]:
    f = w.family()
    house = replace(f.house, ban=f.house.ban + w.dice.randint(3, 30), building="", room="")
    g = w.family(name=f.name, house=house)
    while g.given[0] == f.given[0]:
        g = w.family(name=f.name, house=house)
    daughter = replace(f.member(2), birth_year=None)
    return w.told(f, daughter, replace(f.member(0), phone="")), w.told(
        g, daughter, replace(g.member(0), phone="")
    )


def _a_namesake_in_one_building(w: World) -> tuple[Told, Told]:
    f = w.family(house=w.house(flat=True))
    g = w.family(name=f.name, given=f.given, house=replace(f.house, room=str(int(f.house.room) + 101)))
    return w.told(f), w.told(g)


def _two_sons_of_one_street(w: World) -> tuple[Told, Told]:
    """Each calls for his own mother, by her family name alone; all of them are 佐藤."""
    f = w.family(name=("佐藤", "さとう"))
    house = replace(f.house, ban=f.house.ban + w.dice.randint(2, 30), building="", room="")
    g = w.family(name=f.name, house=house)
    while g.given[1] == f.given[1]:
        g = w.family(name=f.name, house=house)
    mother = Person("佐藤", "さとう")
    return w.told(f, f.member(1), mother), w.told(g, g.member(1), mother)


def _one_kana_apart(w: World) -> tuple[Told, Told]:
    """Two people of one town whose readings are one kana apart."""
    one, other = w.dice.choice([
        (("津田", "つだ"), ("須田", "すだ")), (("内海", "うつみ"), ("宇積", "うづみ")), (("堀江", "ほりえ"), ("堀井", "ほりい")),
    ])  # fmt: skip
    f = w.family(name=one)
    g = w.family(
        name=other, house=replace(f.house, ban=f.house.ban + w.dice.randint(12, 30), building="", room="")
    )
    while g.given[0] == f.given[0]:
        g = replace(g, given=w.family().given)
    return w.told(f), w.told(g)


def _next_door_of_another_family(w: World) -> tuple[Told, Told]:
    f = w.family()
    g = w.family(house=next_door(f.house))
    while g.name == f.name or g.given[0] == f.given[0]:
        g = w.family(house=g.house)
    return w.told(f, f.member(1), replace(f.member(0), phone="")), w.told(
        g, g.member(1), replace(g.member(0), phone="")
    )


def _anybody_of_the_town(w: World) -> tuple[Told, Told]:
    f = w.family()
    town = f"{f.house.town}{kanji(f.house.chome)}丁目" if f.house.chome else f.house.town
    g = w.family()
    while g.name == f.name or g.given[0] == f.given[0]:
        g = w.family()
    return w.told(f), Told((w.typed(g.member(0)),), town)


SAME: Final[dict[str, Maker]] = {
    "the local number alone": _the_local_number_alone, "son and daughter for her": _son_and_daughter_for_her,
    "as it is said in the north": _as_it_is_said_in_the_north, "the other reading": _the_other_reading,
    "name and reading swapped": _name_and_reading_in_each_others_field, "the next 丁目 picked": _the_next_chome_picked,
    "by what everybody calls her": _by_what_everybody_calls_her, "in her late husband's name": _in_her_late_husbands_name,
    "with the son's own address": _with_the_sons_own_address, "a name of three words": _a_name_of_three_words,
    "two digits wrong": _two_digits_wrong, "family name at the door": _family_name_at_the_door,
    "half width": _from_a_form_filled_in_half_width, "the child in the mother's place": _the_child_in_the_mothers_place,
}  # fmt: skip
TWO: Final[dict[str, Maker]] = {
    "a borrowed telephone": _a_borrowed_telephone, "one local number in two areas": _one_local_number_in_two_areas,
    "heard alike in the north": _heard_alike_in_the_north, "mother and aunt": _one_daughter_for_mother_and_aunt,
    "a namesake in one building": _a_namesake_in_one_building, "two sons of one street": _two_sons_of_one_street,
    "one kana apart": _one_kana_apart, "next door of another family": _next_door_of_another_family,
    "anybody of the town": _anybody_of_the_town,
}  # fmt: skip


def fourth(seed: int = 60411, *, each: int = 30) -> list[Pair]:
    """With 30 of each: 420 pairs of one household and 270 of two."""
    world = World(seed)
    world.families, world.old, world.young = FAMILIES, OLD, YOUNG
    world.chome, world.plain, world.buildings = CHOME, PLAIN, BUILDINGS
    return pairs_of(world, SAME, TWO, each)


# ── the fifth set ──────────────────────────────────────────────────────────────────────────────

_FIFTH_FAMILIES: Final = [
    ("尾形", "おがた"), ("角田", "かくた"), ("小野", "おの"), ("大宮", "おおみや"), ("神山", "かみやま"), ("長田", "おさだ"),
    ("荒井", "あらい"), ("安斎", "あんざい"), ("鹿野", "かの"), ("松浦", "まつうら"), ("結城", "ゆうき"), ("渋谷", "しぶや"),
    ("高橋", "たかはし"), ("佐藤", "さとう"), ("鈴木", "すずき"), ("佐々木", "ささき"), ("山内", "やまうち"), ("上村", "うえむら"),
]  # fmt: skip
_FIFTH_OLD: Final = [
    ("キヱ", "きゑ"), ("正一", "しょういち"), ("良平", "りょうへい"), ("洋子", "ようこ"), ("勝子", "かつこ"), ("タケ", "たけ"),
    ("操", "みさお"), ("春雄", "はるお"), ("千鶴子", "ちづこ"), ("ヨネ", "よね"), ("喜久夫", "きくお"), ("美津", "みつ"),
]  # fmt: skip
_FIFTH_YOUNG: Final = [
    ("慎一", "しんいち"), ("裕太", "ゆうた"), ("大樹", "だいき"), ("友美", "ともみ"), ("加奈", "かな"), ("隼人", "はやと"),
    ("圭子", "けいこ"), ("信一", "しんいち"), ("恵理", "えり"), ("哲也", "てつや"),
]  # fmt: skip
_READ_OTHERWISE: Final = {
    "角田": "つのだ", "小野": "この", "神山": "こうやま", "長田": "ながた", "鹿野": "しかの", "渋谷": "しぶたに", "山内": "やまのうち",
    "上村": "かみむら",
}  # fmt: skip


def _in_chome(w: World) -> House:
    dice = w.dice
    return House(dice.choice(w.chome), dice.randint(1, 5), dice.randint(1, 40), dice.randint(1, 35))


def _the_second_number_of_two(w: World) -> tuple[Told, Told]:
    f = w.family()
    sign = w.dice.choice(["、", "，", "  ", "\n", "・"])
    both = f"{f.landline}{sign}{f.mobiles[0]}"
    return w.told(f, f.member(0, phone=f.mobiles[0])), Told((Person(f.name[0], "", both),), f.house.town)


def _a_stroke_lost_in_the_address(w: World) -> tuple[Told, Told]:
    """町前1-2-3 written as 町前1-23."""
    f = w.family(house=_in_chome(w))
    said = f"{f.house.town}{f.house.chome}-{f.house.ban}{f.house.go}"
    return w.told(f), Told((w.typed(f.member(0, phone=f.mobiles[0])),), "", said)


def _the_wife_without_the_chome(w: World) -> tuple[Told, Told]:
    f = w.family(house=_in_chome(w))
    wife = Person(f"{f.name[0]} {f.given[2][0]}", f"{f.name[1]} {f.given[2][1]}", f.mobiles[2])
    return w.told(f), Told(
        (w.typed(wife), w.typed(replace(f.member(0), phone=""))), f.house.town, f"{f.house.ban}-{f.house.go}"
    )


def _the_block_before_the_room(w: World) -> tuple[Told, Told]:
    f = w.family(house=replace(w.house(flat=True), building="市営住宅3号棟"))
    house = replace(f.house, building="市営住宅", room=f"3-{f.house.room}")
    return w.told(f), w.told(f, f.member(0, phone=f.mobiles[0]), house=house)


def _kana_written_large(w: World) -> tuple[Told, Told]:
    f = w.family()
    mother = f.member(0, phone=f.mobiles[0])
    large = mother.kana.translate(str.maketrans("ゃゅょっゑづ", "やゆよつえず")).replace("おお", "おー")
    return w.told(f), w.told(f, replace(mother, name="", kana=large))


def _by_her_given_name_and_telephone(w: World) -> tuple[Told, Told]:
    f = w.family()
    return w.told(f), Told((Person(f"{f.given[0][0]}さん", "", f.landline),), f.house.town)


def _the_care_manager_then_she_herself(w: World) -> tuple[Told, Told]:
    helper, f = replace(w.family().member(2), birth_year=None), w.family()
    return w.told(f, helper, replace(f.member(0), phone="")), w.told(f, town_only=w.dice.random() < 0.5)


def _the_family_name_read_otherwise(w: World) -> tuple[Told, Told]:
    f = w.family(name=w.dice.choice([row for row in w.families if row[0] in _READ_OTHERWISE]))
    mother = f.member(0, phone=f.mobiles[0])
    read = replace(mother, kana=f"{_READ_OTHERWISE[f.name[0]]} {f.given[0][1]}")
    return w.told(f), w.told(f, read, town_only=w.dice.random() < 0.5)


def _the_son_with_the_numbers_turned_round(w: World) -> tuple[Told, Told]:
    f = w.family(house=_in_chome(w))
    turned = replace(f.house, ban=f.house.go, go=f.house.ban)
    return w.told(f), w.told(f, f.member(1), replace(f.member(0), phone=""), house=turned)


def _a_digit_doubled(w: World) -> tuple[Told, Told]:
    f = w.family()
    at = w.dice.randrange(8, 12)
    phone = f.landline[: at + 1] + f.landline[at] + f.landline[at + 1 :]
    return w.told(f), w.told(f, replace(f.member(0), phone=phone), town_only=True)


def _the_same_call_by_two_desks(w: World) -> tuple[Told, Told]:
    f = w.family()
    return w.told(f, f.member(1), replace(f.member(0), phone="")), w.told(
        f, Person(f.name[0], f.name[1], f.mobiles[1]), town_only=True
    )


def _from_where_she_is_sheltered(w: World) -> tuple[Told, Told]:
    f = w.family()
    shelter = w.dice.choice(["城南小学校に避難中", "総合体育館（避難所）", "市民会館"])
    return w.told(f), Told((w.typed(f.member(0)),), "", shelter)


def _numbers_of_one_block(w: World) -> tuple[Told, Told]:
    """Relatives whose telephones were put in on one day."""
    f = w.family()
    house = replace(f.house, ban=f.house.ban + w.dice.randint(2, 30), building="", room="")
    last = (int(f.landline[-1]) + 1) % 10
    g = w.family(name=f.name, house=house, landline=f.landline[:-1] + str(last))
    while g.given[0] == f.given[0]:
        g = w.family(name=f.name, house=house, landline=g.landline)
    return w.told(f), w.told(g)


def _two_doors_nobody_said(w: World) -> tuple[Told, Told]:
    f = w.family(house=w.house(flat=True))
    house = replace(f.house, room="")
    g = w.family(house=house)
    while g.name == f.name or g.given[0] == f.given[0]:
        g = w.family(house=house)
    return w.told(f, house=house), w.told(g)


def _main_house_and_branch(w: World) -> tuple[Told, Told]:
    f = w.family(house=House(w.dice.choice(w.plain), 0, w.dice.randint(100, 999), 1))
    given = w.dice.sample(
        [("信夫", "のぶお"), ("信一", "しんいち"), ("信治", "のぶはる"), ("忠信", "ただのぶ")], 2
    )
    one = replace(f, given=(given[0], *f.given[1:]))
    g = w.family(name=f.name, given=(given[1], *f.given[1:]), house=replace(f.house, go=2))
    return w.told(one), w.told(g)


def _the_landlords_telephone_for_two(w: World) -> tuple[Told, Told]:
    f = w.family(house=w.house(flat=True))
    g = w.family(house=replace(f.house, room=str(int(f.house.room) + 102)), landline=f.landline)
    while g.name == f.name or g.given[0] == f.given[0]:
        g = w.family(house=g.house, landline=f.landline)
    return w.told(f), w.told(g)


def _the_telephone_of_the_shelter(w: World) -> tuple[Told, Told]:
    f = w.family()
    g = w.family(landline=f.landline)
    while g.name == f.name or g.given[0] == f.given[0] or g.house.town == f.house.town:
        g = w.family(landline=f.landline)
    return w.told(f), w.told(g)


def _a_namesake_in_another_town(w: World) -> tuple[Told, Told]:
    f = w.family()
    last = (int(f.landline[-1]) + 5) % 10
    g = w.family(name=f.name, given=f.given, landline=f.landline[:-1] + str(last))
    while g.house.town == f.house.town:
        g = replace(g, house=w.house())
    return w.told(replace(f, born=(1936, *f.born[1:]))), w.told(replace(g, born=(1951, *g.born[1:])))


def _two_who_call_for_others(w: World) -> tuple[Told, Told]:
    """A son and a daughter of two families, each for a mother of one street."""
    f = w.family(house=_in_chome(w))
    g = w.family(house=replace(f.house, ban=f.house.ban + w.dice.randint(1, 20)))
    while g.name == f.name or g.given[0] == f.given[0]:
        g = w.family(house=g.house)
    return w.told(f, f.member(1), replace(f.member(0), phone="")), w.told(
        g, g.member(2), replace(g.member(0), phone="")
    )


FIFTH_SAME: Final[dict[str, Maker]] = {
    "the second number of two": _the_second_number_of_two, "a stroke lost in the address": _a_stroke_lost_in_the_address,
    "the wife without the 丁目": _the_wife_without_the_chome, "the block before the room": _the_block_before_the_room,
    "kana written large": _kana_written_large, "given name and telephone": _by_her_given_name_and_telephone,
    "the care manager, then she": _the_care_manager_then_she_herself,
    "the family name read otherwise": _the_family_name_read_otherwise,
    "the son, numbers turned round": _the_son_with_the_numbers_turned_round, "a digit doubled": _a_digit_doubled,
    "the same call by two desks": _the_same_call_by_two_desks, "from a shelter": _from_where_she_is_sheltered,
}  # fmt: skip
FIFTH_TWO: Final[dict[str, Maker]] = {
    "numbers of one block": _numbers_of_one_block, "two doors nobody said": _two_doors_nobody_said,
    "main house and branch": _main_house_and_branch, "the landlord's telephone": _the_landlords_telephone_for_two,
    "the telephone of the shelter": _the_telephone_of_the_shelter, "a namesake elsewhere": _a_namesake_in_another_town,
    "two who call for others": _two_who_call_for_others, "anybody of the town": _anybody_of_the_town,
}  # fmt: skip


def fifth(seed: int = 918273, *, each: int = 30) -> list[Pair]:
    """With 30 of each: 360 pairs of one household and 240 of two."""
    world = World(seed)
    world.families, world.old, world.young = _FIFTH_FAMILIES, _FIFTH_OLD, _FIFTH_YOUNG
    world.chome, world.plain = (
        ["高橋", "中央", "八幡", "栄", "東田中"],
        ["市川", "高崎", "南宮一里塚", "浮島"],
    )
    world.buildings = ["メゾン栄", "コーポ八幡", "エステート高橋", "たちばな荘"]
    return pairs_of(world, FIFTH_SAME, FIFTH_TWO, each)


# ── calls as they come ────────────────────────────────────────────────────────────────────────────


def _a_call(w: World, f: Family) -> Told:
    """One call about the first of the family, as a desk may have written it down."""
    dice = w.dice
    resident, house = f.member(0), f.house
    resident = _as_named(w, replace(resident, phone=_drawn(dice, {f.landline: 55, f.mobiles[0]: 40, "": 5})))
    caller = _drawn(dice, {"herself": 50, "child": 25, "married": 10, "neighbour": 5, "helper": 10})
    people: tuple[Person, ...] = (resident,)
    if caller != "herself":
        people = (_who_calls(w, f, caller), replace(resident, phone=_drawn(dice, {"": 60, f.landline: 40})))
    where = _drawn(dice, {"whole": 70, "no chome": 8, "town": 12, "slip": 5, "building": 3, "nowhere": 2})
    if where == "slip":
        house = replace(house, ban=int(another(dice, str(house.ban), "123456789")))
    told = w.told(f, *people, house=house, town_only=where == "town")
    if where == "no chome" and house.chome:
        return replace(told, town="", address=f"{house.town}{house.ban}-{house.go}{w.door(house)}")
    if where == "building" and house.building:
        return replace(told, town=house.town, address=f"{house.building} {house.room}")
    return replace(told, town="", address="") if where == "nowhere" else told


def _drawn(dice: Random, weights: dict[str, int]) -> str:
    return dice.choices(list(weights), list(weights.values()))[0]


def _as_named(w: World, person: Person) -> Person:
    """Her name and number, with what goes wrong at a telephone."""
    dice = w.dice
    how = _drawn(dice, {"whole": 60, "no reading": 15, "kana": 10, "family": 8, "slip": 7})
    if person.phone and dice.random() < 0.04:
        person = replace(person, phone=person.phone[:4] + another(dice, person.phone[4:], DIGITS))
    if dice.random() < 0.6:
        person = replace(person, birth_year=None)
    family, family_kana = person.name.split()[0], person.kana.split()[0]
    return {
        "whole": person,
        "no reading": replace(person, kana=""),
        "kana": replace(person, name=""),
        "family": replace(person, name=family, kana=family_kana),
        "slip": replace(person, kana=another(dice, person.kana, KANA)),
    }[how]


def _who_calls(w: World, f: Family, caller: str) -> Person:
    dice = w.dice
    if caller == "child":
        return replace(f.member(dice.choice([1, 2])), birth_year=None)
    given, name = dice.choice(w.young), dice.choice(w.families)
    phone = f.mobiles[2] if caller == "married" else w.mobile()
    given = f.given[2] if caller == "married" else given
    return Person(f"{name[0]} {given[0]}", f"{name[1]} {given[1]}", phone)


def _told_twice(w: World) -> tuple[Told, Told]:
    f = w.family()
    return _a_call(w, f), _a_call(w, f)


def _of_two_families(w: World) -> tuple[Told, Told]:
    f, g = w.family(), w.family()
    while g.name == f.name and g.given[0] == f.given[0]:
        g = w.family()
    return _a_call(w, f), _a_call(w, g)


def _of_one_name_and_town(w: World) -> tuple[Told, Told]:
    f = w.family()
    house = replace(f.house, ban=f.house.ban + w.dice.randint(2, 30), building="", room="")
    g = w.family(name=f.name, house=house)
    while g.given[0] == f.given[0]:
        g = w.family(name=f.name, house=house)
    return _a_call(w, f), _a_call(w, g)


def _of_next_door(w: World) -> tuple[Told, Told]:
    f = w.family()
    g = w.family(house=next_door(f.house))
    while g.name == f.name:
        g = w.family(house=g.house)
    return _a_call(w, f), _a_call(w, g)


def _of_one_building(w: World) -> tuple[Told, Told]:
    f = w.family(house=w.house(flat=True))
    g = w.family(house=replace(f.house, room=str(int(f.house.room) + 101)))
    while g.name == f.name:
        g = w.family(house=g.house)
    return _a_call(w, f), _a_call(w, g)


def as_they_come(seed: int = 5511, *, each: int = 100) -> list[Pair]:
    """With 100 of each: 400 pairs of one household and 400 of two."""
    world = World(seed)
    world.families, world.old, world.young = (
        FAMILIES + _FIFTH_FAMILIES,
        OLD + _FIFTH_OLD,
        YOUNG + _FIFTH_YOUNG,
    )
    world.chome, world.plain = ["町前", "桜木", "下馬", "高橋", "大代"], ["浮島", "南宮", "新田"]
    two: dict[str, Maker] = {
        "two families": _of_two_families, "one name and town": _of_one_name_and_town, "next door": _of_next_door,
        "one building": _of_one_building,
    }  # fmt: skip
    return pairs_of(world, {"told twice": _told_twice}, {}, 4 * each) + pairs_of(world, {}, two, each)
