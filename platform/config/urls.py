from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from api import request_metrics
from api.errors import for_reading, problem_types

admin.autodiscover()

handler400 = "api.errors.bad_request"
handler403 = "api.errors.permission_denied"
handler404 = "api.errors.page_not_found"
handler500 = "api.errors.server_error"

urlpatterns = [
    path("", include("monitoring.urls")),
    path("metrics", for_reading(request_metrics.export), name="metrics"),
    path("", include("transactions.urls")),
    path("fraud/", include("fraud.urls")),
    path("analytics/", include("analytics.urls")),
    path("search/", include("search.urls")),
    path("", include("notifications.urls")),
    path("auth/", include("accounts.urls")),
    path("login", auth.LoginView.as_view(), name="login"),
    path("logout", auth.LogoutView.as_view(), name="logout"),
    path("problems", problem_types, name="problems"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    # A page: it answers no OPTIONS, for which it would have no template.
    path("docs", SpectacularSwaggerView.as_view(url_name="schema", http_method_names=["get", "head"]), name="docs"),
    path("admin/", admin.site.urls),
]
