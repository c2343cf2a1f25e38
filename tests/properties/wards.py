"""Generated wards: patients, devices, nurses and mishaps, as a log in which nearly everything can happen."""

from collections.abc import Sequence
from datetime import datetime

from hypothesis import strategies as st

from detectors.rules import Rules
from schemas.times import to_ms
from tests.making import (
    SECOND,
    T0,
    AlertOf,
    Entry,
    Moment,
    action,
    alerts,
    measures,
    new_partition,
    rules_bytes,
    rules_with,
    run,
    to_json,
)

PATIENTS = ("a", "b", "c")

# Faster than any ward's, so that minutes show what otherwise takes hours.
QUICK = (
    ("stream.medium", 5), ("stream.learned", 4), ("stream.clear", 5), ("stream.high", 2), ("wearable_resp_rate_red", 6),
    ("cuff_red_minutes", 1), ("baseline.warmup_minutes", 0.5), ("baseline.half_life_h", 0.05),
    ("baseline.anchor_half_life_h", 0.5), ("baseline.drift", 1.5), ("baseline.leave", 1.5),
    ("level_shift.block_minutes", 0.5), ("level_shift.min_blocks", 3), ("level_shift.threshold", 2),
    ("trend.fast_minutes", 0.5),
    ("trend.slow_minutes", 2), ("trend.spot_factor", 4), ("technical.flat_line", 4), ("technical.disagreeing", 3),
    ("technical.never_seen_minutes", 1),
    ("calling.ladders.full.high.0.after_minutes", 0.3), ("calling.ladders.full.high.1.after_minutes", 0.8),
    ("calling.ladders.full.medium.0.after_minutes", 0.7), ("calling.delivered_within_seconds", 9),
    ("calling.concern_minutes", 1.5), ("calling.learned_priority", "medium"), ("calling.order_warning_minutes", 1),
    ("calling.holds.reviewing.high", 0.4), ("calling.holds.reviewing.medium", 0.6),
    ("calling.holds.artefact.high", 0.5), ("calling.holds.artefact.medium", 1),
    ("calling.patient_limit.calls", 1), ("calling.patient_limit.hours", 0.03),
)  # fmt: skip
FORGETFUL = (*QUICK, ("forget_discharged_hours", 0.05))
OTHER = (*QUICK, ("version", "2"), ("stream.clear", 3), ("baseline.enter", 3))


def quick() -> Rules:
    """Rules under which a discharged patient is forgotten only after hours."""
    return rules_with(*QUICK)


def forgetful() -> Rules:
    """Rules under which a discharged patient is forgotten within minutes."""
    return rules_with(*FORGETFUL)


_WELL = {"heart_rate": 78, "pulse_rate": 78, "resp_rate": 16, "spo2": 97, "systolic_bp": 122, "diastolic_bp": 74,
         "mean_bp": 90, "temperature": 36.9, "consciousness": "A", "supplemental_oxygen": False}  # fmt: skip
_ILL = _WELL | {
    "heart_rate": 118,
    "pulse_rate": 118,
    "resp_rate": 23,
    "spo2": 93,
    "systolic_bp": 104,
    "temperature": 38.6,
}
CONDITIONS: dict[str, dict[str, object]] = {
    "well": _WELL,
    "uneasy": _WELL | {"heart_rate": 104, "pulse_rate": 104, "resp_rate": 22, "temperature": 38.3},
    "ill": _ILL,
    "worse": _ILL | {"resp_rate": 28, "consciousness": "V", "supplemental_oxygen": True},
    "red": _WELL | {"resp_rate": 27},
    "low pressure": _WELL | {"systolic_bp": 86},
    "extreme": _WELL | {"spo2": 74},
    "dying": _WELL | {"heart_rate": 18, "pulse_rate": 0, "resp_rate": 3, "spo2": 47},
    "probe off": _ILL | {"spo2": "invalid", "pulse_rate": "not available"},
    "reads nothing": _WELL | {"spo2": "underflow", "pulse_rate": 0},
    "doubtful": _WELL | {"heart_rate": "?78", "resp_rate": "?16", "spo2": "?97"},
    "pulse apart": _WELL | {"heart_rate": 130, "pulse_rate": 84},
    "nonsense": _WELL
    | {"heart_rate": 400, "spo2": {"value": 97}, "mood": 3, "temperature": {"value": 98.4, "unit": "[degF]"}},
}  # fmt: skip
_WOBBLE = {
    "heart_rate": 4,
    "pulse_rate": 4,
    "resp_rate": 1,
    "spo2": 1,
    "systolic_bp": 5,
    "diastolic_bp": 3,
    "mean_bp": 3,
}

