"""Safe to act on: nobody acts on the wrong bed, on what another has taken on, or on a slip of the hand."""

import pytest
from playwright.sync_api import expect

CALM = 5_000


@pytest.fixture
def worse(beds, ward):
    """Turns a quiet bed of the end of the order into a high alert; afterwards all are quiet again."""
    called = []

    def make(bed: str) -> None:
        called.append(beds[bed])
        ward.call(beds[bed], "SpO2 79%, usual 97")

    yield make
    for bed in called:
        ward.calm(bed)


def test_the_order_stands_still_while_a_pointer_moves_over_the_tiles_for_ten_seconds_at_most(screen, worse):
    one = screen()
    one.page.clock.install()
    page = one.open()
    page.clock.run_for(1_000)
    before = one.order()
    place = one.tile(before[2]).bounding_box()

    def hover(seconds: float) -> None:
        for step in range(round(seconds * 2)):
            page.mouse.move(place["x"] + 30 + step % 9, place["y"] + 200)
            page.clock.run_for(500)

    hover(1)
    worse("B15")
    expect(page.locator(".new-high")).to_contain_text("SpO2 79%, usual 97"), "it stands outside at once"
    hover(4)
    assert one.order() == before
    hover(8)

    one.wait_for_at_the_top("B15")


def test_a_click_on_a_tile_that_has_just_moved_is_refused_and_says_why(screen, worse):
    one = screen()
    one.page.clock.install()
    page = one.open()
    page.clock.run_for(1_000)
    target = one.order()[2]
    place = one.tile(target).bounding_box()
    worse("B15")
    one.wait_for_at_the_top("B15")
    page.mouse.click(place["x"] + 40, place["y"] + 20)  # time stands still: it is the very moment of the move

    expect(page.locator(".toast.notice")).to_contain_text("the beds have just changed places")
    expect(page.locator(".pane")).to_have_count(0)
    page.clock.run_for(600)
    page.mouse.click(place["x"] + 40, place["y"] + 20)
    expect(page.locator(".pane")).to_have_count(1)
