"""A partition under rules that no record changes: for a candidate beside the rules that the log names."""

from collections.abc import Iterable
from typing import Any

from schemas.reasons import Refusal
from streams.log.partition import Partition
from streams.log.record import Checkpoint


class FixedRules(Partition):
    """The same log under the given rules from beginning to end, whatever rules were in force at its checkpoint."""

    def __init__(
        self,
        *where: int,
        checkpoint: Checkpoint | None = None,
        states: Iterable[tuple[str, int, bytes]] = (),
        **how: Any,
    ) -> None:
        checkpoint = (
            None if checkpoint is None else checkpoint._replace(rules=None, ahead=checkpoint.ahead._replace(rules={}))
        )
        super().__init__(*where, checkpoint=checkpoint, states=states, **how)

    def _adopt(self, body: bytes, offset: int) -> tuple[Refusal, str | None] | None:
        return None
