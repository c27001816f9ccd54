from csp.constants import NONE, SELF
from csp.decorators import csp
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.roles import Role, roles_of
from events.money import Ledger
from monitoring.live import may_watch

# The page's own scripts and styles come as files, so that nothing written into the page can run.
STRICT_POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}

RUNBOOKS = settings.BASE_DIR / "docs" / "runbooks"
CHARTS = (("topics", "Written, by topic"), ("readers", "Read, by group"))


@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this where a page names no icon, such as at answers of the API."""
    return redirect(static("monitoring/icon.svg"))


@require_safe
@never_cache
@login_required
@csp(STRICT_POLICY)
def live_page(request: HttpRequest) -> HttpResponse:
    roles = roles_of(request.user)
    if not may_watch(roles):
        return render(request, "monitoring/not_for_you.html", {"is_customer": Role.CUSTOMER in roles}, status=403)
    return render(
        request,
        "monitoring/live.html",
        {"is_operator": Role.OPERATOR in roles, "charts": CHARTS, "currency": Ledger.currency.code},
    )


@require_safe
@login_required
def runbook(request: HttpRequest, name: str) -> HttpResponse:
    """What to do about an alert, as docs/runbooks has it; alerts and dashboards lead here (RUNBOOKS_URL)."""
    if not may_watch(roles_of(request.user)):
        raise PermissionDenied("Runbooks are for the shop's own people.")
    try:
        text = (RUNBOOKS / f"{name}.md").read_text()
    except FileNotFoundError as error:
        raise Http404(f"There is no runbook {name}.") from error
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
