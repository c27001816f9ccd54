from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

urlpatterns = [
    path("", include("monitoring.urls")),
    path("", include("django_prometheus.urls")),
    path("transactions", include("transactions.urls")),
    path("fraud/", include("fraud.urls")),
    path("analytics/", include("analytics.urls")),
    path("search/", include("search.urls")),
    path("notifications", include("notifications.urls")),
    path("auth/", include("api.urls")),
    path("login", auth.LoginView.as_view(), name="login"),
    path("logout", auth.LogoutView.as_view(), name="logout"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("admin/", admin.site.urls),
]
