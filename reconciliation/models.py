from typing import Any, ClassVar

from django.db import models

from reconciliation.comparison import Comparison


class ComparisonRun(models.Model):
    """How a comparison went the last time."""

    comparison = models.CharField(max_length=9, unique=True, choices=[(each.value, each.value) for each in Comparison])
    at = models.DateTimeField(help_text="when it was finished")
    expected = models.PositiveBigIntegerField()
    found = models.PositiveBigIntegerField()
    mismatches = models.PositiveBigIntegerField(help_text="those left, if it was told to repair")
    examples = models.JSONField(default=list, help_text="the first of them, each with what is wrong")

    class Meta:
        ordering: ClassVar[list[Any]] = ["pk"]

    def __str__(self) -> str:
        return f"{self.comparison}: {self.mismatches} mismatches"
