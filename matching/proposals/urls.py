from __future__ import annotations

from django.urls import URLPattern, path

from matching.equipment import views as equipment
from matching.proposals import views

urlpatterns: list[URLPattern] = [
    path("", views.board, name="matching_board"),
    path("part/", views.poll, name="matching_poll"),
    path("request/", views.request_run, name="matching_request"),
    path("proposals/<int:proposal_id>/accept/", views.accept, name="proposal_accept"),
    path("proposals/<int:proposal_id>/reject/", views.reject, name="proposal_reject"),
    path("needs/<int:need_id>/team/", views.make_team, name="team_make"),
    path("needs/<int:need_id>/hold/", views.hold, name="queue_hold"),
    path("needs/<int:need_id>/release/", views.release, name="queue_release"),
    path("teams/<int:dispatch_id>/undo/", views.undo, name="team_undo"),
    path("equipment/", equipment.equipment, name="equipment_list"),
    path("equipment/<int:site_id>/save/", equipment.save_stock, name="equipment_save"),
    path("equipment/vehicles/add/", equipment.add_vehicle, name="vehicle_add"),
    path("equipment/vehicles/<int:vehicle_id>/switch/", equipment.switch_vehicle, name="vehicle_switch"),
]
