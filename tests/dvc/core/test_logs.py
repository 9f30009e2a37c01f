"""What is logged of an error names no person."""

from __future__ import annotations

import logging.config
from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction

from intake.volunteers.models import Volunteer
from tests import make


def configured() -> logging.Formatter:
    config: dict[str, Any] = settings.LOGGING["formatters"]["plain"]  # type: ignore[index]
    made: logging.Formatter = logging.config.DictConfigurator({"version": 1}).configure_formatter(
        dict(config)
    )
    return made


def logged(break_it: Callable[[], Any], kind: type[Exception]) -> str:
    """The line and what hangs from it, through the formatter that is configured."""
    made = configured()
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


@pytest.mark.parametrize("throws", [(), (RuntimeError,)])
def test_nor_is_it_in_celerys_own_line_about_a_task(
    throws: tuple[type[Exception], ...], caplog: pytest.LogCaptureFixture
) -> None:
    name = "\u9ad9\ufa11"

    @Celery("apart", set_as_current=False).task(name="test.quotes", throws=throws)
    def quotes() -> None:
        raise RuntimeError(f"Failing row contains ({name}).")

    with caplog.at_level(logging.INFO, "celery.app.trace"):
        quotes.apply()
    [record] = [record for record in caplog.records if record.name == "celery.app.trace"]
    assert name in record.getMessage()
    text = configured().format(record)
    assert "Task test.quotes" in text
    assert "RuntimeError" in text
    assert name not in text


@pytest.mark.parametrize(
    "error", [OperationalError("connection refused"), FileNotFoundError(2, "gone", "/x")]
)
def test_what_the_machine_says_of_itself_is_logged(error: Exception) -> None:
    def fail() -> None:
        raise error

    assert str(error) in logged(fail, type(error))
