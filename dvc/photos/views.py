"""Showing one photo."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from dvc.accounts import access
from dvc.accounts.policy import StaffRequest, by
from dvc.audit.services import looked
from dvc.photos.models import MAY_SEE, Photo


@require_safe
def photo(request: StaffRequest, operation_id: int, photo_id: uuid.UUID) -> HttpResponse:
    """The JPEG, or with `?small` the small one, for whoever may see photos of its kind; logged as a look."""
    found = access.of_operation(request.operation, Photo.objects.kept(), photo_id)
    if not access.may(request.roles, MAY_SEE[found.purpose]):
        raise Http404
    small = "small" in request.GET
    try:
        content = found.path(small=small).read_bytes()
    except FileNotFoundError:
        raise Http404 from None
    looked(found, by=by(request), classes="P5", why="photo, small" if small else "photo", at=request.now)
    response = HttpResponse(content, content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=300"
    return response
