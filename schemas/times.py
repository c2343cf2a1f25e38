"""Moments: whole milliseconds since 1970 inside, RFC 3339 in UTC with milliseconds outside."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
NEVER: Final = 1 << 62  # a moment that does not come


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware moment; what is finer is cut off.

    >>> to_ms(datetime(1970, 1, 1, 0, 0, 1, 999, tzinfo=UTC))
    1000
    """
    since = moment - EPOCH
    # a third of what `// timedelta(milliseconds=1)` takes
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000


@lru_cache(maxsize=4096)
def to_text(ms: int) -> str:
    """RFC 3339 in UTC with milliseconds.

    >>> to_text(1_800_000_000_123)
    '2027-01-15T08:00:00.123Z'
    """
    minute, rest = divmod(ms, 60_000)
    return f"{_minute(minute)}{rest // 1_000:02d}.{rest % 1_000:03d}Z"


@lru_cache(maxsize=4096)
def _minute(minute: int) -> str:
    # moments of one minute differ only in what is quick to write: a third of the time
    return (EPOCH + timedelta(minutes=minute)).isoformat()[:17]


def to_text_or_none(ms: int | None) -> str | None:
    """As `to_text`; nothing stays nothing."""
    return None if ms is None else to_text(ms)
