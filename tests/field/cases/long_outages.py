"""A worker cut off for 40 s, another stopped for 75 s, the broker for 45 s: nothing is lost, and the watch goes on."""

import signal
import time
from collections.abc import Iterator

from tests.field.claims import Claim
from tests.field.installation import Field
from tests.field.judged import Ward

CUT_S, STOPPED_S, BROKER_S = 40.0, 75.0, 45.0
"""The broker's is longer than a session and a request last; the stopped worker's than a rebalance too."""


def run(field: Field) -> Iterator[Claim]:
    """One fault after another, with all that is healthy between them."""
    proxy = field.broker_behind_a_proxy()
    assert field.cluster is not None and field.doctor("--fix").returncode in (0, 1)
    (broker,) = field.cluster.brokers
    behind = f"127.0.0.1:{proxy.port}"
    crew = [field.worker("worker-0", bootstrap_servers=behind).ready(), field.worker("worker-1").ready()]
    with Ward(field, crew) as ward:
        time.sleep(5)
        proxy.cut()
        yield ward.told("a worker is cut off", "silent")
        time.sleep(CUT_S)
        proxy.mend()
        yield ward.quiet("a worker is no longer cut off")

        stopped = ward.crew[1].process
        stopped.send_signal(signal.SIGSTOP)
        yield ward.told("another is stopped", "silent")
        time.sleep(STOPPED_S)
        stopped.send_signal(signal.SIGCONT)
        yield ward.quiet("another goes on that was stopped")

        broker.pause()
        yield ward.told("the broker is stopped", "broker")
        time.sleep(BROKER_S)
        broker.resume()
        yield ward.quiet("the broker goes on")
        yield from ward.verdict()
