"""HL7 v2 admissions to patient records: who came, moved, left, and what of it was taken back.

The time of an event is when it happened (EVN-6), else that of the stay (PV1-44, PV1-45), else when it was recorded
(EVN-2). A date of birth without a day is left out, never completed.
"""

from typing import Any, Final

from schemas.reading import Mode
from streams.formats.findings import Converted, Sign
from streams.formats.hl7v2_text import Message, Segment
from streams.formats.identity import Identity
from streams.formats.moments import TimeError, instant, read_hl7
from streams.formats.statements import Site

# A cancelled transfer's PV1-3 is where the patient lies again; a cancelled admission ends what never began.
EVENTS: Final = {
    "A01": "admit", "A02": "transfer", "A03": "discharge", "A08": "update", "A11": "discharge", "A12": "transfer",
    "A13": "cancel_discharge", "A40": "merge",
}  # fmt: skip
_STAY_TIME: Final = {"A01": 44, "A03": 45}
_SEXES: Final = {"F": "female", "M": "male", "O": "other", "A": "other", "N": "other", "U": "unknown"}


def convert(message: Message, into: Converted, site: Site, identity: Identity) -> None:
    """The patient record of an ADT message, into `into`; an event that says nothing of a stay is left."""
    header, pid = message.header, message.one("PID")
    evn = message.one("EVN")
    trigger = header.text(9, 2).upper() or (evn.text(1).upper() if evn else "")
    if not trigger:
        into.say(Sign.NO_EVENT, "MSH[1].9")
        return
    event = EVENTS.get(trigger)
    if event is None:
        into.say(Sign.NOT_A_RESULT, "MSH[1].9", trigger[:8])
        return
    patient = identity.of_hl7(pid) if pid else None
    if patient is None:
        into.say(Sign.NO_PATIENT, "PID[1].3")
        return
    record: dict[str, Any] = {"event": event, "patient_id": patient}
    if trigger == "A40":
        gone = message.one("MRG")
        before = identity.of_merged(gone) if gone else None
        if before is None or before == patient:
            into.say(Sign.NO_PATIENT, "MRG[1].1")
            return
        record = {"event": event, "patient_id": before, "merged_into": patient}
    visit = message.one("PV1")
    if at := _at(trigger, evn, visit, header, into, site):
        record["at"] = at
    if header.text(11).upper()[:1] not in ("", "P"):
        record["mode"] = Mode.TEST.value
        into.say(Sign.SIMULATED, "MSH[1].11")
    if trigger != "A40":
        record |= _place(visit) | _person(pid)
    into.patients.append(record)
    if trigger in ("A03", "A11"):
        identity.lies(patient, None)
    elif trigger == "A40":
        identity.lies(record["patient_id"], None)
    elif visit is not None and visit.raw(3):
        identity.lies(patient, visit.first(3))


def _at(
    trigger: str, evn: Segment | None, visit: Segment | None, header: Segment, into: Converted, site: Site
) -> str | None:
    places = [(evn, 6), (visit, _STAY_TIME.get(trigger, 0)), (evn, 2)]
    zone = header.text(7)[-5:] if header.text(7)[-5:-4] in ("+", "-") else ""
    for segment, number in places:
        said = segment.text(number) if segment and number else ""
        if not said:
            continue
        try:
            stamp = read_hl7(said)
            return instant(read_hl7(said + zone) if zone and stamp.offset is None else stamp, site.zone, site.arrived)[
                1
            ]
        except TimeError as error:
            into.say(error.sign, segment.place(number) if segment else "EVN")
            return None
    into.say(Sign.NO_TIME, "EVN[1].2")
    return None


def _place(visit: Segment | None) -> dict[str, str]:
    if visit is None:
        return {}
    room, bed = visit.text(3, 2), visit.text(3, 3)
    said = {"encounter": visit.text(19), "ward": visit.text(3), "bed": "-".join(part for part in (room, bed) if part)}
    return {name: value[:200] for name, value in said.items() if value}


def _person(pid: Segment | None) -> dict[str, str]:
    said: dict[str, str] = {}
    if pid is None:
        return said
    try:
        born = read_hl7(pid.text(7)[:8]) if len(pid.text(7)) >= 8 else None
    except TimeError:
        born = None
    if born is not None:
        said["date_of_birth"] = born.local.date().isoformat()
    if sex := _SEXES.get(pid.text(8).upper()):
        said["sex"] = sex
    return said
