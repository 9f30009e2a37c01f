from __future__ import annotations

from django.urls import URLPattern, path

from matching.loans import views

urlpatterns: list[URLPattern] = [
    path("", views.loan_desk, name="loan_desk"),
    path("tablet/", views.tablet_tools, name="tablet_tools"),
    path("people/", views.loan_person, name="loan_person"),
    path("unreturned/", views.loan_unreturned, name="loan_unreturned"),
    path("<int:loan_id>/back/", views.loan_back, name="loan_back"),
    path("items/", views.tool_items, name="tool_items"),
    path("items/cards/", views.tool_cards, name="tool_cards"),
    path("items/<int:item_id>/", views.tool_item, name="tool_item"),
    path("items/<int:item_id>/lend/", views.tool_item_lend, name="tool_item_lend"),
    path("items/<int:item_id>/condition/", views.tool_item_condition, name="tool_item_condition"),
]