MACHINES = {  # device: source, what it measures, seconds between readings
    "m": ("monitor", ("heart_rate", "spo2", "mood"), 5),
    "n": ("monitor", ("resp_rate", "pulse_rate"), 5),
    "cuff": ("monitor", ("systolic_bp", "diastolic_bp", "mean_bp"), 40),
    "w": ("wearable", ("heart_rate", "resp_rate", "spo2"), 20),
    "nameless": ("monitor", ("heart_rate", "resp_rate", "temperature"), 7),  # counts nothing
    "chart": ("spot", tuple(_WELL), 170),
}
KITS = (
    ("m", "n"),
    ("m", "n", "cuff"),
    ("m", "n", "cuff", "chart"),
    ("w", "chart"),
    ("m", "n", "w"),
    ("nameless", "cuff"),
    ("chart",),
)


def _vital(name: str, wanted: object, beat: int) -> object:
    if isinstance(wanted, dict):
        return wanted
    if isinstance(wanted, str) and wanted.startswith("?"):
        return measures(**{name: float(wanted[1:])})[name] | {"quality": "questionable"}  # type: ignore[operator]
    if isinstance(wanted, str) and len(wanted) > 1:
        return {"value": None, "unit": None, "quality": wanted}
    if isinstance(wanted, int) and name in _WOBBLE and wanted > 0:
        wobble = _WOBBLE[name]
        wanted = wanted + beat * 7 % (2 * wobble + 1) - wobble
        wanted = min(wanted, 100) if name == "spo2" else wanted
    return wanted


def _sent(condition: str, device: str, beat: int) -> dict[str, object]:
    _, names, _ = MACHINES[device]
    wants = CONDITIONS[condition]
    return measures(**{name: _vital(name, wants[name], beat) for name in names if name in wants})


@st.composite
def wards(draw: st.DrawFn, event_clock: bool = False, rules_change: bool = True) -> list[Entry]:
    """A log in time order: many equal times, as append times have them, and times that meet due moments exactly."""
    log: list[Entry] = []
    for patient in PATIENTS[: draw(st.integers(1, 3))]:
        log += draw(_patients(patient, event_clock))
    end = max((entry.at for entry in log), default=T0)
    log += draw(_records(end))
    log += draw(_mishaps(end, rules_change))
    log.sort(key=lambda entry: entry.at)
    if draw(st.booleans()):
        log += draw(_doings(log, "event" if event_clock else "arrival"))
        log.sort(key=lambda entry: entry.at)
    offsets: dict[str, int] = {}
    for place, entry in enumerate(log):  # a source is forwarded strictly in order
        if entry.source is not None:
            offsets[entry.source[0]] = offset = offsets.get(entry.source[0], -1) + 1
            log[place] = entry._replace(source=(entry.source[0], offset))
    return log


@st.composite
def _patients(draw: st.DrawFn, patient: str, event_clock: bool) -> list[Entry]:
    kit, begin = draw(st.sampled_from(KITS)), T0 + draw(st.integers(0, 14)) * SECOND
    conditions = st.sampled_from((*CONDITIONS, "silent", "silent"))
    stretches = draw(st.lists(st.tuples(conditions, st.integers(0, 7)), min_size=1, max_size=5))
    log: list[Entry] = []
    for device in kit:
        log += draw(_device(patient, device, begin, stretches, event_clock))
    return log


