from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from reconciliation.comparison import Comparison, Result, Scope
from reconciliation.services import SETTLE, reconcile


class Command(BaseCommand):
    help = (
        "Compare topics, table, refunds, hourly totals, fraud alerts and search index; end with 1 if they do not agree."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="mend what can be recomputed, then compare again; one at a time"
        )
        parser.add_argument(
            "--settle",
            type=float,
            default=SETTLE.total_seconds(),
            metavar="SECONDS",
            help=f"leave out what is younger, and may be on its way ({SETTLE.total_seconds():g})",
        )
        parser.add_argument(
            "--only", type=Comparison, choices=list(Comparison), action="append", help="compare only this; repeatable"
        )

    def handle(self, *args: Any, repair: bool, settle: float, only: list[Comparison] | None, **options: Any) -> None:
        scope, results = reconcile(settle=timedelta(seconds=settle), repair=repair, only=only or list(Comparison))
        self.show(scope, results)
        left = sum(result.mismatches for result in results)
        if left:
            raise CommandError(
                f"{left:,} mismatches{' are left' if repair else ''}; docs/operations.md says what to do."
            )
        self.stdout.write("All agree.")

    def show(self, scope: Scope, results: list[Result]) -> None:
        since = f"from {scope.kept_since:%Y-%m-%d %H:%M:%S}" if scope.kept_since else "everything"
        self.stdout.write(f"Compared: {since} to {scope.before:%Y-%m-%d %H:%M:%S} UTC, as received")
        table = Table("comparison", "expected", "found", "mismatches", "the first of them")
        for column in table.columns[1:4]:
            column.justify = "right"
        for each in results:
            figures = (f"{number:,}" for number in (each.expected, each.found, each.mismatches))
            table.add_row(each.comparison, *figures, "\n".join(each.examples))
        console = Console(width=160)
        with console.capture() as shown:
            console.print(table)
        self.stdout.write(shown.get())
