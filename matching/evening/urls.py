from __future__ import annotations

from django.urls import URLPattern, path

from matching.evening import thanks_views, views

urlpatterns: list[URLPattern] = [
    path("", views.evening, name="evening"),
    path("close/", views.evening_close, name="evening_close"),
    path("reopen/", views.evening_reopen, name="evening_reopen"),
    path("thanks/", thanks_views.thanks_list, name="thanks_list"),
    path("thanks/<int:volunteer_id>/certificate/", thanks_views.certificate, name="certificate"),
    path("thanks/<int:volunteer_id>/certificate/pdf/", thanks_views.certificate_pdf, name="certificate_pdf"),
    path("thanks/<int:volunteer_id>/stamp/", thanks_views.motorway_stamp, name="motorway_stamp"),
    path("except/", views.evening_except, name="evening_except"),
    path("except/<int:exception_id>/undo/", views.evening_except_undo, name="evening_except_undo"),
]
