"""Short addresses, because they stand on paper."""

from __future__ import annotations

from django.urls import URLPattern, path

from matching.dispatch import field_views

urlpatterns: list[URLPattern] = [
    path("l/sw.js", field_views.leader_worker, name="leader_worker"),
    path("l/<str:token>/", field_views.leader_page, name="leader_page"),
    path("g/<str:token>/", field_views.genuine, name="genuine"),
]
