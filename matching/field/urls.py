from __future__ import annotations

from django.urls import URLPattern, path

from matching.field import fact_views, report_views, views

urlpatterns: list[URLPattern] = [
    path("", views.field_list, name="field_list"),
    path("<int:note_id>/answer/", views.field_answer, name="field_answer"),
]
phone: list[URLPattern] = [
    path("l/<str:token>/tell/", views.leader_tell, name="leader_tell"),
    path("l/<str:token>/on-site/", fact_views.leader_on_site, name="leader_on_site"),
    path("l/<str:token>/next/", fact_views.leader_next, name="leader_next"),
    path("l/<str:token>/leaving/", fact_views.leader_leaving, name="leader_leaving"),
    path("l/<str:token>/report/", report_views.leader_report, name="leader_report"),
]
