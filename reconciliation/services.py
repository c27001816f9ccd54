"""Comparing everything with everything, mending what can be recomputed, and keeping how it went."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from reconciliation.alerts import Alerts
from reconciliation.check import Stage
from reconciliation.comparison import Comparison, Result, Scope, kept_since
from reconciliation.documents import Documents
from reconciliation.models import ComparisonRun
from reconciliation.refunds import Refunds
from reconciliation.rows import Rows
from reconciliation.shop_hours import ShopHours
from reconciliation.spool import Spool
from reconciliation.statuses import Statuses
from reconciliation.totals import Totals
from search.index import SearchIndex
from streaming.inspecting.topic_scan import TopicScan
from streaming.topics import Group, Topic
from transactions.selectors import first_recorded

READER = "reconciler"
TRANSACTIONS = (Topic.TRANSACTIONS, Topic.TRANSACTIONS_STATUS)
TOPICS = (*TRANSACTIONS, Topic.TRANSACTIONS_CORRECTIONS)
SETTLE = timedelta(seconds=60)


def reconcile(
    *, settle: timedelta = SETTLE, repair: bool = False, only: Collection[Comparison] = tuple(Comparison)
) -> tuple[Scope, list[Result]]:
    """Compare what arrived longer ago than `settle`, mend if asked to, and keep the results; returns what was compared.

    After mending everything is compared once more, so results say what is left.
    """
    with _scan() as scan, Spool() as spool:
        scope, stages, results = _compare(scan, spool, settle, only)
        wrong = {result.comparison for result in results if result.mismatches}
        if repair and wrong:
            for stage in stages:
                if stage.mends in wrong:
                    stage.mend()
            scope, _, results = _compare(scan, spool, settle, only)
    keep(results=results)
    return scope, results


@transaction.atomic
def keep(*, results: Sequence[Result]) -> list[ComparisonRun]:
    """Keep how each comparison went, in the place of how it went before."""
    ComparisonRun.objects.filter(comparison__in=[result.comparison for result in results]).delete()
    now = timezone.now()
    return ComparisonRun.objects.bulk_create(
        ComparisonRun(
            comparison=each.comparison,
            at=now,
            expected=each.expected,
            found=each.found,
            mismatches=each.mismatches,
            examples=each.examples,
        )
        for each in results
    )


@contextmanager
def _scan() -> Iterator[TopicScan]:
    scan = TopicScan(READER, TOPICS, [Group.RECORDER, Group.FRAUD, Group.AGGREGATOR])
    try:
        yield scan
    finally:
        scan.close()


def _compare(
    scan: TopicScan, spool: Spool, settle: timedelta, only: Collection[Comparison]
) -> tuple[Scope, list[Stage], list[Result]]:
    """Topics are read once: what the second look is given beside it is what has come since."""
    now = timezone.now()
    scope = Scope(now - settle, kept_since(scan.retained(TRANSACTIONS), first_recorded(), now))
    stages = _stages(scope, spool, settle, only)
    _read_on(scan, spool)
    for scanned in spool.orders(buried=scan.buried):
        for stage in stages:
            stage.look(scanned)
    doubts = {stage: since for stage in stages if (since := stage.in_doubt_since()) is not None}
    if doubts:
        _read_on(scan, spool)
        for scanned in spool.orders(min(doubts.values()), scan.buried):
            for stage in doubts:
                stage.look_again(scanned)
    results = [result for stage in stages for result in stage.results() if result.comparison in only]
    return scope, stages, results


def _read_on(scan: TopicScan, spool: Spool) -> None:
    for scanned in scan.read():
        spool.add(scanned)


def _stages(scope: Scope, spool: Spool, settle: timedelta, only: Collection[Comparison]) -> list[Stage]:
    wanted: list[Stage] = []
    if {Comparison.ROWS, Comparison.EVENTS} & set(only):
        wanted.append(Rows(scope, spool))
    if Comparison.STATUSES in only:
        wanted.append(Statuses(scope))
    # After the rows: those that come back may be refunds.
    if Comparison.REFUNDS in only:
        wanted.append(Refunds(scope))
    if Comparison.ALERTS in only:
        wanted.append(Alerts(scope))
    # Elsewhere the table itself answers searches, and there is nothing to compare.
    if Comparison.DOCUMENTS in only and settings.SEARCH.kind == "elasticsearch":
        wanted.append(Documents(scope, SearchIndex.configured(), settle.total_seconds()))
    if Comparison.TOTALS in only:
        wanted.append(Totals(scope))
    if Comparison.HOURS in only:
        wanted.append(ShopHours(scope))
    return wanted
