from __future__ import annotations

from django.urls import URLPattern, path

from matching.dispatch import (
    car_views,
    counting_views,
    member_views,
    order_views,
    paper_views,
    report_views,
    tool_views,
    trip_views,
    views,
)

urlpatterns: list[URLPattern] = [
    path("orders/", order_views.work_orders, name="work_orders"),
    path("orders/count/", order_views.work_orders_count, name="work_orders_count"),
    path("orders/pdf/", order_views.work_orders_pdf, name="work_orders_pdf"),
    path("paper/", paper_views.paper_teams, name="paper_teams"),
    path("teams/<int:team_id>/tools/", tool_views.team_tools, name="team_tools"),
    path("trips/", trip_views.trip_list, name="trip_list"),
    path("trips/plan/", trip_views.trip_plan, name="trip_plan"),
    path("trips/<int:run_id>/do/", trip_views.trip_do, name="trip_do"),
    path("trips/<int:run_id>/driver/", trip_views.trip_driver, name="trip_driver"),
    path("trips/<int:run_id>/licence/", trip_views.trip_licence, name="trip_licence"),
    path("trips/<int:run_id>/board/", trip_views.trip_board, name="trip_board"),
    path("trips/seats/<int:seat_id>/off/", trip_views.trip_unboard, name="trip_unboard"),
    path("dump-sites/", trip_views.dump_keep, name="dump_keep"),
    path("dump-sites/<int:site_id>/waited/", trip_views.dump_waited, name="dump_waited"),
    path("<int:dispatch_id>/", views.dispatch_detail, name="dispatch_detail"),
    path("<int:dispatch_id>/cars/", car_views.dispatch_cars, name="dispatch_cars"),
    path("<int:dispatch_id>/licence/", car_views.dispatch_licence, name="dispatch_licence"),
    path("<int:dispatch_id>/depart/", views.dispatch_depart, name="dispatch_depart"),
    path("<int:dispatch_id>/on-site/", views.dispatch_on_site, name="dispatch_on_site"),
    path("<int:dispatch_id>/next/", views.dispatch_next, name="dispatch_next"),
    path("<int:dispatch_id>/drop/", views.dispatch_drop, name="dispatch_drop"),
    path("<int:dispatch_id>/postpone/", views.dispatch_postpone, name="dispatch_postpone"),
    path("<int:dispatch_id>/return/", views.dispatch_return, name="dispatch_return"),
    path("<int:dispatch_id>/cancel/", views.dispatch_cancel, name="dispatch_cancel"),
    path("<int:dispatch_id>/merge/", report_views.dispatch_merge, name="dispatch_merge"),
    path("<int:dispatch_id>/sheets/", counting_views.dispatch_sheets_in, name="dispatch_sheets_in"),
    path("<int:dispatch_id>/member/", member_views.dispatch_member, name="dispatch_member"),
    path("<int:dispatch_id>/keys/<int:ride_id>/", counting_views.dispatch_key, name="dispatch_key"),
    path("<int:dispatch_id>/order/", order_views.work_order, name="work_order"),
    path("<int:dispatch_id>/order/count/", order_views.work_order_count, name="work_order_count"),
    path("<int:dispatch_id>/order/pdf/", order_views.work_order_pdf, name="work_order_pdf"),
]
