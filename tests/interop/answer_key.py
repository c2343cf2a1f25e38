"""Holds `vigilward convert` to an answer key over a folder of others' messages: make interop CORPUS=folder.

The folder holds `expect.json`, a list of {file, readings, must_reject}. A reading of the key is found if a converted
one has its vitals, values and time; where the key's time lacks a time of day, nothing may be published and the reading
must be held as `time_imprecise`. Every other file of the folder must convert without a crash. Times without an offset
are the site's (CORPUS_ZONE, else Europe/London).
"""

import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from schemas.decode import Decoded, FastMeasure, decode
from schemas.judge import Judged, judge
from streams.formats.converter import Converter
from streams.formats.findings import Converted
from streams.formats.statements import Site

NOT_MESSAGES = frozenset({"expect.json", "SOURCE.md", "EXPECT.md", "MAPPING.md", "surprises.md"})


def run(folder: Path, zone: ZoneInfo) -> int:
    """Prints the figures and what falls short; the number of files that do."""
    key = {one["file"]: one for one in json.loads((folder / "expect.json").read_text("utf-8"))}
    right = wanted = refused = to_refuse = crashes = slowest = 0
    short: list[str] = []
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in NOT_MESSAGES)
    for path in files:
        name = str(path.relative_to(folder))
        try:
            began = time.perf_counter()
            results = list(Converter(Site(zone)).convert(path.read_bytes()))
            slowest = max(slowest, time.perf_counter() - began)
            _passes_check(results)
        except Exception as error:  # a crash is what is looked for
            crashes += 1
            short.append(f"{name}: crashed: {error!r}")
            continue
        if name not in key:
            continue
        entry, faults = key[name], []
        missing, extra = _compare(entry["readings"], results)
        wanted += len(entry["readings"])
        right += len(entry["readings"]) - len(missing)
        faults += [f"not found: {one}" for one in missing]
        if entry["must_reject"]:
            to_refuse += 1
            refused += not extra
        faults += [f"not in the key: {one}" for one in extra]
        short += [f"{name}: {one}" for one in faults]
    print(f"{len(files)} files; readings {right}/{wanted}; must-reject {refused}/{to_refuse}; crashes {crashes}; "
          f"slowest {slowest * 1000:.0f} ms")  # fmt: skip
    for one in short:
        print(f"  {one}")
    return len(short)


def _passes_check(results: list[Converted]) -> None:
    for one in results:
        for reading in one.readings:
            decoded = decode(json.dumps(reading).encode())
            assert not isinstance(decoded, Decoded), decoded
            for name, measure in decoded.vitals.items():
                assert isinstance(judge(name, measure), Judged), (name, measure)


def _compare(expected: list[dict[str, Any]], results: list[Converted]) -> tuple[list[str], list[str]]:
    given = [_shape(one) for result in results for one in result.readings]
    given += [{**_shape(one), "held": True} for result in results for one in result.held]
    missing = []
    for one in expected:
        date_only = "T" not in (one["taken_at"] or "T")
        found = next((got for got in given if bool(got.get("held")) == date_only and _matches(one, got)), None)
        if found is None:
            missing.append(json.dumps(one))
        else:
            given.remove(found)
    # the key does not list everything that may come: a second time of the same patient is no fault by itself
    return missing, [json.dumps(one) for one in given if not expected and not one.get("held")]


def _shape(reading: dict[str, Any]) -> dict[str, Any]:
    """A native reading in the key's shape: one rate, oxygen with its flow."""
    vitals = dict(reading["vitals"])
    flow, oxygen = vitals.pop("oxygen_flow", None), vitals.pop("supplemental_oxygen", None)
    pulse = vitals.pop("pulse_rate", None)
    if pulse and "heart_rate" not in vitals:
        vitals["heart_rate"] = pulse
    for name in ("inspired_oxygen", "gcs"):
        vitals.pop(name, None)
    if oxygen:
        vitals["supplemental_oxygen"] = {"on": oxygen["value"], **({"flow": flow} if flow else {})}
    return {"patient_id": reading["patient_id"], "taken_at": reading["taken_at"], "vitals": vitals}


def _matches(expected: dict[str, Any], got: dict[str, Any]) -> bool:
    if expected["patient_id"] is not None and expected["patient_id"] != got["patient_id"]:
        return False
    if not _same_time(expected["taken_at"], got["taken_at"]) or set(expected["vitals"]) != set(got["vitals"]):
        return False
    return all(_same(name, value, got["vitals"][name]) for name, value in expected["vitals"].items())


def _same_time(expected: str | None, got: str | None) -> bool:
    if expected is None or got is None or "T" not in expected:
        return expected in (got, None)
    one, other = datetime.fromisoformat(expected), datetime.fromisoformat(got)
    return one == (other if one.tzinfo else other.replace(tzinfo=None))


def _same(name: str, expected: Any, got: dict[str, Any]) -> bool:
    if name == "consciousness":
        return expected == got["value"]
    if name == "supplemental_oxygen":
        flow = expected.get("flow")
        return expected["on"] == got["on"] and (flow is None or _same("oxygen_flow", flow, got["flow"]))
    ours = judge(name, FastMeasure(got["value"], got["unit"]))
    theirs = judge(name, FastMeasure(float(expected["value"]), expected["unit"]))
    return isinstance(ours, Judged) and isinstance(theirs, Judged) and abs(ours.value - theirs.value) < 1e-6


if __name__ == "__main__":
    sys.exit(1 if run(Path(sys.argv[1]), ZoneInfo(os.environ.get("CORPUS_ZONE", "Europe/London"))) else 0)
