"""Django's settings. What differs between machines comes from the environment: see config/env.py and compose/*.env."""

import os
from datetime import timedelta
from typing import Any

from config import databases, env, logs
from config.env import BASE_DIR, setting
from config.rest import REST_FRAMEWORK, REST_KNOX, SPECTACULAR_SETTINGS  # noqa: F401 - settings of others
from streaming.carriers import IndexedBy, OutboxCarriedBy

# --- Django -----------------------------------------------------------------------------------------------------------
SECRET_KEY = env.secret("SECRET_KEY", "Django's secret key")
DEBUG = False
ALLOWED_HOSTS = setting("ALLOWED_HOSTS", env.words, "host names with commas between them")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "live"
LOGOUT_REDIRECT_URL = "login"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "config.admin.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "axes",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "streaming",
    "api",
    "accounts",
    "audit",
    "transactions",
    "fraud",
    "analytics",
    "search",
    "notifications",
    "monitoring",
    "reconciliation",
    "privacy",
]

MIDDLEWARE = [
    "api.observation.Observation",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "api.content_security.ContentSecurity",
    "accounts.login_pages.LoginPages",
    "api.people.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "api.people.Authentication",
    "api.people.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "audit.middleware.AuditLog",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"money": "api.money"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

TRUSTED_PROXIES = setting("TRUSTED_PROXIES", env.networks, "addresses or networks with commas between them, or nothing")
"""Whose X-Forwarded-For is believed."""
# Wrong passwords: see accounts/login_throttle.py.
# django-axes keeps no log of logins, and its admin's pages have none of our looks.
AXES_HANDLER = "accounts.login_throttle.LoginThrottle"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=5)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address", "username"]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "accounts.login_throttle.name_of"
AXES_CLIENT_IP_CALLABLE = "accounts.login_throttle.address_of"
AXES_LOCKOUT_CALLABLE = "accounts.login_throttle.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Its own; Django wants it said, since accounts.TokenDetails leads there.
KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105 - no password

# --- Security: over HTTPS everything is strict; without it, only loopback is served -----------------------------------
HTTPS = setting("HTTPS", env.switch, "on or off")
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^health", r"^metrics$"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Unfold's admin runs on Alpine, which evaluates expressions; the live page asks for neither exception.
        "script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
        "object-src": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
"""Bytes of a request's body; a list of 1,000 transactions takes about 150,000."""

REQUEST_HEAD_SECONDS = setting("REQUEST_HEAD_SECONDS", env.positive, "a whole number of seconds from 1 on")
REQUEST_SECONDS = setting("REQUEST_SECONDS", env.positive, "a whole number of seconds from 1 on")

# --- The cluster's own certificates -----------------------------------------------------------------------------------
CA_FILE = setting("CA_FILE", env.optional_path, "the file of the authority behind the parts' certificates, or nothing")
"""Whom the registry's, Elasticsearch's and Connect's certificates are checked against; None: whom the system trusts."""

# --- Database ---------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": databases.tuned(
        setting("DATABASE_URL", env.database, "a URL such as sqlite:///var/platform.sqlite3 or mysql://…"), CA_FILE
    )
}

QUERY_SECONDS = setting("QUERY_SECONDS", env.positive, "a whole number of seconds from 1 on")
"""What a list, a search or a page of the admin may keep the database busy."""

# --- Kafka: librdkafka's own names, read by streaming/clients.py only -------------------------------------------------
KAFKA = env.kafka_settings()
KAFKA_FROM_ENVIRONMENT = frozenset(env.kafka_settings(os.environ))
"""Those that the file does not say: others set such variables too, and not all of them are meant for us."""
TOPIC_PARTITIONS = setting("TOPIC_PARTITIONS", env.positive, "a whole number of partitions from 1 on")
TOPIC_REPLICATION_FACTOR = setting("TOPIC_REPLICATION_FACTOR", env.positive, "a whole number of replicas from 1 on")
SCHEMAS = setting("SCHEMAS", env.path, "the folder of the Avro schemas")
SCHEMA_IDS = setting("SCHEMA_IDS", env.adapter("fingerprints", "registry"), "`fingerprints` or `registry:` and its URL")
CONNECT_URL = setting("CONNECT_URL", str, "the address of Kafka Connect, or nothing")
OUTBOX_CARRIED_BY = setting("OUTBOX_CARRIED_BY", OutboxCarriedBy, "run_relay or connect")
OUTBOX_KEPT = timedelta(hours=setting("OUTBOX_KEPT_HOURS", env.positive, "a whole number of hours from 1 on"))
SEEN_EVENTS_PER_PARTITION = setting("SEEN_EVENTS_PER_PARTITION", env.positive, "a whole number of offsets from 1 on")
WORKER_NICENESS = setting("WORKER_NICENESS", env.niceness, "a whole number from 0 to 19")
MAX_BURIED_IN_A_ROW = setting("MAX_BURIED_IN_A_ROW", env.from_zero, "a whole number of dead letters, or 0 for no limit")
EARLIEST_PLAUSIBLE = setting("EARLIEST_PLAUSIBLE", env.day, "a date such as 1990-01-01")

