from __future__ import annotations

from django.urls import path

from intake.survey import views

urlpatterns = [
    path("", views.survey_home, name="survey_home"),
    path("rounds/new/", views.survey_round_new, name="survey_round_new"),
    path("rounds/<int:round_id>/", views.survey_round_edit, name="survey_round_edit"),
    path("rounds/<int:round_id>/drop/", views.survey_round_drop, name="survey_round_drop"),
    path("rounds/<int:round_id>/order/", views.survey_order, name="survey_order"),
    path("needs/<int:need_id>/book/", views.survey_book, name="survey_book"),
    path("needs/<int:need_id>/desk-only/", views.survey_desk_only, name="survey_desk_only"),
    path("needs/<int:need_id>/key/", views.survey_key, name="survey_key"),
    path("visits/<int:visit_id>/", views.survey_visit, name="survey_visit"),
    path("visits/<int:visit_id>/move/", views.survey_move, name="survey_move"),
    path("visits/<int:visit_id>/cancel/", views.survey_cancel, name="survey_cancel"),
    path("visits/<int:visit_id>/absent/", views.survey_absent, name="survey_absent"),
    path("results/<int:survey_id>/", views.survey_result, name="survey_result"),
    path("results/<int:survey_id>/items/", views.survey_items, name="survey_items"),
    path("tablet/", views.tablet_survey, name="tablet_survey"),
]
