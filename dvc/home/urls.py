"""First page, home, operations, settings."""

from django.urls import path

from dvc.home import backup_views, views

urlpatterns = [
    path("", views.start, name="start"),
    path("set-up/", views.set_up, name="set_up"),
    path("type-size/", views.type_size, name="type_size"),
    path("o/<int:operation_id>/", views.home, name="home"),
    path("o/<int:operation_id>/help/", views.help_page, name="help"),
    path("o/<int:operation_id>/operations/", views.operation_list, name="operation_list"),
    path("o/<int:operation_id>/operations/new/", views.operation_new, name="operation_new"),
    path("o/<int:operation_id>/edit/", views.operation_edit, name="operation_edit"),
    path("o/<int:operation_id>/consent/", views.operation_consent, name="operation_consent"),
    path("o/<int:operation_id>/open/", views.operation_open, name="operation_open"),
    path("o/<int:operation_id>/close/", views.operation_close, name="operation_close"),
    path("o/<int:operation_id>/settings/", views.settings_page, name="settings"),
    path("o/<int:operation_id>/settings/center/", views.center_edit, name="center_edit"),
    path("o/<int:operation_id>/settings/sites/add/", views.site_add, name="site_add"),
    path("o/<int:operation_id>/settings/towns/", views.town_import, name="town_import"),
    path("o/<int:operation_id>/settings/backups/", backup_views.backup_page, name="backup_page"),
    path("o/<int:operation_id>/settings/backups/sheet/", backup_views.backup_sheet, name="backup_sheet"),
    path("o/<int:operation_id>/settings/roles/", views.role_table, name="role_table"),
    path("o/<int:operation_id>/settings/staff/", views.staff_list, name="staff_list"),
    path("o/<int:operation_id>/settings/staff/add/", views.staff_add, name="staff_add"),
    path("o/<int:operation_id>/settings/staff/<int:user_id>/", views.staff_edit, name="staff_edit"),
    path("o/<int:operation_id>/settings/staff/<int:user_id>/link/", views.staff_link, name="staff_link"),
    path("o/<int:operation_id>/settings/staff/<int:user_id>/stop/", views.staff_stop, name="staff_stop"),
]
