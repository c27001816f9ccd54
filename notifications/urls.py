from django.urls import path

from notifications import api, webhook

urlpatterns = [
    path("notifications", api.Notifications.as_view(), name="notifications"),
    path("notifications/alertmanager", webhook.Alerts.as_view(), name="alertmanager"),
    path("notifications/heartbeat", webhook.HeartbeatOfAlerting.as_view(), name="heartbeat"),
    path("notifications/<int:pk>", api.OneNotification.as_view(), name="notification"),
]
