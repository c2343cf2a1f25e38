"""One moment in several messages says what it says in one: in any order, with any repeats, stopped anywhere."""

from collections.abc import Sequence
from random import Random

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from detectors.vigil import Vigil
from streams.log import Partition
from tests.making import SECOND, T0, Entry, new_partition, new_vigil, numbered, reading, said
from tests.senders.stories import ILL, ROUND, WELL

SOON_MS = (0, 0, 1, 40, 300, 900, 1_500)  # before its window is decided
LATE_MS = (20_000, 45_000)
ODD = (
    {"value": None, "unit": None, "quality": "not available"},
    {"value": 40, "unit": "%", "quality": "invalid"},
    {"value": None, "unit": None, "quality": "underflow"},
    {"value": 260, "unit": "/min"},
    {"value": 1e6, "unit": "/min"},
    {"value": 80, "unit": "?"},
)
chances = st.integers(0, 1 << 32).map(Random)
few = settings(max_examples=30)


def parts_of(chance: Random, vitals: dict[str, object]) -> list[dict[str, object]]:
    """The vitals dealt out to one to four messages."""
    dealt: dict[int, dict[str, object]] = {}
    count = chance.choice((1, 2, 4))
    for name in chance.sample(sorted(vitals), len(vitals)):
        dealt.setdefault(chance.randrange(count), {})[name] = vitals[name]
    return list(dealt.values())


def sent(chance: Random, source: str, device: str, clock: str) -> tuple[list[Entry], list[Entry]]:
    """A device's readings of some minutes: a message a moment, and the same in several messages, some of them twice."""
    whole, split = [], []
    every, counts, ill_from = chance.choice((5, 15, 20)), chance.random() < 0.5, chance.randint(2, 12)
    names = chance.sample(sorted(WELL), chance.randint(2, 4))
    for beat in range(chance.randint(8, 20)):
        taken = T0 + (3 + beat * every) * SECOND
        vitals: dict[str, object] = {name: (ILL if beat >= ill_from else WELL)[name] + beat % 3 for name in names}
        if chance.random() < 0.2:
            vitals[chance.choice(names)] = chance.choice(ODD)
        if chance.random() < 0.1:
            vitals["mood"] = 3
        told = {"taken": taken, "source": source, "sequence": beat if counts else None}
        arrivals = []
        for part in parts_of(chance, vitals):
            at = taken + chance.choice(SOON_MS)
            arrivals.append(at)
            split.append(reading(at, "p", device, **told, **part))
            while chance.random() < 0.25:
                # long after, names of no vital are refused anew, and what counts nothing may be a clock set back
                known = counts and "mood" not in part and clock == "arrival"
                again = at + chance.choice(SOON_MS + LATE_MS if known else SOON_MS[:4])
                split.append(reading(again, "p", device, **told, **part))
        whole.append(reading(min(arrivals), "p", device, **told, **vitals))
    return whole, split


def told(log: Sequence[Entry], clock: str, stops: Sequence[int] = ()) -> tuple[list, Partition]:
    """What a log says of its patients, stopped at some places and gone on with from the kept states."""
    partition, outputs = new_partition(clock=clock), []
    for number, record in enumerate(numbered(log)):
        if number in stops:
            for watch in partition.watches.values():
                watch.vigil = Vigil.restore(watch.vigil.snapshot(), watch.vigil.rules)
        outputs += partition.run([record])
    outputs += partition.advance(partition.time + 100 * SECOND, 1 << 30)[0]
    return said(outputs, ("alerts", "status", "trends")), partition


