from __future__ import annotations

from django.urls import path

from intake.checkin import views

urlpatterns = [
    path("", views.tablet_reception, name="tablet_reception"),
]
