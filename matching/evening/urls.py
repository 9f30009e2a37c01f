from __future__ import annotations

from django.urls import URLPattern, path

from matching.evening import views

urlpatterns: list[URLPattern] = [
    path("", views.evening, name="evening"),
    path("close/", views.evening_close, name="evening_close"),
    path("reopen/", views.evening_reopen, name="evening_reopen"),
    path("except/", views.evening_except, name="evening_except"),
    path("except/<int:exception_id>/undo/", views.evening_except_undo, name="evening_except_undo"),
]
