from __future__ import annotations

from django.urls import path

from dvc.drills import views

urlpatterns = [
    path("", views.drill_home, name="drill_home"),
    path("part/", views.drill_part, name="drill_part"),
    path("clock/", views.drill_clock, name="drill_clock"),
    path("pause/", views.drill_pause, name="drill_pause"),
    path("go-on/", views.drill_go_on, name="drill_go_on"),
    path("debrief/", views.drill_debrief, name="drill_debrief"),
    path("purge/", views.drill_purge, name="drill_purge"),
]
