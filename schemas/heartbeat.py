"""A heartbeat: what the owner of one partition says of itself each second, so that silence has a meaning.

It is written by the worker that takes the partition, and read by the board, `doctor` and whoever watches the watch.
It names no patient and changes no alert.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct


class Heartbeat(Struct, frozen=True):
    """One partition of the log, as its owner sees it.

    Times in milliseconds since 1970, spans in seconds. `generation` counts the times that partitions were dealt in the
    consumer group. `log_end` is None until a fetch was answered. `lag_s`: how long the oldest record that was not taken
    has been in the log. `stream_time`: how far the stream time has come, 0 before its first record. `unsent_s`:
    how long the oldest outgoing record of this partition has been waiting for its acknowledgement. `reasons`: why the
    owner is not ready, from its closed list. `mode`: of the patients that it watches. `rules`: the
    SHA-256 of the rules in force.

    >>> beat = Heartbeat(3, "w-1", 7, 120, 121, 0.0, 1_764_000_000_000, 1_764_000_000_400, 0.0)
    >>> decode_heartbeat(encode_heartbeat(beat)) == beat
    True
    """

    partition: int
    owner: str
    generation: int
    next_offset: int
    log_end: int | None
    lag_s: float
    stream_time: int
    wall_time: int
    unsent_s: float
    reasons: tuple[str, ...] = ()
    mode: str = "real"
    rules: str = ""


_decode = msgspec.json.Decoder(Heartbeat).decode
encode_heartbeat = msgspec.json.Encoder().encode


def decode_heartbeat(value: bytes) -> Heartbeat:
    """Reads what `encode_heartbeat` wrote. Raises msgspec.DecodeError, whatever else the value holds."""
    try:
        return _decode(value)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None
