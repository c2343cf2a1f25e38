"""Mine: who has which beds, the beds that a screen is about, and finding one."""

from playwright.sync_api import expect


def test_a_bed_or_a_patient_is_found_by_slash(screen):
    one = screen()
    page = one.open()
    page.keyboard.press("/")
    expect(page.locator("dialog h2")).to_have_text("Find")
    page.keyboard.type("a07")
    expect(page.locator(".hits button").first).to_contain_text("A07")
    page.keyboard.press("Enter")
    expect(page.locator(".pane h2")).to_contain_text("A07")
    name = page.locator(".pane h2").inner_text().split(maxsplit=1)[1].split(",")[0]
    page.keyboard.press("Escape")
    page.locator(".bar button", has_text="Find").click()
    page.locator("dialog [name=search]").fill(name.lower())
    expect(page.locator(".hits button").first).to_contain_text(name)


def test_beds_open_from_every_list(screen):
    one = screen()
    page = one.open("#due")
    page.locator(".list .visit").first.click()
    expect(page.locator(".patient .who .bed")).to_have_text("A09")
    page.goto(f"{one.address}/#handover")
    page.locator(".handover-bed .visit", has_text="A07").click()
    expect(page.locator(".patient .who .bed")).to_have_text("A07")
    assert page.url.endswith("#patient"), "no address names anybody"


def test_a_lead_assigns_beds_and_a_screen_can_be_about_mine_alone(screen, beds, ward):
    one = screen()
    page = one.open("#cover")
    expect(page.locator(".cover-list .loud")).to_contain_text("Nobody has")
    page.get_by_label("Who has bed A03", exact=True).select_option("local")
    expect(page.locator(".cover-list")).to_contain_text("Somebody at this machine (1): A03")
    page.goto(f"{one.address}/#board")
    expect(one.tile("A03").locator(".cover")).to_have_text("Somebody at this machine")
    page.get_by_label("Which beds").select_option("mine")
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator(".bar .count.high b")).to_have_text("0")
    assert "***" not in page.title(), "the title follows: the high alert is another's"
    one.tile("A03").locator(".open").focus()
    ward.call(beds["B15"], "Pulse 150/min")
    page.wait_for_timeout(500)
    expect(page.locator(".new-high p")).to_have_count(0)
    page.get_by_label("Which beds").select_option("nobody")
    expect(one.tile("B15").locator(".why")).to_have_text("Pulse 150/min")
    expect(one.tile("A03")).to_have_count(0)
    ward.calm(beds["B15"])
    page.goto(f"{one.address}/#cover")
    page.get_by_label("Who has bed A03", exact=True).select_option("")
    expect(page.locator(".cover-list")).not_to_contain_text("Somebody at this machine")
