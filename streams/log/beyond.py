"""What took effect beyond a checkpoint that stays behind, before those who wait beside the log.

The states are newer than such a checkpoint. A restart takes the stretch between them once more, and has to know under
which rules a state stands, and whose watch was over: neither can be seen in what is left.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Ahead(NamedTuple):
    """In a checkpoint: `rules` by the offset of the record that brought them; `over`: up to which offset the records
    of a patient count for nothing, since her watch ended there.
    """

    rules: Mapping[int, bytes]
    over: Mapping[str, int]


NOTHING: Final = Ahead({}, {})


class Beyond:
    """The same, as it comes to be. Offsets of the log.

    `states`: those newer than the checkpoint, each with up to where it holds, as they were kept. A checkpoint that was
    written before them names no rules between.
    """

    __slots__ = ("over", "rules", "states")

    def __init__(self, ahead: Ahead = NOTHING) -> None:
        self.rules: dict[int, bytes] = dict(ahead.rules)
        self.over: dict[str, int] = dict(ahead.over)
        self.states: dict[str, tuple[int, bytes]] = {}

    def rules_of(self, upto: int) -> bytes | None:
        """The rules under which a state stands that holds up to there; None: those of the checkpoint.

        >>> Beyond(Ahead({7: b"one", 9: b"two"}, {})).rules_of(9)
        b'one'
        """
        found = [offset for offset in self.rules if offset < upto]
        return self.rules[max(found)] if found else None

    def is_over(self, patient: str, offset: int) -> bool:
        """Whether her watch ended behind this record.

        >>> Beyond(Ahead({}, {"p": 5})).is_over("p", 4), Beyond(Ahead({}, {"p": 5})).is_over("p", 5)
        (True, False)
        """
        return offset < self.over.get(patient, 0)

    def settle(self, next_offset: int) -> None:
        """The checkpoint has come so far: what lies before needs no mention."""
        if self.rules:
            self.rules = {offset: body for offset, body in self.rules.items() if offset >= next_offset}
        if self.over:
            self.over = {patient: upto for patient, upto in self.over.items() if upto > next_offset}
        if self.states:
            self.states = {patient: kept for patient, kept in self.states.items() if kept[0] > next_offset}

    def after(self, next_offset: int) -> Ahead:
        """What a checkpoint there has to say."""
        if not self.rules and not self.over:
            return NOTHING
        kept = Beyond(Ahead(self.rules, self.over))
        kept.settle(next_offset)
        return Ahead(kept.rules, kept.over)
