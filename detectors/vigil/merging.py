"""Two records of one patient become one: the old id's watch ends, and what stood open goes on under the new id.

What was learnt of the old one is not moved. An answer there does not silence anything here.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from detectors.vigil.telling import Said
from detectors.vigil.track import Track
from detectors.vigil.window import SPOT, VITALS, Decided
from schemas.alert_reason import Reason
from schemas.patient import Event, PatientRecord
from schemas.times import HOUR_MS, to_ms, to_text
from schemas.vitals import Vital

if TYPE_CHECKING:
    from detectors.vigil.vigil import Vigil

MERGED_DEVICE = -2  # no device of the new id's
HANDED_ON = "handed on"  # no topic: the log signs it, and puts it where the other id's log is
TOLD_FOR_MS = HOUR_MS
TOLD_AT_MOST = 3


def hand_on(vigil: "Vigil", record: PatientRecord, at: int) -> list[Said]:
    """Ends the old id's watch, and says what the new id's is to know; once, however often it is told."""
    assert record.merged_into is not None
    if vigil.stay.merged_into is not None:
        return []
    stay = vigil.stay
    if not vigil.tracks and not vigil.register.alive and not stay.assigned and not stay.merged_from:
        # an id that never was, such as a pseudonym of a key that is no longer in use: nothing goes on
        vigil.stay = replace(stay, merged_into=record.merged_into, discharged_at=at, confirmed=True)
        return []
    opened = [episode for episode in vigil.register.alive if episode.subject in vigil.register.open]
    values = [
        {"vital": name, "value": track.known.value, "at": to_text(track.known.at)}
        for name, track in vigil.tracks.items()
        if track.known is not None and not track.stale
    ]
    carried = PatientRecord.model_validate(
        {
            "event": Event.MERGED.value,
            "patient_id": record.merged_into,
            "merged_from": vigil.patient,
            "mode": vigil.mode,
            "carried": values,
            "open_alerts": [episode.headline[:200] for episode in opened][:TOLD_AT_MOST],
        }
    )
    out: list[Said] = []
    vigil.end_all(at, Reason.DISCHARGED, out)
    vigil.stay = replace(vigil.stay, merged_into=record.merged_into, discharged_at=at, confirmed=True)
    vigil.review(at, out)
    out.append(Said(HANDED_ON, carried.model_dump_json(exclude_unset=True).encode(), at))
    return out


def take_over(vigil: "Vigil", record: PatientRecord, at: int) -> list[Said]:
    """Goes on with what the old id's watch handed on: its last values count as a person's, and its alerts are told."""
    source = record.merged_from or ""
    if source in vigil.stay.merged_from:
        return []
    vigil.stay = replace(vigil.stay, merged_from=(*vigil.stay.merged_from, source))
    vigil.signals.merged = list(record.open_alerts or ())
    vigil.signals.merged_until = at + TOLD_FOR_MS
    fresh: dict[str, Decided] = {}
    for one in record.carried or ():
        decided = Decided(one.value, to_ms(one.at), SPOT, False, 1, False, MERGED_DEVICE, -1)
        fresh[Vital(one.vital).value] = decided
    out: list[Said] = []
    known = vigil.tracks | {name: Track(name, vigil.rules) for name in fresh if name not in vigil.tracks}
    vigil.tracks = {name: known[name] for name in VITALS if name in known}
    vigil.review(at, out, {name: one for name, one in fresh.items() if vigil.tracks[name].see(name, one)})
    return out
