from __future__ import annotations

from django.urls import URLPattern, path

from dvc.board import views

urlpatterns: list[URLPattern] = [
    path("", views.board, name="board"),
    path("wall/", views.board_wall, name="board_wall"),
    path("poll/<str:token>/", views.board_poll, name="board_poll"),
    path("log/", views.audit_log, name="audit_log"),
]
