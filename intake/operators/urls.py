"""Staff badges, and one's own PIN."""

from __future__ import annotations

from django.urls import path

from intake.operators import views

urlpatterns = [
    path("o/<int:operation_id>/settings/badges/", views.badge_list, name="badge_list"),
    path("o/<int:operation_id>/settings/badges/issue/", views.badge_issue, name="badge_issue"),
    path("o/<int:operation_id>/settings/badges/sheet/", views.badge_sheet, name="badge_sheet"),
    path("o/<int:operation_id>/settings/badges/<int:badge_id>/end/", views.badge_end, name="badge_end"),
    path("o/<int:operation_id>/my-account/pin/", views.own_pin, name="own_pin"),
]
