"""The README's picture of the board: a real screenshot of the demo, made here."""

import os
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path

from playwright.sync_api import expect

from streams.demo import board, process, show

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "tests" / "browser" / "screenshots"
KEPT = os.environ.get("VIGILWARD_PICTURE")
"""Where to keep the picture, such as docs/board.png; without it the picture goes to an ignored folder."""
ENDS_WITHIN_S = show.CATCH_UP_S + process.STOPS_WITHIN_S + board.STOPS_WITHIN_S + 5
"""At the longest: the worker takes what was published, then worker and board end. On a busy machine it is behind."""


def test_the_demo_shows_its_board(browser):
    command = [sys.executable, "-c", "from streams.commands import main; main()", "demo", "--for", "70s"]
    demo = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    # Read to its end: a demo whose pipe is full stands still.
    reader = threading.Thread(target=lambda: [lines.put(line) for line in demo.stderr], daemon=True)
    reader.start()
    try:
        address = None
        while address is None:
            if found := re.match(r"Board: (http\S+)", lines.get(timeout=30)):
                address = found[1]
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-GB")
        page.set_default_timeout(60_000)
        for _ in range(40):  # the board's process starts beside the ward's
            try:
                page.goto(address)
                break
            except Exception:
                page.wait_for_timeout(500)
        page.wait_for_selector(".tile.high .spark path, .tile.medium .spark path")
        page.wait_for_timeout(15_000 if KEPT else 3_000)  # for the README an evening has to happen first
        expect(page.locator(".simulated")).to_be_visible()
        path = Path(KEPT) if KEPT else PICTURES / "board.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path)

        assert path.stat().st_size > 50_000
        page.close()
    finally:
        demo.terminate()
        demo.wait(ENDS_WITHIN_S)
        reader.join(10)
        demo.stderr.close()