# --- Money ------------------------------------------------------------------------------------------------------------
CURRENCY = setting(
    "CURRENCY",
    env.currency,
    "the ISO 4217 code of a currency of at most three decimals, such as EUR, JPY or KWD",
)

# --- The apps ---------------------------------------------------------------------------------------------------------
FRAUD_AMOUNT_LIMIT = setting("FRAUD_AMOUNT_LIMIT", env.amount, "an amount from 0 on, such as 10000000")
SEARCH = setting("SEARCH", env.adapter("database", "elasticsearch"), "`database:` or `elasticsearch:` and where it is")
SEARCH_PASSWORD = setting("SEARCH_PASSWORD_FILE", env.content, "the path of a file that can be read, or nothing")
INDEXED_BY = setting("INDEXED_BY", IndexedBy, "nobody, run_indexer or connect")
"""Who carries changes of the table into the search index."""
SIMULATED_ORDERS_PER_SECOND = setting(
    "SIMULATED_ORDERS_PER_SECOND", env.from_zero, "a whole number of orders from 0 on"
)
SIMULATION_EVERY_SECONDS = setting("SIMULATION_EVERY_SECONDS", env.positive, "a whole number of seconds from 1 on")
RECONCILE_EVERY_MINUTES = setting("RECONCILE_EVERY_MINUTES", env.from_zero, "a whole number of minutes from 0 on")
IDEMPOTENCY_KEYS_KEPT = timedelta(
    hours=setting("IDEMPOTENCY_KEYS_KEPT_HOURS", env.positive, "a whole number of hours from 1 on")
)
NOTIFICATIONS_KEPT = timedelta(
    days=setting("NOTIFICATIONS_KEPT_DAYS", env.positive, "a whole number of days from 1 on")
)

PUBLIC_URL = setting(
    "PUBLIC_URL", env.address, "the address at which people reach the API, such as https://shop.example"
)
FRAUD_DESK = "admin:fraud_fraudalert_changelist"
"""The name of the page on which investigators work, for e-mails that lead there."""

ALERTMANAGER_TOKEN = setting("ALERTMANAGER_TOKEN_FILE", env.content, "the path of a file that can be read, or nothing")
SUPERVISOR = setting(
    "SUPERVISOR", env.socket, "a supervisord's socket, such as unix:///run/supervisor.sock, or nothing"
)
CERTIFICATES_WATCHED = setting("CERTIFICATES_WATCHED", env.paths, "files with commas between them, or nothing")

A_RATE = "a number of requests and a time, such as 6000/minute (second, minute, hour, day), or off"
RATES = {
    policy: rate
    for policy, rate in {
        "writes-per-account": setting("RATE_WRITES_PER_ACCOUNT", env.rate, A_RATE),
        "writes-per-address": setting("RATE_WRITES_PER_ADDRESS", env.rate, A_RATE),
        "searches-per-account": setting("RATE_SEARCHES_PER_ACCOUNT", env.rate, A_RATE),
        "searches-per-address": setting("RATE_SEARCHES_PER_ADDRESS", env.rate, A_RATE),
        "logins-per-account": setting("RATE_LOGINS_PER_ACCOUNT", env.rate, A_RATE),
        "logins-per-address": setting("RATE_LOGINS_PER_ADDRESS", env.rate, A_RATE),
    }.items()
    if rate
}
"""How many requests somebody may send in a while; a policy that is not here is off. See api/throttling.py."""
RATES_COUNTED_IN = setting("RATES_COUNTED_IN", env.counted_in, "memory, or a URL of Redis such as redis://host:6379/1")

