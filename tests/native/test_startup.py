"""In which order the cluster's parts start."""

from concurrent.futures import Future
from threading import Thread
from typing import Any, cast

import pytest

from native.driving.embedded import wait_until
from native.startup import Cluster, Failed, start_platform


class Noted:
    """A cluster whose parts answer at once."""

    def __init__(self) -> None:
        self.parts = self
        self.started: list[str] = []

    def start(self, *parts: str) -> None:
        self.started.extend(parts)


@pytest.mark.parametrize("failure", [None, Failed("Connect does not answer")])
def test_what_writes_to_the_outbox_starts_once_its_connector_was_tried(failure: Any) -> None:
    cluster, connect = Noted(), Future[None]()
    platform = Thread(target=start_platform, args=[cast(Cluster, cluster)], kwargs={"carried_by": connect})
    platform.start()
    wait_until(lambda: "monitor" in cluster.started, "what does not write has started")
    assert not {"api", "celery:*"} & set(cluster.started)
    if failure:
        connect.set_exception(failure)
    else:
        connect.set_result(None)
    platform.join(30)
    assert cluster.started[-2:] == ["celery:*", "api"]
