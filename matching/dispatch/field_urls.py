"""Short addresses, because they stand on paper."""

from __future__ import annotations

from django.urls import URLPattern, path

from matching.dispatch import field_views

urlpatterns: list[URLPattern] = [
    path("l/sw.js", field_views.leader_worker, name="leader_worker"),
    path("l/<str:token>/", field_views.leader_page, name="leader_page"),
    path("l/<str:token>/on-site/", field_views.leader_on_site, name="leader_on_site"),
    path("l/<str:token>/next/", field_views.leader_next, name="leader_next"),
    path("l/<str:token>/leaving/", field_views.leader_leaving, name="leader_leaving"),
    path("g/<str:token>/", field_views.genuine, name="genuine"),
]
