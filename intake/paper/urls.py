from __future__ import annotations

from django.urls import path

from intake.paper import request_views, views

urlpatterns = [
    path("", views.paper_home, name="paper_home"),
    path("periods/", views.paper_period, name="paper_period"),
    path("periods/<int:period_id>/end/", views.paper_end, name="paper_end"),
    path("periods/<int:period_id>/", views.paper_key, name="paper_key"),
    path("periods/<int:period_id>/<int:serial>/", views.paper_sheet, name="paper_sheet"),
    path("periods/<int:period_id>/<int:serial>/<int:number>/", views.paper_line, name="paper_line"),
    path("print/", views.paper_print, name="paper_print"),
    path("print/<int:first>-<int:last>/", views.paper_blank, name="paper_blank"),
    path("list/", views.paper_list, name="paper_list"),
    path("requests/", request_views.request_sheets, name="request_sheets"),
    path("requests/print/", request_views.request_print, name="request_print"),
    path("requests/print/<int:first>-<int:last>/", request_views.request_blank, name="request_blank"),
    path("requests/<int:serial>/", request_views.request_key, name="request_key"),
    path("requests/<int:serial>/settle/", request_views.request_settle, name="request_settle"),
    path("sheets/<int:serial>/settle/", views.paper_settle, name="paper_settle"),
]
