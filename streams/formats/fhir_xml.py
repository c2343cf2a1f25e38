"""FHIR's XML to the shape of its JSON: a list where an element repeats, numbers and booleans by their place."""

from typing import Any, Final

from streams.formats.values import number_of
from streams.formats.xml import Element, XmlError, read

FHIR: Final = "http://hl7.org/fhir"
_QUANTITIES: Final = frozenset({"valueQuantity", "low", "high"})


def resource_of(data: bytes) -> Any:
    """The resource in some XML, as its JSON would be. Raises XmlError.

    >>> resource_of(b'<Observation xmlns="http://hl7.org/fhir"><status value="final"/></Observation>')
    {'resourceType': 'Observation', 'status': 'final'}
    """
    root = read(data)
    spaces = [value for name, value in root.attributes.items() if name.partition(":")[0] == "xmlns"]
    if spaces and FHIR not in spaces:
        raise XmlError(f"not FHIR: {spaces[0][:60]!a}")
    return _resource(root)


def _resource(element: Element) -> dict[str, Any]:
    return {"resourceType": element.name, **_object(element)}


def _object(element: Element) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in element.attributes.items():
        if name in ("id", "url"):
            said[name] = value
    for child in element.children:
        if child.name == "div":
            continue
        value = _value(child, element.name)
        if child.name not in said:
            said[child.name] = value
        elif isinstance(said[child.name], list):
            said[child.name].append(value)
        else:
            said[child.name] = [said[child.name], value]
    return said


def _value(child: Element, parent: str) -> Any:
    if child.name in ("resource", "contained") and len(child.children) == 1:
        return _resource(child.children[0])
    if "value" in child.attributes:
        text = child.attributes["value"]
        if child.name == "value" and parent in _QUANTITIES:
            number = number_of(text)
            return text if number is None else number
        if child.name == "valueBoolean":
            return {"true": True, "false": False}.get(text, text)
        return text
    return _object(child)
