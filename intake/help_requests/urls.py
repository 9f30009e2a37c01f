from __future__ import annotations

from django.urls import path

from intake.help_requests import views

urlpatterns = [
    path("", views.need_list, name="need_list"),
    path("new/", views.need_new, name="need_new"),
    path("similar/", views.need_similar, name="need_similar"),
    path("town/", views.need_town, name="need_town"),
    path("advice/", views.need_advice, name="need_advice"),
    path("<int:need_id>/", views.need_detail, name="need_detail"),
    path("<int:need_id>/edit/", views.need_edit, name="need_edit"),
    path("<int:need_id>/items/add/", views.need_item_add, name="need_item_add"),
    path("<int:need_id>/items/<int:item_id>/", views.need_item_edit, name="need_item_edit"),
    path("<int:need_id>/items/<int:item_id>/remove/", views.need_item_remove, name="need_item_remove"),
    path("<int:need_id>/ready/", views.need_ready, name="need_ready"),
    path("<int:need_id>/step/", views.need_step, name="need_step"),
    path("<int:need_id>/clear/", views.need_clear_hazards, name="need_clear_hazards"),
    path("<int:need_id>/call/", views.need_add_call, name="need_add_call"),
]
