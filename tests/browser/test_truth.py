"""The banner that cannot be scrolled away: whether what the page shows is what is so."""

import re
import threading
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from playwright.sync_api import expect

from schemas.reading import Mode
from streams.config.settings import Settings
from streams.config.topics import TOPICS, Topic, partitions_of
from streams.demo.embedded import EmbeddedBroker
from tests.browser.made import Bed, Ward
from tests.browser.taking import send_heartbeat
from tests.browser.watched import Watched
from tests.streams.board.conftest import BoardProcess

SOON = 9_000  # ms; the promise is six seconds, on a machine that is not busy with other tests


class Worker:
    """Stands in for a worker: appends to the log and sends heartbeats of what it took, until it is killed."""

    def __init__(self, settings: Settings, ward: Ward) -> None:
        self._settings, self._ward = settings, ward
        self._stop = threading.Event()
        self.reasons: tuple[str, ...] = ()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        consumer = Consumer({**self._settings.librdkafka(), "group.id": self._settings.group, "log_level": 0})
        producer = Producer({**self._settings.librdkafka(), "log_level": 0, "message.timeout.ms": 2_000})
        log = self._settings.topic(Topic.READINGS)
        places = [TopicPartition(log, number) for number in range(self._settings.partitions)]
        while not self._stop.is_set():
            for bed in self._ward.beds.values():
                self._ward.send(Topic.READINGS, bed.patient, {"patient_id": bed.patient})
            self._ward.flush()
            try:
                ends = [consumer.get_watermark_offsets(place, timeout=2)[1] for place in places]
                for number, end in enumerate(ends):
                    send_heartbeat(producer, self._settings, number, end, self.reasons)
                producer.flush(2)
            except Exception:  # the broker is away in one of the tests
                self._stop.wait(0.3)
            self._stop.wait(0.3)
        consumer.close()

    def kill(self) -> None:
        self._stop.set()
        self._thread.join(10)


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    named = Settings(partitions=2)
    with EmbeddedBroker({named.topic(topic): partitions_of(topic, named) for topic in TOPICS}) as one:
        yield one


@pytest.fixture(scope="module")
def settings(broker: EmbeddedBroker) -> Settings:
    return Settings(bootstrap_servers=broker.bootstrap_servers, partitions=2, mode=Mode.DEMO)


@pytest.fixture(scope="module")
def ward(settings: Settings) -> Ward:
    return Ward(settings)


@pytest.fixture(scope="module")
def beds(ward: Ward) -> dict[str, Bed]:
    made = {bed.bed: bed for bed in (Bed(number) for number in range(1, 7))}
    for bed in made.values():
        ward.tell(bed)
    ward.flush()
    return made


@pytest.fixture(scope="module")
def board(settings: Settings, beds: dict[str, Bed]) -> Iterator[BoardProcess]:
    process = BoardProcess(settings, silent_after_s=4, send_within_s=2).start()
    yield process
    process.kill()


@pytest.fixture
def worker(settings: Settings, ward: Ward, beds: dict[str, Bed]) -> Iterator[Worker]:
    one = Worker(settings, ward)
    yield one
    one.kill()


def test_all_is_well_while_a_worker_takes_its_log(screen, worker):
    page = screen().open()
    expect(page.locator(".truth-line")).to_have_count(0, timeout=SOON)


def test_a_silent_worker_is_told_and_every_bed_says_so(screen, worker):
    one = screen()
    page = one.open()
    expect(page.locator(".truth-line")).to_have_count(0, timeout=SOON)
    worker._stop.set()
    for _ in range(8):  # the devices go on
        worker._ward.send(Topic.READINGS, "t-0001", {"patient_id": "t-0001"})
        worker._ward.send(Topic.READINGS, "t-0002", {"patient_id": "t-0002"})
    worker._ward.flush()

    expect(page.locator(".truth-line.worker")).to_contain_text("WORKER", timeout=SOON)
    expect(page.locator(".watching.unwatched").first).to_have_text("NO WORKER WATCHES")


def test_a_watch_that_is_not_sound_says_why_in_its_own_words(screen, worker):
    page = screen().open()
    expect(page.locator(".truth-line")).to_have_count(0, timeout=SOON)
    worker.reasons = ("cannot_save",)

    expect(page.locator(".truth-line.not_ready")).to_contain_text(
        "THE WATCH IS NOT SOUND: what is known of the patients cannot be saved.", timeout=SOON
    )


