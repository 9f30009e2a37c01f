from __future__ import annotations

from django.urls import path

from intake.maps import views

urlpatterns = [
    path("", views.area_map, name="area_map"),
    path("points.json", views.map_points, name="map_points"),
    path("notes/add/", views.map_note_add, name="map_note_add"),
    path("notes/<int:note_id>/remove/", views.map_note_remove, name="map_note_remove"),
]
