"""Labelled pairs of calls by the hand that fitted the points, written when `hand_a` had been learnt from: what else is said at a
desk. The people, the houses and the habits of the desks are those of `hand_a`; the stories are others.

It is a set that is tuned on. Nothing in it was taken from `hand_b`, which nobody had read who worked on the rule.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.intake.people.hand_a import (
    COMMON,
    DAUGHTERS,
    HERE,
    OTHERS,
    SENDAI,
    SHICHIGAHAMA,
    TOWNS,
    Desk,
    Home,
    Kin,
    Maker,
    of_kind,
)
from tests.intake.people.pairs import Pair, Person, Told, kanji, katakana

SAME: Final[dict[str, Maker]] = {}
TWO: Final[dict[str, Maker]] = {}


def _by_a_child(d: Desk, f: Kin, resident: Person) -> tuple[Person, Person]:
    child = d.dice.choice([f.son, f.daughter])
    return replace(d.person(f, child, child.mobile), birth_year=None), resident


# ── one household ──────────────────────────────────────────────────────────────────────────────


@of_kind(SAME, "mother, and no name")
def _mother(d: Desk) -> tuple[Told, Told]:
    """The son gives his own name, and 母 for hers."""
    f = d.kin()
    word = d.dice.choice(["母", "父", "お母さん", "実家の母", "祖母"])
    caller, resident = _by_a_child(d, f, Person(word))
    return d.first_call(f), d.told(d.place(f.home, depth="go" if d.some(0.8) else "ban"), caller, resident)


@of_kind(SAME, "name not asked")
def _no_name(d: Desk) -> tuple[Told, Told]:
    f = d.kin()
    phone = d.either(f)
    nobody = Person(d.dice.choice(["不明", "名前不明", "（名乗らず）", "匿名", "？"]), "", phone)
    return d.told(d.place(f.home), d.herself(f, phone=phone)), d.told(
        d.place(f.home, depth=d.depth(whole=0.5)), nobody
    )


@of_kind(SAME, "the shop downstairs")
def _shop(d: Desk) -> tuple[Told, Told]:
    f = d.kin(home=d.home(flat=False))
    shop = d.dice.choice(
        ["商店", "酒店", "クリーニング", "美容室", "電器", "米穀店", "工務店", "畳店", "理容"]
    )
    name = d.dice.choice([f"{f.name[0]}{shop}", f"(有){f.name[0]}{shop}", f"{f.name[0]}{shop}（店舗兼住宅）"])
    return d.first_call(f), d.told(d.place(f.home), Person(name, "", d.dice.choice([f.landline, d.number()])))


@of_kind(SAME, "the wife, then the husband")
def _wife_and_husband(d: Desk) -> tuple[Told, Told]:
    f = d.kin(home=d.home(flat=None))
    mate = d.person(f, f.mate, d.dice.choice([f.mate.mobile, f.landline]))
    return d.told(d.place(f.home), d.herself(f)), d.told(
        d.place(f.home, depth="go" if d.some(0.8) else "ban"), mate
    )


@of_kind(SAME, "son and daughter, each for the parents")
def _son_and_daughter(d: Desk) -> tuple[Told, Told]:
    f = d.kin()
    married = d.dice.choice(OTHERS)
    daughter = Person(
        f"{married[0]} {f.daughter.given[0]}", f"{married[1]} {f.daughter.given[1]}", f.daughter.mobile
    )
    son = replace(d.person(f, f.son, f.son.mobile), birth_year=None)
    mother, father = d.herself(f, phone=""), d.person(f, f.mate)
    return d.told(d.place(f.home), son, mother), d.told(
        d.place(f.home, depth="go" if d.some(0.7) else "ban"), daughter, mother if d.some(0.6) else father
    )


@of_kind(SAME, "under her daughter's name")
def _daughters_name(d: Desk) -> tuple[Told, Told]:
    """The desk gave the mother the family name of the daughter who called."""
    f = d.kin()
    name = d.dice.choice(OTHERS)
    caller = Person(f"{name[0]} {f.daughter.given[0]}", f"{name[1]} {f.daughter.given[1]}", f.daughter.mobile)
    wrong = Person(
        f"{name[0]} {f.elder.given[0]}", f"{name[1]} {f.elder.given[1]}", "" if d.some(0.5) else f.landline
    )
    return d.first_call(f), d.told(d.place(f.home), caller, wrong)


@of_kind(SAME, "the son's number as hers")
def _sons_number(d: Desk) -> tuple[Told, Told]:
    f = d.kin()
    one = (replace(d.person(f, f.son, f.son.mobile), birth_year=None), d.herself(f, phone=""))
    again = d.life(d.herself(f, phone=f.son.mobile), "kana", "given", "year")
    return d.told(d.place(f.home), *one), d.told(d.place(f.home, depth=d.depth(whole=0.4)), again)


@of_kind(SAME, "from the shelter")
def _shelter(d: Desk) -> tuple[Told, Told]:
    f = d.kin()
    shelter = d.dice.choice(
        [
            "天真小学校 体育館（避難所）",
            "総合体育館に避難中",
            "文化センター避難所",
            "山王地区公民館（避難中）",
        ]
    )
    again = d.life(d.herself(f, phone=f.elder.mobile if d.some(0.5) else f.landline), "kana", "year")
    return d.told(d.place(f.home), d.herself(f), sure_of_year=True), d.told(
        ("", shelter), again, sure_of_year=True
    )


@of_kind(SAME, "moved since the flood")
def _moved(d: Desk) -> tuple[Told, Told]:
    """The same telephone and the same whole name at a flat in another town."""
    f = d.kin()
    new = d.home(city=HERE, flat=True)
    return d.told(d.place(f.home), d.herself(f, phone=f.elder.mobile)), d.told(
        d.place(new), d.life(d.herself(f, phone=f.elder.mobile), "kana", "year")
    )


@of_kind(SAME, "in Latin letters")
def _latin(d: Desk) -> tuple[Told, Told]:
    f = d.kin()
    latin = f"{_roman(f.name[1])} {_roman(f.elder.given[1])}"
    if d.some(0.4):
        latin = " ".join(reversed(latin.split()))
    phone = d.either(f)
    where = d.place(f.home, depth=d.depth(whole=0.4)) if d.some(0.5) else d.place(f.home)
    return d.told(
        d.place(f.home), replace(d.herself(f, phone=phone), kana=f"{f.name[1]} {f.elder.given[1]}")
    ), d.told(
        where,
        Person(
            d.dice.choice([latin, latin.upper(), latin.title()]), "", d.dice.choice([phone, f.elder.mobile])
        ),
    )


@of_kind(SAME, "the branch of the number dropped")
def _branch_dropped(d: Desk) -> tuple[Told, Told]:
    at = replace(d.home(city=d.dice.choice([HERE, SHICHIGAHAMA]), chome=False), go=d.dice.randint(1, 4))
    f = d.kin(home=at)
    again = d.life(d.herself(f, phone=f.elder.mobile), "kana", "given", "year")
    return d.told(d.place(at), d.herself(f, phone=f.landline)), d.told(d.place(at, depth="ban"), again)


@of_kind(SAME, "another 丁目 by mistake")
def _wrong_chome(d: Desk) -> tuple[Told, Told]:
    f = d.kin(home=d.home(flat=False, chome=True))
    wrong = replace(f.home, chome=f.home.chome % dict(TOWNS[f.home.city])[f.home.town] + 1)
    return d.told(d.place(f.home), d.herself(f, phone=f.landline)), d.told(
        d.place(wrong),
        d.life(d.herself(f, phone=d.dice.choice([f.landline, f.elder.mobile])), "kana", "year"),
    )


@of_kind(SAME, "by her pet name")
def _pet_name(d: Desk) -> tuple[Told, Told]:
    f = d.kin(
        elder=d.dice.choice(
            [
                ("トミ子", "とみこ"),
                ("キミ子", "きみこ"),
                ("静子", "しずこ"),
                ("ツネ", "つね"),
                ("サダ", "さだ"),
            ]
        )
    )
    short = katakana(f.elder.given[1].removesuffix("こ"))
    said = d.dice.choice([f"{short}ちゃん", f"{short}さん", f"{short}ばあちゃん"])
    phone = d.either(f)
    return d.told(d.place(f.home), d.herself(f, phone=phone)), d.told(
        d.place(f.home, depth="town" if d.some(0.4) else "go"), Person(said, "", phone)
    )


@of_kind(SAME, "two numbers and what they are")
def _two_numbers(d: Desk) -> tuple[Told, Told]:
    f = d.kin()
    a, b = f.landline, f.elder.mobile
    both = d.dice.choice(
        [f"{a}（自宅）{b}（携帯）", f"自宅{a} 携帯{b}", f"{a} 携帯は {b}", f"{a}（FAX兼）、{b}", f"①{a}②{b}"]
    )
    return d.told(d.place(f.home), d.herself(f, phone=b)), Told(
        (Person(f.name[0] if d.some(0.5) else f"{f.name[0]} {f.elder.given[0]}", "", both),),
        *d.place(f.home, depth="town"),
    )


@of_kind(SAME, "a couple in one field")
def _couple(d: Desk) -> tuple[Told, Told]:
    f = d.kin()
    names = d.dice.choice(["・", "、", " ", "　"]).join((f.mate.given[0], f.elder.given[0]))
    couple = Person(f"{f.name[0]} {names}", "", d.dice.choice([f.landline, f.mate.mobile]))
    return d.first_call(f), Told((couple,), *d.place(f.home, depth=d.depth(whole=0.8)))


@of_kind(SAME, "the floor for the room")
def _floor(d: Desk) -> tuple[Told, Told]:
    f = d.kin(home=d.home(flat=True))
    h = f.home
    where = f"{h.town}{h.chome}-{h.ban}-{h.go} {d.dice.choice([h.building + ' ', ''])}{h.room[0]}{d.dice.choice(['階', 'F', '階の奥'])}"
    return d.first_call(f), d.told(("", where), d.life(d.herself(f), "kana", "year"))


@of_kind(SAME, "with the post code for the town")
def _post_code(d: Desk) -> tuple[Told, Told]:
    """〒985-00xx and the number behind it, her name and another telephone."""
    f = d.kin(home=d.home(city=HERE, flat=False, chome=True))
    h = f.home
    again = d.life(d.herself(f, phone=f.elder.mobile), "kana", "year")
    return d.told(d.place(h), d.herself(f, phone=f.landline)), d.told(
        ("", f"〒985-0071 {h.town} {h.ban}-{h.go}"), again
    )


@of_kind(SAME, "the same call from the web")
def _web(d: Desk) -> tuple[Told, Told]:
    """The grandchild fills in the form: her own name, telephone and address of the house; nothing of the grandmother."""
    f = d.kin()
    given = d.dice.choice(DAUGHTERS)
    child = Person(
        f"{f.name[0]} {given[0]}", f"{f.name[1]} {given[1]}", d.mobile(), d.dice.randint(1990, 2006)
    )
    return d.first_call(f), d.told(d.place(f.home, free=True), child)


@of_kind(SAME, "the number from the display")
def _display(d: Desk) -> tuple[Told, Told]:
    """A call that nobody could follow: the telephone, something that may be a name, a town."""
    f = d.kin()
    phone = d.either(f)
    heard = Person("", katakana(f.name[1][:2]) + d.dice.choice(["？", "…", ""]), phone)
    return d.told(d.place(f.home), d.herself(f, phone=phone)), d.told(
        d.place(f.home, depth="town", door=False), heard
    )


@of_kind(SAME, "the neighbour, by the name at the door")
def _at_the_door(d: Desk) -> tuple[Told, Told]:
    f = d.kin()
    g = d.unlike(f)
    neighbour = replace(d.person(g, g.mate, g.mate.mobile), birth_year=None)
    where = d.place(f.home, depth="go" if d.some(0.6) else "ban")
    return d.first_call(f), d.told(where, neighbour, d.only_family(f))


@of_kind(SAME, "the second visit to the desk")
def _second_visit(d: Desk) -> tuple[Told, Told]:
    """She comes to the desk, says who she is and her year, and the 丁目; the telephone is at home."""
    f = d.kin()
    again = d.life(d.herself(f, phone=""), "kana")
    return d.told(d.place(f.home), d.herself(f), sure_of_year=True), d.told(
        d.place(f.home, depth="town"), again, sure_of_year=True
    )


@of_kind(SAME, "the block of the estate left out")
def _block_left_out(d: Desk) -> tuple[Told, Told]:
    at = d.home(city=HERE, flat=True)
    estate, block = f"市営{at.town}住宅", d.dice.randint(1, 6)
    f = d.kin(home=replace(at, building=f"{estate}{block}号棟"))
    again = replace(at, building=d.dice.choice([estate, f"{estate} {block}-"]))
    return d.first_call(f), d.told(d.place(again), d.life(d.herself(f), "kana", "given", "year"))


# ── two households ─────────────────────────────────────────────────────────────────────────────


@of_kind(TWO, "two of one home for the old")
def _home_for_the_old(d: Desk) -> tuple[Told, Told]:
    f = d.kin(home=d.home(city=HERE, flat=False, chome=True))
    name = d.dice.choice(
        [
            "特別養護老人ホーム多賀の里",
            "グループホームさざんか",
            "ケアハウスしおかぜ",
            "サービス付き高齢者住宅ひより",
        ]
    )
    phone = d.number()
    rooms = d.dice.sample(["101", "103", "105", "201", "203", "207", "310"], 2)
    f = replace(f, home=replace(f.home, building=name, room=rooms[0]))
    g = d.unlike(f, home=replace(f.home, room=rooms[1]))
    return d.told(d.place(f.home), d.herself(f, phone=phone)), d.told(
        d.place(g.home), d.herself(g, phone=phone)
    )


@of_kind(TWO, "first and second building of a name")
def _first_and_second(d: Desk) -> tuple[Told, Told]:
    at = d.home(city=HERE, flat=True)
    name = d.dice.choice(["清風荘", "コーポ桜", "ハイツ松風", "メゾン多賀"])
    one, other = d.dice.choice(
        [
            (f"第一{name}", f"第二{name}"),
            (f"{name}A", f"{name}B"),
            (f"{name}1", f"{name}2"),
            (f"{name}A棟", f"{name}B棟"),
        ]
    )
    f = d.kin(home=replace(at, building=one))
    g = d.unlike(f, home=replace(at, building=other, go=d.dice.choice([at.go, at.go + 1])))
    return d.first_call(f), d.first_call(g)


@of_kind(TWO, "rows of the temporary houses")
def _temporary_houses(d: Desk) -> tuple[Told, Told]:
    town, rows = d.dice.choice(["城南", "山王", "高橋"]), d.dice.sample("ABCDE", 2)
    at = d.dice.randint(1, 12)
    f = d.kin()
    g = d.unlike(f)
    one, other = (
        d.dice.choice([f"{town}応急仮設住宅 {row}-{at}", f"{town}応急仮設住宅{row}棟{at}号"]) for row in rows
    )
    return d.told(("", one), d.herself(f)), d.told(("", other), d.herself(g))


@of_kind(TWO, "one daughter, her parents and his")
def _parents_and_his(d: Desk) -> tuple[Told, Told]:
    """Two families of one name and one caller: her father and her uncle in two towns."""
    f = d.kin()
    g = d.unlike(f, name=f.name, home=d.elsewhere(f.home))
    caller = replace(d.person(f, f.daughter, f.daughter.mobile), birth_year=None)
    return d.told(d.place(f.home), caller, d.herself(f, phone="")), d.told(
        d.place(g.home), caller, d.herself(g, phone="")
    )


@of_kind(TWO, "佐藤, and nothing else is one")
def _sato(d: Desk) -> tuple[Told, Told]:
    f = d.kin(name=d.dice.choice(COMMON))
    g = d.unlike(f, name=f.name, home=d.elsewhere(f.home))
    return d.first_call(f), d.told(
        d.place(g.home, depth=d.depth()), d.only_family(g, d.either(g)) if d.some(0.4) else d.herself(g)
    )


@of_kind(TWO, "one given name in one 丁目")
def _given_name(d: Desk) -> tuple[Told, Told]:
    f = d.kin()
    g = d.kin(elder=f.elder.given, home=d.far(f.home))
    while g.name == f.name:
        g = d.kin(elder=f.elder.given, home=g.home)
    return d.first_call(f), d.first_call(g)


@of_kind(TWO, "brothers on two plots of one hamlet")
def _brothers(d: Desk) -> tuple[Told, Told]:
    at = d.home(city=d.dice.choice([HERE, SHICHIGAHAMA]), chome=False)
    one, other = d.dice.choice([
        (("清治", "せいじ"), ("清一", "せいいち")), (("栄一", "えいいち"), ("栄二", "えいじ")), (("善治", "ぜんじ"), ("善吉", "ぜんきち")),
    ])  # fmt: skip
    f = d.kin(home=at, elder=one)
    g = d.kin(name=f.name, home=d.far(at), elder=other)
    return d.first_call(f), d.first_call(g)


@of_kind(TWO, "next door, and little said")
def _next_door_little(d: Desk) -> tuple[Told, Told]:
    f = d.kin(home=d.home(flat=False, chome=True))
    g = d.unlike(f, home=replace(f.home, go=f.home.go + d.dice.choice([1, 2])))
    return d.first_call(f), d.told(d.place(g.home), d.only_family(g, d.either(g)))


@of_kind(TWO, "numbers one apart on two streets")
def _numbers_apart(d: Desk) -> tuple[Told, Told]:
    """Two of one family name whose telephones are one digit apart."""
    f = d.kin(name=d.dice.choice(COMMON))
    g = d.unlike(f, name=f.name, home=d.elsewhere(f.home))
    phone = f.landline[:-1] + str((int(f.landline[-1]) + d.dice.choice([1, 2, 5])) % 10)
    return d.told(d.place(f.home), d.herself(f, phone=f.landline)), d.told(
        d.place(g.home), d.herself(g, phone=phone)
    )


@of_kind(TWO, "two unnamed of one block")
def _unnamed(d: Desk) -> tuple[Told, Told]:
    """One says no name, and both say the 丁目 alone; the telephones are two."""
    f = d.kin()
    g = d.unlike(f, home=d.far(f.home))
    nobody = Person(d.dice.choice(["不明", "名前不明", "匿名"]), "", d.either(g))
    return d.first_call(f), d.told(d.place(g.home, depth="town"), nobody)


@of_kind(TWO, "the helper's two of one building")
def _helpers_two(d: Desk) -> tuple[Told, Told]:
    who = d.caller("ヘルパー", "訪問看護", "民生委員", "大家")
    f = d.kin(home=d.home(flat=True))
    g = d.unlike(f, name=d.dice.choice([f.name, None]), home=d.another_room(f.home))
    return d.told(d.place(f.home), d.as_caller(who), d.herself(f, phone="")), d.told(
        d.place(g.home), d.as_caller(who), d.herself(g, phone="" if d.some(0.6) else g.landline)
    )


@of_kind(TWO, "the neighbour for herself and for another")
def _for_herself_and_another(d: Desk) -> tuple[Told, Told]:
    """She calls for her own house, and then for the house across the street."""
    f = d.kin(home=d.home(flat=False, chome=True))
    g = d.unlike(f, home=replace(f.home, go=f.home.go + d.dice.choice([1, 2, 3, 4])))
    phone = f.elder.mobile
    return d.told(d.place(f.home), d.herself(f, phone=phone)), d.told(
        d.place(g.home),
        replace(d.herself(f, phone=phone), birth_year=None),
        d.only_family(g) if d.some(0.6) else d.herself(g, phone=""),
    )


@of_kind(TWO, "the son's own house, and his mother's")
def _sons_own_house(d: Desk) -> tuple[Told, Told]:
    f = d.kin(home=d.home(flat=False))
    son = d.person(f, f.son, f.son.mobile)
    own = d.elsewhere(f.home)
    return d.told(d.place(f.home), replace(son, birth_year=None), d.herself(f, phone="")), d.told(
        d.place(own), son
    )


@of_kind(TWO, "one street of two cities")
def _two_cities(d: Desk) -> tuple[Told, Told]:
    at = Home(
        HERE,
        d.dice.choice(["中央", "栄", "八幡"]),
        d.dice.randint(1, 3),
        d.dice.randint(1, 30),
        d.dice.randint(1, 25),
    )
    f = d.kin(home=at, name=d.dice.choice(COMMON))
    g = d.unlike(f, name=d.dice.choice([f.name, None]), home=replace(at, city=SENDAI))
    one = d.place(at, free=True)[1]
    other = f"仙台市宮城野区{at.town}{kanji(at.chome)}丁目{at.ban}-{at.go}"
    return d.told(("", one if "多賀城市" in one else f"多賀城市{one}"), d.herself(f)), d.told(
        ("", other), d.herself(g)
    )


@of_kind(TWO, "one name, two whole lives")
def _two_lives(d: Desk) -> tuple[Told, Told]:
    """Namesakes of one 丁目 of whom everything else is another."""
    f = d.kin(name=d.dice.choice(COMMON))
    g = d.kin(name=f.name, elder=f.elder.given, home=d.far(f.home))
    g = replace(g, elder=replace(g.elder, born=f.elder.born + d.dice.choice([-14, -9, 8, 13, 19])))
    return (
        d.told(d.place(f.home), d.herself(f, phone=f.landline), sure_of_year=True),
        d.told(d.place(g.home), d.herself(g, phone=g.landline), sure_of_year=True),
    )


_ROMAN: Final = {
    "あ": "a", "い": "i", "う": "u", "え": "e", "お": "o", "か": "ka", "き": "ki", "く": "ku", "け": "ke", "こ": "ko", "が": "ga", "ぎ": "gi",
    "ぐ": "gu", "げ": "ge", "ご": "go", "さ": "sa", "し": "shi", "す": "su", "せ": "se", "そ": "so", "ざ": "za", "じ": "ji", "ず": "zu",
    "ぜ": "ze", "ぞ": "zo", "た": "ta", "ち": "chi", "つ": "tsu", "て": "te", "と": "to", "だ": "da", "で": "de", "ど": "do", "な": "na",
    "に": "ni", "ぬ": "nu", "ね": "ne", "の": "no", "は": "ha", "ひ": "hi", "ふ": "fu", "へ": "he", "ほ": "ho", "ば": "ba", "び": "bi",
    "ぶ": "bu", "べ": "be", "ぼ": "bo", "ま": "ma", "み": "mi", "む": "mu", "め": "me", "も": "mo", "や": "ya", "ゆ": "yu", "よ": "yo",
    "ら": "ra", "り": "ri", "る": "ru", "れ": "re", "ろ": "ro", "わ": "wa", "ん": "n", "ゃ": "ya", "ゅ": "yu", "ょ": "yo",
}  # fmt: skip


def _roman(kana: str) -> str:
    """As a passport writes it: 佐藤 is sato, 郷家 is goke."""
    text = "".join(_ROMAN.get(letter, "") for letter in kana)
    for said, written in (
        ("shiy", "sh"),
        ("chiy", "ch"),
        ("jiy", "j"),
        ("iy", "y"),
        ("ou", "o"),
        ("oo", "o"),
        ("uu", "u"),
    ):
        text = text.replace(said, written)
    return text


def third_hand(seed: int = 1130, *, each: int = 18) -> list[Pair]:
    """With 18 of each: 396 pairs of one household and 270 of two; either call may be the first."""
    desk = Desk(seed)
    made = []
    for kinds, same in ((SAME, True), (TWO, False)):
        for kind, make in kinds.items():
            for _ in range(each):
                one, other = make(desk)
                made.append(Pair(kind, same, *((one, other) if desk.some(0.5) else (other, one))))
    return made
