from __future__ import annotations

from django.urls import URLPattern, path

from matching.equipment import damage_views
from matching.equipment import views as equipment
from matching.proposals import (
    hand_views,
    mode_views,
    people_views,
    posting_views,
    team_views,
    views,
    what_if_views,
)

urlpatterns: list[URLPattern] = [
    path("", views.board, name="matching_board"),
    path("part/", views.poll, name="matching_poll"),
    path("request/", views.request_run, name="matching_request"),
    path("engine/", views.engine, name="matching_engine"),
    path("engine/stop/", views.stop, name="matching_stop"),
    path("proposals/<int:proposal_id>/accept/", views.accept, name="proposal_accept"),
    path("proposals/<int:proposal_id>/reject/", views.reject, name="proposal_reject"),
    path("proposals/accept/", views.accept_many, name="proposal_accept_many"),
    path("proposals/<int:proposal_id>/pin/", hand_views.pin, name="proposal_pin"),
    path("hand/", hand_views.hand, name="matching_hand"),
    path("pins/<int:pin_id>/undo/", hand_views.unpin, name="pin_undo"),
    path("locks/<int:lock_id>/undo/", hand_views.unlock, name="lock_undo"),
    path("bans/<int:ban_id>/undo/", hand_views.unban, name="ban_undo"),
    path("mode/", mode_views.mode, name="match_mode"),
    path("day-before/", mode_views.day_before, name="day_before"),
    path("day-before/list/", mode_views.day_before_list, name="day_before_list"),
    path("posted/wall/", posting_views.wall, name="posted_wall"),
    path("posted/wall/part/", posting_views.wall_part, name="posted_wall_part"),
    path("posted/slips/", posting_views.slips, name="posted_slips"),
    path("posted/desk/", posting_views.desk, name="posted_desk"),
    path("what-if/", what_if_views.ask, name="what_if"),
    path("last-two/", what_if_views.last_two, name="last_two"),
    path("what-if/usual/", what_if_views.usual, name="weights_usual"),
    path("what-if/<int:what_if_id>/", what_if_views.result, name="what_if_result"),
    path("what-if/<int:what_if_id>/part/", what_if_views.result_part, name="what_if_part"),
    path("what-if/<int:what_if_id>/take/", what_if_views.take_over, name="what_if_take"),
    path("people/", people_views.people, name="matching_people"),
    path("needs/<int:need_id>/team/", team_views.make_team, name="team_make"),
    path("needs/<int:need_id>/hold/", views.hold, name="queue_hold"),
    path("needs/<int:need_id>/release/", views.release, name="queue_release"),
    path("teams/undo/", views.undo_many, name="team_undo_many"),
    path("teams/<int:dispatch_id>/undo/", views.undo, name="team_undo"),
    path("equipment/", equipment.equipment, name="equipment_list"),
    path("equipment/<int:site_id>/save/", equipment.save_stock, name="equipment_save"),
    path("equipment/<int:site_id>/broken/", equipment.stock_condition, name="stock_condition"),
    path("equipment/damage/", damage_views.damage_list, name="damage_list"),
    path("equipment/damage/<int:damage_id>/settle/", damage_views.damage_settle, name="damage_settle"),
    path("equipment/vehicles/add/", equipment.add_vehicle, name="vehicle_add"),
    path("equipment/vehicles/<int:vehicle_id>/about/", equipment.describe_vehicle, name="vehicle_about"),
    path("equipment/vehicles/<int:vehicle_id>/switch/", equipment.switch_vehicle, name="vehicle_switch"),
]
