from streaming.commands import WorkerCommand
from streaming.topics import Topic
from transactions import consumers


class Command(WorkerCommand):
    help = "Record every transaction of the topic in the table `transactions`."
    group = "recorder"
    topics = (Topic.TRANSACTIONS,)

    def handler(self):  # type: ignore[no-untyped-def]
        return consumers.record
