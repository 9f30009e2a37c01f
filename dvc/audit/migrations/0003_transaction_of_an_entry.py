"""PostgreSQL numbers entries before they are committed, so that a lower id may appear after a higher one. The number of
the writing transaction lets a reader know what may still be under way (dvc.audit.places). SQLite writes one at a time:
there the id is enough."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def add(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE audit_entry ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id()")
        editor.execute("CREATE INDEX audit_entry_xact ON audit_entry (xact)")


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE audit_entry DROP COLUMN xact")


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [migrations.RunPython(add, remove)]
