"""The checker finds what is planted: losses, repeats that differ, regressions, swaps; and nothing where nothing is."""

import copy

import msgspec
import pytest

from schemas.reasons import Refusal
from schemas.rejection import Rejection
from schemas.times import to_text
from streams.config.packaged_rules import first_rules
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log import Partition
from streams.log.control_records import tick
from streams.log.placing import partition_of
from streams.worker.state_store.state_encoding import (
    CHECKPOINT_KEY,
    LIBRARIES,
    CheckpointBody,
    decode_checkpoint,
    encode_checkpoint,
    encode_state,
    patient_key,
)
from tests.chaos.checker import Wrong, check
from tests.chaos.history import History, Said, Write
from tests.chaos.patients import ILL, UNITS, WELL

SETTINGS = Settings(clock="arrival", mode="demo", partitions=2, control_record_key="s3cret-of-the-tests")
RULES = first_rules()
T0 = 1_795_348_800_000
PATIENTS = [f"p-{number}" for number in range(8)]
SNAPSHOT_EVERY = 20


def reading(patient, number, ill):
    vitals = {name: {"value": (ILL if ill else WELL)[name], "unit": UNITS[name]} for name in WELL}
    at = to_text(T0 + number * 1_000)
    return msgspec.json.encode(
        {"patient_id": patient, "device_id": "d", "source": "spot", "sequence": number, "mode": "demo", "taken_at": at,
         "vitals": vitals}
    )  # fmt: skip


def records(partition):
    """One partition's log: patients who fall ill and get well, something that is no reading, a tick."""
    mine = [patient for patient in PATIENTS if partition_of(patient, 2) == partition]
    log = []
    for number in range(80):
        patient = mine[number % len(mine)]
        log.append((len(log), T0 + number * 1_000, patient.encode(), reading(patient, number, number % 24 > 11), ()))
        if number % 17 == 0:
            log.append((len(log), T0 + number * 1_000, None, b"no reading", ()))
    key, value, headers = tick()
    log.append((len(log), T0 + 90_000, key, value, headers))
    return log


def lived(skipped=()):
    """The history of two partitions whose worker wrote a snapshot every now and then, and skipped these offsets."""
    history = History(delivered=0)
    for partition in (0, 1):
        log = Partition(partition, 2, clock="arrival", mode="demo", rules=RULES, keys=SETTINGS.keys)
        history.log[partition] = taken = records(partition)
        history.delivered += len(taken) - 1  # a tick is nobody's reading
        writes = history.writes[partition] = []
        for first in range(0, len(taken), SNAPSHOT_EVERY):
            stretch = [record for record in taken[first : first + SNAPSHOT_EVERY] if record[0] not in skipped]
            for output in log.run(stretch):
                said = getattr(history, output.topic, None)
                if said is not None:
                    said.append(Said(partition, len(said), 0, output.key, output.value, tuple(output.headers)))
            for patient in sorted(log.dirty):
                value = encode_state(*log.state(patient), limit=1 << 20, libraries=LIBRARIES)
                writes.append(Write(len(writes), patient_key(patient), value))
            log.dirty.clear()
            body = CheckpointBody.of(log.checkpoint, "cluster", "topic", 1, len(log.watches))
            writes.append(Write(len(writes), CHECKPOINT_KEY, encode_checkpoint(body)))
    return history


WHOLE = lived()


@pytest.fixture
def history():
    return copy.deepcopy(WHOLE)


def found(history):
    return set(check(history, SETTINGS, RULES).found)


def test_a_history_in_which_nothing_happened_is_clean(history):
    verdict = check(history, SETTINGS, RULES)

    assert verdict.clean, verdict.examples
    assert verdict.counts["alerts"] > 20 and verdict.counts["rejections"] > 5 and verdict.counts["patients"] == 8


def test_a_repeat_byte_for_byte_is_no_fault(history):
    history.alerts += history.alerts[3:9]
    history.status += history.status[:4]
    history.rejections += history.rejections[:2]

    assert check(history, SETTINGS, RULES).clean


@pytest.mark.parametrize("place", [0, 7, -1])
def test_a_lost_alert_is_found(history, place):
    del history.alerts[place]

    assert found(history) == {Wrong.LOST}


def test_an_alert_that_nobody_should_have_said_is_found(history):
    alert = history.alerts[5]
    history.alerts.append(alert._replace(value=alert.value.replace(b'"alert_id":"', b'"alert_id":"0')))

    assert Wrong.EXTRA in found(history)


def test_one_alert_with_two_contents_is_found(history):
    alert = history.alerts[5]
    history.alerts.append(alert._replace(value=alert.value.replace(b'"mode":"demo"', b'"mode":"real"')))

    assert found(history) == {Wrong.CONFLICT}


