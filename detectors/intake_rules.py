"""How old a value may be, how long it counts, and which values mean that nothing was measured: the rules of intake."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from schemas.times import HOUR_MS, MINUTE_MS
from schemas.vitals import SPOT_LATENESS, Source, Vital

Positive = Annotated[float, Meta(gt=0)]
AtLeastOne = Annotated[float, Meta(ge=1)]

# A pressure cuff and a thermometer measure now and then, whatever device they hang on.
CUFF: Final = frozenset({Vital.SYSTOLIC_BP.value, Vital.DIASTOLIC_BP.value, Vital.MEAN_BP.value})


class Sentinel(Struct, frozen=True, forbid_unknown_fields=True):
    """A value by which a kind of device says that it measured nothing.

    `devices` are beginnings of device ids; `*` is every device. `vitals` are those for which the value means it.
    """

    devices: tuple[str, ...]
    vitals: tuple[Vital, ...]
    value: float

    def of(self, device: str) -> bool:
        """Whether this device says it so.

        >>> Sentinel(("band-",), (Vital.RESP_RATE,), 63.0).of("band-7")
        True
        """
        return any(begin == "*" or device.startswith(begin) for begin in self.devices)


class IntakeRules(Struct, frozen=True, forbid_unknown_fields=True):
    """Rules of age and cadence.

    `scored_minutes`: how old a streamed value may be and still be scored, by source. `validity_intervals`: for how many
    of its learnt intervals a value counts, at most `validity_minutes` (by source, `cuff`, `temperature`). A learnt
    interval lengthens by at most `lengthens_an_hour`; `slower_told` times slower is told. `flat_minutes`: a rate that
    has not moved for so long is told.
    """

    scored_minutes: dict[Source, Positive]
    validity_intervals: AtLeastOne
    validity_minutes: dict[str, Positive]
    lengthens_an_hour: Positive
    slower_told: AtLeastOne
    flat_minutes: Positive
    sentinels: tuple[Sentinel, ...] = ()

    def all_scored_ms(self) -> tuple[int, ...]:
        """How old a value may be and still be scored, in ms, by source number; a round as old as it counts."""
        key = id(self)
        known = _SCORED.get(key)
        if known is None or known[0] is not self:
            while len(_SCORED) >= _KEPT:
                _SCORED.pop(next(iter(_SCORED)))
            ages = tuple(SPOT_LATENESS if one is Source.SPOT else self.scored_ms(one) for one in Source)
            known = _SCORED[key] = self, ages
        return known[1]

    def scored_ms(self, source: Source) -> int:
        """How old a streamed value may be and still be scored, in milliseconds."""
        return int(self.scored_minutes[source] * MINUTE_MS)

    def validity_ms(self, vital: str, source: Source) -> int:
        """For how long a value may count at most, in milliseconds."""
        kind = "cuff" if vital in CUFF else "temperature" if vital == Vital.TEMPERATURE.value else source.value
        return int(self.validity_minutes[kind] * MINUTE_MS)

    def longest(self, interval: int, waited: int) -> int:
        """How long a learnt interval may have become after `waited` milliseconds.

        >>> rules = IntakeRules({}, 2.5, {}, 0.25, 3, 10)
        >>> rules.longest(60_000, 3_600_000), rules.longest(60_000, 0)
        (75000, 60000)
        """
        return int(interval * (1 + self.lengthens_an_hour * waited / HOUR_MS))


# By the rules' identity: worked out once for all patients.
_SCORED: Final[dict[int, tuple[IntakeRules, tuple[int, ...]]]] = {}
_KEPT: Final = 8
