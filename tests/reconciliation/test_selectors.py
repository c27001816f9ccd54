from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from reconciliation.comparison import Comparison
from reconciliation.models import ComparisonRun
from reconciliation.selectors import NotComparedLately, NotYetCompared, StagesDisagree, ping

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def every_hour(settings: Any) -> None:
    settings.RECONCILE_EVERY_MINUTES = 60


def ran(comparison: Comparison, *, mismatches: int = 0, ago: timedelta = timedelta(0)) -> None:
    at = timezone.now() - ago
    ComparisonRun.objects.create(comparison=comparison, at=at, expected=1, found=1, mismatches=mismatches)


def test_stages_that_agree_are_well() -> None:
    ran(next(iter(Comparison)))
    ping()


def test_before_the_first_comparison_it_is_pending() -> None:
    with pytest.raises(NotYetCompared, match="every 60 minutes"):
        ping()


def test_mismatches_are_told_with_their_number_and_what_to_do() -> None:
    first, second, *_ = Comparison
    ran(first)
    ran(second, mismatches=1200)
    with pytest.raises(StagesDisagree, match=f"1,200 in {second}.*reconcile --repair"):
        ping()


def test_a_comparison_that_is_overdue_is_unknown_though_all_agreed() -> None:
    ran(next(iter(Comparison)), ago=timedelta(hours=2))
    with pytest.raises(NotComparedLately, match="Nothing has been compared since"):
        ping()
