"""Bad messages of every kind: each is refused by name and kept as it came, and none stops a ward.

`poison/*.jsonl` holds one message a line: what it `says` in a sentence, what was `sent` (text; a list of pieces, where
`["x", 3]` is x three times; `base64` where it is no text), the `code` and `field` of the refusal, and how many vitals
beside a bad one are `kept`. Those in log.jsonl can only be refused by the log: with `headers`, or in one `clock` only.
"""

import base64
import json
from collections import Counter
from pathlib import Path

import pytest

from schemas.base import read_moment
from schemas.control_record import ControlRecordKeys
from schemas.decode import Decoded, Refused, decode
from schemas.judge import Judged, judge, means_something_else
from schemas.reading import Reading
from schemas.reasons import REMEDIES, Level, Refusal, Unreadable
from schemas.rejection import Rejection
from schemas.times import to_ms, to_text
from streams.config.packaged_rules import packaged_rules
from streams.inspection.inspector import Inspector
from streams.log import Partition
from streams.log.placing import partition_of
from tests.schemas.messages import Maker

FOLDER = Path(__file__).with_name("poison")
NOON = to_ms(read_moment("2026-11-22T12:00:00Z"))
PARTITIONS = 8
HERE = partition_of("p-7f3a", PARTITIONS)
# A good patient on the partition of the bad messages.
GOOD = next(name for name in map("p-good-{}".format, range(100)) if partition_of(name, PARTITIONS) == HERE)
# Only a worker's own signed record can be bad in this way; tests/streams/log holds it to that.
STATEFUL = {Refusal.UNREADABLE_BATCH, Refusal.FLOOD, Refusal.NOT_APPROVED, Refusal.MERGED}
NOT_BY_A_MESSAGE = {Refusal.BAD_RECORD, *STATEFUL} | {
    code for code, (level, _) in REMEDIES.items() if level is Level.ACTION
}


