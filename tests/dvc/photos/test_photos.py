"""Photos are made small, freed of what a camera writes into them, kept once, and gone when they are taken away."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from dvc.accounts.roles import Role
from dvc.audit.models import Entry, Look
from dvc.audit.services import SYSTEM
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.photos import services
from dvc.photos.models import Photo, Purpose
from dvc.photos.pictures import MOST_BYTES
from tests import make
from tests.dvc.photos.pictures import bomb, jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def add(operation: Operation, content: bytes, purpose: Purpose = Purpose.SURVEY) -> Photo:
    return services.add(
        operation, BytesIO(content), purpose=purpose, size=len(content), by=SYSTEM, at=make.at(9)
    )


def test_a_photo_is_kept_small_and_upright_and_says_nothing_of_its_camera() -> None:
    photo = add(make.operation(), jpeg(4000, 3000, orientation=6))
    content = photo.path().read_bytes()
    assert b"SecretCamera" not in content
    with Image.open(BytesIO(content)) as kept:
        assert (kept.size, dict(kept.getexif())) == ((1200, 1600), {})
    with Image.open(photo.path(small=True)) as small:
        assert small.size == (300, 400)
    assert (photo.width, photo.height, photo.bytes) == (1200, 1600, len(content))
    assert photo.path().stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_other_pictures_become_jpegs(format_: str) -> None:
    with Image.open(add(make.operation(), jpeg(format_=format_)).path()) as kept:
        assert kept.format == "JPEG"


def test_the_same_file_again_is_the_same_photo() -> None:
    operation, content = make.operation(), jpeg()
    first = add(operation, content)
    assert add(operation, content) == first
    assert first.sent == hashlib.sha256(content).hexdigest()
    assert (Photo.objects.count(), Entry.objects.filter(action="photo.added").count()) == (1, 1)
    assert add(make.operation(), content) != first


def test_the_same_file_for_another_purpose_is_a_photo_of_its_own_and_outlives_the_first() -> None:
    operation, content = make.operation(), jpeg()
    surveyed = add(operation, content)
    reported = add(operation, content, Purpose.REPORT)
    services.remove(surveyed, by=SYSTEM, at=make.at(10))
    sent = [reported.sent]
    assert services.found(operation, sent, purpose=Purpose.REPORT) == {reported.sent: reported}
    assert services.found(operation, sent, purpose=Purpose.SURVEY) == {}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.7 no photo", "photo.unreadable"),
        (b"", "photo.unreadable"),
        (jpeg()[:2000], "photo.unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "photo.unreadable"),
        (bomb(), "photo.too_many_pixels"),
    ],
)
def test_what_is_no_photo_gets_a_sentence(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        add(make.operation(), content)
    assert refused.value.code == code
    assert not Photo.objects.exists()


def test_forty_megabytes_get_a_sentence_with_the_size() -> None:
    with pytest.raises(Refused) as refused:
        services.add(
            make.operation(),
            BytesIO(jpeg()),
            purpose=Purpose.SURVEY,
            size=40_000_000,
            by=SYSTEM,
            at=make.at(9),
        )
    assert refused.value.code == "photo.too_large"
    assert "40MB" in refused.value.text
    assert MOST_BYTES < 40_000_000


def test_a_removed_photo_is_gone_and_may_be_added_again(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    operation, content = make.operation(), jpeg()
    photo = add(operation, content)
    with django_capture_on_commit_callbacks(execute=True):
        services.remove(photo, by=SYSTEM, at=make.at(10))
        services.remove(photo, by=SYSTEM, at=make.at(11))
    assert not photo.path().exists()
    assert not photo.path(small=True).exists()
    assert Entry.objects.filter(action="photo.removed").count() == 1
    again = add(operation, content)
    assert again.path().exists()
    assert services.found(operation, [again.sent], purpose=Purpose.SURVEY) == {again.sent: again}


def test_only_who_needs_it_sees_a_photo_and_every_look_is_logged() -> None:
    operation = make.operation()
    photo = add(operation, jpeg())
    url = f"/o/{operation.pk}/photos/{photo.pk}/"

    def ask(role: Role, where: str = url) -> int:
        client = Client()
        client.force_login(make.user(operation.center, role))
        return client.get(where).status_code

    assert ask(Role.SURVEY) == 200
    assert ask(Role.SURVEY, f"{url}?small") == 200
    assert ask(Role.EQUIPMENT) == 404
    assert list(Look.objects.filter(subject_id=str(photo.pk)).values_list("classes", "why")) == [
        ("P5", "photo"), ("P5", "photo, small"),
    ]  # fmt: skip
    assert ask(Role.CHIEF, f"/o/{make.operation().pk}/photos/{photo.pk}/") == 404
    stranger = Client()
    stranger.force_login(make.user(make.center()))
    assert stranger.get(url).status_code == 404
    tool = add(operation, jpeg(colour="red"), Purpose.TOOL)
    assert ask(Role.EQUIPMENT, f"/o/{operation.pk}/photos/{tool.pk}/") == 200
