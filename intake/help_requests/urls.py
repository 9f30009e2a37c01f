from __future__ import annotations

from django.urls import path

from intake.help_requests import (
    call_views,
    crisis_views,
    draft_views,
    list_views,
    sheet_views,
    triage_views,
    views,
)

urlpatterns = [
    path("", list_views.need_list, name="need_list"),
    path("new/", sheet_views.need_new, name="need_new"),
    path("similar/", sheet_views.need_similar, name="need_similar"),
    path("town/", sheet_views.need_town, name="need_town"),
    path("advice/", sheet_views.need_advice, name="need_advice"),
    path("calls/", call_views.call_list, name="call_list"),
    path("drafts/", draft_views.draft_list, name="draft_list"),
    path("drafts/save/", draft_views.draft_save, name="draft_save"),
    path("drafts/<int:draft_id>/", draft_views.draft_open, name="draft_open"),
    path("drafts/<int:draft_id>/drop/", draft_views.draft_drop, name="draft_drop"),
    path("alerts/<int:alert_id>/note/", crisis_views.crisis_note, name="crisis_note"),
    path("rules/", triage_views.triage_list, name="triage_list"),
    path("rules/new/", triage_views.triage_new, name="triage_new"),
    path("rules/<slug:rule>/", triage_views.triage_edit, name="triage_edit"),
    path("<int:need_id>/", views.need_detail, name="need_detail"),
    path("<int:need_id>/edit/", sheet_views.need_edit, name="need_edit"),
    path("<int:need_id>/items/add/", views.need_item_add, name="need_item_add"),
    path("<int:need_id>/items/<int:item_id>/", views.need_item_edit, name="need_item_edit"),
    path("<int:need_id>/items/<int:item_id>/remove/", views.need_item_remove, name="need_item_remove"),
    path("<int:need_id>/items/<int:item_id>/clear/", views.need_item_clear, name="need_item_clear"),
    path("<int:need_id>/calls/tried/", call_views.need_call_tried, name="need_call_tried"),
    path("<int:need_id>/calls/promise/", call_views.need_call_promise, name="need_call_promise"),
    path("<int:need_id>/ready/", views.need_ready, name="need_ready"),
    path("<int:need_id>/step/", views.need_step, name="need_step"),
    path("<int:need_id>/clear/", views.need_clear_hazards, name="need_clear_hazards"),
    path("<int:need_id>/call/", views.need_add_call, name="need_add_call"),
]