@st.composite
def _device(
    draw: st.DrawFn, patient: str, device: str, begin: int, stretches: Sequence[tuple[str, int]], event_clock: bool
) -> list[Entry]:
    source, _, seconds = MACHINES[device]
    spot, step = source == "spot", seconds * SECOND
    skew, delays, set_back, back_by = 0, [0], None, 0
    if spot:
        delays = [d * SECOND for d in draw(st.lists(st.sampled_from((0, 0, 60, 700, 4000)), min_size=1, max_size=4))]
    elif not event_clock:
        skew = draw(st.sampled_from((0, 0, -70_000, 5_500)))
        delays = draw(st.lists(st.sampled_from((0, 0, 500, 2500, 19_000)), min_size=1, max_size=5))
        # what counts nothing cannot show a repeat apart from a clock that was set back (test_device_clock.py)
        set_back = None if device == "nameless" else draw(st.sampled_from((None, None, None, 4, 20)))
        back_by = draw(st.sampled_from((40, 3600))) * SECOND
    charted = (
        draw(
            st.lists(st.tuples(st.integers(1, 5), st.sampled_from(("right", "wrong")), st.integers(0, 300)), max_size=2)
        )
        if spot
        else []
    )
    now, beat, log = begin, 0, []
    for condition, size in stretches:
        silent = condition == "silent"
        span = (27, 30, 33, 45, 90, 122, 310, 3_700)[size] if silent else (20, 45, 75, 100, 160, 45, 75, 200)[size]
        for taken in [] if silent else range(now, now + span * SECOND, step):
            beat += 1
            if set_back is not None and beat >= set_back:
                skew, set_back = skew - back_by, None
            at = taken if event_clock and not spot else taken + delays[beat % len(delays)]
            body = _body(
                patient,
                device,
                source,
                taken + skew,
                None if device == "nameless" else beat,
                _sent(condition, device, beat),
            )
            log.append(Entry(at, "reading", patient, body))
            for number, action_type, after in charted:
                if number == beat:
                    values = {} if action_type == "wrong" else _sent("well", device, beat)
                    body = _body(patient, device, source, taken + skew, 1_000 + beat, values) | {"corrects": beat}
                    log.append(Entry(at + after * SECOND, "reading", patient, body))
        now += span * SECOND
    return log


def _body(
    patient: str, device: str, source: str, taken: int, sequence: int | None, vitals: object
) -> dict[str, object]:
    body = {"patient_id": patient, "device_id": device, "taken_at": Moment(taken), "source": source, "mode": "test"}
    return body | ({} if sequence is None else {"sequence": sequence}) | {"vitals": vitals}


def _facts(event: str, at: int) -> dict[str, object]:
    soon = Moment(at + 100 * SECOND)
    facts: dict[str, dict[str, object]] = {
        "admit": {"event": "admit", "encounter": "e1", "ward": "W", "bed": "7", "age_years": 70, "maternity": "none"},
        "admit anew": {"event": "admit", "encounter": "e2", "age_years": 15.9999},
        "admit with devices": {"event": "admit", "encounter": "e1", "devices": ["m", "cuff"]},
        "transfer": {"event": "transfer", "ward": "V", "bed": None, "devices": None},
        "pregnant": {"event": "update", "maternity": "pregnant"},
        "not pregnant": {"event": "update", "maternity": "none"},
        "scale 2": {"event": "update", "spo2_scale": {"scale": 2, "prescriber": "Dr", "until": soon}},
        "limits": {"event": "update", "limits": [
            {"vital": "heart_rate", "high": 100, "author": "Dr", "reason": "told", "until": soon},
            {"vital": "systolic_bp", "low": 110, "author": "Dr", "reason": "told"}]},
        "confused": {"event": "update", "long_standing_confusion": {"present": True, "until": soon}},
        "pause": {"event": "pause", "pause": {"reason": "scan", "until": soon}},
        "resume": {"event": "resume"},
        "discharge": {"event": "discharge"},
        "discharge confirmed": {"event": "discharge", "confirmed": True},
        "unreadable": {"event": "admit", "age_years": "old"},
    }  # fmt: skip
    return facts[event]


