from typing import Any, ClassVar

from django.db import models
from knox.models import AuthToken


class TokenDetails(models.Model):
    """What is known of a token beside knox's own row: what its owner calls it, what it may do, when it was used."""

    token = models.OneToOneField(AuthToken, on_delete=models.CASCADE, related_name="details")
    name = models.CharField(max_length=100, blank=True, default="")
    may_write = models.BooleanField(default=True, help_text="whether it has the scope write, beside read")
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="to the minute, and a minute late at the most")

    class Meta:
        verbose_name_plural: ClassVar[Any] = "token details"

    def __str__(self) -> str:
        return self.name or f"token {self.pk}"
