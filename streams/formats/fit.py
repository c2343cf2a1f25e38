"""FIT files of wearables to readings: heart rate, SpO2, respiration and blood pressure with their times.

A monitoring message carries 16 bits of time, to be carried on from the last full one. Respiration below nought is a
code (off the wrist, motion, invalid), no rate. The file names no patient: the device's serial number stands for whoever
wears it, unless the site names the person.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schemas.vitals import Source, Vital
from streams.formats.findings import Converted, Sign
from streams.formats.fit_text import TIMESTAMP, FitError, FitMessage, messages
from streams.formats.identity import Identity
from streams.formats.mapping import Mappings
from streams.formats.memory import Memory
from streams.formats.moments import Stamp, TimeError, read_epoch
from streams.formats.statements import Site, Statement, assemble

NAME: Final = "fit"
EPOCH_S: Final = 631_065_600  # 1989-12-31T00:00:00Z
ABSOLUTE_FROM: Final = 0x10000000  # below it a device counts from when it was switched on
AT_ONCE: Final = 5_000
FILE_ID, RECORD, BLOOD_PRESSURE, MONITORING, SPO2_DATA, RESPIRATION = 0, 20, 51, 55, 269, 297
SERIAL_NUMBER, TIMESTAMP_16 = 3, 26
# message, field: vital, unit, factor
FIELDS: Final = {
    (RECORD, 3): (Vital.HEART_RATE, "/min", 1.0),
    (MONITORING, 27): (Vital.HEART_RATE, "/min", 1.0),
    (SPO2_DATA, 0): (Vital.SPO2, "%", 1.0),
    (RESPIRATION, 0): (Vital.RESP_RATE, "/min", 0.01),
    (BLOOD_PRESSURE, 0): (Vital.SYSTOLIC_BP, "mm[Hg]", 1.0),
    (BLOOD_PRESSURE, 1): (Vital.DIASTOLIC_BP, "mm[Hg]", 1.0),
    (BLOOD_PRESSURE, 2): (Vital.MEAN_BP, "mm[Hg]", 1.0),
    (BLOOD_PRESSURE, 6): (Vital.PULSE_RATE, "/min", 1.0),
}
# Beats of a chest strap that come after the swim, by 12 bits of its own clock: told, not taken.
HR: Final = 132
_WATCHED: Final = frozenset(number for number, _ in FIELDS)


@dataclass(slots=True)
class _Clock:
    """The newest full time of a file, from which 16 bits are carried on."""

    at: int = 0

    def of(self, message: FitMessage) -> int | None:
        """Seconds of FIT at this message; None while no full time was seen."""
        full, short = message.fields.get(TIMESTAMP), message.fields.get(TIMESTAMP_16)
        if full is not None:
            self.at = int(full)
        elif short is not None and self.at:
            self.at += (int(short) - self.at) & 0xFFFF
        return self.at or None


def convert(data: bytes, site: Site, memory: Memory, _: Mappings, __: Identity, first: int = 1) -> Iterator[Converted]:
    """The file, converted: one message, or several if it is long. Raises nothing on any input."""
    into, clock, device = Converted(first, NAME), _Clock(), None
    statements: list[Statement] = []
    patient = site.patient or None
    try:
        for number, message in enumerate(messages(data), 1):
            when = clock.of(message)
            if message.number == FILE_ID and SERIAL_NUMBER in message.fields:
                device = str(int(message.fields[SERIAL_NUMBER]))
            if message.number not in _WATCHED:
                if message.number == HR:
                    into.say(Sign.NOT_WATCHED, "hr", "beats by a strap's own clock")
                continue
            statements += _statements(message, when, f"message[{number}]", patient, device, into)
            if len(statements) >= AT_ONCE:
                assemble(statements, into, site, memory, (NAME, device or "", str(into.number)))
                yield into
                statements, into = [], Converted(into.number + 1, NAME)
    except FitError as error:
        into.say(Sign.MALFORMED, "file", str(error))
    assemble(statements, into, site, memory, (NAME, device or "", str(into.number)))
    yield into


def _statements(
    message: FitMessage, when: int | None, place: str, patient: str | None, device: str | None, into: Converted
) -> Iterator[Statement]:
    stamp = _stamp(when, place, into)
    for number, raw in message.fields.items():
        known = FIELDS.get((message.number, number))
        if known is None:
            continue
        vital, unit, factor = known
        value = round(raw * factor, 2)
        if vital is Vital.RESP_RATE and value < 0:
            into.say(Sign.DATA_ABSENT, place, {-1.0: "off the wrist", -2.0: "motion"}.get(value, "invalid"))
            continue
        yield Statement(
            vital, value, unit, place, stamp, patient, device, source=Source.WEARABLE,
            rule=f"fit {message.number}.{number}",
        )  # fmt: skip


def _stamp(when: int | None, place: str, into: Converted) -> Stamp | None:
    if when is None or when < ABSOLUTE_FROM:
        return None
    try:
        return read_epoch(when + EPOCH_S)
    except TimeError as error:
        into.say(error.sign, place)
        return None
