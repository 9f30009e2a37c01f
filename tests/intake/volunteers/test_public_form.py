"""Registration from home: what keeps machines out and lets people in."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache

from dvc.core.refused import Refused
from dvc.core.sealed_form import OLDEST_SECONDS
from dvc.operations.models import Center
from intake.volunteers import services
from intake.volunteers.forms import PublicForm
from intake.volunteers.models import Source, Volunteer
from tests import make

pytestmark = pytest.mark.django_db
NOW = make.at(9)


def filled_after(seconds: float, **changes: str) -> PublicForm:
    """The form as it comes back that many seconds after it was handed out."""
    with time_machine.travel(NOW, tick=False):
        seal = str(PublicForm.blank().initial["seal"])
    data = {"family_name": "佐藤", "phone": "090-0000-0012", "consented": "on", "seal": seal, **changes}
    with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
        form = PublicForm(data)
        form.is_valid()
    return form


@pytest.mark.parametrize("seconds", [10, 60, OLDEST_SECONDS - 1])
def test_a_person_is_let_in(seconds: float) -> None:
    form = filled_after(seconds)
    assert form.errors == {}
    assert form.cleaned_data["form_token"].version == 4


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [(0, "開いてすぐ"), (2, "開いてすぐ"), (OLDEST_SECONDS + 10, "時間がたった")],
)
def test_too_fast_and_too_late_are_told_apart(seconds: float, sentence: str) -> None:
    assert sentence in str(filled_after(seconds).non_field_errors())


def test_who_left_a_field_empty_is_told_of_that_and_not_of_being_fast() -> None:
    form = filled_after(1, phone="")
    assert "phone" in form.errors
    assert not form.non_field_errors()


@pytest.mark.parametrize("seal", ["", "x", "a:b:c", "あ" * 300])
def test_a_seal_that_is_not_ours_is_refused(seal: str) -> None:
    assert not filled_after(60, seal=seal).is_valid()


def test_what_fills_the_hidden_field_is_refused() -> None:
    assert "website" in filled_after(60, website="http://example.jp").errors


def test_a_class_registers_from_one_address_and_a_machine_does_not() -> None:
    cache.clear()
    center = make.center()
    for _ in range(services.FROM_ONE_ADDRESS.most):
        register(center, "192.0.2.1")
    with pytest.raises(Refused) as refused:
        register(center, "192.0.2.1")
    assert refused.value.code == "volunteer.online_busy"
    assert center.phone in refused.value.text
    register(center, "192.0.2.2")
    assert Volunteer.objects.filter(source=Source.WEB).count() == services.FROM_ONE_ADDRESS.most + 1


def test_a_flood_from_many_addresses_stops_at_the_centers_limit() -> None:
    cache.clear()
    center = make.center()
    one = register(center, "192.0.2.1")
    Volunteer.objects.bulk_create(
        Volunteer(
            center=center,
            family_name="佐藤",
            name_key="佐藤",
            source=Source.WEB,
            registered_at=one.registered_at,
        )
        for _ in range(services.WEB_PER_CENTER)
    )
    with pytest.raises(Refused, match="online_busy"):
        register(center, "192.0.2.9")
    later = NOW + timedelta(hours=1, seconds=1)
    services.register_online(
        center, {"family_name": "鈴木"}, client="192.0.2.9", form_token=uuid4(), at=later
    )


def register(center: Center, client: str) -> Volunteer:
    fields: services.VolunteerFields = {"family_name": "佐藤", "phone": "090-0000-0012"}
    return services.register_online(center, fields, client=client, form_token=uuid4(), at=NOW)
