from django.urls import path

from notifications import api

urlpatterns = [
    path("notifications", api.Notifications.as_view(), name="notifications"),
    path("notifications/<int:pk>", api.OneNotification.as_view(), name="notification"),
]
