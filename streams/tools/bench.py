"""Figures of the pure path: decode to alert, all detectors armed, without a broker."""

import gc
import random
import time
import tracemalloc
from collections.abc import Iterator
from statistics import median
from typing import Final

from schemas.decode import decode
from schemas.times import to_text
from streams.config.packaged_rules import packaged_rules
from streams.log import Partition, Record

START: Final = 1_767_225_600_000  # 2026-01-01
CHUNK: Final = 3_000
SPEED_PATIENTS: Final = 50
WARM_S: Final = 1_200  # detectors need ten minutes; their Page-Hinkley tests forty


def made_up(patients: int, seconds: int, *, every: int = 1, seed: int = 1) -> Iterator[Record]:
    """Readings of five vitals, one a patient every `every` seconds, in a log's order."""
    chance = random.Random(seed)
    usual = [
        (chance.gauss(80, 8), chance.gauss(16, 1), chance.gauss(97.5, 0.5), chance.gauss(122, 7))
        for _ in range(patients)
    ]
    offset = 0
    for second in range(0, seconds, every):
        at = START + second * 1_000
        taken_at = to_text(at)
        for patient, (rate, breaths, spo2, pressure) in enumerate(usual):
            body = (
                f'{{"patient_id":"p-{patient:05d}","device_id":"mon-{patient:05d}","source":"monitor",'
                f'"taken_at":"{taken_at}",'
                f'"sequence":{second},"vitals":{{'
                f'"heart_rate":{{"value":{rate + chance.random() * 6 - 3:.0f},"unit":"/min"}},'
                f'"resp_rate":{{"value":{breaths + chance.random() * 2 - 1:.0f},"unit":"/min"}},'
                f'"spo2":{{"value":{min(100, spo2 + chance.random() * 2 - 1):.0f},"unit":"%"}},'
                f'"systolic_bp":{{"value":{pressure + chance.random() * 8 - 4:.0f},"unit":"mm[Hg]"}},'
                f'"temperature":{{"value":{36.8 + chance.random() * 0.2:.1f},"unit":"Cel"}}}}}}'
            )
            yield offset, at + patient % 1_000, None, body.encode(), ()
            offset += 1


def _partition() -> Partition:
    return Partition(0, 1, clock="arrival", mode="real", rules=packaged_rules())


def _speed(seconds: int) -> tuple[float, float, int]:
    """Microseconds of CPU a reading to decode, and from decode to alert: medians over chunks measured in turn."""
    part, decoding, whole, said = _partition(), [], [], 0
    records = list(made_up(SPEED_PATIENTS, WARM_S + seconds))
    warm = SPEED_PATIENTS * WARM_S
    part.run(records[:warm])
    gc.collect()
    gc.freeze()
    for start in range(warm, len(records) - CHUNK, CHUNK):
        chunk = records[start : start + CHUNK]
        began = time.process_time()
        for record in chunk:
            decode(record[3])
        between = time.process_time()
        said += len(part.run(chunk))
        ended = time.process_time()
        decoding.append(between - began)
        whole.append(ended - between)
    gc.unfreeze()
    return median(decoding) / CHUNK * 1e6, median(whole) / CHUNK * 1e6, said


def _memory(patients: int) -> tuple[float, float]:
    """Kilobytes a patient, all detectors warm and a window open; and of a snapshot."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    part = _partition()
    part.run(made_up(patients, 2_700, every=15))
    last = part.next_offset
    part.run((last + o, at + 2_700_000, key, value, headers) for o, at, key, value, headers in _fill(patients))
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    sizes = [len(watch.vigil.snapshot()) for watch in list(part.watches.values())[:200]]
    return used / patients / 1_000, median(sizes) / 1_000


def _fill(patients: int) -> Iterator[Record]:
    """Twelve more seconds at 1 Hz, so that open windows are about full."""
    for offset, at, key, value, headers in made_up(patients, 12):
        assert value is not None
        second = (at - START) // 1_000
        moved = value.replace(
            to_text(START + second * 1_000).encode(), to_text(START + 2_700_000 + second * 1_000).encode()
        )
        yield offset, at, key, moved, headers


def measure(*, patients: int, seconds: int) -> dict[str, float]:
    """All figures by name."""
    decoding, whole, said = _speed(seconds)
    memory, snapshot = _memory(patients)
    return {
        "cpu_us_per_reading": round(whole, 2),
        "decode_us_per_reading": round(decoding, 2),
        "ratio_to_decode": round(whole / decoding, 2),
        "readings_per_s": round(1e6 / whole),
        "kb_per_patient": round(memory, 2),
        "snapshot_kb_per_patient": round(snapshot, 2),
        "vitals_per_reading": 5,
        "patients_for_memory": patients,
        "outputs": said,
    }
