"""People: registered once, found in any spelling, insured for the right days."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dvc.audit.models import Entry
from dvc.audit.services import SYSTEM
from dvc.core import short_code
from dvc.core.refused import Refused
from dvc.operations.models import Center, Mode
from intake.volunteers import cards, services
from intake.volunteers.models import InsurancePlan, Volunteer
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.at(9)


def register(center: Center, **fields: Any) -> Volunteer:
    values = {
        "family_name": "佐藤",
        "given_name": "花",
        "family_kana": "さとう",
        "given_kana": "はな",
        **fields,
    }
    return services.register(center, by=SYSTEM, at=NOW, **values)


@pytest.fixture
def center() -> Center:
    return make.center()


def test_a_name_is_kept_as_it_was_typed_and_the_change_is_recorded(center: Center) -> None:
    made = register(
        center, family_name=" 𠮷﨑\u3000", given_name="髙", family_kana="ヨシザキ", given_kana="ﾀｶ"
    )
    made.refresh_from_db()
    assert (made.family_name, made.given_name) == ("𠮷﨑", "髙")
    assert (made.family_kana, made.given_kana) == ("よしざき", "たか")
    assert Entry.objects.about(made).get().action == "volunteer.registered"


def test_a_person_without_a_reading_or_a_given_name_is_registered(center: Center) -> None:
    made = register(center, family_name="Nguyễn Thị Đào", given_name="", family_kana="", given_kana="")
    assert made.name == "Nguyễn Thị Đào"
    assert made.kana_key == ""


def test_the_same_form_sent_twice_registers_one_person(center: Center) -> None:
    token = uuid4()
    first = register(center, form_token=token)
    second = register(center, form_token=token, given_name="花子")
    assert first == second
    assert Volunteer.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"family_name": "　"}, "volunteer.name_missing"),
        ({"family_name": "a\x00"}, "volunteer.text"),
        ({"family_name": "\ud800"}, "volunteer.text"),
        ({"family_name": "あ" * 41}, "volunteer.too_long"),
        ({"address": "町" * 1_000_000}, "volunteer.text"),
        ({"address": "町" * 5_000}, "volunteer.too_long"),
        ({"phone": "12"}, "volunteer.phone"),
        ({"emergency_phone": "なし"}, "volunteer.phone"),
        ({"birth_date": date(2027, 1, 1)}, "volunteer.birth_date"),
        ({"birth_date": date(2026, 12, 1)}, "volunteer.birth_date"),
        ({"birth_date": date(1890, 1, 1)}, "volunteer.birth_date"),
        ({"skills": ["flying"]}, "volunteer.choice"),
        ({"gender": "X"}, "volunteer.choice"),
        ({"experience": 9}, "volunteer.choice"),
        ({"languages": ["ja"] * 11}, "volunteer.choice"),
        ({"languages": ["x" * 31]}, "volunteer.too_long"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_a_sentence(
    center: Center, fields: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        register(center, **fields)
    assert refused.value.code == code
    assert refused.value.text.endswith("。") or "例" in refused.value.text
    assert not Volunteer.objects.exists()


def test_a_sign_that_unfolds_to_many_letters_does_not_break_the_key(center: Center) -> None:
    made = register(center, family_name="\ufdfa" * 40)
    assert 0 < len(made.name_key) <= 100


def test_a_telephone_number_is_stored_with_its_hyphens(center: Center) -> None:
    made = register(center, phone="＋８１ ９０ ００００ ００１２")
    assert made.phone == "090-0000-0012"
    assert made.phone_digits == "09000000012"


@pytest.mark.parametrize(
    "text",
    [
        "山崎",
        "山﨑",
        "ヤマザキ",
        "やまざき たか",
        "ﾔﾏｻﾞｷ",
        "髙子",
        "高子",
        "山崎　髙",
        "090-0000-7777",
        "０００７７７７",
        "7777",
    ],
)
def test_a_person_is_found_by_any_spelling(center: Center, text: str) -> None:
    operation = make.operation(center)
    person = register(
        center, family_name="山﨑", given_name="髙子", family_kana="やまざき", given_kana="たかこ",
        phone="090-0000-7777",
    )  # fmt: skip
    register(center, phone="090-0000-1111")
    assert list(services.find(operation, text)) == [person]


@pytest.mark.parametrize("text", ["", "　", "・", "ー", "たなか", "%", "_", "'; --", "\x00"])
def test_a_text_that_fits_nobody_finds_nobody(center: Center, text: str) -> None:
    register(center)
    assert not services.find(make.operation(center), text).exists()


def test_a_megabyte_in_the_search_box_finds_nobody(center: Center) -> None:
    register(center)
    assert not services.find(make.operation(center), "あ" * 1_000_000).exists()


def test_a_person_is_found_by_card_and_by_short_code(center: Center) -> None:
    operation = make.operation(center)
    person = register(center)
    card = cards.issue_stock(center, count=1, by=SYSTEM, at=NOW).cards.get()
    assert not services.find(operation, card.short_code).exists()
    cards.bind(card, person, by=SYSTEM, at=NOW, on=make.day(NOW))
    full_width = "".join(chr(ord(letter) + 0xFEE0) for letter in card.token.lower())
    for text in (card.token, full_width, card.short_code, short_code.display(card.short_code).lower()):
        assert list(services.find(operation, text)) == [person]


def test_a_lost_card_in_the_search_box_is_refused(center: Center) -> None:
    operation = make.operation(center)
    card = cards.issue_stock(center, count=1, by=SYSTEM, at=NOW).cards.get()
    cards.lose(card, by=SYSTEM, at=NOW)
    with pytest.raises(Refused) as refused:
        services.find(operation, card.token)
    assert refused.value.code == "card.revoked"


def test_people_of_a_drill_are_seen_in_that_drill_only(center: Center) -> None:
    drill = make.operation(center, mode=Mode.DRILL)
    other_drill = make.operation(center, mode=Mode.DRILL)
    real = register(center, given_name="花")
    invented = register(center, given_name="訓", drill=drill)
    stranger = register(make.center("別の市"), given_name="花")
    assert set(services.find(drill, "佐藤")) == {real, invented}
    assert set(services.find(other_drill, "佐藤")) == {real}
    assert set(services.find(make.operation(center), "佐藤")) == {real}
    assert stranger not in services.find(drill, "佐藤")


def test_a_search_among_many_is_one_query(center: Center) -> None:
    operation = make.operation(center)
    for number in range(30):
        register(center, given_name=f"花{number}")
    assert operation.center == center
    with CaptureQueriesContext(connection) as queries:
        assert len(services.find(operation, "さとう")) == 30
    assert len(queries) == 1


def test_a_correction_changes_and_records_what_is_new_and_nothing_else(center: Center) -> None:
    person = register(center, phone="090-0000-0012")
    services.correct(person, by=SYSTEM, at=NOW, family_name="齋藤", phone="090-0000-0012")
    person.refresh_from_db()
    assert person.family_name == "齋藤"
    assert person.name_key == "斎藤花"
    entry = Entry.objects.about(person).order_by("-id")[0]
    assert entry.details == {"fields": ["family_name"]}
    services.correct(person, by=SYSTEM, at=NOW, family_name="齋藤")
    assert Entry.objects.about(person).count() == 2


def test_a_correction_cannot_take_the_name_away(center: Center) -> None:
    person = register(center)
    with pytest.raises(Refused, match="name_missing"):
        services.correct(person, by=SYSTEM, at=NOW, family_name=" ")
    person.refresh_from_db()
    assert person.family_name == "佐藤"


def test_look_alikes_share_a_phone_or_a_name_but_no_other_birthday(center: Center) -> None:
    mother = register(center, given_name="花", birth_date=date(1960, 1, 1), phone="090-0000-0001")
    daughter = register(center, given_name="花", birth_date=date(1990, 1, 1), phone="090-0000-0002")
    undated = register(center, given_name="はな", phone="090-0000-0003")

    def alike(**known: Any) -> set[Volunteer]:
        values = {"name": "佐藤 花", "kana": "さとう はな", "phone_digits": "", "birth_date": None, **known}
        return set(center.volunteers.look_alikes(**values))

    assert alike() == {mother, daughter, undated}
    assert alike(birth_date=date(1990, 1, 1)) == {daughter, undated}
    assert alike(name="鈴木 一", kana="", phone_digits="09000000001") == {mother}
    assert alike(name="鈴木 一", kana="") == set()


def test_insurance_starts_the_day_after_joining_and_ends_with_the_fiscal_year(center: Center) -> None:
    policy = services.record_insurance(
        register(center), plan=InsurancePlan.QUAKE, joined_on=date(2026, 7, 18), by=SYSTEM, at=NOW
    )
    assert policy.valid_from == datetime(2026, 7, 18, 15, tzinfo=UTC)
    assert policy.valid_to == datetime(2027, 3, 31, 15, tzinfo=UTC)


def test_under_the_special_rule_insurance_starts_at_once(center: Center) -> None:
    person = register(center)
    policy = services.record_insurance(
        person, joined_on=date(2026, 7, 18), special_rule=True, by=SYSTEM, at=NOW
    )
    assert policy.valid_from == NOW
    assert person.policies.covering(NOW).exists()


def test_joining_in_the_last_days_of_march(center: Center) -> None:
    march_30 = datetime(2027, 3, 30, 1, tzinfo=UTC)
    person = register(center)
    policy = services.record_insurance(person, joined_on=date(2027, 3, 30), by=SYSTEM, at=march_30)
    assert policy.valid_to - policy.valid_from == timedelta(days=1)
    next_year = services.record_insurance(
        person, joined_on=date(2027, 3, 31), by=SYSTEM, at=march_30 + timedelta(days=1)
    )
    assert next_year.valid_from == policy.valid_to
    assert next_year.valid_to == datetime(2028, 3, 31, 15, tzinfo=UTC)


def test_a_policy_that_was_shown_covers_today_and_is_recorded_once(center: Center) -> None:
    person = register(center)
    first = services.record_insurance(person, evidence="加入カードを見た", by=SYSTEM, at=NOW)
    assert person.policies.covering(make.at(8)).exists()
    assert services.record_insurance(person, by=SYSTEM, at=NOW + timedelta(hours=2)) == first
    assert person.policies.count() == 1


def test_joining_tomorrow_is_refused(center: Center) -> None:
    with pytest.raises(Refused, match="joined_in_future"):
        services.record_insurance(register(center), joined_on=date(2026, 7, 19), by=SYSTEM, at=NOW)


def test_a_guardian_is_another_adult_of_the_center(center: Center) -> None:
    adult = register(center, birth_date=date(1980, 1, 1))
    child = register(
        center, given_name="子", birth_date=date(2015, 1, 1), guardian=adult, guardian_consent=True
    )
    assert child.guardian == adult
    for wrong in (child, register(make.center("別の市"))):
        with pytest.raises(Refused, match=r"volunteer\.guardian"):
            services.correct(child, by=SYSTEM, at=NOW, guardian=wrong)
    with pytest.raises(Refused, match=r"volunteer\.guardian"):
        register(center, guardian=child)


def test_a_group_is_made_once(center: Center) -> None:
    first = services.register_group(center, name="多賀城高校 JRC部 ", by=SYSTEM, at=NOW)
    assert services.register_group(center, name="多賀城高校 JRC部", by=SYSTEM, at=NOW) == first
    with pytest.raises(Refused, match="name_missing"):
        services.register_group(center, name=" ", by=SYSTEM, at=NOW)


def test_a_withdrawn_person_is_not_found_and_the_card_is_revoked(center: Center) -> None:
    person = register(center)
    card = cards.issue_stock(center, count=1, by=SYSTEM, at=NOW).cards.get()
    cards.bind(card, person, by=SYSTEM, at=NOW, on=make.day(NOW))
    services.withdraw(person, by=SYSTEM, at=NOW)
    services.withdraw(person, by=SYSTEM, at=NOW)
    assert not services.find(make.operation(center), "佐藤").exists()
    card.refresh_from_db()
    assert card.state == "lost"
    assert Entry.objects.about(person).filter(action="volunteer.withdrawn").count() == 1


def test_a_block_needs_a_reason_and_can_be_lifted(center: Center) -> None:
    person = register(center)
    with pytest.raises(Refused, match="blocked_without_reason"):
        services.block(person, reason=" ", by=SYSTEM, at=NOW)
    assert services.block(person, reason="前回の注意", by=SYSTEM, at=NOW).blocked_reason == "前回の注意"
    assert services.unblock(person, by=SYSTEM, at=NOW).blocked_reason == ""
