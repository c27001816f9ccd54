"""One line in the log for every answer, also for those that Django knows nothing of."""

import time

import structlog
from structlog.contextvars import clear_contextvars
from waitress.task import Task

log = structlog.get_logger(__name__)


def log_answer(task: Task) -> None:
    """Log an answer, under the request id that everything else has been logged under (api/observation)."""
    request = task.request
    log.info(
        "answered",
        request=f"{request.command} {request.path}".strip(),
        status=int(task.status.split(" ", 1)[0]),
        bytes=task.content_bytes_written,
        seconds=round(time.time() - task.start_time, 4),
        user_agent=request.headers.get("USER_AGENT"),
        peer=task.channel.addr[0],
    )
    clear_contextvars()
