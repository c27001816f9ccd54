"""How gunicorn serves the API: `gunicorn --config platform/config/gunicorn.py --bind 127.0.0.1:8000`.

Its processes read and write with waitress (platform/serving): threads only get requests that are whole.

A process for each core, four at the most, or as many as `--workers N` or WEB_CONCURRENCY says. Whichever of them is
asked for /metrics answers for all: each writes its figures into files of a folder that they share.
"""

import gc
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

wsgi_app = "config.wsgi"
pythonpath = str(Path(__file__).parent.parent)
worker_class = "serving.worker.BufferingWorker"
workers = int(os.environ.get("WEB_CONCURRENCY") or min(os.cpu_count() or 1, 4))
"""One for each core: Python runs on one at a time in a process."""
threads = 4
"""More would only wait for each other: Python runs one of them at a time, and SQLite hands over at each row."""
worker_connections = 1000
"""At the same time, in each process. One more closes the oldest on which nothing is done."""
keepalive = 75
"""Seconds until a client that asks for nothing more, or takes nothing of its answer, is let go."""
NEW_OBJECTS = 10_000
"""until garbage is looked for; Python's own 700 are less than a page of orders"""

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_given = os.environ.get(FOLDER)
# Set before a worker imports prometheus_client, which chooses once between memory and files.
os.environ[FOLDER] = _given or tempfile.mkdtemp(prefix="api-metrics-")
os.environ["PROMETHEUS_DISABLE_CREATED_SERIES"] = "true"


def on_starting(server: Any) -> None:
    """Forget what an earlier run left: its counts are none of ours."""
    # Their memory is shared with the processes that are forked.
    import accounts.revocation  # noqa: F401, PLC0415
    import api.shared_counts  # noqa: F401, PLC0415

    folder = Path(os.environ[FOLDER])
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()


def post_worker_init(worker: Any) -> None:
    from accounts import last_use  # noqa: PLC0415 - Django is set up by now
    from audit import adding  # noqa: PLC0415
    from database.write_behind import keep_writing  # noqa: PLC0415

    keep_writing("last use of tokens", last_use.write_down, last_use.EVERY_SECONDS)
    adding.keep_adding()
    # What is loaded by now stays. To look through all of it again held up every request of the process for tens of ms.
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def worker_exit(server: Any, worker: Any) -> None:
    """What a process has noted of tokens and readers is written down before it goes."""
    from accounts import last_use  # noqa: PLC0415 - as above
    from audit import adding  # noqa: PLC0415
    from database.write_behind import write_or_say  # noqa: PLC0415

    write_or_say("last use of tokens", last_use.write_down)
    write_or_say(adding.WHAT, adding.write_down)


def child_exit(server: Any, worker: Any) -> None:
    """What a worker has counted stays; what it only showed goes with it, and nobody leaves it a connection any more."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - not before its folder is set

    from serving import neighbours  # noqa: PLC0415 - the folder of our packages is on the path by now

    neighbours.leave(worker.age)
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    if not _given:
        shutil.rmtree(os.environ[FOLDER], ignore_errors=True)
