"""Keep photos and take them away."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import IO

from django.db import IntegrityError, transaction

from dvc.audit.services import By, record
from dvc.core import durable
from dvc.core.refused import Refused
from dvc.operations.models import Operation
from dvc.photos.models import Photo, Purpose
from dvc.photos.pictures import picture_of


def add(
    operation: Operation,
    file: IO[bytes],
    *,
    purpose: Purpose,
    size: int,
    by: By,
    at: datetime,
    sent: str = "",
) -> Photo:
    """Keep a photo that was sent (`size` in bytes, the file at its beginning); the same file again for the same purpose is
    the same photo.

    The files are on the disk before the row says so. `sent`: the hash that the sender gave, if any. Refused:
    photo.broken_on_the_way (another hash), and what `picture_of` refuses.
    """
    told, sent = sent, _hash(file)
    if told and told != sent:
        raise Refused("photo.broken_on_the_way")
    known = found(operation, [sent], purpose=purpose).get(sent)
    if known is not None:
        return known
    same = Photo.objects.filter(operation=operation, purpose=purpose, sent=sent)
    picture = picture_of(file, size=size)
    photo = Photo(
        id=uuid.uuid4(), operation=operation, purpose=purpose, sent=sent, width=picture.width, height=picture.height,
        bytes=len(picture.full), added_by=by.user, device=by.device, added_at=at,
    )  # fmt: skip
    photo.path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    durable.write(photo.path(), picture.full)
    durable.write(photo.path(small=True), picture.small)
    try:
        with transaction.atomic():
            # One that was taken away may be added again.
            same.filter(removed_at__isnull=False).delete()
            photo.save(force_insert=True)
            record("photo.added", photo, by=by, at=at, operation=operation, purpose=str(purpose))
    except IntegrityError:  # the same file came twice at the same moment
        _delete_files(photo)
        return same.get()
    return photo


def found(operation: Operation, sent: Iterable[str], *, purpose: Purpose) -> dict[str, Photo]:
    """The photos of these sent files that are kept for this, by hash. One query."""
    rows = Photo.objects.kept().filter(operation=operation, purpose=purpose, sent__in=list(sent))
    return {photo.sent: photo for photo in rows}


def remove(photo: Photo, *, by: By, at: datetime) -> None:
    """Take a photo away for good: the row says when, the files go. Twice changes nothing."""
    with transaction.atomic():
        if not Photo.objects.kept().filter(pk=photo.pk).update(removed_at=at):
            return
        record("photo.removed", photo, by=by, at=at, operation=photo.operation)
        transaction.on_commit(lambda: _delete_files(photo))


def forget_all(operation: Operation) -> int:
    """Delete every photo of a drill that is wiped, rows and, once that is certain, files. Returns how many."""
    photos = list(Photo.objects.filter(operation=operation))
    Photo.objects.filter(operation=operation).delete()
    transaction.on_commit(lambda: _delete_files(*photos))
    return len(photos)


def _delete_files(*photos: Photo) -> None:
    for photo in photos:
        for small in (False, True):
            photo.path(small=small).unlink(missing_ok=True)


def _hash(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(1024 * 1024):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()
