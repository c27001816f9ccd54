from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class Customer(models.Model):
    """Which of the shop's users a customer's account belongs to."""

    account = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="customer")
    user_id = models.PositiveIntegerField(unique=True, help_text="the shop's number for this user")

    def __str__(self) -> str:
        return f"user {self.user_id}"


class IdempotencyKey(models.Model):
    """The first answer to a request, given again when the request is sent again under the same key."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=bytes)
    """JSON, compressed by zlib"""
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["account", "key"], name="one_answer_per_account_and_key"),
        ]

    def __str__(self) -> str:
        return self.key
