"""Coming in, going out, one's own account."""

from django.urls import path

from dvc.accounts import views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/<str:token>/", views.sign_in_by_link, name="sign_in_by_link"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("reach/", views.reach, name="reach"),
    path("o/<int:operation_id>/my-account/", views.my_account, name="my_account"),
]
