"""Whoever no longer watches is told within 6 s of its last progress, in its own words; a healthy ward hears none."""

import signal
import time
from collections.abc import Iterator

from streams.config.topics import Topic
from tests.field.claims import Claim, equal, none, within
from tests.field.installation import Field
from tests.field.listening import Page
from tests.integration.staging import until

IN_CI = True
TOLD_S = 6.0
HEALTHY_S = 60.0
POISON = 200_000
"""Each costs a rejection: a worker needs many seconds for them, one partition's."""
MUCH = {"queue.buffering.max.messages": 1_000_000, "linger.ms": 50}


def run(field: Field) -> Iterator[Claim]:
    """One installation with default settings; each fault, what is said, and the quiet after it."""
    proxy = field.broker_behind_a_proxy()
    page, (worker,) = field.watched(bootstrap_servers=f"127.0.0.1:{proxy.port}")
    began, pulses = time.monotonic(), page.pulses
    time.sleep(HEALTHY_S)
    yield none("healthy: words in the banner", [word.kinds for word in page.said_since(began) if word.kinds])
    yield equal("healthy: a pulse each second was judged", page.pulses - pulses >= HEALTHY_S - 5, True)
    yield none("healthy: findings of `doctor` about the watch", of_the_watch(field))

    worker.process.send_signal(signal.SIGSTOP)
    yield within("stopped: silence is told", page.first("silent", time.monotonic(), 20), TOLD_S)
    yield equal("stopped: `doctor` says so too", set(of_the_watch(field)), {"watch_silent"})
    worker.process.send_signal(signal.SIGCONT)
    yield within("continued: nothing is wrong any more", page.quiet(time.monotonic(), 60), 45.0)

    cut = time.monotonic()
    proxy.cut()
    yield within("cut off: silence is told", page.first("silent", cut, 20), TOLD_S)
    yield none("cut off: other words", others(page, cut, {"silent"}))
    time.sleep(10)
    proxy.mend()
    yield within("no longer cut off: nothing is wrong any more", page.quiet(time.monotonic(), 90), 60.0)

    delete(field, Topic.STATUS)
    cannot = time.monotonic()
    page.first("cannot_send", cannot, 60)
    yield within("statuses cannot be sent: told, the oldest being", waited_s(page, cannot), TOLD_S)
    yield none("cannot send: other words", others(page, cannot, {"cannot_send"}))
    yield equal("cannot send: the worker is not ready", "cannot_send" in worker.get("/readyz")[1], True)
    field.doctor("--fix")
    yield within("their topic is there again: nothing is wrong any more", page.quiet(time.monotonic(), 90), 60.0)

    killed = time.monotonic()
    worker.process.kill()
    yield within("killed: silence is told", page.first("silent", killed, 20), TOLD_S)
    yield none("killed: other words", others(page, killed, {"silent"}))
    field.stage.publish(Topic.READINGS, ((b"p", b"no reading") for _ in range(POISON)), **MUCH)
    time.sleep(30)  # devices go on, nobody takes what they send

    second = field.worker("second")
    until(lambda: any("are ours" in event for event in second.events()), second.fate)
    behind = time.monotonic()
    yield within("30 s behind: told", page.first("behind", behind, 30), TOLD_S)
    yield equal("30 s behind: the seconds are said", most_behind_s(page, behind) >= 25, True)
    yield equal("30 s behind: the worker is not ready", "behind" in second.get("/readyz")[1], True)
    yield within("caught up: nothing is wrong any more", page.quiet(time.monotonic(), 180), 150.0)
    second.ready()
    second.stop()


def most_behind_s(page: Page, since: float) -> int:
    """The most seconds that were said."""
    said = [one for word in page.said_since(since) for one in word.said["troubles"]]
    return max((one["seconds"] for one in said if one["kind"] == "behind"), default=0)


def waited_s(page: Page, since: float) -> float | None:
    """How old the oldest unsent record was when it was first told; None if it never was."""
    said = [one for word in page.said_since(since) for one in word.said["troubles"]]
    return next((float(one["seconds"]) for one in said if one["kind"] == "cannot_send"), None)


def of_the_watch(field: Field) -> list[str]:
    """What `doctor` says of who watches."""
    return [code for code in field.findings() if code.startswith("watch_")]


def others(page: Page, since: float, but: set[str]) -> list[frozenset[str]]:
    """Words that were said beside those."""
    return [word.kinds for word in page.said_since(since) if word.kinds - but]


def delete(field: Field, topic: Topic) -> None:
    """Somebody deletes a topic that the worker writes."""
    assert field.cluster is not None
    admin = field.cluster.admin()  # held until the answer is there
    for answer in admin.delete_topics([field.settings.topic(topic)], operation_timeout=30).values():
        answer.result(30)
