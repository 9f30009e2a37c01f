"""What is logged of an error names no person."""

from __future__ import annotations

import logging.config
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction

from intake.volunteers.models import Volunteer
from tests import make


def logged(break_it: Callable[[], Any], kind: type[Exception]) -> str:
    """The line and what hangs from it, through the formatter that is configured."""
    config: dict[str, Any] = settings.LOGGING["formatters"]["plain"]  # type: ignore[index]
    made = logging.config.DictConfigurator({"version": 1}).configure_formatter(dict(config))
    with pytest.raises(kind) as caught:
        break_it()
    error = (caught.type, caught.value, caught.tb)
    return made.format(
        logging.LogRecord("dvc.sync", logging.ERROR, __file__, 1, "op %s broke", ("7",), error)
    )


@pytest.mark.django_db
def test_the_row_a_database_complains_of_is_not_logged() -> None:
    person = make.volunteer(make.center(), "髙﨑", "花子", phone="090-1111-2222")

    @transaction.atomic
    def twice() -> None:
        Volunteer.objects.bulk_create([person])

    text = logged(twice, IntegrityError)
    assert "Traceback" in text, "whoever looks for trouble in a log looks for this word"
    assert "IntegrityError" in text
    assert "bulk_create" in text, "where it broke is needed to mend it"
    for secret in ("髙﨑", "花子", "2222", "DETAIL"):
        assert secret not in text


def test_nor_is_what_somebody_typed_in_any_link_of_the_chain() -> None:
    name = "\u9ad9\ufa11"  # spelled out: the lines of the code are logged

    def typed() -> None:
        try:
            int(name)
        except ValueError as error:
            raise RuntimeError(f"{name} is no number") from error

    text = logged(typed, RuntimeError)
    assert name not in text
    assert text.index("ValueError") < text.index("RuntimeError")


@pytest.mark.parametrize(
    "error", [OperationalError("connection refused"), FileNotFoundError(2, "gone", "/x")]
)
def test_what_the_machine_says_of_itself_is_logged(error: Exception) -> None:
    def fail() -> None:
        raise error

    assert str(error) in logged(fail, type(error))
