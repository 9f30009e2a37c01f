from __future__ import annotations

from django.urls import URLPattern, path

from matching.control import board_views, recall_views, safety_views

urlpatterns: list[URLPattern] = [
    path("", board_views.dispatch_board, name="dispatch_board"),
    path("part/", board_views.dispatch_board_part, name="dispatch_board_part"),
    path("undo/", board_views.board_undo, name="board_undo"),
    path("wait/", board_views.board_wait, name="board_wait"),
    path("accept/", board_views.board_accept, name="board_accept"),
    path("teams/<int:team_id>/working/", board_views.team_working, name="team_working"),
    path("recall/", recall_views.recall_page, name="recall_page"),
    path("recall/part/", recall_views.recall_part, name="recall_part"),
    path("recall/teams/<int:team_id>/", recall_views.recall_answer, name="recall_answer"),
    path("recall/answers/<int:answer_id>/undo/", recall_views.recall_undo, name="recall_undo"),
    path("recall/end/", recall_views.recall_end, name="recall_end"),
    path("late/<int:team_id>/", safety_views.late_team, name="late_team"),
    path("safety/", safety_views.safety_page, name="safety_page"),
    path("safety/wbgt/", safety_views.wbgt_read, name="wbgt_read"),
    path("safety/weather/", safety_views.weather_began, name="weather_began"),
    path("safety/weather/<int:alert_id>/end/", safety_views.weather_ended, name="weather_ended"),
    path("safety/rules/", safety_views.safety_rules, name="safety_rules"),
    path("zones/", recall_views.zone_page, name="zone_page"),
    path("zones/<int:zone_id>/remove/", recall_views.zone_remove, name="zone_remove"),
]
