"""The readings that were made, as long as their correction can still come: bounded, the oldest go first.

A reading is kept packed, so that a hundred thousand of them are a hundred thousand objects to Python's collector and
not some millions: a full look at them would hold up every message behind it.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Final

import msgspec

REMEMBERED: Final = 100_000  # readings whose correction can still be applied
Name = tuple[str, int]
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder().decode


class Memory:
    """Readings by device and sequence, and by the observations in them.

    >>> memory = Memory()
    >>> memory.note({"device_id": "d", "sequence": 1, "vitals": {}}, {"obx 1": "spo2"})
    >>> memory.find("obx 1")[1], memory.find("obx 2")
    ('spo2', None)
    """

    __slots__ = ("_names", "_readings")

    def __init__(self) -> None:
        self._readings: OrderedDict[Name, tuple[bytes, dict[Hashable, str]]] = OrderedDict()
        self._names: dict[Hashable, Name] = {}

    def note(self, reading: dict[str, Any], keys: dict[Hashable, str]) -> None:
        """Remembers a reading and the observations in it, each with its vital."""
        name = (reading["device_id"], reading["sequence"])
        before = self._readings.pop(name, None)
        self._readings[name] = (_pack(reading), keys if before is None else {**before[1], **keys})
        for key in keys:
            self._names[key] = name
        while len(self._readings) > REMEMBERED:
            old, (_, owned) = self._readings.popitem(last=False)
            for key in owned:
                if self._names.get(key) == old:
                    del self._names[key]

    def knows(self, key: Hashable) -> bool:
        """Whether a reading in force holds this observation."""
        return key in self._names

    def find(self, key: Hashable) -> tuple[dict[str, Any], str] | None:
        """The reading in force that holds this observation, and under which vital."""
        name = self._names.get(key) if key is not None else None
        if name is None:
            return None
        packed, owned = self._readings[name]
        return _unpack(packed), owned[key]

    def withdraw(self, key: Hashable, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Remembers `after` in place of `before`, without this observation; it may be stated anew."""
        name = (before["device_id"], before["sequence"])
        owned = self._readings[name][1]
        self._names.pop(key, None)
        self.note(after, {one: vital for one, vital in owned.items() if one != key and self._names.get(one) == name})
