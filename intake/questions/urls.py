from __future__ import annotations

from django.urls import path

from intake.questions import views

urlpatterns = [
    path("", views.questions_day, name="questions_day"),
    path("settings/", views.questions_settings, name="questions_settings"),
    path("<int:volunteer_id>/answer/", views.questions_answer, name="questions_answer"),
]
