"""What a statement tells MySQL's optimizer, in a comment that SQLite passes over."""

from django.db.models import Model


def by_index(model: type[Model], name: str) -> str:
    """Belongs behind SELECT or DELETE: look for rows of this table by the index of this name.

    While a table is small, MySQL would rather read all of it. A statement that locks what it reads then waits for
    whoever has locked any row, though it wants others.
    """
    return f"/*+ INDEX({model._meta.db_table} {name}) */"