TOKENS_PER_ACCOUNT = setting("TOKENS_PER_ACCOUNT", env.positive, "a whole number of tokens from 1 on")
TOKENS_KEPT_SECONDS = setting("TOKENS_KEPT_SECONDS", env.from_zero, "a whole number of seconds from 0 on")

# --- E-mail -----------------------------------------------------------------------------------------------------------
vars().update(setting("EMAIL_URL", env.email, "a URL such as smtp+tls://user:password@host:587 or filemail://var/mail"))
EMAIL_TIMEOUT = setting("EMAIL_TIMEOUT_SECONDS", env.positive, "a whole number of seconds from 1 on")
DEFAULT_FROM_EMAIL = setting("EMAIL_FROM", str, "the sender's e-mail address")

# --- Celery -----------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = setting("CELERY_BROKER_URL", str, "a broker's URL, such as redis://… or filesystem://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Beat writes down at once what it has ordered, so that it is seen when it stands; otherwise, every three minutes.
CELERY_BEAT_SYNC_EVERY = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "send e-mails": {"task": "notifications.tasks.send_emails", "schedule": 5, "options": {"expires": 5}},
    "tell of silence": {"task": "notifications.tasks.tell_of_silence", "schedule": 60, "options": {"expires": 60}},
    # Often, so that there is little to do each time.
    "purge the outbox": {"task": "streaming.tasks.purge_outbox", "schedule": 60, "options": {"expires": 60}},
    "forget idempotency keys": {
        "task": "api.tasks.forget_idempotency_keys",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "forget old notifications": {
        "task": "notifications.tasks.forget_old_notifications",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "forget expired logins": {
        "task": "accounts.tasks.forget_expired_logins",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
}
# What waits for others must not keep the rest waiting: a slow mail server its e-mails only. Reconciling takes minutes,
# and a Kafka account that reads. A worker of its own may take each of these queues.
CELERY_TASK_ROUTES = {
    "notifications.tasks.send_emails": {"queue": "mail"},
    "reconciliation.tasks.*": {"queue": "reconciliation"},
}
# Nothing hangs for ever: the first limit raises in the task, the second ends its process. The pool `solo` knows none.
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 300, 330
CELERY_TASK_ANNOTATIONS = {
    "notifications.tasks.send_emails": {"soft_time_limit": 60, "time_limit": 90},
    "reconciliation.tasks.reconcile": {"soft_time_limit": 3600, "time_limit": 3660},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
if RECONCILE_EVERY_MINUTES:
    CELERY_BEAT_SCHEDULE["reconcile"] = {
        "task": "reconciliation.tasks.reconcile",
        "schedule": timedelta(minutes=RECONCILE_EVERY_MINUTES),
        "options": {"expires": RECONCILE_EVERY_MINUTES * 60},
    }
if SIMULATED_ORDERS_PER_SECOND:
    CELERY_BEAT_SCHEDULE["simulate traffic"] = {
        "task": "transactions.tasks.simulate_traffic",
        "schedule": SIMULATION_EVERY_SECONDS,
        "options": {"expires": SIMULATION_EVERY_SECONDS},
    }
if CELERY_BROKER_URL.startswith("redis"):
    # Workers ask every second; a server that says nothing for so long is gone.
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 5, "socket_timeout": 30}
if CELERY_BROKER_URL.startswith("filesystem:"):
    queue = setting("CELERY_FOLDER", env.path, "the folder in which Celery's messages wait")
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": queue / "messages",
        "data_folder_out": queue / "messages",
        "control_folder": queue / "control",
        "store_processed": False,
    }

# --- Logs -------------------------------------------------------------------------------------------------------------
LOG_LEVEL = setting("LOG_LEVEL", env.choice("DEBUG", "INFO", "WARNING", "ERROR"), "DEBUG, INFO, WARNING or ERROR")
LOG_FORMAT = setting("LOG_FORMAT", env.choice("console", "json"), "console or json")
LOGGING = logs.configure(LOG_LEVEL, LOG_FORMAT)
ACCESS_LOG = logs.direct("serving.access", LOG_LEVEL, LOG_FORMAT)

# --- Traces -----------------------------------------------------------------------------------------------------------
TRACES = setting("TRACES", env.traces, "`off`, `console`, or `otlp:` and a collector's URL")

# --- Admin ------------------------------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": "E-commerce Data Platform",
    "SITE_HEADER": "Data Platform",
    "SITE_SYMBOL": "monitoring",
    "SHOW_HISTORY": False,  # alerts keep a history of their own
    "SHOW_BACK_BUTTON": True,
}
