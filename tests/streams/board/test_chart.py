"""The chart counts each set by the scale, and the confusion, that were in force when it was entered."""

from typing import Any

from streams.board.chart import laid_out


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


def test_sets_of_one_scale_show_the_bands_of_that_scale_alone():
    same = laid_out([a_set("one", spo2_scale=1, long_standing_confusion=False)], 1, confusion_known=False)
    untold = laid_out([a_set("one", spo2_scale=None, long_standing_confusion=None)], 1, confusion_known=False)

    assert [one["note"] for one in same["bands"]["spo2"]] == [None] * 4
    assert same == untold
