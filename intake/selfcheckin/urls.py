"""Three shelves: what opens on a volunteer's phone, the kiosk, and the staff's pages that put the codes on a wall."""

from __future__ import annotations

from django.urls import path

from intake.selfcheckin import staff_views, views

phone = [
    path("a/<int:operation_id>/", views.phone_check_in, name="phone_check_in"),
    path("a/<int:operation_id>/done/", views.phone_done, name="phone_done"),
    path("a/<int:operation_id>/answers/", views.phone_answers, name="phone_answers"),
    path("a/<int:operation_id>/<str:code>/", views.phone_scan, name="phone_scan"),
    path("b/<int:session_id>/", views.phone_orientation, name="phone_orientation"),
    path("b/<int:session_id>/done/", views.phone_orientation_done, name="phone_orientation_done"),
    path("b/<int:session_id>/<str:code>/", views.phone_orientation_scan, name="phone_orientation_scan"),
]
kiosk = [
    path("", staff_views.kiosk, name="kiosk"),
]
staff = [
    path("", staff_views.self_home, name="self_home"),
    path("screen/", staff_views.self_screen, name="self_screen"),
    path("code/", staff_views.self_code, name="self_code"),
    path("poster/", staff_views.self_poster, name="self_poster"),
]
