from __future__ import annotations

from django.urls import path

from dvc.public import views

urlpatterns = [
    path("p/<int:center_id>/", views.public_home, name="public_home"),
    path("p/<int:center_id>/register/", views.public_register, name="public_register"),
    path("p/<int:center_id>/registered/", views.public_registered, name="public_registered"),
]
