"""How many workers, partitions and bytes a hospital needs: worked out from what `bench` measures on this machine.

`LIVE` and `STANDING_CORES` come from tests/bench/README.md: a worker on a real Kafka took 0.16 core at 1,000 readings a
second and 0.39 at 5,000, where the pure path took 8.7 us a reading: 0.10 core whatever comes, and 6.6 times the pure
path for each reading, since live record batches are small.
"""

from collections.abc import Mapping
from math import ceil
from typing import Final

STANDING_CORES: Final = 0.10
LIVE: Final = 6.6
BUSY: Final = 0.5
"""Of a core in daily use: the rest is for catching up, and for the patients of a worker that went."""
LEAST_WORKERS, LEAST_PARTITIONS = 2, 8
WORKER_MB: Final = 120
READING_BYTES: Final = 400
"""Of five vitals in the log, before compression."""
DAYS, COPIES = 7, 3


def plan(patients: int, rate: float, figures: Mapping[str, float]) -> dict[str, float]:
    """What it takes to watch so many patients at `rate` readings a second each. `figures`: those of `bench`.

    One worker may be away, and the others still use no more than half a core each.

    >>> small = plan(20, 1.0, {"cpu_us_per_reading": 9.0, "kb_per_patient": 16.0, "snapshot_kb_per_patient": 6.0})
    >>> small["workers"], small["partitions"]
    (2, 8)
    """
    readings = patients * rate
    cores = readings * figures["cpu_us_per_reading"] * LIVE / 1e6
    carrying = max(1, ceil(cores / (BUSY - STANDING_CORES)))
    workers = max(LEAST_WORKERS, carrying + 1)
    partitions = max(LEAST_PARTITIONS, 2 ** (2 * workers - 1).bit_length())
    return {
        "patients": patients,
        "readings_per_s": readings,
        "workers": workers,
        "partitions": partitions,
        "cores_per_worker_with_one_away": round(STANDING_CORES + cores / carrying, 2),
        "memory_mb_per_worker_with_one_away": ceil(WORKER_MB + patients / carrying * figures["kb_per_patient"] / 1_000),
        "states_gb": round(patients * figures["snapshot_kb_per_patient"] * COPIES / 1e6, 2),
        "readings_log_gb": round(readings * READING_BYTES * 86_400 * DAYS * COPIES / 1e9, 1),
        "cpu_us_per_reading": figures["cpu_us_per_reading"],
        "kb_per_patient": figures["kb_per_patient"],
    }
