"""One address."""

from django.urls import path

from dvc.runtime import views

urlpatterns = [path("healthz", views.healthz, name="healthz")]
