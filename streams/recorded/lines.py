"""A recorded log as a file: one JSON object a line, exact to the byte, readable by people.

The first line says whose log it is; then, partition by partition, the states at its start where there are any, and the
records in the order of their offsets, each with its moment of arrival and its kind. A value that is text stands as
text, anything else in base64. The file holds patients' data.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from schemas.control_record import KIND_HEADER, SIGNATURE_HEADER, ControlRecordKeys, ControlRecordKind, signed_bytes
from schemas.rejection import Header
from schemas.times import EPOCH, to_ms, to_text
from streams.log import Checkpoint, Record
from streams.log.beyond import NOTHING, Ahead
from streams.log.record import ClockState

VERSION: Final = 1
READING: Final = "reading"
OTHER: Final = "other"


class NotARecordedLog(ValueError):
    """A file that is no recorded log, or one of a newer version."""

    exit_code = 2


class Head(Struct, frozen=True, kw_only=True):
    """Whose log it is. `partitions` is how many the log has, `whole` whether it was recorded from its beginning."""

    recorded_log: int = VERSION
    topic: str
    clock: str
    mode: str
    partitions: int
    topic_id: str
    cluster_id: str
    since: str | None = None
    until: str | None = None
    whole: bool = True


class Begin(Struct, frozen=True, kw_only=True, tag_field="line", tag="begin"):
    """A partition's recording begins here, with this checkpoint where it does not begin with nothing.

    `rules` null: the log named none. A file that leaves the field out was made by hand, and says nothing of rules.
    """

    partition: int
    next_offset: int = 0
    time: int = 0
    first_time: int | None = None
    sources: dict[str, int] = {}
    rules: bytes | UnsetType | None = UNSET
    clock: ClockState | None = None
    ahead: Ahead = NOTHING

    @property
    def checkpoint(self) -> Checkpoint:
        """What the log goes on from."""
        rules = None if isinstance(self.rules, UnsetType) else self.rules
        where = self.next_offset, self.time, self.first_time, dict(self.sources), rules
        return Checkpoint(*where, self.clock, ahead=self.ahead)


class StateLine(Struct, frozen=True, kw_only=True, tag_field="line", tag="state"):
    """One patient's state where the recording begins."""

    partition: int
    patient: str
    upto: int
    snapshot: bytes


class RecordLine(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="line", tag="record"):
    """One record. `verified`: a control record's signature held when it was recorded; None: nobody could say."""

    partition: int
    offset: int
    at: str
    kind: str
    key: str | None = None
    key_base64: bytes | None = None
    value: str | None = None
    value_base64: bytes | None = None
    headers: list[tuple[str, bytes | None]] = []
    verified: bool | None = None


Line = Begin | StateLine | RecordLine
_encode = msgspec.json.Encoder().encode
_head = msgspec.json.Decoder(Head).decode
_line = msgspec.json.Decoder(Line).decode


def kind_of(headers: Sequence[Header]) -> str:
    """What a record is: a reading, or the kind of control record that its header names."""
    name = next((value for header, value in headers if header == KIND_HEADER), None)
    if name is None:
        return READING
    return next((kind.value for kind in ControlRecordKind if kind.value.encode() == name), OTHER)


def is_signed(kind: str, signature: bytes | None) -> bool:
    """Whether it matters who signed: a bare tick moves only time."""
    return kind not in (READING, OTHER) and (kind != ControlRecordKind.TICK.value or signature is not None)


def line_of(partition: int, record: Record, topic: str, keys: ControlRecordKeys) -> RecordLine:
    """A record as a line."""
    offset, at, key, value, headers = record
    kind = kind_of(headers)
    verified = None
    signature = next((given for name, given in headers if name == SIGNATURE_HEADER), None)
    if keys and is_signed(kind, signature):
        verified = keys.holds(signed_bytes(ControlRecordKind(kind), topic, partition, value or b""), signature)
    words: dict[str, Any] = {**_bytes("key", key), **_bytes("value", value)}
    return RecordLine(
        partition=partition, offset=offset, at=to_text(at), kind=kind, headers=list(headers), verified=verified, **words
    )


def record_of(line: RecordLine) -> Record:
    """The record, byte for byte."""
    at = to_ms(msgspec.convert(line.at, type(EPOCH)))
    key = line.key.encode() if line.key is not None else line.key_base64
    value = line.value.encode() if line.value is not None else line.value_base64
    return line.offset, at, key, value, tuple((name, given) for name, given in line.headers)  # type: ignore[misc]


def _bytes(name: Literal["key", "value"], given: bytes | None) -> dict[str, Any]:
    if given is None:
        return {}
    try:
        return {name: given.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": given}


def written(line: Head | Line) -> bytes:
    """A line's bytes.

    >>> written(Begin(partition=3))[:32]
    b'{"line":"begin","partition":3,"n'
    """
    return _encode(line) + b"\n"


def is_recorded_log(first: bytes) -> bool:
    """Whether a file that begins with this line is a recorded log."""
    return first.startswith(b'{"recorded_log":')


def read_head(first: bytes) -> Head:
    """The first line. Raises NotARecordedLog."""
    try:
        head = _head(first)
    except msgspec.MsgspecError as broken:
        raise NotARecordedLog(f"the first line of a recorded log cannot be read: {broken}") from None
    if head.recorded_log > VERSION:
        raise NotARecordedLog(f"this log was recorded by a newer version ({head.recorded_log}); update vigilward")
    return head


def read_lines(lines: Iterator[bytes]) -> Iterator[Line]:
    """Everything after the first line. Raises NotARecordedLog naming the line."""
    for number, line in enumerate(lines, start=2):
        try:
            yield _line(line)
        except msgspec.MsgspecError as broken:
            raise NotARecordedLog(f"line {number} of the recorded log cannot be read: {broken}") from None
