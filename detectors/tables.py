"""A published scoring table as data: who published it, how sure we are of each number, and who held it to the print.

Tables that two independent prints agree on stand in code (NEWS2, qSOFA, SIRS, the maternal criteria of 2014). One that
is less certain comes as a file, and is not even read before somebody has verified it and put a name to it.
"""

from collections.abc import Mapping
from math import inf
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from detectors.chart_row import ChartRow
from detectors.rule_fault import Code, Fault
from schemas.vitals import Vital

Text = Annotated[str, Meta(min_length=1, max_length=500)]
Points = Annotated[int, Meta(ge=0, le=100)]


class TableError(ValueError):
    """A table that cannot be used; `fault` says why, where, and what helps."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.code}: {fault.field or 'table'}: {fault.says}; {fault.remedy}")
        self.fault = fault


class Verified(Struct, frozen=True, forbid_unknown_fields=True):
    """Who compared every number with the print, when (a day), and with which print."""

    who: Text
    on: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    against: Text


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One vital's bands in rising order: the last value of each and its points; the last band has no end (null)."""

    bands: Annotated[tuple[tuple[float | None, Points], ...], Meta(min_length=1)]
    per_unit: Annotated[int, Meta(ge=1, le=10)] = 1


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """One table. `certainty`: how sure we are that these are the printed numbers; `calls_from`: the total that asks for
    someone; `for_whom`: the patients whom it was published for.
    """

    name: Text
    version: Text
    source: Text
    for_whom: Text
    certainty: Annotated[str, Meta(pattern="^(high|medium|low)$")]
    verified_by: Verified | None
    calls_from: Annotated[int, Meta(ge=1, le=100)]
    rows: dict[Vital, Row]

    @property
    def verified(self) -> bool:
        """Whether it may be used at all."""
        return self.certainty == "high" or self.verified_by is not None

    def score(self, values: Mapping[str, float | None]) -> tuple[int, int, tuple[str, ...]]:
        """Least and most points, and the vitals that are missing: what is missing is never normal."""
        least = most = 0
        missing: list[str] = []
        for vital, row in self.rows.items():
            value = values.get(vital)
            if value is None:
                most += max(points for _, points in row.bands)
                missing.append(vital.value)
                continue
            points = _chart_row(vital, row).read(value)[1]
            least, most = least + points, most + points
        return least, most, tuple(missing)


def _chart_row(vital: Vital, row: Row) -> ChartRow:
    bands = [(inf if last is None else last, points) for last, points in row.bands]
    return ChartRow(vital.value, *bands, per_unit=row.per_unit)


def read_table(data: bytes) -> Table:
    """The table in a file's bytes. Raises TableError where it cannot be read, or is less than certain and unverified.

    >>> read_table(b"{}")
    Traceback (most recent call last):
    detectors.tables.TableError: bad_value: table: Object missing required field `name`; write the table whole
    """
    try:
        table = msgspec.json.decode(data, type=Table)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise TableError(Fault(Code.BAD_VALUE, None, str(error), "write the table whole")) from error
    if not table.verified:
        says = f"of certainty {table.certainty}, and nobody has held its numbers to the print"
        remedy = f"compare every number with {table.source}, and say who did, when, and with which print"
        raise TableError(Fault(Code.UNVERIFIED, "verified_by", says, remedy))
    for vital, row in table.rows.items():
        try:
            _chart_row(vital, row)
        except ValueError as error:
            fault = Fault(Code.BAD_VALUE, f"rows.{vital}", str(error), "write rising bands, the last null")
            raise TableError(fault) from error
    return table
