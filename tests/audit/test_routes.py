"""No route is forgotten: each is noted, or it is said why not."""

from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver

from audit.routes import ADMIN, NOTED, READING, UNNOTED, read_of


def names(resolver: Any, namespace: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names(pattern, namespace + (f"{pattern.namespace}:" if pattern.namespace else ""))
        elif pattern.name:
            yield namespace + pattern.name


def test_every_route_is_noted_or_it_is_said_why_not() -> None:
    routes = {name for name in names(get_resolver()) if not name.startswith(ADMIN)}
    assert routes == NOTED.keys() | UNNOTED.keys()
    assert not NOTED.keys() & UNNOTED.keys()


def test_of_the_admin_only_these_pages_are_not_noted() -> None:
    pages = {name for name in names(get_resolver()) if name.startswith(ADMIN)}
    unnoted = {page.removeprefix(ADMIN) for page in pages if not read_of(page, "GET")}
    of_rows = {page for page in unnoted if page.endswith(("_change", "_changelist", "_history", "_delete"))}
    assert {page.rpartition("_")[0] for page in of_rows} == {
        "auth_group",
        *(f"django_celery_beat_{kind}schedule" for kind in ("crontab", "clocked", "interval", "solar")),
        "django_celery_beat_periodictask",
        "password",
    }
    assert unnoted - of_rows - {page for page in unnoted if page.endswith("_add")} == {
        "index",
        "search",
        "login",
        "logout",
        "password_change_done",
        "jsi18n",
        "app_list",
    }


def test_a_page_that_nobody_thought_of_is_noted() -> None:
    assert read_of("admin:somebody_secret_changelist", "GET")
    assert read_of("admin:autocomplete", "GET")


def test_methods_that_show_nothing_are_not_noted() -> None:
    assert not any(read_of(name, "OPTIONS") for name in NOTED)
    assert {name for name, read in NOTED.items() if set(READING) <= set(read.methods)} == NOTED.keys() - {
        "search-transactions",
        "transaction-status",
    }
