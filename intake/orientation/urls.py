from __future__ import annotations

from django.urls import path

from intake.orientation import views

urlpatterns = [
    path("", views.orientation_list, name="orientation_list"),
    path("<int:session_id>/", views.orientation_page, name="orientation_page"),
    path("<int:session_id>/tick/", views.orientation_tick, name="orientation_tick"),
    path("<int:session_id>/checklist/", views.orientation_checklist, name="orientation_checklist"),
    path("<int:session_id>/screen/", views.orientation_screen, name="orientation_screen"),
    path("<int:session_id>/code/", views.orientation_code, name="orientation_code"),
    path("<int:session_id>/room/", views.orientation_room, name="orientation_room"),
    path("<int:session_id>/room/undo/", views.orientation_room_undo, name="orientation_room_undo"),
    path("<int:session_id>/end/", views.orientation_end, name="orientation_end"),
    path("<int:session_id>/go-on/", views.orientation_go_on, name="orientation_go_on"),
]
