"""The keys of houses anew: コーポラス明月 101 without a house number is a building and a room, not a town."""

from typing import Any

from django.db import migrations

from dvc.core.addresses import within

BATCH = 1000


def fill(apps: Any, schema_editor: Any) -> None:
    all_houses = apps.get_model("people", "Household").objects
    changed = []
    for house in all_houses.select_related("town", "center").iterator(chunk_size=BATCH):
        town = f"{house.town.name}{house.town.koaza}" if house.town else ""
        place = within(town, house.address, city=house.center.city)
        keys = place.house[:160], place.unit[:80]
        if keys != (house.address_key, house.unit_key):
            house.address_key, house.unit_key = keys
            changed.append(house)
    all_houses.bulk_update(changed, ["address_key", "unit_key"], batch_size=100)


class Migration(migrations.Migration):

    dependencies = [("people", "0005_fill_search_keys")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
