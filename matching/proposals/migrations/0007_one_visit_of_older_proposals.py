"""Proposals from before teams did several needs in a row: each has the one visit it was made for."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def one_visit_each(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    visits = apps.get_model("proposals", "ProposalVisit").objects
    rows = apps.get_model("proposals", "Proposal").objects.filter(visits__isnull=True)
    columns = rows.order_by("pk").values_list("pk", "need", "need_version", "state")
    visits.bulk_create(
        (
            visits.model(
                proposal_id=pk, need_id=need, need_version=version, position=1, offered=state == "offered"
            )
            for pk, need, version, state in columns.iterator()
        ),
        batch_size=500,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("proposals", "0006_visits_of_a_proposal"),
    ]

    operations = [
        migrations.RunPython(one_visit_each, migrations.RunPython.noop),
    ]
