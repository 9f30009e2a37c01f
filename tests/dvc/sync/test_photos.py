"""A photo on its way over a bad network: in pieces, taken up where it broke off, kept once."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from dvc.accounts.models import DeviceProfile
from dvc.accounts.services import revoke_device
from dvc.audit.services import SYSTEM
from dvc.photos import parts
from dvc.photos.models import Photo, Purpose
from tests import make
from tests.dvc.photos.pictures import jpeg
from tests.dvc.sync.tablet import Tablet

pytestmark = pytest.mark.django_db
PHOTO = jpeg(900, 700)
SENT = hashlib.sha256(PHOTO).hexdigest()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    return tmp_path


@pytest.fixture
def tablet() -> Tablet:
    return Tablet(make.operation(), profile=DeviceProfile.SURVEY)


def ask(tablet: Tablet, sent: str = SENT, **headers: str) -> Any:
    return tablet.client.get(
        f"/api/v1/sync/photos/{sent}?operation={tablet.operation.pk}",
        headers={"authorization": headers.get("authorization", f"Device {tablet.device.pk}.{tablet.secret}")},
    )


def put(tablet: Tablet, offset: int, piece: bytes, *, sent: str = SENT, size: int = len(PHOTO)) -> Any:
    return tablet.client.put(
        f"/api/v1/sync/photos/{sent}?operation={tablet.operation.pk}&offset={offset}&size={size}", piece,
        content_type="application/octet-stream", headers={"authorization": f"Device {tablet.device.pk}.{tablet.secret}"},
    )  # fmt: skip


def test_a_photo_comes_in_pieces_and_goes_on_where_it_broke_off(tablet: Tablet) -> None:
    assert ask(tablet).json() == {"received": 0, "whole": False}
    assert put(tablet, 0, PHOTO[:1000]).json() == {"received": 1000, "whole": False}
    assert ask(tablet).json() == {"received": 1000, "whole": False}
    # The answer was lost and the piece comes again; another one is skipped: neither changes anything.
    assert put(tablet, 0, PHOTO[:1000]).json()["received"] == 1000
    assert put(tablet, 3000, PHOTO[3000:4000]).json()["received"] == 1000
    last = put(tablet, 1000, PHOTO[1000:])
    assert (last.status_code, last.json()["whole"]) == (201, True)
    photo = Photo.objects.get()
    assert (photo.sent, photo.purpose, photo.device) == (SENT, Purpose.SURVEY, tablet.device)
    assert ask(tablet).json()["whole"]
    assert put(tablet, 0, PHOTO).json()["whole"]
    assert Photo.objects.count() == 1


@pytest.mark.parametrize("seed", range(20))
def test_pieces_in_any_order_and_number_end_in_the_photo(tablet: Tablet, seed: int) -> None:
    """The tablet asks where to go on; whatever else arrives meanwhile, nothing is torn."""
    dice = random.Random(seed)
    for _ in range(400):
        said = ask(tablet).json()
        if said["whole"]:
            break
        offset = said["received"] if dice.random() < 0.7 else dice.randrange(len(PHOTO))
        put(tablet, offset, PHOTO[offset : offset + dice.randrange(1, 3000)])
    assert Photo.objects.get().sent == SENT


def test_a_piece_that_was_changed_on_the_way_is_sent_anew_from_the_start(tablet: Tablet) -> None:
    broken = put(tablet, 0, PHOTO[:-1] + b"?")
    assert (broken.status_code, broken.json()["code"]) == (409, "photo.broken_on_the_way")
    assert ask(tablet).json() == {"received": 0, "whole": False}


def test_what_is_no_photo_is_refused_in_words(tablet: Tablet) -> None:
    text = b"no photo at all"
    answer = put(tablet, 0, text, sent=hashlib.sha256(text).hexdigest(), size=len(text))
    assert (answer.status_code, answer.json()["code"]) == (409, "photo.unreadable")
    assert "撮り直して" in answer.json()["text"]


def test_no_device_fills_the_disk(tablet: Tablet, monkeypatch: pytest.MonkeyPatch) -> None:
    assert put(tablet, 0, b"x" * (parts.PIECE_BYTES + 1)).status_code == 409
    monkeypatch.setattr(parts, "MOST_BYTES", 5000)
    assert put(tablet, 0, PHOTO[:4000]).status_code == 200
    refused = put(tablet, 4000, PHOTO[4000:6000])
    assert refused.json()["code"] == "photo.too_large"
    assert ask(tablet).json()["received"] == 0


def test_strangers_and_revoked_devices_send_nothing(tablet: Tablet) -> None:
    assert ask(tablet, authorization="Device x.y").status_code == 401
    assert tablet.client.get(f"/api/v1/sync/photos/..%2f?operation={tablet.operation.pk}").status_code == 404
    revoke_device(tablet.device, by=SYSTEM, at=make.at(9))
    assert put(tablet, 0, PHOTO).status_code == 403
    assert not Photo.objects.exists()
