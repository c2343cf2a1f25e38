"""A broker stopped for 45 s, a worker cut off for 40 s and another stopped for 75 s lose nothing, and each is told."""

import signal
import time
from collections.abc import Iterator

from tests.field.claims import Claim
from tests.field.installation import Field
from tests.field.judged import Ward


def run(field: Field) -> Iterator[Claim]:
    """One broker; the first worker's way to it can be cut."""
    proxy = field.broker_behind_a_proxy()
    assert field.doctor("--fix").returncode in (0, 1)
    crew = [field.worker("worker-0", bootstrap_servers=f"127.0.0.1:{proxy.port}").ready(), field.worker("worker-1")]
    with Ward(field, crew) as ward:
        time.sleep(10)
        (broker,) = field.cluster.brokers if field.cluster else ()
        broker.pause()
        yield ward.told("the broker is stopped", "broker")
        time.sleep(38)
        broker.resume()
        yield ward.quiet("the broker goes on")

        proxy.cut()
        yield ward.told("a worker is cut off", "silent")
        time.sleep(34)
        proxy.mend()
        yield ward.quiet("its way is free again")

        other = ward.crew[1]
        other.process.send_signal(signal.SIGSTOP)
        yield ward.told("the other is stopped", "silent")
        time.sleep(69)
        other.process.send_signal(signal.SIGCONT)
        yield ward.quiet("it goes on")
        time.sleep(5)
        yield from ward.verdict()
