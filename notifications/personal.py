"""What a person was told, and where to."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from accounts.person import NOBODY, Person
from database.erasing import Erasure
from notifications.models import Notification, RefusedAddress


def erasures(whose: Person) -> list[Erasure]:
    """The notifications last: they alone know the addresses that the person has had before."""
    told = Notification.objects.filter(recipient__in=whose.recipients)
    addresses = set(told.exclude(email="").values_list("email", flat=True).distinct())
    if whose.account and whose.account.email:
        addresses.add(whose.account.email)
    refused = RefusedAddress.objects.filter(address__in=addresses)
    log = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(RefusedAddress), object_id__in=addresses
    )
    return [
        Erasure("addresses that refused e-mails", refused.all),
        Erasure(
            "lines of the admin's log that name an address",
            log.all,
            {"object_id": "", "object_repr": NOBODY, "change_message": ""},
        ),
        Erasure("notifications", told.all),
    ]
