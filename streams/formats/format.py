"""The formats that can be converted, by name, for those who only have to name one."""

from enum import StrEnum


class Format(StrEnum):
    """The formats by name; `auto` looks at the first bytes."""

    AUTO = "auto"
    HL7V2 = "hl7v2"
    FHIR = "fhir"
    OPENMHEALTH = "openmhealth"
    APPLE_HEALTH = "apple-health"
    FIT = "fit"
    MAPPED = "mapped"
    NATIVE = "native"
