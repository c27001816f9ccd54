"""What Kafka Connect logs in with, to Kafka and to MySQL."""

from native.configuration.files import write_env
from native.layout import HOST, Layout
from native.security.accounts import secret


def configure(layout: Layout) -> None:
    write_env(
        layout.secrets / "connect.env",
        {
            "CONNECT_PASSWORD": secret(layout.secrets, "kafka-connect"),
            "MYSQL_HOST": HOST,
            "MYSQL_PORT": str(layout.ports["mysql"]),
            "MYSQL_DEBEZIUM_PASSWORD": secret(layout.secrets, "mysql-debezium"),
        },
    )
