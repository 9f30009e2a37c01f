"""The keys of everybody in the register anew: houses are compared without building and room, numbers by their last
digits, given names by themselves."""

from typing import Any

from django.db import migrations

from dvc.core.addresses import within
from dvc.core.japanese import bare_name, kana_key, phone_key, search_key, split_name

BATCH = 1000


def fill(apps: Any, schema_editor: Any) -> None:
    all_people = apps.get_model("people", "Person").objects
    all_houses = apps.get_model("people", "Household").objects
    people = []
    for person in all_people.iterator(chunk_size=BATCH):
        person.name_key = search_key(bare_name(person.name))[:100]
        person.kana_key = kana_key(bare_name(person.kana))[:140]
        person.given_key = search_key(split_name(person.name)[1])[:100] or person.name_key[2:]
        person.given_kana_key = kana_key(split_name(person.kana)[1])[:140]
        person.phone_digits = phone_key(person.phone)[:20]
        person.phone_reversed = person.phone_digits[::-1]
        people.append(person)
    keys = ["name_key", "kana_key", "given_key", "given_kana_key", "phone_digits", "phone_reversed"]
    all_people.bulk_update(people, keys, batch_size=100)
    houses = []
    for house in all_houses.select_related("town", "center").iterator(chunk_size=BATCH):
        town = f"{house.town.name}{house.town.koaza}" if house.town else ""
        place = within(town, house.address, city=house.center.city)
        house.address_key, house.unit_key = place.house[:160], place.unit[:80]
        houses.append(house)
    all_houses.bulk_update(houses, ["address_key", "unit_key"], batch_size=100)


class Migration(migrations.Migration):

    dependencies = [("people", "0004_search_keys_and_merges")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
