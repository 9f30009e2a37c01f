"""Tablets: adding one, looking after them all; and the pages a tablet opens before it is a device."""

from __future__ import annotations

from django.urls import path

from dvc.devices import api, views

urlpatterns = [
    path("o/<int:operation_id>/settings/devices/", views.device_list, name="device_list"),
    path("o/<int:operation_id>/settings/devices/add/", views.device_add, name="device_add"),
    path(
        "o/<int:operation_id>/settings/devices/add/<uuid:pairing_id>/",
        views.device_pairing,
        name="device_pairing",
    ),
    path(
        "o/<int:operation_id>/settings/devices/add/<uuid:pairing_id>/approve/",
        views.device_approve,
        name="device_approve",
    ),
    path(
        "o/<int:operation_id>/settings/devices/add/<uuid:pairing_id>/refuse/",
        views.device_refuse,
        name="device_refuse",
    ),
    path(
        "o/<int:operation_id>/settings/devices/<uuid:device_id>/",
        views.device_held,
        name="device_held",
    ),
    path(
        "o/<int:operation_id>/settings/devices/<uuid:device_id>/revoke/",
        views.device_revoke,
        name="device_revoke",
    ),
    path("pair/", views.pair, name="pair"),
    path("api/v1/pair/ask", api.AskView.as_view(), name="pair_ask"),
    path("api/v1/pair/wait", api.WaitView.as_view(), name="pair_wait"),
]
