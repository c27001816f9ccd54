"""A file for each principal with what its process needs to log in."""

from native.configuration.files import write_env
from native.layout import Layout
from native.security.accounts import passwords


def configure(layout: Layout) -> None:
    for principal, password in passwords(layout.secrets).items():
        write_env(
            layout.secrets / f"kafka-{principal}.env",
            {"KAFKA_SASL_USERNAME": principal, "KAFKA_SASL_PASSWORD": password},
        )
