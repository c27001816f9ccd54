from celery import shared_task

from notifications import services


@shared_task
def send_emails() -> int:
    """Send the notifications that wait for it by e-mail."""
    return services.send_waiting_emails()


@shared_task
def forget_old_notifications() -> int:
    """Delete notifications that are older than settings.NOTIFICATIONS_KEPT; returns how many."""
    return services.forget_old()


@shared_task(name="notifications.tasks.tell_of_silence")  # beat's entries and waiting tasks know it by this name
def notify_of_silence() -> bool:
    """Notify operators when alerts no longer arrive. It needs neither Prometheus nor Alertmanager."""
    return services.notify_of_silence()
