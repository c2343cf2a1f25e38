"""Sound: off until somebody turns it on, by priority, repeated while nobody comes, and never muted for long."""

import re

import pytest
from playwright.sync_api import expect

TONES = (
    "window.tones = []; const make = AudioContext.prototype.createOscillator;"
    "AudioContext.prototype.createOscillator = function () { const one = make.call(this);"
    "const start = one.start.bind(one);"
    "one.start = (at) => { window.tones.push(one.frequency.value); start(at); }; return one; };"
)


@pytest.fixture
def called(beds, ward):
    """Bed B16 begins to call with a high alert when asked; afterwards it is quiet again."""
    bed = beds["B16"]

    def call() -> None:
        ward.call(bed, "SpO2 78%")

    yield call
    ward.calm(bed)


def test_sound_is_off_until_somebody_turns_it_on_and_may_be_paused_for_two_minutes(screen, beds, ward):
    one = screen()
    page = one.open()
    expect(page.locator(".sound.off")).to_have_text("SOUND OFF")
    page.locator(".sound.off").click()
    expect(page.locator(".sound.on")).to_be_visible()
    page.locator(".sound button", has_text="Pause").click()

    expect(page.locator(".sound .paused")).to_contain_text(re.compile(r"1:5\d|2:00"))
    page.locator(".sound .paused").click()
    expect(page.locator(".sound .paused")).to_have_count(0)


def test_a_new_call_sounds_by_its_priority_and_the_shift_begins_with_a_test(screen, called):
    one = screen()
    one.page.add_init_script(TONES)
    page = one.open()
    page.locator(".bar button", has_text="Settings").click()
    page.locator("dialog button", has_text="Test the sounds").click()
    page.wait_for_function("() => window.tones.length >= 14", timeout=8_000)
    page.keyboard.press("Escape")
    page.evaluate("window.tones.length = 0")
    called()
    page.wait_for_function("() => window.tones.length >= 8")

    assert 587 in [round(tone) for tone in page.evaluate("window.tones")]


def test_a_call_that_nobody_answers_sounds_again_and_a_pause_keeps_it_quiet_for_two_minutes(screen, called):
    one = screen()
    one.page.add_init_script(TONES)
    one.page.clock.install()
    page = one.open()
    page.locator(".sound.off").click()
    page.wait_for_selector(".sound.on")
    called()
    expect(one.tile("B16").locator(".why")).to_have_text("SpO2 78%")
    page.clock.run_for(1_000)
    page.wait_for_function("() => window.tones.length >= 8")
    page.locator(".sound button", has_text="Pause").click()
    page.clock.run_for(110_000)
    quiet = page.evaluate("window.tones.length")
    page.clock.run_for(75_000)

    assert page.evaluate("window.tones.length") > quiet, "after two minutes it sounds again"
    assert quiet == 8, "and not before"
