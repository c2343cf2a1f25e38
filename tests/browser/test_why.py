"""The pane that says why."""

import re

from playwright.sync_api import expect


def test_the_pane_says_why_what_is_missing_and_what_would_end_it(screen):
    one = screen()
    page = one.open()
    one.tile("A07").locator(".open").click()
    pane = page.locator(".pane")

    expect(pane.locator(".headline")).to_contain_text("Resp rate 27/min, usual 16")
    expect(pane).to_contain_text("Consciousness. With these the score could be up to 14.")
    expect(pane).to_contain_text("Ends when NEWS2 below 7 holds with valid values of resp rate, SpO2.")
    expect(pane.locator(".rules")).to_contain_text("vigilward-adult-ward 1 (5f5f5f5f5f5f)")
    expect(pane.locator(".rules")).to_contain_text("Not a certified alarm")


def test_what_counts_most_stands_first_with_value_and_usual(screen):
    one = screen()
    page = one.open()
    one.tile("A07").locator(".open").click()
    rows = page.locator(".parts tbody tr")

    expect(rows.first).to_contain_text(re.compile(r"Resp rate\s*27 /min\s*16\s*3\s*far from usual 5.2"))
    points = [int(text) for text in page.locator(".parts .pts").all_inner_texts()]
    assert points == sorted(points, reverse=True)


def test_the_last_hours_are_drawn_with_alerts_on_them(screen):
    one = screen()
    page = one.open()
    one.tile("A07").locator(".open").click()
    page.wait_for_selector(".plot canvas")

    assert page.locator(".plot canvas").count() >= 5
    inked = """() => [...document.querySelectorAll('.plot canvas')].every((canvas) => {
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        return data.some((value) => value !== 0);
    })"""
    assert page.evaluate(inked)
    expect(page.locator(".log li").first).to_contain_text("Resp rate 27/min")


def test_no_address_that_the_page_asks_for_names_a_patient(screen, beds):
    one = screen()
    asked = []
    one.page.on("request", lambda request: asked.append(request.url))
    page = one.open()
    one.tile("A07").locator(".open").click()
    page.wait_for_selector(".plot canvas")

    assert any("/api/history" in url for url in asked)
    assert not [url for url in asked if any(bed.patient in url for bed in beds.values())]
    assert all(url.startswith(one.address) or url.startswith("data:") for url in asked)
    assert beds["A07"].patient not in page.url


def test_the_pane_closes_and_gives_back_the_focus(screen):
    one = screen()
    page = one.open()
    one.tile("A07").locator(".open").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".pane")
    page.keyboard.press("Escape")
    expect(page.locator(".pane")).to_have_count(0)

    assert page.evaluate("document.activeElement.closest('.tile')?.dataset.patientPlace") == "A07"


def test_a_trouble_with_the_measuring_says_what_to_do_and_does_not_calm(screen, beds, ward):
    bed = beds["B16"]
    bed.more["advice"] = "Check the patient first, then the sensor."
    ward.call(bed, "SpO2 reads zero", kind="technical")
    one = screen()
    page = one.open()
    one.tile("B16").locator(".open").click()

    expect(page.locator(".pane .advice")).to_have_text("To do: Check the patient first, then the sensor.")
    ward.calm(bed)
