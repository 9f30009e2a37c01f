"""Two shelves: what opens on a resident's phone, and the staff's pages."""

from __future__ import annotations

from django.urls import path

from intake.web_requests import staff_views, views

phone = [
    path("h/<int:operation_id>/", views.help_form, name="help_form"),
    path("h/<int:operation_id>/sent/", views.help_sent, name="help_sent"),
    path("h/<int:operation_id>/answered/", views.help_answered, name="help_answered"),
    path("h/r/<str:secret>/", views.help_link, name="help_link"),
]
staff = [
    path("", staff_views.web_request_home, name="web_request_home"),
    path("poster/", staff_views.web_request_poster, name="web_request_poster"),
    path("<int:need_id>/confirm/", staff_views.web_request_confirm, name="web_request_confirm"),
    path("<int:need_id>/link/", staff_views.web_request_link, name="web_request_link"),
    path("<int:need_id>/link/stop/", staff_views.web_request_link_stop, name="web_request_link_stop"),
    path(
        "<int:need_id>/answers/<int:answer_id>/take-in/",
        staff_views.web_request_take_in,
        name="web_request_take_in",
    ),
    path(
        "<int:need_id>/answers/<int:answer_id>/seen/", staff_views.web_request_seen, name="web_request_seen"
    ),
]
