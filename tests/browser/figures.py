"""The board's figures on this machine: how soon an alert is painted, what 500 beds cost, and what a kill leaves behind.

    .venv/bin/python -m tests.browser.figures [latency] [load] [frames] [weight] [flat] [kill] [worker] [outage]

Each answers with one line of JSON. In `worker` the worker is real, in the others a producer stands in for it; the rest
is real throughout. Chromium draws in software (no GPU).
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from deploy.make import tools
from schemas.reading import Mode
from streams.config.settings import Settings
from streams.config.topics import TOPICS, Topic, partitions_of
from streams.demo.embedded import EmbeddedBroker
from tests.browser.conftest import FLAGS
from tests.browser.made import Bed, Ward, directory
from tests.browser.watched import Watched
from tests.streams.board.conftest import BoardProcess, Visitor

SEEN = """() => {
    window.painted = {};
    const look = () => requestAnimationFrame(() => setTimeout(() => {
        const at = performance.timeOrigin + performance.now();
        for (const one of document.querySelectorAll('.tile .why')) {
            const mark = one.textContent.match(/#(\\d+)/)?.[1];
            if (mark && !window.painted[mark]) window.painted[mark] = at;
        }
    }));
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""
SCROLL = """async (seconds) => {
    const gaps = []; let last = performance.now(); const end = last + seconds * 1000; let down = true;
    while (performance.now() < end) {
        await new Promise(requestAnimationFrame);
        const now = performance.now(); gaps.push(now - last); last = now;
        if (scrollY + innerHeight >= document.body.scrollHeight - 5) down = false;
        if (scrollY <= 0) down = true;
        scrollBy(0, down ? 60 : -60);
    }
    gaps.sort((a, b) => a - b);
    return {frames_per_s: gaps.length / seconds, p95_frame_ms: gaps[Math.floor(gaps.length * 0.95)]};
}"""


class Stage:
    """A broker, a ward of so many beds, a board, and a page in front of it."""

    def __init__(self, beds: int, **board: Any) -> None:
        named = Settings(partitions=4)
        self.broker = EmbeddedBroker({named.topic(topic): partitions_of(topic, named) for topic in TOPICS}).start()
        self.settings = Settings(bootstrap_servers=self.broker.bootstrap_servers, partitions=4, mode=Mode.DEMO)
        self.ward = Ward(self.settings)
        self.beds = [Bed(number) for number in range(1, beds + 1)]
        for bed in self.beds:
            self.ward.tell_trends(bed, minutes=60)
            self.ward.tell(bed)
        self.ward.flush()
        names = Path(tempfile.mkdtemp()) / "names.json"
        names.write_text(json.dumps(directory({bed.bed: bed for bed in self.beds})))
        facts = {"directory": names, "max_streams_a_session": 100, **board}
        self.board = BoardProcess(self.settings, **facts).start()
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path=tools.path_of("chromium"), args=FLAGS)

    def page(self) -> Page:
        page = self.browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{self.board.address}/")
        page.wait_for_selector(".tile")
        return page

    def end(self) -> None:
        self.browser.close()
        self.playwright.stop()
        self.board.kill()
        self.broker.stop()


class Telling(threading.Thread):
    """Tells every bed's status once in so many seconds, evenly spread."""

    def __init__(self, stage: Stage, every_s: float) -> None:
        super().__init__(daemon=True)
        self.stage, self.every_s, self.over = stage, every_s, threading.Event()
        # The messages are made beforehand: what is measured is the board, not this maker.
        self.said = [(bed, bed.status()) for bed in stage.beds]
        self.start()

    def run(self) -> None:
        offset, pause = 1_000, self.every_s / len(self.said)
        due = time.monotonic()
        while not self.over.is_set():
            for bed, status in self.said:
                offset += 1
                if bed.alerts:
                    continue
                headers = [("partition", b"0"), ("offset", str(offset).encode())]
                self.stage.ward.send(Topic.STATUS, bed.patient, status, headers)
                due += pause
                time.sleep(max(0.0, due - time.monotonic()))
                if self.over.is_set():
                    return


def latency() -> dict[str, Any]:
    """Alert handed to the producer, until its words are painted; 40 beds each telling their status every second."""
    stage = Stage(40)
    page = stage.page()
    page.evaluate(SEEN)
    telling = Telling(stage, 1.0)
    sent, count = {}, 60
    for mark in range(1, count + 1):
        bed = stage.beds[mark % 40]
        bed.alerts.clear()
        bed.offset = 1_000_000 + mark
        alert = bed.raise_(f"Pulse 140/min #{mark}", "medium")
        sent[mark] = time.time() * 1000
        stage.ward.tell(bed, alert)
        page.wait_for_timeout(250)
    page.wait_for_timeout(1_000)
    painted = {int(mark): at for mark, at in page.evaluate("window.painted").items()}
    telling.over.set()
    stage.end()
    took = sorted(painted[mark] - sent[mark] for mark in painted)
    return {
        "beds": 40, "alerts": count, "painted": len(took), "p50_ms": round(statistics.median(took)),
        "p95_ms": round(took[int(len(took) * 0.95) - 1]), "longest_ms": round(took[-1]),
    }  # fmt: skip


async def listen(address: str, cookie: str, seconds: float, gaps: list[int], counts: list[int]) -> None:
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**24)
    writer.write(f"GET /api/stream HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n\r\n".encode())
    last, count, end = None, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        line = await reader.readline()
        if line.startswith(b"id: "):
            number = int(line.rstrip().rpartition(b"-")[2])
            count += 1
            if last is not None and number != last + 1:
                gaps.append(number - last)
            last = number
    writer.close()
    counts.append(count)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load() -> dict[str, Any]:
    """500 beds told every 15 s (a worker's own pace), 50 listeners and a Chromium that scrolls without end."""
    stage, seconds = Stage(500), 15.0
    page = stage.page()
    visitor = Visitor(stage.board.address).enter()
    telling = Telling(stage, 15.0)
    gaps: list[int] = []
    counts: list[int] = []

    async def all_listen() -> None:
        await asyncio.gather(*(listen(stage.board.address, visitor.cookie, seconds, gaps, counts) for _ in range(50)))

    listeners = threading.Thread(target=lambda: asyncio.run(all_listen()))
    listeners.start()
    time.sleep(2)
    assert stage.board.process is not None
    began, used = time.monotonic(), cpu_s(stage.board.process.pid)
    frames = page.evaluate(SCROLL, 10)
    cores = (cpu_s(stage.board.process.pid) - used) / (time.monotonic() - began)
    tiles = page.locator(".tile").count()
    listeners.join()
    telling.over.set()
    stage.end()
    return {
        "beds": tiles, "listeners": 50, "board_cores": round(cores, 2), "events_each": min(counts), "missed": len(gaps),
        **{name: round(value, 1) for name, value in frames.items()},
    }  # fmt: skip


