from __future__ import annotations

from django.urls import path

from intake.paper import views

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
    path("sheets/<int:serial>/settle/", views.paper_settle, name="paper_settle"),
]
