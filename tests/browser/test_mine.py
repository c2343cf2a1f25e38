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
    expect(one.tile("A01")).to_have_count(0)
    expect(one.tile("A07")).to_have_count(1)  # it calls, and nobody has it
    assert "***" in page.title()
    page.goto(f"{one.address}/#cover")
    page.get_by_label("Who has bed A07", exact=True).select_option("local")
    expect(page.locator(".cover-list")).to_contain_text("(2)")
    page.goto(f"{one.address}/#board")
    one.tile("A03").locator(".open").focus()
    ward.call(beds["B15"], "Pulse 150/min")
    expect(page.locator(".new-high p")).to_have_count(1)  # nobody's patient is heard on every screen
    page.get_by_label("Which beds").select_option("nobody")
    expect(one.tile("B15").locator(".why")).to_have_text("Pulse 150/min")
    expect(one.tile("A03")).to_have_count(0)
    ward.calm(beds["B15"])
    page.goto(f"{one.address}/#cover")
    for bed in ("A03", "A07"):
        page.get_by_label(f"Who has bed {bed}", exact=True).select_option("")
    expect(page.locator(".cover-list")).not_to_contain_text("Somebody at this machine")


def test_a_bed_is_offered_to_whoever_sees_it_and_the_steps_that_reach_nobody_are_told(screen):
    one = screen()
    who = {"local": None, "nora": ["A"], "bela": ["B"]}
    staff = [{"login": login, "name": login.title(), "role": "nurse", "wards": wards} for login, wards in who.items()]
    one.page.route("**/api/staff", lambda route: route.fulfill(json=staff))
    page = one.open("#cover")
    offered = page.get_by_label("Who has bed A01", exact=True).locator("option:not([value=''])")
    expect(offered).to_have_text(["Local (nurse)", "Nora (nurse)"])
    beyond = page.get_by_label("Who has bed B15", exact=True).locator("option:not([value=''])")
    expect(beyond).to_have_text(["Local (nurse)", "Bela (nurse)"])
    # Whoever is at this machine is a shift lead: no page of this board is in front of a doctor.
    expect(page.locator(".unreached")).to_contain_text("Steps that reach nobody. No account of this board")
    expect(page.locator(".unreached li").first).to_have_text("Ward A: doctor")


def test_a_choice_of_beds_is_one_persons_alone(screen):
    one = screen()
    page = one.open()
    kept = {"scope": "mine", "scopeOf": "somebody else"}
    page.evaluate("said => localStorage.setItem('vigilward', JSON.stringify(said))", kept)
    page.reload()
    page.wait_for_selector(".tile")
    expect(one.tile("A01")).to_have_count(1)


def test_all_uncovered_beds_of_the_ward_are_taken_after_their_count_was_read(screen):
    one = screen()
    page = one.open("#cover")
    page.locator(".ward select").select_option("B")
    rows = page.locator(".cover-view tbody tr")
    expect(rows.first.locator("th")).to_contain_text("B")
    count = rows.count()
    sent = []
    page.route("**/api/assignments", lambda route: (sent.append(route.request.post_data_json), route.abort())[1])
    page.get_by_role("button", name=f"Take all {count} that nobody has").click()
    assert sent == [], "not without being asked"
    expect(page.locator(".take-all")).to_contain_text(f"Ward B: take {count} beds as Somebody at this machine?")
    with page.expect_request("**/api/assignments"):
        page.get_by_role("button", name=f"Take {count} beds", exact=True).click()

    assert (len(sent[0]["patients"]), sent[0]["login"]) == (count, "local")
    page.evaluate("sessionStorage.clear()")