def frames() -> dict[str, Any]:
    """500 beds scrolled without listeners: standing still, and told every 15 s."""
    stage = Stage(500)
    page = stage.page()
    page.evaluate(SCROLL, 2)  # everything has been drawn once
    still = page.evaluate(SCROLL, 4)["frames_per_s"]
    telling = Telling(stage, 15.0)
    time.sleep(1)
    told = page.evaluate(SCROLL, 4)["frames_per_s"]
    telling.over.set()
    stage.end()
    return {"beds": 500, "still_per_s": round(still, 1), "told_per_s": round(told, 1)}


def weight() -> dict[str, Any]:
    """What the first visit transfers, and when something useful stands there."""
    stage = Stage(24)
    page = stage.browser.new_page(viewport={"width": 1280, "height": 900})
    sizes: list[int] = []
    page.on("requestfinished", lambda one: "/api/" in one.url or sizes.append(one.sizes()["responseBodySize"]))
    began = time.monotonic()
    page.goto(f"{stage.board.address}/")
    page.wait_for_selector(".tile .score")
    tiles_s = time.monotonic() - began
    first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
    page.wait_for_timeout(500)
    stage.end()
    return {"kilobytes": round(sum(sizes) / 1000, 1), "first_paint_ms": round(first), "tiles_s": round(tiles_s, 2)}


