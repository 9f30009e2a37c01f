from __future__ import annotations

from django.urls import path

from dvc.sync import inbox_views as views

urlpatterns = [
    path("", views.inbox_list, name="inbox_list"),
    path("<int:item_id>/", views.inbox_item, name="inbox_item"),
    path("<int:item_id>/resolve/", views.inbox_resolve, name="inbox_resolve"),
    path("<int:item_id>/take-apart/", views.inbox_take_apart, name="inbox_take_apart"),
    path("not-home/", views.unreturned_list, name="unreturned_list"),
    path("not-home/<int:visit_id>/close/", views.unreturned_close, name="unreturned_close"),
    path("scans/", views.failed_scan_list, name="failed_scan_list"),
    path("scans/<int:scan_id>/handle/", views.failed_scan_handle, name="failed_scan_handle"),
    path("refusals/", views.refusal_list, name="refusal_list"),
    path("refusals/<int:receipt_id>/dismiss/", views.refusal_dismiss, name="refusal_dismiss"),
]
