"""Times as the formats write them, with what they do not say left unsaid: no invented midnight, no invented zone."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from schemas.base import END_OF_TIME, FIRST_MOMENT
from streams.formats.findings import Sign

_HL7: Final = re.compile(
    r"(?P<y>\d{4})(?:(?P<mo>\d\d)(?:(?P<d>\d\d)(?:(?P<h>\d\d)(?:(?P<mi>\d\d)(?:(?P<s>\d\d)(?P<f>\.\d+)?)?)?)?)?)?"
    r"(?P<z>[+-]\d{4})?",
    re.ASCII,
)
_ISO: Final = re.compile(
    r"(?P<y>\d{4})(?:-(?P<mo>\d\d)(?:-(?P<d>\d\d)(?:[T ](?P<h>\d\d):(?P<mi>\d\d)(?::(?P<s>\d\d)(?P<f>[.,]\d+)?)?"
    r" ?(?P<z>Z|z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII,
)
LONGEST_PERIOD: Final = timedelta(hours=1)
MAX_OFFSET: Final = timedelta(hours=14)


class TimeError(ValueError):
    """A time that cannot be an instant, and why."""

    def __init__(self, sign: Sign, text: str) -> None:
        super().__init__(f"{sign}: {text}")
        self.sign = sign


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time as written: `local` as far as it goes, its offset from UTC if it was said, `text` for people.

    `precise`: said to the minute at least.
    """

    text: str
    local: datetime
    offset: timedelta | None
    precise: bool
    utc_letter: bool = False


def read_hl7(text: str) -> Stamp:
    """An HL7 v2 time stamp. Raises TimeError.

    >>> read_hl7("20090813095715+0500").text
    '2009-08-13T09:57:15+05:00'
    >>> read_hl7("20200508").text, read_hl7("20200508").precise
    ('2020-05-08', False)
    """
    found = _HL7.fullmatch(text.strip())
    if found is None:
        raise TimeError(Sign.TIME_INVALID, text[:40])
    return _stamp(found, text)


def read_iso(text: str) -> Stamp:
    """A time of ISO 8601's extended form, as FHIR and the wearables write it. Raises TimeError.

    >>> read_iso("2019-02-01T20:46:01.8750000Z").text
    '2019-02-01T20:46:01.875Z'
    >>> read_iso("2018-09-10 02:28:55 -0700").text
    '2018-09-10T02:28:55-07:00'
    """
    found = _ISO.fullmatch(text.strip())
    if found is None:
        raise TimeError(Sign.TIME_INVALID, text[:40])
    return _stamp(found, text)


def read_epoch(seconds: float) -> Stamp:
    """Seconds since 1970 in UTC. Raises TimeError."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise TimeError(Sign.TIME_INVALID, "seconds since 1970") from error
    text = moment.isoformat().removesuffix("+00:00") + "Z"
    return Stamp(text, moment.replace(tzinfo=None), timedelta(0), True, True)


def start_of(start: Stamp, end: Stamp | None) -> Stamp:
    """The beginning of a period, for a value measured in it: never fresher than it can be.

    A period of more than an hour is no time of measuring.

    >>> start_of(read_iso("2026-01-01T10:00:00Z"), read_iso("2026-01-08T10:00:00Z")).precise
    False
    """
    if end is None:
        return start
    long = (end.local - (end.offset or timedelta(0))) - (start.local - (start.offset or timedelta(0)))
    return start if abs(long) <= LONGEST_PERIOD else replace(start, precise=False)


def later(stamp: Stamp, by: timedelta) -> Stamp:
    """The stamp so much later. Raises TimeError.

    >>> later(read_iso("2026-01-01T10:00:00Z"), timedelta(minutes=-1)).text
    '2026-01-01T09:59:00Z'
    """
    if not stamp.precise:
        return stamp
    try:
        local = stamp.local + by
    except OverflowError as error:
        raise TimeError(Sign.TIME_INVALID, stamp.text) from error
    return replace(stamp, local=local, text=_write(local, stamp.offset, stamp.utc_letter, {"mi": "00"}))


def _stamp(found: re.Match[str], text: str) -> Stamp:
    said = found.groupdict()
    fraction = (said["f"] or ".0")[1:]
    micro = int(fraction[:6].ljust(6, "0"))
    try:
        local = datetime(
            int(said["y"]), int(said["mo"] or 1), int(said["d"] or 1),
            int(said["h"] or 0), int(said["mi"] or 0), int(said["s"] or 0), micro,
        )  # fmt: skip
    except ValueError as error:  # the 30th of February, 24:00, a leap second
        raise TimeError(Sign.TIME_INVALID, text[:40]) from error
    offset = _offset(said["z"], text)
    letter = said["z"] in ("Z", "z")
    precise = said["mi"] is not None
    return Stamp(_write(local, offset, letter, said), local, offset, precise, letter)


def _offset(zone: str | None, text: str) -> timedelta | None:
    if zone is None:
        return None
    if zone in "Zz":
        return timedelta(0)
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    offset = timedelta(minutes=-minutes if zone[0] == "-" else minutes)
    if abs(offset) > MAX_OFFSET or int(zone[-2:]) > 59:
        raise TimeError(Sign.TIME_INVALID, text[:40])
    return offset


def _write(local: datetime, offset: timedelta | None, letter: bool, said: dict[str, str | None]) -> str:
    if said["mi"] is None:  # as far as it was said, and no further
        day = "-".join(part for part in (said["y"], said["mo"], said["d"]) if part)
        return day if said["h"] is None else f"{day}T{said['h']}"
    text = local.isoformat()
    if "." in text:
        text = text.rstrip("0")
    return text if offset is None else text + _zone_text(offset, letter)


def _zone_text(offset: timedelta, letter: bool) -> str:
    if letter:
        return "Z"
    minutes = int(offset.total_seconds()) // 60
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def instant(stamp: Stamp, zone: ZoneInfo | None, near: datetime | None = None) -> tuple[datetime, str]:
    """The moment of a stamp, and its text in RFC 3339. Raises TimeError where it is none.

    `zone` is the site's, for stamps without an offset. `near`, the time of arrival, decides between the two moments of
    an hour that comes twice.

    >>> instant(read_hl7("20200508130645"), ZoneInfo("Europe/Berlin"))[1]
    '2020-05-08T13:06:45+02:00'
    """
    if not stamp.precise:
        raise TimeError(Sign.TIME_IMPRECISE, stamp.text)
    offset, text = stamp.offset, stamp.text
    if offset is None:
        if zone is None:
            raise TimeError(Sign.NO_TIME_ZONE, stamp.text)
        offset = _offset_at(stamp, zone, near)
        text += _zone_text(offset, False)
    moment = stamp.local.replace(tzinfo=timezone(offset))
    try:
        if not FIRST_MOMENT <= moment < END_OF_TIME:
            raise TimeError(Sign.TIME_INVALID, stamp.text)
    except OverflowError as error:
        raise TimeError(Sign.TIME_INVALID, stamp.text) from error
    return moment, text


def _offset_at(stamp: Stamp, zone: ZoneInfo, near: datetime | None) -> timedelta:
    both = [stamp.local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    first, second = (moment.utcoffset() or timedelta(0) for moment in both)
    if first == second:
        return first
    if first < second or near is None:  # the hour that is skipped, or one that comes twice
        raise TimeError(Sign.TIME_AMBIGUOUS, stamp.text)
    return min((first, second), key=lambda offset: abs(stamp.local.replace(tzinfo=timezone(offset)) - near))
