"""JSON of unknown shape, asked without surprise: what is not of the type asked for is as if it were not there."""

from typing import Any


def mapping_of(value: Any) -> dict[str, Any]:
    """An object, or an empty one.

    >>> mapping_of([1])
    {}
    """
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """A list; one thing is a list of one, nothing is none.

    >>> items(None), items({"a": 1})
    ([], [{'a': 1}])
    """
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def text_of(value: Any) -> str:
    """Text without spaces around it, or empty.

    >>> text_of(" a "), text_of(3)
    ('a', '')
    """
    return value.strip() if isinstance(value, str) else ""
