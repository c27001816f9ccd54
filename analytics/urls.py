from django.urls import path

from analytics import api

urlpatterns = [path("users/<str:user_id>/hourly", api.Hourly.as_view(), name="hourly-totals")]
