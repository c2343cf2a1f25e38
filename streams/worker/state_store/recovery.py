"""From what is stored to what a partition goes on with; what cannot be used is worked out again from the log."""

import logging

from detectors.rules import Rules
from detectors.vigil import Vigil
from streams.config.settings import Settings
from streams.config.topics import Topic
from streams.log import Checkpoint
from streams.log.beyond import NOTHING, Ahead
from streams.worker.state_store.identity import Anew, Identity, anew_since
from streams.worker.state_store.rebuild import nothing_known, rebuild
from streams.worker.state_store.state_encoding import LIBRARIES, StateBody, Why
from streams.worker.state_store.stored import Lost, Stored
from streams.worker.store import Kept, Place

log = logging.getLogger(__name__)


def in_doubt(stored: Stored) -> bool:
    """Whether some of it may have to be worked out again."""
    others = (body.libraries != LIBRARIES for body in stored.states.values())
    return stored.checkpoint is None or bool(stored.lost) or any(others)


async def recover(
    settings: Settings, rules: Rules, partition: int, place: Place, stored: Stored, now: Identity, back: int
) -> Kept:
    """What the partition goes on with; what cannot be used is worked out again from `back` offsets of the log.

    Raises CannotTake where the states are another cluster's, KafkaError.
    """
    topic = settings.topic(Topic.READINGS)
    if stored.checkpoint is None:
        return await _without_checkpoint(settings, rules, partition, place, stored, back)
    checkpoint = stored.checkpoint.checkpoint
    lost = [*stored.lost, *_not_restorable(stored, rules)]
    if anew := anew_since(stored.checkpoint, now, topic, partition, place.end, stored.taken):
        return _on_another_log(stored, checkpoint, lost, anew)
    states = [(patient, body.upto, body.snapshot or b"") for patient, body in stored.states.items()]
    if lost:
        _say(partition, lost)
        empty = nothing_known(settings, partition, rules, checkpoint)
        rebuilt = await rebuild(settings, empty, checkpoint.next_offset, back)
        if not rebuilt.log.event_clock:
            rebuilt.log.advance(checkpoint.time, 1 << 62)
        states += rebuilt.states([one.patient for one in lost])
    unsaved = frozenset(one.patient for one in lost)
    return Kept(checkpoint, states, tuple(lost), unsaved, epoch=stored.checkpoint.leader_epoch)


def _on_another_log(stored: Stored, checkpoint: Checkpoint, lost: list[Lost], anew: Anew) -> Kept:
    """The same patients on a log that was made anew or cut back; what cannot be used cannot be worked out there."""
    states = [(patient, min(body.upto, anew.end), body.snapshot or b"") for patient, body in stored.states.items()]
    ahead = NOTHING
    if anew.next_offset == anew.end:
        checkpoint = checkpoint.brought_up
    else:  # what lies between the checkpoint and the cut is taken once more
        rules = {offset: body for offset, body in checkpoint.ahead.rules.items() if offset < anew.end}
        ahead = Ahead(rules, {patient: min(upto, anew.end) for patient, upto in checkpoint.ahead.over.items()})
    number = checkpoint.log_number + 1
    checkpoint = checkpoint._replace(next_offset=anew.next_offset, log_number=number, ahead=ahead)
    return Kept(checkpoint, states, tuple(lost), unsaved=frozenset(stored.states), since=anew.mark)


async def _without_checkpoint(
    settings: Settings, rules: Rules, partition: int, place: Place, stored: Stored, back: int
) -> Kept:
    if not place.committed and not stored.lost and not stored.states:
        return Kept()
    lost = stored.lost or [Lost("", stored.end, Why.DAMAGED)]
    _say(partition, lost)
    rebuilt = await rebuild(settings, nothing_known(settings, partition, rules), place.start, back)
    states = [rebuilt.log.state(patient) for patient in rebuilt.log.watches]
    told = () if rebuilt.whole and not stored.lost else (Lost("", stored.end, Why.DAMAGED),)
    return Kept(rebuilt.log.checkpoint, states, told, unsaved=frozenset(rebuilt.log.watches))


def _not_restorable(stored: Stored, rules: Rules) -> list[Lost]:
    """After a change of versions each state is tried before it is relied on; otherwise the checksum is enough."""
    lost: list[Lost] = []
    for patient, body in list(stored.states.items()):
        if body.libraries != LIBRARIES and not _restores(patient, body, rules):
            del stored.states[patient]
            lost.append(Lost(patient, stored.end + len(lost), Why.NEWER))  # one place each: repeats are left aside
    return lost


def _restores(patient: str, body: StateBody, rules: Rules) -> bool:
    try:
        return Vigil.restore(body.snapshot or b"", rules).patient == patient
    except BaseException as refusal:  # bytes that a Rust library does not know end in a panic, which is no Exception
        if isinstance(refusal, KeyboardInterrupt):
            raise
        return False


def _say(partition: int, lost: list[Lost]) -> None:
    why = ", ".join(sorted({one.why.replace("_", " ") for one in lost}))
    log.error("partition %d: %d stored states cannot be used (%s)", partition, len(lost), why)
