"""What a leader's own phone asks in a recall; beside `matching.dispatch.field_urls`."""

from __future__ import annotations

from django.urls import URLPattern, path

from matching.control import field_views

urlpatterns: list[URLPattern] = [
    path("l/<str:token>/recall/", field_views.leader_recall, name="leader_recall"),
    path("l/<str:token>/recall/safe/", field_views.leader_recall_safe, name="leader_recall_safe"),
]
