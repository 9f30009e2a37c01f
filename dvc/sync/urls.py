from __future__ import annotations

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView

from dvc.sync import api, operators, people, photos, queue_file_views, survey_day, tool_desk, views

urlpatterns = [
    path("api/v1/sync/ops", api.OpsView.as_view(), name="sync_ops"),
    path("api/v1/sync/snapshot", api.SnapshotView.as_view(), name="sync_snapshot"),
    path("api/v1/sync/operators", operators.OperatorsView.as_view(), name="sync_operators"),
    path("api/v1/sync/operator", operators.SignInView.as_view(), name="sync_operator"),
    path("api/v1/sync/tools", tool_desk.ToolsView.as_view(), name="sync_tools"),
    path("api/v1/sync/people", people.PeopleView.as_view(), name="sync_people"),
    path("api/v1/sync/survey", survey_day.SurveyDayView.as_view(), name="sync_survey"),
    re_path(r"^api/v1/sync/photos/(?P<sent>[0-9a-f]{64})$", photos.PhotoView.as_view(), name="sync_photo"),
    path("api/v1/schema", SpectacularAPIView.as_view(), name="api_schema"),
    path("o/<int:operation_id>/devices/register/", views.device_register, name="device_register"),
    path("o/<int:operation_id>/survey/tablet/register/", views.survey_register, name="survey_register"),
    path("o/<int:operation_id>/settings/queue-file/", queue_file_views.queue_file, name="queue_file"),
    path("sw.js", views.service_worker, name="service_worker"),
]
