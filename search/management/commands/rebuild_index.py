from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from search import services
from search.index import AlreadyThere, NotPrepared, SearchIndex
from search.selectors import rows_in_batches
from streaming.carriers import IndexedBy
from streaming.connectors.connect import Connect

SINK = "elasticsearch-sink"


class Command(BaseCommand):
    """Builds a new index from the table while changes go on, without a gap or a lost update.

    1. The index of the next version is made. From now on run_indexer writes every change to it too, since it writes to
       all versions that there are.
    2. All rows are copied, under version 0: what a change has written or deleted meanwhile, a copy cannot undo. What
       was committed before its row was read is in the copy; what is committed later comes as a change, after step 1.
    3. The alias is moved to the new index, and the old one deleted, in one step.

    Confluent's sink writes to the alias only. It is paused meanwhile, and takes up again afterwards where it stood:
    searches go on, and show the state of the pause until then.
    """

    help = "Build the search index anew from the table, while searches and changes go on, and put it in place."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anew", action="store_true", help="first delete what a rebuild that was killed left behind"
        )

    def handle(self, *args: Any, anew: bool, **options: Any) -> None:
        index = SearchIndex.configured()
        if anew:
            for name in [name for name, is_used in index.versions().items() if not is_used]:
                index.delete(name)
        try:
            with no_sink_writing():
                rebuilt = services.rebuild(index=index, batches=rows_in_batches())
        except AlreadyThere as left:
            raise CommandError(
                f"{left} is being built already, or was left behind by a rebuild that was killed: then run with --anew."
            ) from left
        except NotPrepared as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{index.alias} stands for {rebuilt.name}, with {rebuilt.documents:,} transactions; "
            f"deleted {', '.join(rebuilt.deleted)}"
        )
        if rebuilt.refused:
            raise CommandError(f"{len(rebuilt.refused)} rows were refused, the first one since: {rebuilt.refused[0]}")


@contextmanager
def no_sink_writing() -> Iterator[None]:
    """Pause the Elasticsearch sink where there is one."""
    if settings.INDEXED_BY != IndexedBy.CONNECT:
        yield
        return
    connect = Connect(settings.CONNECT_URL, settings.CA_FILE)
    connect.pause(SINK)
    try:
        yield
    finally:
        connect.resume(SINK)