def flat(beds: int = 68, minutes: float = 10) -> dict[str, Any]:
    """A page open for ten minutes, 68 beds that tell their status each 15 s: what has grown, and its work."""
    stage = Stage(beds)
    telling = Telling(stage, 15.0)
    page = stage.page()
    ask = page.context.new_cdp_session(page)
    ask.send("Performance.enable")

    def look() -> dict[str, float]:
        ask.send("HeapProfiler.collectGarbage")
        return {one["name"]: one["value"] for one in ask.send("Performance.getMetrics")["metrics"]}

    page.wait_for_timeout(60_000)  # what is kept for an hour begins to be kept
    before = look()
    page.wait_for_timeout(minutes * 60_000)
    after = look()
    telling.over.set()
    stage.end()
    grown = {name: round(after[name] / before[name], 2) for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}
    worked = (after["TaskDuration"] - before["TaskDuration"]) / (after["Timestamp"] - before["Timestamp"])
    return {"beds": beds, "minutes": minutes, "grown": grown, "renderer_cores": round(worked, 3)}


def kill() -> dict[str, Any]:
    """The board killed: how soon the banner stands there, and how soon after its return the page is itself again."""
    stage = Stage(24)
    page = stage.page()
    page.wait_for_timeout(1_500)
    began = time.monotonic()
    stage.board.kill()
    page.wait_for_selector(".truth-line.lost", timeout=20_000)
    told = time.monotonic() - began
    stage.board.start()
    began = time.monotonic()
    page.wait_for_selector(".truth-line.lost", state="detached", timeout=30_000)
    back = time.monotonic() - began
    stage.end()
    return {"banner_s": round(told, 1), "back_after_ready_s": round(back, 1)}


def worker() -> dict[str, Any]:
    """A real worker on the embedded broker killed (-9) while its devices go on: until the banner stands there."""
    with Watched() as ward, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tools.path_of("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{ward.board.address}/")
        told = []
        for _ in range(2):
            page.wait_for_selector(".truth-line", state="detached", timeout=60_000)
            page.wait_for_timeout(2_000)
            began = time.monotonic()
            ward.kill_worker()
            page.wait_for_selector(".truth-line.worker", timeout=20_000)
            told.append(round(time.monotonic() - began, 1))
            ward.worker.start()
        browser.close()
    return {"kills": len(told), "banner_s": told}


def outage() -> dict[str, Any]:
    """The broker away for 30 s while somebody enters a concern: told when, and how often it is there afterwards."""
    from tests.streams.board.conftest import everything

    stage = Stage(6, send_within_s=2)
    page = stage.page()
    page.locator(".tile .open").first.click()
    began = time.monotonic()
    stage.broker.down()
    page.locator(".doing button", has_text="Concern").click()
    page.locator("dialog .reasons button").first.click()
    page.wait_for_selector(".truth-line.broker", timeout=20_000)
    told = time.monotonic() - began
    page.wait_for_timeout(max(0.0, 30 - told) * 1000)
    stage.broker.up()
    page.wait_for_selector(".toast.sent", timeout=60_000)
    back = time.monotonic() - began - 30
    actions = [value for _, _, value in everything(stage.settings, Topic.ACTIONS)]
    stage.end()
    distinct = {value["action_id"] for value in actions}
    return {
        "banner_s": round(told, 1),
        "sent_after_return_s": round(back, 1),
        "records": len(actions),
        "words": len(distinct),
    }


FIGURES: dict[str, Callable[[], dict[str, Any]]] = {
    "latency": latency, "load": load, "frames": frames, "weight": weight, "flat": flat,
    "kill": kill, "worker": worker, "outage": outage,
}  # fmt: skip

if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("figure", nargs="*", choices=[*FIGURES, []], help="none: all of them")
    for name in words.parse_args().figure or FIGURES:
        print(json.dumps({"figure": name, **FIGURES[name]()}), flush=True)
