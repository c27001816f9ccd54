"""For superusers: addresses that refuse e-mails. Who deletes one lets the next message be tried at once."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from notifications.models import RefusedAddress


@admin.register(RefusedAddress)
class RefusedAddressAdmin(ModelAdmin):
    list_display = ("address", "reason", "of_staff", "at")
    list_filter = ("of_staff",)
    search_fields = ("address",)
    ordering = ("-at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
