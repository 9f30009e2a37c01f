from __future__ import annotations

from django.urls import path

from intake.register import edit_views, views

urlpatterns = [
    path("", views.register_search, name="register_search"),
    path("alike/", views.lookalike_list, name="lookalike_list"),
    path("alike/<int:lookalike_id>/", views.lookalike_say, name="lookalike_say"),
    path("people/<int:person_id>/", views.register_person, name="register_person"),
    path("people/<int:person_id>/edit/", edit_views.person_edit, name="person_edit"),
    path("people/<int:person_id>/merge/", views.person_merge, name="person_merge"),
    path("people/<int:person_id>/apart/", views.person_unmerge, name="person_unmerge"),
    path("houses/<int:household_id>/", views.register_household, name="register_household"),
    path("houses/<int:household_id>/edit/", edit_views.household_edit, name="household_edit"),
    path("houses/<int:household_id>/merge/", views.household_merge, name="household_merge"),
    path("houses/<int:household_id>/apart/", views.household_unmerge, name="household_unmerge"),
]
