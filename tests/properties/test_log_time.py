"""What must hold of the log's time over generated wards: repeats, ticks, other partitions, other orders, other days."""

import re
from collections.abc import Callable, Sequence

from hypothesis import event, given, settings
from hypothesis import strategies as st

from detectors.vigil.window import WINDOW_MS
from schemas.vitals import STREAM_LATENESS
from streams.log import Output
from tests.making import SECOND, T0, Entry, alerts, from_json, new_partition, of_partition, reading, run, said
from tests.properties.wards import PATIENTS, quick, wards
from tests.senders.stories import ILL, WELL

Places = Sequence[tuple[int, int, int]]
places = st.lists(st.tuples(st.integers(0, 600), st.integers(0, 4), st.integers(0, 90)), max_size=12)


def play(log: Sequence[Entry], clock: str = "arrival", by: int = 0) -> list[Output]:
    return run(new_partition(clock=clock, rules=quick()), log, by)


def insert(log: list[Entry], where: Places, make: Callable[[list[Entry], int, int], list[Entry]]) -> list[Entry]:
    """Puts entries into the log, each at a time between its neighbours' (after the last one too: up to 400 s later)."""
    for place, share, back in sorted(where, reverse=True):
        place = place % (len(log) + 1)
        before = log[place - 1].at if place else T0
        after = log[place].at if place < len(log) else before + 400 * SECOND
        at = before + (after - before) * share // 4
        log = log[:place] + make(log[:place], at, back) + log[place:]
    return log


def tick(_: list[Entry], at: int, __: int) -> list[Entry]:
    return [Entry(at, "tick", None, b"")]


