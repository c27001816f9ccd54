"""Consumer groups of which nobody reads any more."""

from time import monotonic, sleep

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

ASK_EVERY_SECONDS = 0.5
TIMEOUT_SECONDS = 10
NO_COORDINATOR_YET = {
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}
"""Right after a start, brokers still agree on who keeps which group."""
PASSING = NO_COORDINATOR_YET | {KafkaError.NON_EMPTY_GROUP}


class StillInUse(RuntimeError):
    """A group has members that do not leave; says what to do."""


def delete_group(admin: AdminClient, group: str, timeout: float) -> bool:
    """Delete a group once its last member has left; returns whether there was one. Raises StillInUse."""
    deadline = monotonic() + timeout
    while True:
        try:
            admin.delete_consumer_groups([group], request_timeout=TIMEOUT_SECONDS)[group].result()
        except KafkaException as error:
            code = error.args[0].code()
            if code == KafkaError.GROUP_ID_NOT_FOUND:
                return False
            if code not in PASSING or (code != KafkaError.NON_EMPTY_GROUP and monotonic() > deadline):
                raise
        else:
            return True
        if monotonic() > deadline:
            raise StillInUse(
                f"The settings do not want the consumer group {group}, and somebody still reads in it: stop that."
            )
        sleep(ASK_EVERY_SECONDS)
