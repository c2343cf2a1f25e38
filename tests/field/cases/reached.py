"""A call reaches a receiver's socket in time, and none is untold or told with two contents, whatever ends or refuses.

Alerts come as a worker writes them; the notifier, Kafka, webhooks and PCD-04 are real.
"""

import json
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Producer

from schemas.action import Step
from streams.config.topics import Topic
from streams.simulator.publisher import REQUIRED
from tests.field.claims import Claim, equal, none, within
from tests.field.installation import VIGILWARD, Field
from tests.field.receivers import Receivers
from tests.integration.staging import WorkerProcess, until
from tests.integration.test_notifier import alert

SETTINGS = {"mode": "real", "partitions": 4}
RATE, SECONDS = 100, int(os.environ.get("REACHED_SECONDS", "60"))
KILLS = int(os.environ.get("REACHED_KILLS", "30"))
AWAY_S = int(os.environ.get("REACHED_AWAY_S", "120"))
SLOW_S = 0.05
BEDS = 26


def run(field: Field) -> Iterator[Claim]:
    """One installation; the receivers are well, then not."""
    field.broker()
    assert field.doctor("--fix").returncode in (0, 1)
    receivers = Receivers(slow_s=SLOW_S)
    try:
        notifier = started(field, receivers)
        yield from in_time(field, receivers, "A", "the MLLP receiver's")
        slow = f"16 connections' of an MLLP receiver that answers after {1_000 * SLOW_S:.0f} ms"
        yield from in_time(field, receivers, "S", slow)
        yield from one_message(field, receivers)
        yield from after_all(field, receivers, notifier)
    finally:
        receivers.close()


def started(field: Field, receivers: Receivers) -> WorkerProcess:
    """`vigilward notify`, ready: every step by webhook, the nurse's by PCD-04 as well."""
    (field.folder / "key").write_bytes(b"sixteen bytes ok")
    where = f'url = "http://127.0.0.1:{receivers.port}/"\nkey_id = "k"\nkey_file = "{field.folder / "key"}"\n'
    people = "".join(f'[[recipient]]\nname = "{step}"\nrole = "{step}"\nchannel = "webhook"\n{where}' for step in Step)
    at = 'role = "nurse"\nchannel = "pcd04"\naddress = "127.0.0.1:'
    pager = f'[[recipient]]\nname = "pager"\nwards = ["A"]\n{at}{receivers.mllp_port}"\nconnections = 8\n'
    slow = f'[[recipient]]\nname = "slow"\nwards = ["S"]\n{at}{receivers.slow_port}"\nconnections = 16\n'
    (field.folder / "routes.toml").write_text(people + pager + slow)
    return again(field)


def again(field: Field) -> WorkerProcess:
    """Started; what it says goes into a log of its own."""
    environment = {name: one for name, one in field.environment.items() if name.startswith("VIGILWARD_")}
    environment |= {
        "VIGILWARD_NOTIFY_ROUTES": str(field.folder / "routes.toml"),
        "VIGILWARD_NOTIFY_PORT": "0",
        "VIGILWARD_SESSION_TIMEOUT_S": "6",  # a killed one's partitions are dealt on after so long
        "VIGILWARD_HEARTBEAT_S": "1",
    }
    return field._stack.enter_context(WorkerProcess(field.folder / "notifier", environment, (*VIGILWARD, "notify")))


def publisher(field: Field) -> Producer:
    """One that sends at once."""
    return Producer({**field.settings.librdkafka(), **REQUIRED, "linger.ms": 0})


def in_time(field: Field, receivers: Receivers, ward: str, whose: str) -> Iterator[Claim]:
    """100 calls a second for a minute, from the record's time to the receiver's socket."""
    producer, topic = publisher(field), field.settings.topic(Topic.ALERTS)
    warm = f"warm-{ward}"
    producer.produce(topic, alert_named(warm, 1, "calling", ward=ward), warm.encode())
    producer.flush(10)
    until(lambda: warm in receivers.page_at and any(one[0] == warm for one in receivers.order), within_s=60)
    sent: dict[str, float] = {}
    began = time.monotonic()
    for number in range(RATE * SECONDS):
        time.sleep(max(0.0, began + number / RATE - time.monotonic()))
        name = f"{ward}-{number}"
        sent[name] = time.time()
        producer.produce(topic, alert_named(name, 1, "calling", ward=ward), name.encode())
        producer.poll(0)
    producer.flush(10)
    late = time.monotonic() - began - SECONDS
    until(lambda: sent.keys() <= receivers.page_at.keys() & {one for one, _, _ in receivers.order}, within_s=300)
    first = {one: receivers.at[name] for one, _, name in receivers.order}
    for what, arrived in (("the webhook receiver's", first), (whose, receivers.page_at)):
        delays = sorted(1_000 * (arrived[name] - at) for name, at in sent.items())
        p50, p99, worst = (delays[int(len(delays) * share)] for share in (0.5, 0.99, 0.9999))
        seen = f"p50 {p50:.0f}, p99 {p99:.0f}, longest {worst:.0f} ms of {len(delays)}, load {os.getloadavg()[0]:.0f}"
        promise = f"{RATE} calls/s for {SECONDS} s: call on the topic to {what} socket, p99"
        yield Claim(promise, seen, "500 ms", p99 < 500)
    yield within("and the calls came at that rate", max(0.0, late), 1.0)


