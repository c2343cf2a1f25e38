"""What people may do about an alert, how long that holds, and why it is refused where it is."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from detectors.calling import Calling
from detectors.vigil.episode import Episode
from detectors.vigil.lifecycle import HIGH, OVER, Answer, Facts, Lifecycle, Turn, acknowledge, snooze, undo, used_snooze
from detectors.vigil.receipts import Receipt, received
from schemas.action import RECEIPTS, Action, ActionReason, ActionType
from schemas.alert import AlertStatus, Delivery
from schemas.permissions import ROLES_OF, SENIOR
from schemas.reasons import Refusal
from schemas.times import MINUTE_MS, to_ms

SECOND_MS: Final = 1_000
REMEMBERED: Final = 128  # actions of people whose repeats are known
HEARD: Final = 512  # receipts: a step's recipients times their words; they push out nothing that people did
SHOWN_RESULTS: Final = 8
Refused = tuple[Refusal, str]

# Reasons that a confirmed red score belies.
DOUBTING: Final = frozenset({ActionReason.ARTEFACT.value, ActionReason.EQUIPMENT.value})


class Result(Struct, frozen=True, array_like=True):
    """What became of an action."""

    action_id: str
    action_type: str
    alert_id: str | None
    at: int
    refused: str | None
    field: str | None


class Acts(Struct, array_like=True):
    """The last actions on one patient, so that a repeat changes nothing and everyone can see what became of them."""

    seen: list[int] = []
    results: list[Result] = []
    heard: list[int] = []

    def knows(self, action_id: str) -> bool:
        """Whether this very action was taken, or refused, already."""
        name = _digest(action_id)
        return name in self.seen or name in self.heard

    def note(self, action: Action, at: int, refused: Refused | None) -> None:
        """Remembers an action and what became of it."""
        code, field = (None, None) if refused is None else (refused[0].value, refused[1])
        (self.heard if action.action_type in RECEIPTS else self.seen).append(_digest(action.action_id))
        if action.action_type not in RECEIPTS or refused is not None:  # they would push out what people wait to see
            self.results.append(Result(action.action_id, action.action_type.value, action.alert_id, at, code, field))
        del self.seen[:-REMEMBERED], self.heard[:-HEARD], self.results[:-SHOWN_RESULTS]


def _digest(action_id: str) -> int:
    return int.from_bytes(blake2b(action_id.encode(), digest_size=8).digest(), "big") >> 1


def forbidden(action: Action) -> Refused | None:
    """The refusal of an action that this role may never do."""
    return None if action.role in ROLES_OF[action.action_type] else (Refusal.NOT_ALLOWED, "role")


def answer(
    action: Action, episode: Episode, facts: Facts, calling: Calling, reds: Iterable[str], confirmed: Iterable[str]
) -> Turn | Refused:
    """Lets a person's word about one alert take effect, or says why it cannot.

    `reds`: the items that are red now, `confirmed` those of them that have lasted: what she could see.
    """
    lifecycle, action_type = episode.lifecycle, action.action_type
    if action_type in RECEIPTS:
        told = _received(lifecycle, action, Delivery(action_type.value), facts.at)
        return (Refusal.NO_SUCH_STEP, "step") if told is None else Turn(told)
    if action_type is ActionType.UNDO:
        assert lifecycle.answer is not None
        return Turn(*undo(lifecycle, facts)) if lifecycle.answer.who == action.who else (Refusal.NOT_ALLOWED, "who")
    if lifecycle.status is AlertStatus.CLOSING or (action_type is ActionType.SNOOZE and lifecycle.status in OVER):
        return Refusal.ALERT_OVER, "alert_id"
    if action.revision is not None and action.revision < episode.worse_at:
        return Refusal.ALERT_CHANGED, "revision"
    refused = (_review if action_type is ActionType.ACKNOWLEDGE else _more_quiet)(action, episode, facts, calling)
    if refused is not None:
        return refused
    given = _given(action, episode, facts, calling, tuple(sorted(reds)), tuple(sorted(confirmed)))
    if action_type is ActionType.SNOOZE:
        return snooze(lifecycle, given)
    owned = acknowledge(lifecycle, given, facts)
    accepted = None if action.recipient is None else _received(owned.lifecycle, action, Delivery.ACCEPTED, facts.at)
    return owned if accepted is None else owned._replace(lifecycle=accepted)


def _received(lifecycle: Lifecycle, action: Action, word: Delivery, at: int) -> Lifecycle | None:
    """The lifecycle with a word of what became of one of its steps; None where there is no such step.

    A call that began anew has steps of the same names: a receipt that says when its step was taken counts for that one.
    """
    meant = None if action.called_at is None else to_ms(action.called_at)
    found = [step for step in lifecycle.steps if step.to == action.step and meant in (None, step.at)]
    if not found:
        return None
    if action.recipient is None:  # a board: of nobody in particular
        told = {step: step if step.delivered is not None else replace(step, delivered=at) for step in found}
    else:
        receipt, many = Receipt(action.recipient, word, at), action.recipients or 0
        told = {step: received(step, receipt, recipients=many, awaited=action.awaited) for step in found}
    return replace(lifecycle, steps=tuple(told.get(step, step) for step in lifecycle.steps))


def _review(action: Action, episode: Episode, facts: Facts, calling: Calling) -> Refused | None:
    """Twice someone may say that she is reviewing a high alert; then it takes the shift lead."""
    if action.reason is not ActionReason.REVIEWING or facts.priority != HIGH or action.role in SENIOR:
        return None
    over = episode.lifecycle.status in OVER or episode.lifecycle.reviews < calling.reviews_at_most
    return None if over else (Refusal.NOT_ALLOWED, "role")


def _more_quiet(action: Action, episode: Episode, facts: Facts, calling: Calling) -> Refused | None:
    if episode.lifecycle.status is AlertStatus.ACKNOWLEDGED:
        return Refusal.ALREADY_OWNED, "alert_id"
    assert action.minutes is not None
    asked = used_snooze(episode.lifecycle, facts.at) + action.minutes * MINUTE_MS
    return (Refusal.OVER_LIMIT, "minutes") if asked > calling.snooze.ms(facts.priority) else None


def _given(
    action: Action,
    episode: Episode,
    facts: Facts,
    calling: Calling,
    reds: tuple[str, ...],
    confirmed: tuple[str, ...],
) -> Answer:
    if action.action_type is ActionType.SNOOZE:
        holds = (action.minutes or 0) * MINUTE_MS
    else:
        assert action.reason is not None
        holds = max(calling.hold_ms(action.reason, facts.priority), facts.holds_at_least)
    return Answer(
        action.action_id,
        action.who,
        action.role.value,
        None if action.reason is None else action.reason.value,
        action.text,
        facts.at,
        facts.at + holds,
        facts.at + int(calling.undo_seconds * SECOND_MS),
        reds,
        confirmed,
        facts.plan and action.reason is ActionReason.CARE_PLAN,
    )
