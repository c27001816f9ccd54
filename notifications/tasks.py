from celery import shared_task

from notifications import services


@shared_task
def send_emails() -> int:
    """Send the notifications that wait for it by e-mail."""
    return services.send_waiting_emails()


@shared_task
def tell_of_silence() -> bool:
    """Tell operators when alerts no longer arrive. It needs neither Prometheus nor Alertmanager."""
    return services.tell_of_silence()
