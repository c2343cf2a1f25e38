"""Moments: whole milliseconds since 1970 inside, RFC 3339 in UTC with milliseconds outside."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware moment; what is finer is cut off.

    >>> to_ms(datetime(1970, 1, 1, 0, 0, 1, 999, tzinfo=UTC))
    1000
    """
    return (moment - EPOCH) // _MILLISECOND


@lru_cache(maxsize=4096)
def to_text(ms: int) -> str:
    """RFC 3339 in UTC with milliseconds.

    >>> to_text(1_800_000_000_123)
    '2027-01-15T08:00:00.123Z'
    """
    return (EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")[:23] + "Z"


def to_text_or_none(ms: int | None) -> str | None:
    """As `to_text`; nothing stays nothing."""
    return None if ms is None else to_text(ms)
