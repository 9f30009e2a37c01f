"""Ways of a simulated tablet to the server inside one process, for sequences by the thousand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from dvc.sync import api
from tests.infra.tablet import OPS_PATH, NoAnswer


class DirectLine:
    """The view of POST /api/v1/sync/ops as it is, less middleware and routing.

    `fate` of each request: None, or "before" / "after" which side of the commit the connection breaks.
    """

    def __init__(self, fate: Callable[[], str | None]) -> None:
        self.fate = fate
        self.factory = APIRequestFactory()

    def post(self, body: bytes, authorization: str) -> tuple[int, Any]:
        fate = self.fate()
        if fate == "before":
            raise NoAnswer(fate)
        request = self.factory.post(OPS_PATH, body, content_type="application/json")
        request.META["HTTP_AUTHORIZATION"] = authorization
        answer = api.OpsView.as_view()(request)
        if fate == "after":
            raise NoAnswer(fate)
        if isinstance(answer, Response):  # what was refused; the answer to ops is a finished one
            answer.render()
        return answer.status_code, json.loads(answer.content)
