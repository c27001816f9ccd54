"""One line in the log for every answer, also for those that Django knows nothing of."""

import time

from structlog.contextvars import clear_contextvars
from waitress.task import Task


def log_answer(task: Task) -> None:
    """Log an answer, under the request id that everything else has been logged under (api/observation)."""
    from django.conf import settings  # noqa: PLC0415 - gunicorn's first process, which imports this, has none

    request = task.request
    settings.ACCESS_LOG.info(
        "answered",
        request=f"{request.command} {request.path}".strip(),
        status=int(task.status.split(" ", 1)[0]),
        bytes=task.content_bytes_written,
        seconds=round(time.time() - task.start_time, 4),
        user_agent=request.headers.get("USER_AGENT"),
        peer=task.channel.addr[0],
    )
    clear_contextvars()
