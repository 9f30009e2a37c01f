from __future__ import annotations

from django.urls import path

from intake.exchange import views

urlpatterns = [
    path("", views.exchange_home, name="exchange_home"),
    path("export/", views.needs_export, name="needs_export"),
    path("<int:import_id>/", views.import_page, name="import_page"),
    path("<int:import_id>/part/", views.import_part, name="import_part"),
    path("<int:import_id>/columns/", views.import_columns, name="import_columns"),
    path("<int:import_id>/look/", views.import_look, name="import_look"),
    path("<int:import_id>/check/", views.import_check, name="import_check"),
    path("<int:import_id>/start/", views.import_start, name="import_start"),
    path("<int:import_id>/undo/", views.import_undo, name="import_undo"),
    path("<int:import_id>/discard/", views.import_discard, name="import_discard"),
]
