"""Our own readings as JSON, one a line: looked at as the intake will, with the verdict that others' messages get.

A door that knows the patient or the device from elsewhere (a topic, a login, who wears which device) fills them in
where a reading lacks them.
Where patients are pseudonyms, those that readings name become the same ones as those of topics and logins.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from schemas.base import read_moment
from schemas.decode import Decoded, Refused, decode
from schemas.judge import judge
from schemas.reading import Mode
from schemas.reasons import Refusal, Unreadable
from streams.formats.findings import Converted, Sign
from streams.formats.identity import Identity
from streams.formats.jsons import documents
from streams.formats.mapping import Mappings
from streams.formats.memory import Memory
from streams.formats.plain import mapping_of
from streams.formats.statements import Site

NAME: Final = "native"


def recognised(document: Any) -> bool:
    """Whether a JSON document is meant as a reading of ours.

    >>> recognised({"vitals": {"spo2": {"value": 97, "unit": "%"}}}), recognised({"vitals": 3})
    (True, False)
    """
    return isinstance(mapping_of(document).get("vitals"), dict)


def convert(
    data: bytes, site: Site, memory: Memory, _: Mappings, names: Identity, first: int = 1
) -> Iterator[Converted]:
    """Every reading in some bytes, looked at, in order. Raises nothing on any input."""
    for number, (document, problem) in enumerate(documents(data), first):
        into = Converted(number, NAME)
        if problem or not isinstance(document, dict):
            into.say(Sign.MALFORMED, "record", problem or "not an object")
        else:
            _look(document, into, site, names)
        yield into


def _look(document: dict[str, Any], into: Converted, site: Site, names: Identity) -> None:
    said = dict(document)
    if site.patient and not said.get("patient_id"):
        said["patient_id"] = site.patient
    if site.device and not said.get("device_id"):
        said["device_id"] = site.device
    if not said.get("patient_id") and (wearer := _wearer(said, site)):
        said["patient_id"] = wearer
    try:
        decoded = decode(msgspec.json.encode(said))
    except Unreadable as refusal:
        for one in (refusal, *refusal.more):
            into.say(one.code, one.field or "record", one.detail[:80])
        return
    said["patient_id"] = names.known_as(said["patient_id"])  # looked at as it was sent
    refused: list[Refused] = list(decoded.refused) if isinstance(decoded, Decoded) else []
    reading = decoded.reading if isinstance(decoded, Decoded) else decoded
    judged = {name: judge(name, measure) for name, measure in reading.vitals.items()}
    # "not available", "invalid": no value, and just what the watch has to know
    refused += [one for one in judged.values() if isinstance(one, Refused) and one.code is not Refusal.NOT_USABLE]
    for not_taken in refused:
        into.say(not_taken.code, not_taken.field)
    bad = {one.vital for one in refused}
    said["vitals"] = {name: measure for name, measure in mapping_of(said.get("vitals")).items() if name not in bad}
    if reading.mode is not Mode.REAL:
        into.say(Sign.SIMULATED, "mode")
    if said["vitals"] or reading.corrects is not None:
        into.readings.append(said)


def _wearer(said: dict[str, Any], site: Site) -> str | None:
    """Who wore the reading's device when it was taken, by the site's associations; None where that is not known."""
    device, taken_at = said.get("device_id"), said.get("taken_at")
    if site.assigned is None or not isinstance(device, str) or not isinstance(taken_at, str):
        return None
    try:
        return site.assigned(device, read_moment(taken_at))
    except ValueError:
        return None  # what is wrong with the time is told with the rest
