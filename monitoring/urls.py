from django.urls import path

from monitoring import api, views

urlpatterns = [
    path("", views.live_page, name="live"),
    path("favicon.ico", views.icon),
    path("runbooks/<slug:name>.md", views.runbook, name="runbook"),
    path("live/state", api.LiveState.as_view(), name="live-state"),
    path("health", api.Health.as_view(), name="health"),
    path("health/live", api.Live.as_view(), name="health-live"),
    path("health/ready", api.Ready.as_view(), name="health-ready"),
    path("monitoring/kafka", api.Kafka.as_view(), name="kafka-status"),
]
