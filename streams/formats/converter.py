"""Any known format to native readings: the one door that `vigilward convert` and every gateway use."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from streams.formats import apple_health, fhir, fit, hl7v2, mapped, native, openmhealth
from streams.formats.findings import Converted, Sign
from streams.formats.format import Format
from streams.formats.identity import Identity
from streams.formats.jsons import documents
from streams.formats.mapping import Mapping, Mappings, shipped
from streams.formats.memory import Memory
from streams.formats.plain import mapping_of
from streams.formats.statements import Site
from streams.formats.xml import root_name

BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = {
    b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"M\0S\0H\0": "utf-16-le", b"\0M\0S\0H": "utf-16-be",
}  # fmt: skip
_DECLARED: Final = re.compile(r"(<\?xml[^>]{0,80}?)\s+encoding\s*=\s*[\"'][^\"'>]{0,40}[\"']")


@dataclass(slots=True)
class Converter:
    """Converts messages one after the other and remembers what a later one may correct.

    `mappings` come before the shipped ones.
    """

    site: Site = field(default_factory=Site)
    identity: Identity = field(default_factory=Identity)
    mappings: tuple[Mapping, ...] = ()
    memory: Memory = field(default_factory=Memory)
    number: int = 0
    _all: Mappings = field(init=False)

    def __post_init__(self) -> None:
        self._all = Mappings((*self.mappings, *shipped()))

    def convert(self, data: bytes, form: Format = Format.AUTO, site: Site | None = None) -> Iterator[Converted]:
        """Every message in some bytes; `site` in place of the converter's own. Raises nothing on any input.

        >>> [one.outcome.value for one in Converter().convert(b"hello")]
        ['refused']
        """
        data = in_utf8(data)
        known = recognise(data, self._all.all) if form is Format.AUTO else form
        module = _MODULES.get(known) if known else None
        if module is None:
            self.number += 1
            into = Converted(self.number, str(known or "unknown"))
            into.say(Sign.NOT_RECOGNISED, "message", "" if data.strip() else "empty")
            yield into
            return
        for one in module.convert(
            data, self._named(site or self.site), self.memory, self._all, self.identity, self.number + 1
        ):
            self.number = one.number
            yield one

    def convert_resource(self, resource: Any, site: Site | None = None) -> Converted:
        """One FHIR resource that was read already."""
        self.number += 1
        into = Converted(self.number, fhir.NAME)
        fhir.convert_one(resource, into, self._named(site or self.site), self.memory, self._all, self.identity)
        return into

    def _named(self, site: Site) -> Site:
        """The site with its patient (a topic's, a login's) under the name by which patients are known here."""
        return (
            replace(site, patient=self.identity.known_as(site.patient)) if site.patient and self.identity.key else site
        )


_MODULES: Final = {
    Format.HL7V2: hl7v2,
    Format.FHIR: fhir,
    Format.OPENMHEALTH: openmhealth,
    Format.APPLE_HEALTH: apple_health,
    Format.MAPPED: mapped,
    Format.NATIVE: native,
    Format.FIT: fit,
}


def in_utf8(data: bytes) -> bytes:
    """Text that says by its byte order mark, or by how it begins, that it is UTF-16, in UTF-8; all else as it is."""
    codec = next((codec for start, codec in _UTF16.items() if data.startswith(start)), None)
    if codec is None or data[8:12] == b".FIT":
        return data
    try:
        text = data.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return data
    return _DECLARED.sub(r"\1", text, count=1).encode("utf-8", "replace")


def recognise(data: bytes, mappings: tuple[Mapping, ...] = ()) -> Format | None:
    """The format of some bytes by how they begin, or None.

    >>> recognise(b"\\x0bMSH|^~\\\\&|")
    <Format.HL7V2: 'hl7v2'>
    """
    head = data[:8192].removeprefix(BOM).lstrip(b" \t\r\n\x0b\x00")
    if head[:3] in (b"MSH", b"FHS", b"BHS"):
        return Format.HL7V2
    if data[8:12] == b".FIT":
        return Format.FIT
    if head.startswith(b"<"):
        return Format.APPLE_HEALTH if root_name(head) == "HealthData" else Format.FHIR
    if head.startswith((b"{", b"[")):
        return _recognise_json(data, mappings)
    if b"MSH|" in head:
        return Format.HL7V2
    return Format.MAPPED if any(one.format == "csv" for one in mappings) else None


def _recognise_json(data: bytes, mappings: tuple[Mapping, ...]) -> Format | None:
    for document, problem in islice(documents(data), 20):
        if problem:
            continue
        if "resourceType" in mapping_of(document):
            return Format.FHIR
        if native.recognised(document):
            return Format.NATIVE
        if openmhealth.recognised(document):
            return Format.OPENMHEALTH
        if mapped.fitting(document, mappings) is not None:
            return Format.MAPPED
    return None
