"""Vitals of one moment that come as several messages are one reading: nothing is lost, and a repeat counts once."""

from collections.abc import Callable

import msgspec
import pytest

from detectors.vigil import Taken, Vigil
from schemas.decode import decode
from tests.making import MINUTE, SECOND, T0, Entry, Moment, alerts, new_partition, new_vigil, reading, run
from tests.senders.stories import ILL, ILL_ROUND, ROUND, WELL, admitted, calls, patient_record

SPOTTED = {"source": "spot", "device": "chart"}


def in_parts(entry: Entry, apart_ms: int = 7) -> list[Entry]:
    """The same moment with each vital in a message of its own."""
    vitals = entry.body["vitals"]
    return [
        entry._replace(at=entry.at + number * apart_ms, body=entry.body | {"vitals": {name: vitals[name]}})
        for number, name in enumerate(vitals)
    ]


def quarter(values: dict[str, object], counts: bool, source: str) -> list[Entry]:
    """A quarter of an hour of a stream, every ten seconds, that becomes so after five minutes."""
    return [
        reading(T0 + s * SECOND, "p", "m", source=source, sequence=s if counts else None,
                **{name: (values if s > 300 else WELL)[name] + s // 10 % 3 for name in WELL})
        for s in range(0, 900, 10)
    ]  # fmt: skip


def heard(entries: list[Entry], clock: str = "arrival") -> tuple[list[dict], dict[str, int]]:
    partition = new_partition(clock=clock)
    end = reading(max(entry.at for entry in entries) + MINUTE, "q", "x", heart_rate=80)
    said = alerts(run(partition, [*sorted(entries, key=lambda entry: entry.at), end]))
    return [one for one in said if one["patient_id"] == "p"], partition.tally.as_dict()


@pytest.mark.parametrize("clock", ["arrival", "event"])
@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("source", ["monitor", "wearable"])
def test_a_patient_whose_vitals_come_one_by_one_is_called_as_if_they_came_together(source, counts, clock):
    whole = quarter(ILL, counts, source)
    said, became = heard([part for one in whole for part in in_parts(one)], clock)

    assert any(one["news2"]["score_min"] >= 9 for one in calls(said))
    assert said == heard(whole, clock)[0]
    assert became["accepted"] == 4 * len(whole) + 1 and became["duplicate"] == became["late"] == 0


@pytest.mark.parametrize("clock", ["arrival", "event"])
def test_a_healthy_one_whose_vitals_come_one_by_one_and_twice_stays_quiet(clock):
    parts = [part for one in quarter(WELL, True, "monitor") for part in in_parts(one)]
    again = [part._replace(at=part.at + 300) for part in parts[8:]]
    said, became = heard(parts + again, clock)

    assert said == []
    assert (became["accepted"], became["duplicate"]) == (len(parts) + 1, len(again))


@pytest.mark.parametrize("clock", ["arrival", "event"])
@pytest.mark.parametrize("sequence", [None, 7])
@pytest.mark.parametrize("order", [1, -1])
def test_a_charted_round_in_parts_calls_at_once_and_a_good_one_nobody(sequence, order, clock):
    for values, at_least in ((ILL_ROUND, 9), (ROUND, None)):
        parts = in_parts(reading(T0, "p", taken=T0 - MINUTE if clock == "arrival" else T0, sequence=sequence,
                                 **SPOTTED, **values))[::order]  # fmt: skip
        parts = [part._replace(at=T0 + number * SECOND) for number, part in enumerate(parts)]
        said, became = heard([part for one in parts for part in (one, one._replace(at=one.at + 400))], clock)
        loud = calls(said)

        assert became["accepted"] == became["duplicate"] + 1 == len(values) + 1
        assert bool(loud) is (at_least is not None)
        assert at_least is None or max(one["news2"]["score_min"] for one in loud) >= at_least


@pytest.mark.parametrize("sequence", [None, 7])
def test_rounds_in_parts_may_come_newest_first_or_from_a_tablet_that_was_set_back(sequence):
    """What counts is what came with that very round, never how new it is."""
    rounds = [
        in_parts(reading(T0, "p", taken=T0 - back * MINUTE, sequence=sequence and sequence + n, **SPOTTED, **ROUND))
        for n, back in enumerate((5, 65, 30))
    ]
    parts = [part for one in zip(*rounds, strict=True) for part in one]
    became = heard([part._replace(at=T0 + n * SECOND) for n, part in enumerate(parts)])[1]

    assert (became["accepted"], became["duplicate"], became["late"]) == (3 * len(ROUND) + 1, 0, 0)


# ---- one vigil


def take(vigil: Vigil, at: int, device: str = "m", **what: object) -> Taken:
    while vigil.due <= at:
        vigil.tick(vigil.due)
    found = decode(reading(at, "p", device, **what).bytes())  # type: ignore[arg-type]
    return vigil.take(getattr(found, "reading", found), at)


def known(vigil: Vigil) -> dict[str, float]:
    return {name: track.known.value for name, track in vigil.tracks.items() if track.known is not None}


def decided(vigil: Vigil, at: int) -> dict[str, float]:
    while vigil.due <= at:
        vigil.tick(vigil.due)
    return known(vigil)


NOTHING = {"value": None, "unit": None, "quality": "not available"}


@pytest.mark.parametrize("source", ["monitor", "spot"])
def test_the_same_vital_of_the_same_moment_is_a_repeat_whatever_its_value(source):
    vigil = new_vigil()
    first = take(vigil, T0, source=source, sequence=1, heart_rate=80, spo2=NOTHING)
    again = take(vigil, T0 + 40, taken=T0, source=source, sequence=1, heart_rate=140, spo2=70, resp_rate=16)

    assert (first.accepted, len(first.refused)) == (1, 1)
    assert again == Taken(1, duplicate=2)
    assert decided(vigil, T0 + MINUTE) == {"heart_rate": 80, "resp_rate": 16}


def test_a_correction_in_parts_replaces_the_round_and_what_of_it_comes_later_is_left():
    vigil = new_vigil()
    chart = {"device": "chart", "source": "spot", "taken": T0}
    take(vigil, T0, **chart, sequence=1, heart_rate=140, resp_rate=30)
    take(vigil, T0 + SECOND, **chart, sequence=2, corrects=1, heart_rate=80)
    assert take(vigil, T0 + 2 * SECOND, **chart, sequence=1, spo2=70, heart_rate=140) == Taken(0, duplicate=2)
    assert take(vigil, T0 + 3 * SECOND, **chart, sequence=2, corrects=1, resp_rate=16) == Taken(1)
    assert take(vigil, T0 + 4 * SECOND, **chart, sequence=2, corrects=1, heart_rate=80) == Taken(0, duplicate=1)

    assert decided(vigil, T0 + MINUTE) == {"heart_rate": 80, "resp_rate": 16}


def test_a_valid_part_counts_beside_one_of_another_moment_that_was_not_available():
    """In one window: what one moment lacked says nothing of the next."""
    vigil = new_vigil()
    for second in range(0, 12, 2):
        at = T0 + 20 * SECOND + second * SECOND
        take(vigil, at, sequence=second, heart_rate=80)
        part = take(vigil, at + 9, taken=at, sequence=second, spo2=NOTHING if second == 4 else 97)
        assert part.accepted == (second != 4) and part.duplicate == 0

    assert decided(vigil, T0 + MINUTE) == {"heart_rate": 80, "spo2": 97}


def test_a_part_that_was_not_available_is_no_reason_to_leave_those_aside_that_come_after_the_window():
    pulses = [reading(T0 + s * SECOND, "p", sequence=s, heart_rate=80) for s in range(1, 15)]
    missed = reading(T0 + SECOND + 5, "p", taken=T0 + SECOND, sequence=1, spo2=NOTHING)
    behind = [part._replace(at=part.at + 25 * SECOND, body=part.body | {"vitals": {"spo2": {"value": 85, "unit": "%"}}})
              for part in pulses[1:]]  # fmt: skip
    partition = new_partition()
    end = reading(T0 + MINUTE, "q", heart_rate=80)
    run(partition, sorted([*pulses, missed, *behind, end], key=lambda entry: entry.at))

    tally = partition.tally
    assert (tally.accepted, tally.late, tally.duplicate) == (len(pulses) + len(behind) + 1, 0, 0)
    assert known(partition.watches["p"].vigil)["spo2"] == 85


@pytest.mark.parametrize("source", ["monitor", "spot"])
def test_each_name_that_is_no_vital_is_refused_by_its_own_name(source):
    vigil = new_vigil()
    refused = []
    for name in ("heart_rate", "pvc", "spo_2", "pvc"):
        refused += take(vigil, T0, source=source, sequence=1, **{name: 80}).refused

    assert [one.vital for one in refused] == ["pvc", "spo_2"]


def test_two_rounds_of_another_zone_are_no_habit_however_many_messages_they_come_in():
    first, *ahead = (T0 + MINUTE, T0 + 120 * MINUTE, T0 + 125 * MINUTE)
    rounds = [reading(at, "p", "chart", taken=at, sequence=number, source="spot", **ROUND)
              for number, at in enumerate(ahead)]  # fmt: skip
    together = [part for parts in zip(*map(in_parts, rounds), strict=True) for part in parts]
    before = reading(first, "p", "chart", taken=first, sequence=9, source="spot", heart_rate=70)
    partition = new_partition()
    run(partition, [before, *(part._replace(at=first + n * SECOND) for n, part in enumerate(together, 1))])

    assert (partition.tally.accepted, partition.tally.rejected) == (1, len(together))


@pytest.mark.parametrize("later", [SECOND, 20 * SECOND, 40 * SECOND])
def test_what_was_sent_before_a_new_stay_does_not_come_back_by_a_repeat(later):
    partition = new_partition()
    old = [reading(T0 + MINUTE - ms, "p", sequence=ms, **ILL) for ms in (2_000, 1_000)]
    parts = [part for one in old for part in in_parts(one)]
    anew = patient_record(T0 + MINUTE + 10, "admit", 1, at=Moment(T0 + MINUTE + 10), encounter="e2", age_years=40)
    again = [part._replace(at=T0 + MINUTE + later + n) for n, part in enumerate([*parts, *old])]
    run(partition, [admitted(encounter="e1"), *parts, anew, *again, reading(T0 + 3 * MINUTE, "q", heart_rate=80)])
    vigil, tally = partition.watches["p"].vigil, partition.tally

    assert known(vigil) == {}
    assert tally.accepted == len(parts) + 1 and tally.duplicate + tally.late == 2 * len(parts)


def test_a_part_that_had_not_come_before_a_new_stay_is_no_repeat():
    vigil = new_vigil()
    take(vigil, T0, sequence=1, heart_rate=80)
    vigil.intake.drop_open()

    assert take(vigil, T0 + SECOND, taken=T0, sequence=1, heart_rate=80, spo2=97) == Taken(1, duplicate=1)
    assert decided(vigil, T0 + MINUTE) == {"spo2": 97}


def as_kept_before(vigil: Vigil) -> Vigil:
    """The vigil as it goes on from a state of before anybody kept what came with each reading."""
    state = msgspec.msgpack.decode(vigil.snapshot())
    state[4][1] = [[key, window[:9]] for key, window in state[4][1]]
    state[4][2] = [spot[:3] for spot in state[4][2]]
    return Vigil.restore(msgspec.msgpack.encode(state), vigil.rules)


@pytest.mark.parametrize("source", ["monitor", "spot"])
@pytest.mark.parametrize("kept", [as_kept_before, lambda vigil: Vigil.restore(vigil.snapshot(), vigil.rules)])
def test_of_a_state_of_before_every_vital_of_a_reading_counts_as_sent(source: str, kept: Callable[[Vigil], Vigil]):
    before = new_vigil()
    take(before, T0, source=source, sequence=1, heart_rate=80, spo2=NOTHING)
    vigil = kept(before)
    part = take(vigil, T0 + 40, taken=T0, source=source, sequence=1, heart_rate=80, spo2=97, resp_rate=16)

    assert part == (Taken(0, duplicate=3) if kept is as_kept_before else Taken(1, duplicate=2))
    assert take(vigil, T0 + SECOND, source=source, sequence=2, heart_rate=80) == Taken(1)
    assert take(vigil, T0 + SECOND + 1, taken=T0 + SECOND, source=source, sequence=2, resp_rate=17) == Taken(1)


def test_a_round_of_which_nothing_came_is_kept_as_it_was():
    """Compiled, a list in its place would be an error: the same withdrawal again after a restart."""
    vigil = new_vigil()
    take(vigil, T0, source="spot", sequence=1, heart_rate=80)
    vigil.intake.spots.append(msgspec.structs.replace(vigil.intake.spots[0], sequence=2, sent=()))
    kept = Vigil.restore(vigil.snapshot(), vigil.rules).intake.spots

    assert [spot.sent for spot in kept] == [("heart_rate",), ()]
    assert kept == vigil.intake.spots


def test_whatever_names_come_with_a_reading_its_state_stays_small():
    vigil = new_vigil()
    for number in range(9):
        names = {f"{'mood' * 200}{number}-{other}": 3 for other in range(60)}
        take(vigil, T0 + 1 + number % 3, taken=T0, sequence=1, heart_rate=80, **names)

    assert len(vigil.snapshot()) < 2_000
