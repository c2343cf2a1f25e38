"""The chart counts each set by the scale, and the confusion, that were in force when it was entered."""

from typing import Any

from streams.board.chart import bands, laid_out


def a_set(name: str, **facts: Any) -> dict[str, Any]:
    vitals = {"spo2": 97.0, "supplemental_oxygen": True, "consciousness": "C"}
    return {"action_id": name, "taken_at": 5, "who": "Nora", "vitals": vitals, "replaced_by": None, **facts}


def points(chart: dict[str, Any], item: str) -> list[int]:
    return [one["items"][item]["points"] for one in chart["columns"]]


def test_an_old_set_is_not_counted_anew_by_an_order_that_came_later():
    before = a_set("one", spo2_scale=1, long_standing_confusion=False)
    since = a_set("two", spo2_scale=2, long_standing_confusion=True)
    for scale in (1, 2):
        chart = laid_out([before, since], scale, confusion_known=scale == 2)
        assert points(chart, "spo2") == [0, 3]
        assert points(chart, "consciousness") == [3, 0]
        for one in chart["columns"]:
            item = one["items"]["spo2"]
            band = chart["bands"]["spo2"][item["band"]]
            assert band["points"] == item["points"] and band["low"] <= item["value"]
        assert all(one["note"] for one in chart["bands"]["spo2"]), "which scale is said of each band"


def test_where_news2_was_not_valid_nothing_is_counted():
    valid = a_set("one", covered=True)
    child, untold = a_set("two", covered=False), a_set("three", covered=None)
    chart = laid_out([valid, child, untold], 1, confusion_known=False, covered=False)

    assert [(one["covered"], one["total"], one["complete"]) for one in chart["columns"]] == [
        (True, 5, False),
        (False, None, False),
        (False, None, False),
    ]
    assert points(chart, "spo2") == [0, None, None]
    assert [one["items"]["spo2"]["value"] for one in chart["columns"]] == [97, 97, 97], "what was found stays"


def test_the_points_of_oxygen_and_of_each_letter_are_told_with_the_bands():
    known = bands(1, confusion_known=True)

    assert bands(1)["supplemental_oxygen"] == [{"value": False, "points": 0}, {"value": True, "points": 2}]
    assert {one["value"]: one["points"] for one in bands(1)["consciousness"]} == {"A": 0, **dict.fromkeys("CVPU", 3)}
    assert {one["value"]: one["points"] for one in known["consciousness"]}["C"] == 0


def test_sets_of_one_scale_show_the_bands_of_that_scale_alone():
    same = laid_out([a_set("one", spo2_scale=1, long_standing_confusion=False)], 1, confusion_known=False)
    untold = laid_out([a_set("one", spo2_scale=None, long_standing_confusion=None)], 1, confusion_known=False)

    assert [one["note"] for one in same["bands"]["spo2"]] == [None] * 4
    assert same == untold