def corpus(*names):
    paths = [FOLDER / f"{name}.jsonl" for name in names] or sorted(FOLDER.glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


def bytes_of(poison):
    if "base64" in poison:
        return base64.b64decode(poison["base64"])
    sent = poison["sent"]
    if isinstance(sent, list):
        sent = "".join(piece if isinstance(piece, str) else piece[0] * piece[1] for piece in sent)
    return None if sent is None else sent.encode()


READABLE_OR_NOT = corpus("bytes", "envelope", "times")
VITALS = corpus("vitals")
LOG = corpus("log")
says = {"ids": lambda poison: poison["says"]}


def test_there_are_hundreds_of_them_each_with_its_own_sentence():
    everything = corpus()

    assert len(everything) >= 300
    assert len({poison["says"] for poison in everything}) == len(everything)
    assert len({bytes_of(poison) for poison in READABLE_OR_NOT + VITALS}) == len(READABLE_OR_NOT + VITALS)
    assert {Refusal(poison["code"]) for poison in everything} == set(Refusal) - NOT_BY_A_MESSAGE


@pytest.mark.parametrize("poison", READABLE_OR_NOT, **says)
def test_an_unreadable_message_is_refused_whole_with_its_code_and_field(poison):
    with pytest.raises(Unreadable) as refusal:
        decode(bytes_of(poison))

    assert (refusal.value.code, refusal.value.field) == (poison["code"], poison["field"])
    assert REMEDIES[refusal.value.code][0] is Level.RECORD


@pytest.mark.parametrize("poison", VITALS, **says)
def test_a_bad_vital_is_refused_alone_with_its_code_and_field(poison):
    decoded = decode(bytes_of(poison))
    decoded = decoded if isinstance(decoded, Decoded) else Decoded(decoded)
    judged = [
        means_something_else(name, measure) or judge(name, measure) for name, measure in decoded.reading.vitals.items()
    ]
    refused = [*decoded.refused, *(one for one in judged if isinstance(one, Refused))]

    assert [(one.code, one.field) for one in refused] == [(poison["code"], poison["field"])]
    assert sum(isinstance(one, Judged) and not one.suspect for one in judged) == poison["kept"]


@pytest.mark.parametrize("poison", READABLE_OR_NOT + VITALS, **says)
def test_an_integrator_is_told_the_same_before_going_live(poison):
    told = [(remark.code, remark.field) for remark in Inspector().look(1, bytes_of(poison) or b"")]

    assert (poison["code"], poison["field"]) in told


@pytest.mark.parametrize("poison", LOG, **says)
def test_what_only_the_log_refuses_is_readable_by_itself(poison):
    if "headers" not in poison:
        assert decode(bytes_of(poison))
        assert Reading.model_validate_json(bytes_of(poison))


def worsening(step):
    """A patient whose breathing fails over ten minutes, as one reading a second."""
    reading = {
        "patient_id": GOOD,
        "device_id": "mon-1",
        "taken_at": to_text(NOON + step * 1_000),
        "sequence": step,
        "vitals": {
            "resp_rate": {"value": min(16 + step // 30, 34), "unit": "/min"},
            "spo2": {"value": max(97 - step // 45, 84), "unit": "%"},
            "heart_rate": {"value": min(80 + step // 12, 135), "unit": "/min"},
        },
    }
    return (GOOD.encode(), json.dumps(reading).encode(), ())


def headers_of(poison):
    pairs = poison.get("headers", {}).items()
    return tuple((name, None if value is None else value.encode("latin-1")) for name, value in pairs)


def ward(poisons):
    """Every poison between two good readings: the log, and the place of each poison in it."""
    log, places = [], {}
    for step, poison in enumerate(poisons):
        log.append(worsening(step))
        value = bytes_of(poison)
        if value is not None:  # each from a device of its own, or it would be a repeat of the one before
            value = value.replace(b"mon-12", b"mon-x%d" % step)
        places[len(log)] = poison, value
        log.append((b"any", value, headers_of(poison)))
    log += [worsening(step) for step in range(len(poisons), 900)]
    half_seconds = [*range(2 * len(poisons)), *range(2 * len(poisons), 1_800, 2)]  # each reading when it was taken
    return [(offset, NOON + half_seconds[offset] * 500, *record) for offset, record in enumerate(log)], places


def partition(clock):
    return Partition(
        HERE,
        PARTITIONS,
        clock=clock,
        mode="real",
        rules=packaged_rules(),
        keys=ControlRecordKeys.parse("ours:secret-of-the-tests"),
    )


@pytest.mark.parametrize("clock", ["arrival", "event"])
def test_no_poison_stops_a_partition_and_each_lands_as_a_rejection_as_it_came(clock):
    poisons = [poison for poison in corpus() if poison.get("clock", clock) == clock]
    if clock == "event":  # where time is the fastest device's, a vital of noon is late before it is looked at
        poisons = [poison for poison in poisons if REMEDIES[Refusal(poison["code"])][0] is not Level.VITAL]
    log, places = ward(poisons)
    one = partition(clock)
    out = one.run(log)

    assert one.next_offset == len(log)
    assert one.tally.records == len(log)
    assert one.tally.adds_up(), one.tally
    rejections = {}
    for output in out:
        if output.topic == "rejections":
            rejection = Rejection.from_headers(output.headers)
            assert (rejection.topic, rejection.partition) == ("vitals.readings", HERE)
            assert rejection.remedy == REMEDIES[rejection.code][1]
            assert (output.key, output.value) == (b"any", places[rejection.offset][1])
            rejections.setdefault(rejection.offset, []).append((rejection.code, rejection.field))
    for offset, (poison, _) in places.items():
        assert rejections.pop(offset, None) == [(poison["code"], poison["field"])], poison["says"]
    assert not rejections, "a good reading was refused"


def test_the_good_patient_between_the_poisons_never_knows_of_them():
    log, _ = ward(corpus())
    poisoned, clean = partition("arrival"), partition("arrival")
    among = [(out.topic, out.value) for out in poisoned.run(log) if out.key == GOOD.encode()]
    alone = [(out.topic, out.value) for out in clean.run([r for r in log if r[2] == GOOD.encode()])]

    assert Counter(topic for topic, _ in alone)["alerts"] > 0, "the story is too quiet to show anything"
    assert among == alone


def test_whatever_else_is_sent_the_counts_add_up_and_no_byte_of_a_rejection_is_changed():
    """Ten thousand messages of which nobody knows beforehand what is wrong with them, all of them or none."""
    messages = list(Maker(2026).messages(10_000))
    one = partition("arrival")
    out = one.run([(offset, NOON + offset, b"any", value, ()) for offset, value in enumerate(messages)])
    rejections = [(Rejection.from_headers(output.headers), output) for output in out if output.topic == "rejections"]

    assert one.tally.records == len(messages)
    assert one.tally.adds_up(), one.tally
    assert all(output.value == messages[rejection.offset] for rejection, output in rejections)
    assert sum(rejection.vitals for rejection, _ in rejections) == one.tally.rejected
    unreadable = {rejection.offset for rejection, _ in rejections if REMEDIES[rejection.code][0] is Level.RECORD}
    assert len(unreadable) == one.tally.unreadable > 1_000
