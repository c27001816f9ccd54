"""Settings of what the API is made with: REST framework, knox and drf-spectacular."""

from datetime import timedelta

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.StrictJSONParser", "api.parsers.StrictFormParser"],
    "DEFAULT_RENDERER_CLASSES": ["api.renderers.FastJSONRenderer", "api.renderers.BrowsableRenderer"],
    "DEFAULT_PAGINATION_CLASS": "api.pagination.Cursor",
    "DEFAULT_SCHEMA_CLASS": "api.schema.ProblemSchema",
    "DEFAULT_METADATA_CLASS": "api.metadata.Forms",
    "EXCEPTION_HANDLER": "api.problems.problem_response",
    # Amounts of money are JSON strings with two decimals: no reader rounds them by taking them for floats.
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {"TOKEN_TTL": timedelta(days=30), "AUTO_REFRESH": False, "AUTH_HEADER_PREFIX": "Bearer"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Real-Time E-commerce Data Platform",
    "DESCRIPTION": "Orders, payments and refunds as they happen: recorded, checked for fraud, summed, searched, told.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "api.examples.add_examples"],
    "ENUM_NAME_OVERRIDES": {
        "Status": "events.Status",
        "ChangedStatus": "events.ChangedStatus",
        "AlertStatus": "fraud.models.STATUSES",
        "NewAlertStatus": "events.AlertStatus",
        "PartStatus": "monitoring.health.Status",
        "HealthStatus": "monitoring.health.Overall",
        "RefundStatus": "transactions.refund_rules.RefundStatus",
        "RefundReasonCode": "transactions.refund_rules.Reason",
        "NewRefundStatus": "transactions.refund_rules.NewRefundStatus",
        "TransactionKind": "transactions.models.Kind",
        "NotificationKind": "notifications.models.Kind",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "COMPONENT_SPLIT_PATCH": False,  # what PATCH needs, it needs
    # Forms are what the pages of the browsable API send; a generated client that may choose between two types of body
    # cannot tell a list of orders from one.
    "PARSER_WHITELIST": ["api.parsers.StrictJSONParser"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
