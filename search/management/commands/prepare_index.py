from typing import Any

from django.core.management.base import BaseCommand

from search.index import SearchIndex


class Command(BaseCommand):
    help = "Make the search index, its template and its alias where they are missing; what is there stays."

    def handle(self, *args: Any, **options: Any) -> None:
        index = SearchIndex.configured()
        self.stdout.write(f"{index.alias} stands for {index.prepare()}")
