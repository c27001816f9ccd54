from django.urls import path

from fraud import api

urlpatterns = [
    path("alerts", api.Alerts.as_view(), name="fraud-alerts"),
    path("alerts/<int:pk>", api.Alert.as_view(), name="fraud-alert"),
]
