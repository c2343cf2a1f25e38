"""Others' messages as `vigilward check` looks at them: converted first, then held against what the intake takes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from streams.formats.converter import Converter
from streams.formats.findings import Finding
from streams.formats.format import Format
from streams.formats.mapping import Mapping
from streams.formats.statements import Site
from streams.inspection.inspector import Inspector
from streams.inspection.remarks import Level, Remark


@dataclass(frozen=True, slots=True)
class ForeignRemark:
    """A converter's finding in the shape of a remark."""

    line: int
    finding: Finding

    @property
    def level(self) -> Level:
        """Whether it must be mended."""
        return self.finding.level

    @property
    def code(self) -> str:
        """The finding's code."""
        return str(self.finding.code)

    @property
    def field(self) -> str:
        """The place in the message."""
        return self.finding.place

    @property
    def what(self) -> str:
        """What was seen."""
        return self.finding.what

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return self.finding.remedy

    def as_dict(self) -> dict[str, Any]:
        """As it is written out."""
        return {"line": self.line, "level": str(self.level), "code": self.code, "field": self.field,
                "what": self.what, "remedy": self.remedy}  # fmt: skip


def look(
    data: bytes, form: Format, site: Site, mappings: tuple[Mapping, ...], inspector: Inspector
) -> Iterator[ForeignRemark | Remark]:
    """What there is to say of each message, by its number, and of the readings that would come of it."""
    for one in Converter(site, mappings=mappings).convert(data, form):
        for finding in one.findings:
            yield ForeignRemark(one.number, finding)
        for reading in one.readings:
            yield from inspector.look(one.number, json.dumps(reading).encode())
        if not one.readings:
            inspector.counts.messages += 1
