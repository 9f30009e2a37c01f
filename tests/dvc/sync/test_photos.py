"""A photo on its way over a bad network: in pieces, taken up where it broke off, kept once."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from dvc.accounts.models import DeviceProfile
from dvc.accounts.roles import Role
from dvc.accounts.services import revoke_device
from dvc.audit.services import SYSTEM
from dvc.photos import parts
from dvc.photos.models import Photo, Purpose
from dvc.photos.services import found
from dvc.sync import photos_kept, resolutions
from dvc.sync.models import InboxItem, ItemKind
from intake.survey.models import Survey
from tests import make
from tests.dvc.photos.pictures import jpeg
from tests.dvc.sync.tablet import Tablet
from tests.intake.survey.scene import FORM, booked, waiting

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


@pytest.mark.once  # pieces are files until the last is there
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
    revoke(tablet)
    for answer in (ask(tablet), put(tablet, 0, PHOTO)):
        assert (answer.status_code, answer.json()["code"]) == (403, "device_revoked")
        assert "センター長に知らせて" in answer.json()["text"]
    assert not Photo.objects.exists()
    assert not list(tablet_uploads()), "and nothing lies about"


# ── a tablet that was revoked ──────────────────────────────────────────────────────────────────


def revoke(tablet: Tablet) -> None:
    revoke_device(tablet.device, by=SYSTEM, at=make.at(9))


def tablet_uploads() -> Iterator[Path]:
    return (Path(django_settings.DATA) / "uploads").glob("*")


def survey_of(tablet: Tablet, *sent: str) -> dict[str, Any]:
    visit = booked(waiting(tablet.operation))
    photos = [{"sent": each, "caption": "外観"} for each in sent]
    return tablet.op(
        "survey.done", need=visit.need_id, appointment=visit.pk, form=FORM, photos=photos, signature=[]
    )


def inbox_page(tablet: Tablet) -> str:
    client = Client()
    client.force_login(make.user(tablet.operation.center, Role.CHIEF))
    item = InboxItem.objects.get(kind=ItemKind.QUARANTINE)
    return client.get(f"/o/{tablet.operation.pk}/inbox/{item.pk}/").content.decode()


def decide(tablet: Tablet, choice: str) -> None:
    item, chief = InboxItem.objects.get(kind=ItemKind.QUARANTINE), make.user(tablet.operation.center)
    resolutions.choose(item, choice, reason="確かめた", told_at=None, by=make.by(chief), at=make.at(13))


def test_a_revoked_tablet_hands_over_the_photos_of_what_it_handed_over(tablet: Tablet) -> None:
    """Half of it had come before it was reported lost: it goes on there, and waits in quarantine with its record."""
    put(tablet, 0, PHOTO[:1000])
    revoke(tablet)
    assert tablet.send(survey_of(tablet, SENT))[0]["code"] == "quarantined"
    assert "1枚は、まだ端末の中" in inbox_page(tablet)
    assert ask(tablet).json() == {"received": 1000, "whole": False}
    assert put(tablet, 1000, PHOTO[1000:]).status_code == 201
    page = inbox_page(tablet)
    assert "写真1枚" in page
    assert "まだ端末の中" not in page
    assert not Survey.objects.exists(), "nothing counts before a person has decided"
    decide(tablet, "take_in")
    survey = Survey.objects.get()
    assert found(tablet.operation, survey.sent_photos, purpose=Purpose.SURVEY)[SENT].device == tablet.device


def test_photos_that_come_after_the_record_was_taken_in_belong_to_it(tablet: Tablet) -> None:
    revoke(tablet)
    tablet.send(survey_of(tablet, SENT))
    decide(tablet, "take_in")
    client, survey = Client(), Survey.objects.get()
    client.force_login(make.user(tablet.operation.center, Role.CHIEF))
    where = f"/o/{tablet.operation.pk}/survey/results/{survey.pk}/"
    assert "使用停止にした端末「受付1」の中にあります" in client.get(where).content.decode()
    assert put(tablet, 0, PHOTO).status_code == 201
    assert "まだ届いていません" not in client.get(where).content.decode()


def test_photos_of_what_was_told_before_the_tablet_was_revoked_come_in_as_ever(tablet: Tablet) -> None:
    assert tablet.send(survey_of(tablet, SENT))[0]["status"] == "applied"
    revoke(tablet)
    assert put(tablet, 0, PHOTO).status_code == 201
    assert set(found(tablet.operation, Survey.objects.get().sent_photos, purpose=Purpose.SURVEY)) == {SENT}


def test_photos_of_a_record_that_was_left_out_are_refused_in_words(tablet: Tablet) -> None:
    revoke(tablet)
    tablet.send(survey_of(tablet, SENT))
    decide(tablet, "refuse")
    answer = put(tablet, 0, PHOTO)
    assert (answer.status_code, answer.json()["code"]) == (409, "photo.left_out")
    assert "センター長に聞いて" in answer.json()["text"]
    assert not Photo.objects.exists()
    # Told in another record as well, which nobody has decided about: then it is wanted.
    tablet.send(survey_of(tablet, SENT))
    assert put(tablet, 0, PHOTO).status_code == 201


def test_a_revoked_tablet_slips_in_no_other_picture(tablet: Tablet) -> None:
    """The name is the content: what does not have the hash that the record told is not kept."""
    revoke(tablet)
    tablet.send(survey_of(tablet, SENT))
    other = jpeg(300, 200, colour="red")
    assert put(tablet, 0, other, size=len(other)).json()["code"] == "photo.broken_on_the_way"
    assert put(tablet, 0, other, sent=hashlib.sha256(other).hexdigest(), size=len(other)).status_code == 403
    assert not Photo.objects.exists()


def test_another_tablets_record_opens_nothing_to_a_revoked_one(tablet: Tablet) -> None:
    colleague = Tablet(tablet.operation, profile=DeviceProfile.SURVEY)
    colleague.send(survey_of(colleague, SENT))
    revoke(tablet)
    assert put(tablet, 0, PHOTO).status_code == 403
    assert not Photo.objects.exists()


def test_photos_of_a_record_that_is_left_out_go_with_it_unless_another_names_them(tablet: Tablet) -> None:
    other = jpeg(800, 600)
    sent = hashlib.sha256(other).hexdigest()
    tablet.send(survey_of(tablet, SENT))  # this one counts
    put(tablet, 0, PHOTO)
    revoke(tablet)
    tablet.send(survey_of(tablet, SENT, sent))
    put(tablet, 0, other, sent=sent, size=len(other))
    assert Photo.objects.kept().count() == 2
    decide(tablet, "refuse")
    assert [photo.sent for photo in Photo.objects.kept()] == [SENT]


def test_a_photo_that_no_record_names_for_a_month_goes(tablet: Tablet) -> None:
    tablet.send(survey_of(tablet, SENT))
    put(tablet, 0, PHOTO)
    other = jpeg(800, 600)
    put(tablet, 0, other, sent=hashlib.sha256(other).hexdigest(), size=len(other))
    newest = max(photo.added_at for photo in Photo.objects.all())
    photos_kept.forget(at=newest + timedelta(days=29))
    assert Photo.objects.kept().count() == 2
    photos_kept.forget(at=newest + timedelta(days=31))
    assert [photo.sent for photo in Photo.objects.kept()] == [SENT]