def test_a_real_worker_that_is_killed_is_told_and_one_that_comes_back_too(screen):
    with Watched() as ward:
        one = screen(address=ward.board.address)
        page = one.open()
        expect(page.locator(".watching")).to_have_count(4)
        expect(page.locator(".truth-line")).to_have_count(0, timeout=SOON)
        ward.kill_worker()

        expect(page.locator(".truth-line.worker")).to_contain_text("NO WORKER IS WATCHING", timeout=SOON)
        ward.worker.start()
        expect(page.locator(".truth-line")).to_have_count(0, timeout=30_000)


def test_a_killed_board_is_told_and_the_page_recovers_by_itself(screen, board, worker):
    one = screen()
    page = one.open()
    expect(page.locator(".truth-line")).to_have_count(0, timeout=SOON)
    board.kill()
    expect(page.locator(".truth-line.lost")).to_contain_text(
        "CONNECTION LOST. This page shows the ward as it was at", timeout=SOON
    )
    expect(page.locator(".truth-line.lost [aria-hidden]")).to_have_text(re.compile(r"for \d+ s"))
    page.mouse.wheel(0, 5_000)
    expect(page.locator(".truth-line.lost")).to_be_in_viewport()
    board.start()

    expect(page.locator(".truth-line")).to_have_count(0, timeout=20_000)
    assert sorted(one.order()) == ["A01", "A02", "A03", "A04", "A05", "A06"]


def test_a_high_alert_that_began_while_the_board_was_away_stands_outside_the_still_order(
    screen, board, worker, ward, beds
):
    one = screen()
    page = one.open()
    one.tile("A06").locator(".open").focus()
    board.kill()
    ward.call(beds["A05"], "SpO2 79%, usual 97")
    board.start()
    page.keyboard.press("Shift")  # somebody is still at it
    expect(page.locator(".new-high")).to_contain_text("SpO2 79%, usual 97", timeout=20_000)

    ward.calm(beds["A05"])


def test_a_last_known_state_sheet_can_be_printed_in_a_downtime(screen, board, worker):
    one = screen()
    page = one.open()
    board.kill()
    page.locator(".truth-line.lost button").click(timeout=SOON)
    expect(page.locator(".sheet")).to_contain_text("As of")
    expect(page.locator(".sheet tbody tr")).to_have_count(6)
    page.emulate_media(media="print")
    expect(page.locator(".sheet tbody tr").first).to_be_visible()
    expect(page.locator(".bar")).to_be_hidden()
    board.start()


def test_a_silent_broker_is_told_and_what_is_said_meanwhile_is_not_lost(screen, broker, worker, settings):
    one = screen()
    page = one.open()
    expect(page.locator(".truth-line")).to_have_count(0, timeout=20_000)
    broker.down()
    try:
        expect(page.locator(".truth-line.broker")).to_contain_text("THE BROKER IS SILENT", timeout=SOON)
        one.tile("A01").locator(".open").press("Enter")  # a click would be too soon after the tiles have moved
        page.locator(".doing button", has_text="Concern").click()
        expect(page.locator("dialog .dialog-truth")).to_contain_text("THE BROKER IS SILENT")
        page.locator("dialog .reasons button").first.click()
        expect(page.locator(".toast.failing")).to_contain_text("NOT SENT YET")
    finally:
        broker.up()
    expect(page.locator(".toast.sent")).to_have_count(1, timeout=30_000)
    expect(page.locator(".truth-line")).to_have_count(0, timeout=20_000)
    from tests.streams.board.conftest import everything

    said = [value for _, _, value in everything(settings, Topic.ACTIONS)]
    assert len({value["action_id"] for value in said}) == 1


def test_a_wrong_clock_of_this_screen_is_told(screen, worker):
    one = screen()
    one.page.clock.install(time=1_000_000_000)
    one.page.goto(f"{one.address}/")
    one.page.wait_for_selector(".tile")

    expect(one.page.locator(".truth-line.clock")).to_contain_text("THE CLOCK OF THIS SCREEN IS WRONG")
