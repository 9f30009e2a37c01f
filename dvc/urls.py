"""The table of contents. Who may open each name stands in dvc/accounts/policy.py."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from dvc.drills.views import drill_start_sample
from intake.selfcheckin import urls as selfcheckin
from intake.web_requests import urls as web_requests
from matching.field import urls as field

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("dvc.sync.urls")),  # first: a tablet asks for each scan
    path("", include("dvc.home.urls")),
    path("", include("dvc.runtime.urls")),
    path("", include("dvc.accounts.urls")),
    path("", include("dvc.devices.urls")),
    path("", include("intake.operators.urls")),
    path("", include("dvc.public.urls")),
    path("", include("dvc.island.urls")),
    path("o/<int:operation_id>/inbox/", include("dvc.sync.inbox_urls")),
    path("o/<int:operation_id>/photos/", include("dvc.photos.urls")),
    path("o/<int:operation_id>/board/", include("dvc.board.urls")),
    path("drill/sample/", drill_start_sample, name="drill_start_sample"),
    path("o/<int:operation_id>/drill/", include("dvc.drills.urls")),
    path("o/<int:operation_id>/volunteers/", include("intake.volunteers.urls")),
    path("o/<int:operation_id>/needs/", include("intake.help_requests.urls")),
    path("o/<int:operation_id>/files/", include("intake.exchange.urls")),
    path("o/<int:operation_id>/web/", include(web_requests.staff)),
    path("", include(web_requests.phone)),
    path("o/<int:operation_id>/map/", include("intake.maps.urls")),
    path("o/<int:operation_id>/survey/", include("intake.survey.urls")),
    path("o/<int:operation_id>/register/", include("intake.register.urls")),
    path("o/<int:operation_id>/tablet/", include("intake.checkin.urls")),
    path("o/<int:operation_id>/groups/", include("intake.checkin.group_urls")),
    path("o/<int:operation_id>/orientation/", include("intake.orientation.urls")),
    path("o/<int:operation_id>/questions/", include("intake.questions.urls")),
    path("o/<int:operation_id>/self/", include(selfcheckin.staff)),
    path("o/<int:operation_id>/kiosk/", include(selfcheckin.kiosk)),
    path("", include(selfcheckin.phone)),
    path("o/<int:operation_id>/paper/", include("intake.paper.urls")),
    path("o/<int:operation_id>/matching/", include("matching.proposals.urls")),
    path("o/<int:operation_id>/dispatch/", include("matching.control.urls")),
    path("o/<int:operation_id>/dispatch/", include("matching.dispatch.urls")),
    path("o/<int:operation_id>/loans/", include("matching.loans.urls")),
    path("o/<int:operation_id>/field/", include("matching.field.urls")),
    path("", include(field.phone)),
    path("o/<int:operation_id>/evening/", include("matching.evening.urls")),
    path("", include("matching.control.field_urls")),
    path("", include("matching.dispatch.field_urls")),
]
