"""Messages of our own writing in the shapes of senders and profiles that the corpus lacks, each with what is right.

What is expected was written down from the standards before it was run. `findings` are those that have to be among
what is said; `readings` are all that there are.
"""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from streams.formats.converter import Converter
from streams.formats.statements import Site

MESSAGES = json.loads(Path(__file__).with_name("messages.json").read_text("utf-8"))


@pytest.mark.parametrize("case", MESSAGES, ids=[case["name"] for case in MESSAGES])
def test_of_each_message_is_taken_what_is_right_and_said_what_is_wrong(case):
    data = bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode()
    site = case.get("site", {})
    zone = ZoneInfo(site["zone"]) if "zone" in site else None
    results = list(Converter(Site(zone, patient=site.get("patient"))).convert(data))
    readings = [reading for one in results for reading in one.readings]

    assert {str(found.code) for one in results for found in one.findings} >= set(case["findings"])
    assert {reading.get("mode") for reading in readings} <= {case.get("mode")}
    qualities = {measure.get("quality") for reading in readings for measure in reading["vitals"].values()}
    assert "quality" not in case or qualities == {case["quality"]}
    if case["readings"] is None:  # nobody is named: whose it is not is what counts
        assert all(reading["patient_id"].startswith(case["patients_begin"]) for reading in readings)
        return
    found = [
        {
            "patient_id": reading["patient_id"],
            "taken_at": reading["taken_at"],
            "vitals": {name: measure["value"] for name, measure in reading["vitals"].items()},
        }
        for reading in readings
    ]
    assert sorted(found, key=json.dumps) == sorted(case["readings"], key=json.dumps)