EVENTS = (
    "admit",
    "admit anew",
    "admit with devices",
    "transfer",
    "pregnant",
    "not pregnant",
    "scale 2",
    "limits",
    "confused",
    "pause",
    "resume",
    "discharge",
    "discharge confirmed",
    "unreadable",
)


@st.composite
def _records(draw: st.DrawFn, end: int) -> list[Entry]:
    drawn = draw(
        st.lists(st.tuples(st.integers(0, 500), st.sampled_from(PATIENTS), st.sampled_from(EVENTS)), max_size=6)
    )
    found = []
    for seconds, patient, event in drawn:
        at = T0 + seconds * SECOND
        if at <= end:
            body = {"patient_id": patient, "mode": "test", **_facts(event, at)}
            found.append(Entry(at, "patient", patient, body, ("vitals.patients", 0)))
    return found


DOINGS: tuple[dict[str, object], ...] = (
    {"action_type": "acknowledge", "reason": "reviewing"},
    {"action_type": "acknowledge", "reason": "artefact"},
    {"action_type": "acknowledge", "reason": "treatment", "role": "shift_lead"},
    {"action_type": "acknowledge", "reason": "reviewing", "role": "viewer"},
    {"action_type": "acknowledge", "reason": "known", "revision": 1},
    {"action_type": "snooze", "minutes": 1},
    {"action_type": "snooze", "minutes": 4, "reason": "equipment"},
    {"action_type": "delivered", "step": "nurse", "role": "system"},
    {"action_type": "feedback", "reason": "useful"},
    {"action_type": "concern", "reason": "pain"},
    {"action_type": "concern"},
    {"action_type": "undo"},
    {"action_type": "sing"},
)


@st.composite
def _doings(draw: st.DrawFn, log: list[Entry], clock: str) -> list[Entry]:
    """What people do about the alerts that this very log raises: soon after one of its revisions, or much later."""
    heard = alerts(run(new_partition(clock=clock, rules=quick()), log))
    end, found = max((entry.at for entry in log), default=T0), []
    drawn = draw(st.lists(st.tuples(st.integers(0, 999), st.sampled_from(DOINGS), st.integers(0, 90)), max_size=8))
    for number, (which, doing, seconds) in enumerate(drawn):
        if not heard:
            break
        alert = heard[which % len(heard)]
        at = min(end, milliseconds(alert["at"]) + (seconds if seconds < 80 else seconds * 5) * SECOND)
        facts = {"undoes": f"a-{number - 1}"} if doing["action_type"] == "undo" else {"alert_id": _named(alert)}
        found.append(action(at, alert["patient_id"], offset=0, name=f"a-{number}", **{**facts, **doing}))
    return found


def _named(alert: dict) -> AlertOf:
    return AlertOf(alert["patient_id"], alert["kind"], alert["subject"], milliseconds(alert["started_at"]))


def milliseconds(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


@st.composite
def _mishaps(draw: st.DrawFn, end: int, rules_change: bool) -> list[Entry]:
    kinds = ("not json", "no time", "other mode", "lost", *(["rules", "bad rules"] if rules_change else []))
    drawn = draw(st.lists(st.tuples(st.integers(0, 500), st.sampled_from(kinds)), max_size=3))
    return [_mishap(T0 + seconds * SECOND, kind) for seconds, kind in drawn if T0 + seconds * SECOND <= end]


def _mishap(at: int, kind: str) -> Entry:
    if kind == "not json":
        return Entry(at, "junk", "a", b"{")
    if kind == "no time":
        return Entry(at, "junk", None, b'{"patient_id": "a", "device_id": "m", "taken_at": "noon", "vitals": {}}')
    if kind == "other mode":
        body = _body("a", "m", "monitor", at, 1, measures(heart_rate=70)) | {"mode": "real"}
        return Entry(at, "junk", "a", to_json(body | {"taken_at": "2026-11-22T12:00:00Z"}))
    if kind == "lost":
        return Entry(at, "loss", None, {"from": 1, "to": 2}, ("vitals.readings", 0))
    return Entry(at, "rules", None, rules_bytes(*OTHER) if kind == "rules" else b"{}", ("vitals.rules", 0))
