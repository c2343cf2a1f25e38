"""Writing and reading control records: what workers put into the one log, signed."""

from typing import Final

import msgspec

from schemas.control_record import (
    KIND_HEADER,
    SIGNATURE_HEADER,
    ControlRecord,
    ControlRecordKeys,
    ControlRecordKind,
    Tick,
    decode_control_record,
    decode_tick,
    encode_control_record,
    signed_bytes,
)
from schemas.reasons import Refusal
from schemas.rejection import Header
from streams.log.record import Record

TICK: Final = ControlRecordKind.TICK.value.encode()
Sendable = tuple[bytes | None, bytes, tuple[Header, ...]]


def forward(
    kind: ControlRecordKind | str,
    source_topic: str,
    source_partition: int,
    source_offset: int,
    patient_id: str,
    body: bytes,
    keys: ControlRecordKeys,
    log_topic: str,
    log_partition: int,
    source_topic_id: str = "",
    approved_by: str = "",
) -> Sendable:
    """Key, value and headers of a signed control record for one partition of the log. Raises ValueError without a
    key.
    """
    kind = ControlRecordKind(kind)
    place = source_topic, source_partition, source_offset
    value = encode_control_record(ControlRecord(*place, patient_id, body, source_topic_id, approved_by))
    signature = keys.sign(signed_bytes(kind, log_topic, log_partition, value))
    return patient_id.encode() or None, value, ((KIND_HEADER, kind.value.encode()), (SIGNATURE_HEADER, signature))


def verify(
    kind: ControlRecordKind, record: Record, keys: ControlRecordKeys, log_topic: str, log_partition: int
) -> tuple[Refusal, ControlRecord | None]:
    """The control record in a record of that partition of the log, or None and why it is not one of ours."""
    value = record[3] or b""
    signature = next((content for header, content in record[4] if header == SIGNATURE_HEADER), b"")
    if not keys.holds(signed_bytes(kind, log_topic, log_partition, value), signature):
        return Refusal.BAD_SIGNATURE, None
    try:
        return Refusal.BAD_RECORD, decode_control_record(value)
    except msgspec.MsgspecError:
        return Refusal.BAD_RECORD, None


def tick() -> Sendable:
    """A bare tick: it carries nothing, moves only the log's time, and needs no signature."""
    return None, b"{}", ((KIND_HEADER, TICK),)


def signed_tick(clocks: Tick, keys: ControlRecordKeys, log_topic: str, log_partition: int) -> Sendable:
    """A tick that says what its owner's clocks show. Raises ValueError without a key."""
    value = encode_control_record(clocks)
    signature = keys.sign(signed_bytes(ControlRecordKind.TICK, log_topic, log_partition, value))
    return None, value, ((KIND_HEADER, TICK), (SIGNATURE_HEADER, signature))


def tick_in(record: Record, keys: ControlRecordKeys, log_topic: str, log_partition: int) -> Tick | None:
    """The clocks in a rightly signed tick of that partition of the log; None in anything else."""
    kind = signature = None
    for name, content in record[4]:
        if name == KIND_HEADER:
            kind = kind or content
        elif name == SIGNATURE_HEADER:
            signature = signature or content
    if kind != TICK or not signature:
        return None
    value = record[3] or b""
    if not keys.holds(signed_bytes(ControlRecordKind.TICK, log_topic, log_partition, value), signature):
        return None
    return decode_tick(value)
