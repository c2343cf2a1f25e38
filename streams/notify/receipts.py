"""What a person's device says of a call becomes actions, which go back through the log: one for each alert called for.

*Delivered*, *seen*, *accepted* and *declined* are a device's words. *Sent* and *undeliverable* are the notifier's own.
"""

import hmac
import json
import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from pydantic import ValidationError

from schemas.action import Action, ActionReason, ActionType, Role, Step
from schemas.reading import Mode
from streams.notify.channels.webhook import signature
from streams.notify.notice import Covered, Fate, Notice, calls_of_notice, short
from streams.notify.routes import Channel, Recipient

FRESH_S: Final = 300
MOST_BYTES: Final = 16_384


class DeviceWord(StrEnum):
    """What became of a call at a person's device."""

    DELIVERED = "delivered"
    SEEN = "seen"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNDELIVERABLE = "undeliverable"


FATES: Final = {word: Fate(word.value) for word in DeviceWord}
RISING: Final = (
    Fate.OWED, Fate.SENT, Fate.UNDELIVERABLE, Fate.DELIVERED, Fate.SEEN, Fate.DECLINED, Fate.ACCEPTED,
)  # fmt: skip
"""A later one is never taken back by an earlier one that comes late."""
ROLE_OF: Final = {
    Step.NURSE: Role.NURSE,
    Step.SHIFT_LEAD: Role.SHIFT_LEAD,
    Step.DOCTOR: Role.DOCTOR,
    Step.RAPID_RESPONSE: Role.RAPID_RESPONSE,
    Step.LAST_RESORT: Role.SHIFT_LEAD,
}
"""As whom somebody answers who was called at a step; at the last address as whoever leads the shift."""


class ReceiptRefused(ValueError):
    """A receipt that is not taken: `status` as of HTTP, a code, the field at fault, and what to do."""

    def __init__(self, status: int, code: str, field: str, remedy: str) -> None:
        super().__init__(f"{code}: {field}: {remedy}")
        self.status, self.code, self.field, self.remedy = status, code, field, remedy

    @property
    def told(self) -> bytes:
        """As an answer's body."""
        return json.dumps({"code": self.code, "field": self.field, "remedy": self.remedy}).encode()


class DeviceReceipt(NamedTuple):
    """Of which notice (its short id), what, and by whom: a person's name, where the device knows it."""

    notice: str
    word: DeviceWord
    who: str | None = None


def rises(known: Fate, word: Fate) -> bool:
    """Whether a word says more of a message than what is known of it.

    >>> rises(Fate.ACCEPTED, Fate.DELIVERED), rises(Fate.SENT, Fate.DELIVERED)
    (False, True)
    """
    return known is Fate.SUPERSEDED or RISING.index(word) > RISING.index(known)


def read_callback(body: bytes) -> DeviceReceipt:
    """A webhook receiver's receipt: `{"id": "...", "status": "accepted", "who": "R. Maas"}`. Raises ReceiptRefused.

    >>> read_callback(b'{"id": "a", "status": "seen"}').word
    <DeviceWord.SEEN: 'seen'>
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise ReceiptRefused(422, "not_json", "body", "send one JSON object in UTF-8") from None
    if not isinstance(said, dict) or not isinstance(said.get("id"), str):
        raise ReceiptRefused(422, "missing_field", "id", "send the id of the event that it is about")
    try:
        name = short(said["id"])
    except UnicodeEncodeError:  # half of a surrogate pair
        raise ReceiptRefused(422, "bad_field", "id", "send the id as it stands in the event") from None
    try:
        word = DeviceWord(said.get("status", ""))
    except ValueError:
        raise ReceiptRefused(422, "bad_field", "status", f"one of: {', '.join(DeviceWord)}") from None
    who = said.get("who")
    if who is not None and not isinstance(who, str):
        raise ReceiptRefused(422, "bad_field", "who", "the name of the person who answered, as text")
    if word is DeviceWord.ACCEPTED and not who:
        raise ReceiptRefused(422, "missing_field", "who", "nobody owns an alert without a name: send who accepted")
    return DeviceReceipt(name, word, who or None)


def check_signature(header: str, body: bytes, recipients: Iterable[Recipient], now_s: float) -> None:
    """Under the key of one of these, as events are signed. Raises ReceiptRefused."""
    found = re.fullmatch(r"key=([^,]{1,64}),t=([0-9]{1,12}),v1=([0-9a-f]{64})", header)
    remedy = "sign `t.body` with the recipient's key: Vigilward-Signature: key=ID,t=SECONDS,v1=HEX"
    if found is None:
        raise ReceiptRefused(401, "bad_signature", "Vigilward-Signature", remedy)
    at = int(found[2])
    keys = {one.key for one in recipients if one.channel is Channel.WEBHOOK and one.key_id == found[1] and one.key}
    if not any(hmac.compare_digest(signature(key, found[1], at, body), header) for key in keys):
        raise ReceiptRefused(401, "bad_signature", "Vigilward-Signature", remedy)
    if abs(now_s - int(found[2])) > FRESH_S:
        raise ReceiptRefused(401, "bad_time", "Vigilward-Signature", f"sign anew: t lies {FRESH_S} s or more away")


def actions_of(notice: Notice, receipt: DeviceReceipt, at: datetime, mode: Mode) -> list[Action]:
    """What a device's word does to each alert that its message told of. Raises ReceiptRefused for what names nobody."""
    kind = ActionType.ACKNOWLEDGE if receipt.word is DeviceWord.ACCEPTED else ActionType(receipt.word.value)
    try:
        return [_action(one, notice, kind, receipt.who, at, mode) for one in calls_of_notice(notice)]
    except ValidationError as problem:
        field = ".".join(map(str, problem.errors()[0]["loc"]))
        raise ReceiptRefused(422, "bad_field", field, problem.errors()[0]["msg"]) from None


def sent_or_not(notice: Notice, kind: ActionType, at: datetime, mode: Mode, *, awaited: bool = False) -> list[Action]:
    """The notifier's own word of a message to a person: sent, or undeliverable."""
    return [_action(one, notice, kind, None, at, mode, awaited=awaited) for one in calls_of_notice(notice)]


def dumped(action: Action) -> bytes:
    """As it goes to the actions topic."""
    return action.model_dump_json(exclude_none=True).encode()


def _action(
    one: Covered, notice: Notice, kind: ActionType, who: str | None, at: datetime, mode: Mode, *, awaited: bool = False
) -> Action:
    answers = kind in (ActionType.ACKNOWLEDGE, ActionType.DECLINED)
    named = who is not None and answers
    step = Step(one.step or "")
    return Action(
        action_id=f"{kind}-{short(one.id)}",  # the same word of the same message is one action, however often it comes
        patient_id=one.patient_id,
        action_type=kind,
        alert_id=one.alert_id,
        revision=one.revision if kind is ActionType.ACKNOWLEDGE else None,
        who=f"{who} ({notice.recipient})" if named else notice.recipient,  # a device's word, no session of ours
        role=ROLE_OF[step] if named else Role.SYSTEM,
        reason=ActionReason.REVIEWING if kind is ActionType.ACKNOWLEDGE else None,
        step=step,
        recipient=notice.recipient,
        called_at=one.called_at,
        recipients=one.recipients or None,
        awaited=awaited,
        at=at,
        mode=mode,
    )