def again(before: list[Entry], at: int, back: int) -> list[Entry]:
    """A copy of an earlier reading or control record, which the log dates anew."""
    kinds = ("patient", "action", "rules", "loss") if back % 3 == 0 else ("reading",)
    return [e._replace(at=at) for e in [e for e in before if e.kind in kinds][-1 - back // 3 :][:1]]


def end(log: Sequence[Entry]) -> int:
    return max((entry.at for entry in log), default=0)


def same_but_for_the_tail(more: list[Output], less: list[Output], until: int) -> None:
    more_said, less_said = said(more), said(less)
    assert more_said[: len(less_said)] == less_said
    tail = [output for output in more if output.topic in ("alerts", "status")][len(less_said) :]
    assert all(output.due > until for output in tail)


@given(wards(), places)
def test_ticks_change_no_byte_and_a_later_one_only_adds(log, where):
    outputs = play(log)
    for alert in alerts(outputs):
        event(f"{alert['kind']} {alert['state']}")
    same_but_for_the_tail(play(insert(log, where, tick)), outputs, end(log))


@given(wards(), places)
def test_what_is_delivered_twice_changes_no_byte(log, where):
    same_but_for_the_tail(play(insert(log, where, again)), play(log), end(log))


@given(wards(event_clock=True), places)
def test_what_is_delivered_twice_changes_no_byte_in_event_clock(log, where):
    assert said(play(insert(log, where, again), "event")) == said(play(log, "event"))


@given(wards(), st.integers(2, 5))
def test_patients_on_other_partitions_say_the_same(log, partitions):
    together = play(log)
    for number in range(partitions):
        part = of_partition(log, number, partitions)
        here = {entry.patient for entry in part if entry.kind in ("reading", "patient")}
        alone = run(new_partition(partition=number, partitions=partitions, rules=quick()), part)
        for patient in here - {None}:
            key, until = patient.encode(), end(part)  # the rest is noticed when this log moves on
            mine = [o for o in together if o.key == key and o.due <= until]
            assert said(o for o in alone if o.key == key) == said(mine)


@given(wards(), st.integers(1, 60))
def test_nothing_crosses_patients(log, dose):
    """Whatever else the others measure, a patient hears nothing of it."""
    other = [_dosed(entry, dose) for entry in log]
    key = PATIENTS[0].encode()
    assert said(o for o in play(other) if o.key == key) == said(o for o in play(log) if o.key == key)


def _dosed(entry: Entry, dose: int) -> Entry:
    if entry.patient == PATIENTS[0] or not isinstance(entry.body, dict) or "vitals" not in entry.body:
        return entry
    vitals = {
        name: {**sent, "value": sent["value"] + dose} if isinstance(sent.get("value"), int | float) else sent
        for name, sent in entry.body["vitals"].items()
    }
    return entry._replace(body={**entry.body, "vitals": vitals})


@given(wards(rules_change=False), st.integers(-60, 10_000))
def test_moving_by_whole_windows_moves_the_outputs(log, windows):
    by = windows * WINDOW_MS
    assert _without_moments(play(log, by=by), by) == _without_moments(play(log), 0)


def _without_moments(outputs: list[Output], by: int) -> list[object]:
    """Outputs with their stamps moved back; ids derive from a moment, texts with moments are compared by it."""
    return [(o.topic, o.key, o.due - by, _bare(from_json(o.value)) if o.value else None) for o in outputs if _speaks(o)]


def _speaks(output: Output) -> bool:
    return output.topic in ("alerts", "status")


def _bare(value: object) -> object:
    if isinstance(value, str):
        return re.sub(r"at \d\d:\d\d UTC", "at a moment", value)
    if isinstance(value, dict):
        return {name: _bare(part) for name, part in value.items() if name not in MOMENTS}
    return [_bare(part) for part in value] if isinstance(value, list) else value


MOMENTS = ("alert_id", "at", "started_at", "ended_at", "taken_at", "valid_until", "observation_due_at", "paused_until",
           "since", "until", "undo_until", "notified_at", "next_step_at")  # fmt: skip


@given(
    wards(event_clock=True), st.lists(st.sampled_from((0, 500, 700, 1400, STREAM_LATENESS)), min_size=3, max_size=17)
)
def test_shuffling_streams_within_the_lateness_changes_no_byte(log, jitter):
    shuffled = _shuffled(log, jitter)
    event("moved" if shuffled != log else "same")
    assert said(play(shuffled, "event")) == said(play(log, "event"))


def _shuffled(log: list[Entry], jitter: Sequence[int]) -> list[Entry]:
    """Streamed readings change places by up to the lateness; what a person or a worker sends stays where it is."""
    out: list[Entry] = []
    stretch: list[Entry] = []
    for entry in [*log, None]:
        if entry is not None and entry.kind == "reading" and entry.body["source"] != "spot":
            stretch.append(entry)
            continue
        keys = [e.at + jitter[i * 31 % len(jitter)] for i, e in enumerate(stretch)]
        out += [stretch[i] for i in sorted(range(len(stretch)), key=lambda i: (keys[i], -i))]
        out += [] if entry is None else [entry]
        stretch = []
    return out


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from((0, 300, 800, 1_300)), min_size=3, max_size=17),
    st.lists(st.integers(0, 400), max_size=8),
    st.integers(20, 200),
    st.sampled_from((0, -30_000, 3_600_000)),
    st.booleans(),
)
def test_order_within_the_lateness_and_repeats_change_no_byte_in_arrival_clock(jitter, repeats, ill_from, lead, counts):
    """Of two devices that each hand something over at once in every window, whatever their clocks say."""
    in_order, moved = [], []
    for second in range(240):
        values = ILL if second > ill_from else WELL
        for number, device in enumerate(("mon", "pump")):
            taken = T0 + second * SECOND + number * 300
            told = {**values, "heart_rate": values["heart_rate"] + second * 7 % 5}
            sequence = second if counts else None
            late = 0 if second % 5 == 0 else jitter[(2 * second + number) % len(jitter)]
            for log, at in ((in_order, taken + 200), (moved, taken + 200 + late)):
                log.append(reading(at, "p", device, taken=taken + lead, sequence=sequence, **told))
    again = [moved[place]._replace(at=moved[place].at + 400) for place in repeats]
    moved = sorted([*moved, *again], key=lambda entry: entry.at)
    ticks = [Entry(T0 + second * SECOND, "tick", None, b"") for second in range(260)]

    one, other = (play(sorted([*log, *ticks], key=lambda entry: entry.at)) for log in (in_order, moved))

    assert said(one) == said(other) and alerts(one)