def test_an_alert_that_is_always_wrong_is_found(history):
    alert = history.alerts[5]
    history.alerts[5] = alert._replace(value=alert.value.replace(b'"mode":"demo"', b'"mode":"real"'))

    assert found(history) == {Wrong.CONFLICT}


def test_two_alerts_of_a_patient_that_changed_places_are_found(history):
    patient = history.alerts[0].key
    first, second, *_ = (number for number, alert in enumerate(history.alerts) if alert.key == patient)
    history.alerts[first], history.alerts[second] = history.alerts[second], history.alerts[first]

    assert found(history) == {Wrong.ORDER}


def test_a_lost_and_an_invented_rejection_are_found(history):
    history.rejections[0] = history.rejections[0]._replace(value=b"other bytes")

    assert found(history) == {Wrong.REJECTION_LOST, Wrong.REJECTION_EXTRA}


def flooded(history, *, records=0, first=0, last=0):
    """One partition's refusals told by their offsets alone, as a worker does that is behind."""
    facts = [Rejection.from_headers(one.headers) for one in history.rejections if one.partition == 0]
    told = Rejection.of(
        Refusal.FLOOD, None, SETTINGS.topic(Topic.READINGS), 0, facts[0].offset + first,
        last_offset=facts[-1].offset + last,
    )  # fmt: skip
    headers = (*told.headers(), ("records", str(len(facts) + records).encode()))
    history.rejections = [one for one in history.rejections if one.partition]
    history.rejections.append(Said(0, 0, 0, None, None, headers))
    return history


def test_rejections_that_a_flood_tells_of_by_their_offsets_are_not_lost(history):
    verdict = check(flooded(history), SETTINGS, RULES)

    assert verdict.clean, verdict.examples
    assert verdict.counts["floods"] == 1


def test_a_flood_of_more_than_the_oracle_refuses_is_found(history):
    assert found(flooded(history, records=1)) == {Wrong.REJECTION_LOST, Wrong.REJECTION_EXTRA}


def test_a_flood_of_less_than_is_missing_is_found(history):
    assert found(flooded(history, records=-3)) == {Wrong.REJECTION_LOST}


def test_a_flood_that_is_told_again_in_part_is_no_fault(history):
    """After a crash: what a state holds already is not refused again."""
    said = flooded(history).rejections[-1]
    again = tuple((name, b"2" if name == "records" else fact) for name, fact in said.headers)
    history.rejections.append(said._replace(headers=again))

    assert check(history, SETTINGS, RULES).clean


@pytest.mark.parametrize("short", [{"first": 1}, {"last": -1}])
def test_a_rejection_beyond_a_flood_s_offsets_is_lost(history, short):
    assert found(flooded(history, records=-1, **short)) == {Wrong.REJECTION_LOST}


def test_a_status_that_is_not_the_newest_is_found(history):
    last = max(number for number, status in enumerate(history.status) if status.key == history.status[0].key)
    del history.status[last]

    assert found(history) == {Wrong.STATUS_OLD}


def test_a_reading_that_was_acknowledged_and_is_gone_is_found(history):
    history.delivered += 1

    assert found(history) == {Wrong.NOT_IN_LOG}


def test_a_reading_that_was_skipped_in_silence_is_found():
    """As if a worker had gone on behind it: the log holds it, no state knows it."""
    assert Wrong.STATE in found(lived(skipped={70}))


def checkpoint_back(history, partition=0, by=5):
    *_, last = (number for number, write in enumerate(history.writes[partition]) if write.key == CHECKPOINT_KEY)
    return last, decode_checkpoint(history.writes[partition][last].value)


def test_a_checkpoint_that_goes_back_is_found(history):
    last, body = checkpoint_back(history)
    old = msgspec.structs.replace(body, next_offset=body.next_offset - 30)
    history.writes[0].insert(last + 1, Write(last, CHECKPOINT_KEY, encode_checkpoint(old)))

    assert Wrong.WENT_BACK in found(history)


def test_an_older_state_over_a_newer_one_is_found(history):
    """What a zombie without a fence does."""
    states = [write for write in history.writes[1] if write.key == history.writes[1][0].key]
    history.writes[1].append(states[0])

    assert {Wrong.WENT_BACK, Wrong.STATE} <= found(history)


def test_two_patients_states_that_changed_places_are_found(history):
    one, two = history.writes[0][0], history.writes[0][1]
    history.writes[0][0:2] = [one._replace(value=two.value), two._replace(value=one.value)]

    assert Wrong.UNUSABLE in found(history)


def test_a_forgotten_patient_whom_the_oracle_knows_is_found(history):
    history.writes[0].append(Write(10_000, history.writes[0][0].key, None))

    assert found(history) == {Wrong.STATE}


def test_an_end_that_was_never_taken_is_found(history):
    _, _, key, value, headers = history.log[0][0]
    history.log[0].append((len(history.log[0]), T0 + 100_000, key, value, headers))
    history.delivered += 1

    assert found(history) == {Wrong.NOT_TAKEN}
