"""The API as gunicorn serves it: `gunicorn --pythonpath platform config.wsgi`."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from database import amounts
from streaming.telemetry import tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if settings.TRACES.kind != tracing.OFF:
    # Before it is imported: it reads this once. Probes and scrapes are nobody's doing.
    os.environ.setdefault("OTEL_PYTHON_DJANGO_EXCLUDED_URLS", "health,metrics")
    os.environ.setdefault("OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE", "x-request-id")
    from opentelemetry.instrumentation.django import DjangoInstrumentor

    tracing.begin("api")
    DjangoInstrumentor().instrument()
application = get_wsgi_application()
amounts.look()