def alert_named(name: str, revision: int, status: str, steps: int = 1, **facts: object) -> bytes:
    """A revision of an alert as a worker writes it."""
    said = json.loads(alert(0, revision, status, steps)) | {"alert_id": name, "patient_id": name} | facts
    return json.dumps(said).encode()


def one_message(field: Field, receivers: Receivers) -> Iterator[Claim]:
    """26 beds lose their gateway within some seconds; then it is back."""
    producer, topic = publisher(field), field.settings.topic(Topic.ALERTS)
    seen, pages = len(receivers.order), set(receivers.pages)
    lost = {"kind": "technical", "subject": "silent", "priority": "medium"}
    for number in range(BEDS):
        body = alert_named(f"g-{number}", 1, "calling", bed=f"A{number:02d}", **lost)
        producer.produce(topic, body, f"g-{number}".encode())
        producer.flush(10)
        time.sleep(0.3)
    until(lambda: len(receivers.order) > seen and len(receivers.pages) > len(pages), within_s=60)
    time.sleep(10)
    told = [receivers.events[name]["data"]["text"] for _, _, name in receivers.order[seen:]]
    paged = [receivers.texts[name] for name in receivers.pages if name not in pages]
    yield equal(f"{BEDS} beds lose their gateway: messages to the nurse's webhook", len(told), 1)
    yield equal("and to her pager", len(paged), 1)
    yield equal("and it names them", f"{BEDS} beds of ward A" in told[0] and f"{BEDS} beds" in paged[0], True)


def after_all(field: Field, receivers: Receivers, notifier: WorkerProcess) -> Iterator[Claim]:
    """Killed under load again and again; then each way in which a receiver can be away, each with its own calls."""
    producer, topic = publisher(field), field.settings.topic(Topic.ALERTS)
    names: list[str] = []
    with calling(producer, topic, names):
        for _ in range(KILLS):
            until(lambda one=notifier: one.get("/readyz")[0] == 200, notifier.fate, within_s=120)
            time.sleep(1.0)
            notifier.process.send_signal(signal.SIGKILL)
            notifier.process.wait()
            notifier = again(field)
    least = 10 * KILLS
    yield Claim(f"calls while it was killed {KILLS} times", str(len(names)), f"at least {least}", len(names) >= least)
    yield from whole(receivers, names, f"killed {KILLS} times under load", within_s=240)

    for what, seconds, begin, end in (
        ("the receiver is down", AWAY_S, receivers.down, receivers.up),
        ("it answers 500", 20, lambda: setattr(receivers, "mood", 500), lambda: setattr(receivers, "mood", 204)),
        ("it answers 429", 20, lambda: setattr(receivers, "mood", 429), lambda: setattr(receivers, "mood", 204)),
        ("it never answers", 20, lambda: setattr(receivers, "mood", 0), lambda: setattr(receivers, "mood", 204)),
    ):
        begin()
        with calling(producer, topic, names):
            time.sleep(seconds)
        end()
        yield from whole(receivers, names, f"{what} for {seconds} s", within_s=120)

    over = time.monotonic()
    for name in names:
        producer.produce(topic, alert_named(name, 2, "cleared"), name.encode())
        producer.poll(0)
    producer.flush(10)
    until(lambda: sum(phase == "end" for _, phase, _ in receivers.order) >= 2 * len(names), within_s=240)
    until(lambda: sum(phase == "end" for _, phase in receivers.page_order) >= len(names), within_s=240)
    yield within("then all are over: everybody hears so", time.monotonic() - over, 240.0)
    place, paged = defaultdict(list), defaultdict(list)
    for name, phase, _ in receivers.order:
        place[name].append(phase)
    for name, phase in receivers.page_order:
        paged[name].append(phase)
    yield none("an end before its start", [one for one in names if place[one] != ["start", "start", "end", "end"]])
    yield none("a page untold, or its end before its start", [one for one in names if paged[one] != ["start", "end"]])
    yield none("told with two contents", [one for one, said in receivers.taken.items() if len(said) > 1])
    yield none("paged with two contents", [one for one, said in receivers.pages.items() if len(said) > 1])
    yield equal("it ends in good order", notifier.stop(), 0)


@contextmanager
def calling(producer: Producer, topic: str, names: list[str]) -> Iterator[None]:
    """Ten calls a second, each of two steps, while the block lasts; their names are added."""
    over = threading.Event()

    def flow() -> None:
        while not over.wait(0.1):
            names.append(f"k-{len(names)}")
            producer.produce(topic, alert_named(names[-1], 1, "calling", 2), names[-1].encode())
            producer.poll(0)

    flowing = threading.Thread(target=flow)
    flowing.start()
    try:
        yield
    finally:
        over.set()
        flowing.join()
        producer.flush(10)


def whole(receivers: Receivers, names: list[str], what: str, *, within_s: float) -> Iterator[Claim]:
    """Every call of both steps has been told, within so long after what happened."""
    wanted = {(name, step) for name in names for step in ("nurse", "shift_lead")}
    began, untold = time.monotonic(), wanted
    while untold and time.monotonic() - began < within_s:
        time.sleep(0.2)
        untold = wanted - {tuple(one.split(":")[:2]) for one in list(receivers.taken)}
    took = time.monotonic() - began
    yield none(f"{what}: calls untold of {len(wanted)}, after {took:.0f} s", sorted(untold))
