"""The variables of all our processes beside compose/cluster.env, and those that `migrate` gets instead."""

from native.configuration.files import write_env, write_secretly
from native.layout import HOST, ROOT, Layout
from native.security.accounts import secret
from native.security.certificates import CERTIFIED


def configure(layout: Layout) -> None:
    ca = layout.certificates / "ca.pem"
    # Only what no URL can carry stands in the file; MySQL's client reads it.
    write_secretly(layout.secrets / "mysql-client.cnf", f"[client]\nssl-ca={ca}\nssl-verify-server-cert\n")
    write_env(
        layout.secrets / "platform.env",
        {
            "PLATFORM_ENV": "compose/cluster.env",
            "SUPERVISOR": layout.supervisor,
            "SECRET_KEY": secret(layout.secrets, "django"),
            "DATABASE_URL": database_url(layout, "platform"),
            "CELERY_BROKER_URL": f"redis://:{secret(layout.secrets, 'redis')}@{HOST}:{layout.ports['redis']}/0",
            "RATES_COUNTED_IN": f"redis://:{secret(layout.secrets, 'redis')}@{HOST}:{layout.ports['redis']}/1",
            "KAFKA_BOOTSTRAP_SERVERS": layout.bootstrap_servers,
            "KAFKA_SSL_CA_LOCATION": str(ca),
            "CA_FILE": str(ca),
            "SEARCH": f"elasticsearch:https://platform@{HOST}:{layout.ports['elasticsearch']}/transactions",
            "SEARCH_PASSWORD_FILE": str(layout.secrets / "elasticsearch-platform"),
            "CONNECT_URL": layout.address("connect"),
            "SCHEMA_IDS": f"registry:{layout.address('registry')}/apis/ccompat/v7",
            "EMAIL_URL": f"filemail:///{layout.var.relative_to(ROOT)}/mail",
            "PUBLIC_URL": layout.address("api"),
            "ALERTMANAGER_TOKEN_FILE": str(layout.secrets / "alertmanager"),
            "CERTIFICATES_WATCHED": ",".join(str(layout.certificates / f"{name}.pem") for name in ("ca", *CERTIFIED)),
        },
    )
    write_env(layout.secrets / "migrator.env", {"DATABASE_URL": database_url(layout, "migrator")})


def database_url(layout: Layout, user: str) -> str:
    password = secret(layout.secrets, f"mysql-{user}")
    options = f"read_default_file={layout.secrets / 'mysql-client.cnf'}"
    return f"mysql://{user}:{password}@{HOST}:{layout.ports['mysql']}/shop?{options}"
