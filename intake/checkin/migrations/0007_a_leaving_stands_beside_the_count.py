from datetime import datetime, time, timedelta

from django.db import migrations
from django.db.models import F
from django.utils import timezone


def apart(apps, schema_editor):
    """A row of nobody says that the group went home, whoever came in the 18 hours before; the time somebody's count was
    given becomes a row of its own. Until now a count ended with its day: who came on an earlier one went home at its end."""
    GroupArrival = apps.get_model('checkin', 'GroupArrival')
    GroupArrival.objects.filter(extra=0).update(kind='went', since=F('arrived_at') - timedelta(hours=18))
    now = timezone.now()
    today = {
        operation.pk: timezone.localdate(_reads(operation, now))
        for operation in apps.get_model('operations', 'Operation').objects.all()
    }
    counts = GroupArrival.objects.filter(kind='came', annulled_at__isnull=True)
    ended = [
        (row, row.left_at or _end_of(row.day))
        for row in counts
        if row.left_at or row.day < today[row.operation_id]
    ]
    GroupArrival.objects.bulk_create(
        [
            GroupArrival(
                operation_id=row.operation_id, group_id=row.group_id, kind='went', of=row, extra=0,
                day=timezone.localdate(left), arrived_at=left,
            )
            for row, left in ended
        ],
        batch_size=500,
    )


def _reads(operation, now):
    """What the operation's clock reads: a drill has its own."""
    if operation.clock_reading is None or operation.clock_set_at is None:
        return now
    return operation.clock_reading + (now - operation.clock_set_at) * operation.clock_speed


def _end_of(day):
    return timezone.make_aware(datetime.combine(day, time.max))


def together(apps, schema_editor):
    """Back to the time in the count itself; a correction is lost."""
    GroupArrival = apps.get_model('checkin', 'GroupArrival')
    for row in GroupArrival.objects.filter(kind='went', of__isnull=False, annulled_at__isnull=True):
        GroupArrival.objects.filter(pk=row.of_id).update(left_at=row.arrived_at)
    GroupArrival.objects.filter(of__isnull=False).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('checkin', '0006_what_was_said_of_nameless_people'),
    ]

    operations = [
        migrations.RunPython(apart, together),
    ]
