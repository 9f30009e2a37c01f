from __future__ import annotations

from django.urls import path

from dvc.photos import views

urlpatterns = [
    path("<uuid:photo_id>/", views.photo, name="photo"),
]
