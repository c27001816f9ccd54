from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from api.models import Customer
from notifications.models import Notification


def notifications_of(account: AbstractBaseUser | AnonymousUser) -> QuerySet[Notification]:
    """What was told to this account, and to the shop's user whom it belongs to."""
    user_ids = Customer.objects.filter(account_id=account.pk).values_list("user_id", flat=True)
    recipients = [f"account:{account.pk}", *(f"customer:{user_id}" for user_id in user_ids)]
    return Notification.objects.filter(recipient__in=recipients)
