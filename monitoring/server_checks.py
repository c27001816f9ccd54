"""Whether the servers answer that the platform depends on: each check asks one."""

from celery import current_app
from django.conf import settings
from django.db import Error, connection
from kombu import Connection

from database.errors import in_short
from monitoring.health import Down, Unknown
from monitoring.processes import NoAnswer
from monitoring.processes import troubles as list_troubles
from monitoring.writing import try_a_write
from search import backends as search_backends
from streaming import clients
from streaming.connectors.connect import RUNNING, Connect, ConnectFailed, what_helps


def database() -> None:
    """Whether it answers, and takes changes."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        raise Down(
            f"The database does not answer ({in_short(error)}). See whether it runs, and whether DATABASE_URL names it."
        ) from error
    try:
        try_a_write()
    except Error as error:
        raise Down(
            f"The database answers, but takes no changes ({in_short(error)}). See whether it is read-only, whether "
            "its disk is full, and who holds a lock: docs/runbooks/store-down.md."
        ) from error


def search() -> None:
    try:
        search_backends.ping()
    except Exception as error:
        # Each kind of search has errors of its own; all of them mean that searches are not answered.
        raise Down(
            f"Searches are not answered ({type(error).__name__}). See whether what SEARCH names runs, and whether it "
            "was prepared: `manage.py migrate` for a table, `manage.py prepare_index` for an index."
        ) from error


def registry() -> None:
    from streaming.schemas.registry import RegistryDown  # noqa: PLC0415 - its client takes memory, and is not needed everywhere

    try:
        clients.registry().ping()
    except RegistryDown as error:
        raise Down(
            "The schema registry does not answer. See whether it runs, and whether SCHEMA_IDS names it; "
            "what knows its schemas already goes on."
        ) from error


def connect() -> None:
    """Every connector and every task of it runs."""
    kafka_connect = Connect(settings.CONNECT_URL, settings.CA_FILE)
    try:
        states = {
            f"{part} of {name}": state
            for name in kafka_connect.names()
            for part, state in kafka_connect.status(name).states.items()
        }
    except ConnectFailed as error:
        raise Down("Kafka Connect does not answer. See whether it runs, and whether CONNECT_URL names it.") from error
    if not states:
        raise Down("Kafka Connect has no connectors: run `manage.py deploy_connectors`.")
    if wrong := [f"{part} is {state}" for part, state in states.items() if state != RUNNING]:
        raise Down(f"{', '.join(wrong)}. {what_helps(set(states.values()))}")


def processes() -> None:
    """Whoever runs the processes has given up none."""
    try:
        troubles = list_troubles(settings.SUPERVISOR)
    except NoAnswer as error:
        raise Unknown(
            f"supervisord, which starts processes again, does not answer ({error}). Start everything anew."
        ) from error
    if troubles:
        raise Down(
            f"{', '.join(troubles)}. The log of each says why; once that is mended, `supervisorctl start` it "
            "(docs/operations.md). What does not depend on it goes on."
        )


def celery_broker() -> None:
    with current_app.connection_for_write() as broker:
        try:
            broker.ensure_connection(max_retries=1, timeout=1)
            # Opening a channel says more than a connection: without a server, it makes sure of the folders.
            broker.default_channel  # noqa: B018 - a property that opens it
        except _errors_of(broker) as error:
            raise Down(
                f"Celery's broker does not answer ({type(error).__name__}). "
                "See whether it runs, and whether CELERY_BROKER_URL names it."
            ) from error


def _errors_of(broker: Connection) -> tuple[type[BaseException], ...]:
    return (OSError, *broker.connection_errors, *broker.channel_errors)
