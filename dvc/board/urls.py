from __future__ import annotations

from django.urls import URLPattern, path

from dvc.board import alert_views, views

urlpatterns: list[URLPattern] = [
    path("", views.board, name="board"),
    path("wall/", views.board_wall, name="board_wall"),
    path("poll/<str:token>/", views.board_poll, name="board_poll"),
    path("alerts/", alert_views.alerts_part, name="alerts_part"),
    path("log/", views.audit_log, name="audit_log"),
]
