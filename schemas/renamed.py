"""Messages of before some fields were renamed, in the names of today: topics and recorded logs outlive a version."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

RENAMED: Final[Mapping[str, str]] = {
    "deed": "action_type",
    "standing": "status",
    "life": "lifecycle",
    "unseen": "unacknowledged",
    "held_by": "suppressed_by",
    "called_at": "notified_at",
}
"""Fields of alerts, statuses and actions: before, and today."""

_MARKS: Final = (b'"life":', b'"deed":')  # one of them stands in every message that has an old name at all

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def in_todays_names(value: bytes) -> bytes:
    """An alert or a status with today's field names; the very same bytes where nothing is to be renamed.

    Raises msgspec.DecodeError where an old message is no JSON.

    >>> in_todays_names(b'{"held_by":null,"life":{"standing":"shown"}}')
    b'{"suppressed_by":null,"lifecycle":{"status":"shown"}}'
    >>> in_todays_names(b'{"text":"the life of an alert"}')
    b'{"text":"the life of an alert"}'
    """
    if not any(mark in value for mark in _MARKS):
        return value
    return _encode(_renamed(_decode(value)))


def _renamed(part: Any) -> Any:
    if isinstance(part, dict):
        return {RENAMED.get(name, name): _renamed(inner) for name, inner in part.items()}
    if isinstance(part, list):
        return [_renamed(inner) for inner in part]
    return part