@pytest.mark.parametrize("clock", ["arrival", "event"])
@given(chances)
@few
def test_streamed_moments_in_parts_say_what_they_say_whole(clock, chance):
    """Byte for byte, alerts and statuses and trends; and each value is counted as it is in one message."""
    whole, split = sent(chance, chance.choice(("monitor", "wearable")), "m", clock)
    if chance.random() < 0.3:
        more = sent(chance, "monitor", "n", clock)
        whole, split = whole + more[0], split + more[1]
    end = reading(max(entry.at for entry in split) + 60 * SECOND, "q", "x", heart_rate=80)
    in_order = [sorted([*log, end], key=lambda entry: entry.at) for log in (whole, split)]
    said_whole, one = told(in_order[0], clock)
    said_split, other = told(in_order[1], clock, chance.sample(range(len(split)), 2))

    assert said_split == said_whole
    assert one.tally.late == one.tally.duplicate == 0 and other.tally.adds_up()
    for verdict in ("accepted", "suspect", "rejected"):
        assert getattr(one.tally, verdict) == getattr(other.tally, verdict), verdict


def give(vigil: Vigil, entries: Sequence[Entry], stops: Sequence[int] = ()) -> tuple[Vigil, int]:
    """The vigil after these readings, and how many values it took."""
    partition = new_partition()
    for number, record in enumerate(numbered(entries)):
        if number in stops:
            for watch in partition.watches.values():
                watch.vigil = Vigil.restore(watch.vigil.snapshot(), watch.vigil.rules)
        partition.run([record])
    partition.advance(partition.time + SECOND, 1 << 30)
    assert partition.tally.adds_up()
    return partition.watches["p"].vigil, partition.tally.accepted + partition.tally.suspect


@given(chances)
@few
def test_charted_rounds_in_parts_leave_what_they_leave_whole(chance):
    """In any order, newest first too; a round that was corrected stays corrected, whatever of it still comes."""
    rounds, counts, charted = chance.randint(1, 3), chance.random() < 0.7, []
    for number in range(rounds):
        vitals: dict[str, object] = dict(ROUND) | {"heart_rate": 70 + number, "spo2": 94 + number}
        if chance.random() < 0.3:
            vitals["resp_rate"] = chance.choice(ODD)
        told = {"taken": T0 + number * 600 * SECOND, "source": "spot", "sequence": number if counts else None}
        charted.append((told, vitals))
    parts = [(told, part, number) for number, (told, vitals) in enumerate(charted) for part in parts_of(chance, vitals)]
    corrects = counts and chance.random() < 0.5
    if chance.random() < 0.7 and not corrects:
        chance.shuffle(parts)
    parts += [chance.choice(parts) for _ in range(chance.randint(0, 4))]
    if corrects:  # the newest round is corrected; what of it comes later is taken no more
        names = chance.sample(["heart_rate", "spo2", "temperature"], 2)
        before = [n for n, (_, part, number) in enumerate(parts) if number == rounds - 1 and "consciousness" in part]
        told = charted[-1][0] | {"sequence": 100, "corrects": rounds - 1}
        corrected = {name: ROUND[name] + 0.5 if name == "temperature" else ROUND[name] - 1 for name in names}
        place = chance.randint(before[0] + 1, len(parts))
        parts[place:place] = [(told, part, rounds) for part in parts_of(chance, corrected)]
        charted.append((told, corrected))
    order = list(dict.fromkeys(number for _, _, number in parts))
    begin = T0 + 1_900 * SECOND
    step = chance.choice((0, 1, SECOND))
    split = [reading(begin + n * step, "p", "c", **told, **part) for n, (told, part, _) in enumerate(parts)]
    whole = [
        reading(begin + n * step, "p", "c", **charted[number][0], **charted[number][1])
        for n, number in enumerate(order)
    ]
    one, taken = give(new_vigil(), whole)
    other, taken_split = give(new_vigil(), split, chance.sample(range(len(split)), 1))

    def left(vigil: Vigil) -> dict[str, object]:
        return {
            name: (track.known.value, track.known.at, track.known.sequence)
            for name, track in vigil.tracks.items()
            if track.known is not None
        }

    found, wanted = left(other), left(one)
    assert {name: one for name, one in found.items() if name in wanted} == wanted
    # of what the corrected round had not said yet, the round before it is in force still
    assert all(sequence < rounds - 1 for name, (_, _, sequence) in found.items() if name not in wanted)
    if len(charted) == rounds:
        assert taken_split == taken
