"""Install pages for devices, the check page, and the chief's page about the network."""

from __future__ import annotations

from django.urls import path

from dvc.island import views

urlpatterns = [
    path("install/", views.install, name="island_install"),
    path("install/without/", views.without, name="island_without"),
    path("install/saigai.<str:ending>", views.certificate, name="island_certificate"),
    path("install/<slug:device>/", views.steps, name="island_steps"),
    path("check/", views.check, name="check"),
    path("o/<int:operation_id>/settings/network/", views.network, name="network"),
    path("o/<int:operation_id>/settings/network/wall/", views.network_wall, name="network_wall"),
    path("o/<int:operation_id>/settings/network/plain/", views.network_plain, name="network_plain"),
]
