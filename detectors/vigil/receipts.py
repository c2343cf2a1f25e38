"""What became of a call, by step and recipient: sent, delivered, seen, accepted, declined, or not to be delivered.

`sent` is a transport's success; that a person was reached is only ever said by her device, or by a board that she uses.
"""

from hashlib import blake2b
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from schemas.alert import Delivery
from schemas.times import NEVER

KEPT: Final = 32
"""Recipients a step whose receipts are kept and shown; of more, those that say most. Who failed is counted beyond."""
RISING: Final = (Delivery.SENT, Delivery.DELIVERED, Delivery.SEEN, Delivery.DECLINED, Delivery.ACCEPTED)
"""Of one recipient: a later one is never taken back by an earlier one that comes late."""
OF_A_DEVICE: Final = frozenset({Delivery.DELIVERED, Delivery.SEEN, Delivery.DECLINED, Delivery.ACCEPTED})
"""Words that only a person's device can say."""
REACHING: Final = OF_A_DEVICE - {Delivery.DECLINED}
"""Words of somebody who may come. Who declines has a device, and the call has not reached anybody by her."""
_LEAST_FIRST: Final = (
    Delivery.SENT, Delivery.UNDELIVERABLE, Delivery.DECLINED, Delivery.DELIVERED, Delivery.SEEN, Delivery.ACCEPTED,
)  # fmt: skip
FAILED: Final = frozenset({Delivery.DECLINED, Delivery.UNDELIVERABLE})


class Receipt(Struct, frozen=True, array_like=True):
    """The newest word of one recipient, and when it came, in milliseconds of the log."""

    recipient: str
    word: Delivery
    at: int


class Called(Struct, frozen=True, array_like=True):
    """A step taken: whom it called and when, when that was said to have reached someone, or that it did not.

    `recipients`: to how many the notifier tells it; 0: no notifier has said so. `awaited`: since when a device that
    gives receipts has the call; None: none has, or somebody has answered since. `failed`: by digest, with whether she
    declined, recipients who failed and of whom no receipt is kept, the last of them at `failed_at`.
    """

    to: str
    at: int
    delivered: int | None = None
    told: bool = False
    receipts: tuple[Receipt, ...] = ()
    recipients: int = 0
    awaited: int | None = None
    failed: tuple[int, ...] = ()
    failed_at: int = 0


def received(step: Called, receipt: Receipt, *, recipients: int = 0, awaited: bool = False) -> Called:
    """The step with one more receipt. One that says less than what its recipient has said already changes nothing.

    >>> step = received(Called("nurse", 0), Receipt("a", Delivery.SEEN, 5))
    >>> received(step, Receipt("a", Delivery.SENT, 9)) == step, step.delivered
    (True, 5)
    """
    known = _known(step, receipt.recipient)
    if known is not None and _less(receipt.word, known):
        return step
    others = tuple(one for one in step.receipts if one.recipient != receipt.recipient)
    reached = receipt.at if receipt.word in REACHING and step.delivered is None else step.delivered
    name = _digest(receipt.recipient)
    kept, failed, failed_at = (*others, receipt), tuple(one for one in step.failed if one >> 1 != name), step.failed_at
    if len(kept) > KEPT:
        least = min(kept, key=lambda one: _LEAST_FIRST.index(one.word))
        kept = tuple(one for one in kept if one is not least)
        if least.word in FAILED:
            failed = (*failed, _digest(least.recipient) << 1 | (least.word is Delivery.DECLINED))
            failed_at = max(failed_at, least.at)
    return replace(
        step,
        receipts=kept,
        failed=failed,
        failed_at=failed_at,
        recipients=max(step.recipients, recipients),
        delivered=reached,
        awaited=receipt.at if awaited and step.awaited is None else step.awaited,
    )


def _known(step: Called, recipient: str) -> Delivery | None:
    name = _digest(recipient)
    kept = next((one.word for one in step.receipts if one.recipient == recipient), None)
    gone = next((one for one in step.failed if one >> 1 == name), None)
    if kept is not None or gone is None:
        return kept
    return Delivery.DECLINED if gone & 1 else Delivery.UNDELIVERABLE


def _digest(recipient: str) -> int:
    return int.from_bytes(blake2b(recipient.encode(), digest_size=7).digest(), "big")


def _less(word: Delivery, known: Delivery) -> bool:
    if word is Delivery.UNDELIVERABLE:
        return known in OF_A_DEVICE
    return known in RISING and RISING.index(word) < RISING.index(known)


def passed_over_at(step: Called, within: int) -> int:
    """When nobody is left to wait for at this step; NEVER while somebody may still come.

    All recipients declined or cannot be reached: with the last of them (a call that no device takes, and that stands on
    a board in front of her, has reached her). A device has the call and has not said for `within` milliseconds that it
    delivered it: then. Where no notifier says anything, steps come at their times alone.
    """
    if everybody_failed(step):
        return max([step.failed_at, *(one.at for one in step.receipts if one.word in FAILED)])
    return NEVER if step.awaited is None or step.delivered is not None else step.awaited + within


def everybody_failed(step: Called) -> bool:
    """Whether all whom it calls have declined or cannot be reached."""
    words = [one.word for one in step.receipts if one.word in FAILED]
    everybody = step.recipients > 0 and len(words) + len(step.failed) >= step.recipients
    return everybody and (_somebody_declined(step) or step.delivered is None)


def _somebody_declined(step: Called) -> bool:
    return any(one.word is Delivery.DECLINED for one in step.receipts) or any(one & 1 for one in step.failed)


def delivery_of(step: Called) -> Delivery:
    """What is true of the step as a whole: the best that any recipient said."""
    words = {one.word for one in step.receipts}
    best = next((word for word in (Delivery.ACCEPTED, Delivery.SEEN) if word in words), None)
    if best is None and everybody_failed(step):
        return Delivery.DECLINED if _somebody_declined(step) else Delivery.UNDELIVERABLE
    if best is None and step.delivered is not None:
        return Delivery.DELIVERED
    if best is None and step.told:
        return Delivery.NOT_DELIVERED
    return best or (Delivery.SENT if Delivery.SENT in words else Delivery.WAITING)
