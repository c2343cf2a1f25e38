"""A status does not tell whether the vigil was restored on the way."""

import msgspec

from detectors.vigil import Vigil
from detectors.vigil.assessment import Assessment
from detectors.vigil.episode import Episode
from detectors.vigil.status import status_bytes
from streams.config.packaged_rules import packaged_rules


def opened_in_order(*subjects):
    """A vigil whose episodes were opened one after the other."""
    vigil = Vigil("p-1", packaged_rules(), mode="demo")
    for subject in subjects:
        fields = {field.name: field for field in msgspec.structs.fields(Episode)}
        known = {"alert_id": subject, "kind": "technical", "subject": subject, "state": "raised"}
        plain = {str: "", int: 0, bool: False, float: 0.0}
        given = {name: known.get(name, plain.get(field.type)) for name, field in fields.items() if field.required}
        vigil.register.open[subject] = Episode(**given)
    return vigil


def test_the_order_in_which_episodes_began_is_not_told():
    """Stored, they are sorted; a patient's status was otherwise another one after a crash."""
    told = []
    for subjects in (("spo2 stale", "deterioration"), ("deterioration", "spo2 stale")):
        vigil = opened_in_order(*subjects)
        told.append(status_bytes(vigil, Assessment(vigil.tracks, vigil.stay, 0), 0))

    assert told[0] == told[1]
