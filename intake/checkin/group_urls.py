from __future__ import annotations

from django.urls import path

from intake.checkin import group_views as views

urlpatterns = [
    path("", views.group_list, name="group_list"),
    path("new/", views.group_new, name="group_new"),
    path("nameless/", views.nameless_count, name="nameless_count"),
    path("nameless/<int:arrival_id>/correct/", views.nameless_correct, name="nameless_correct"),
    path("nameless/<int:arrival_id>/went/", views.nameless_went, name="nameless_went"),
    path("nameless/<int:arrival_id>/back/", views.nameless_back, name="nameless_back"),
    path("<int:group_id>/", views.group_page, name="group_page"),
    path("<int:group_id>/tell/", views.group_tell, name="group_tell"),
    path("<int:group_id>/add/", views.group_add, name="group_add"),
    path("<int:group_id>/take-off/", views.group_take_off, name="group_take_off"),
    path("<int:group_id>/leader/", views.group_leader, name="group_leader"),
    path("<int:group_id>/print/", views.group_print, name="group_print"),
    path("<int:group_id>/sheet/", views.group_sheet, name="group_sheet"),
]
