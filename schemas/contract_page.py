"""The wire contract as one page for people, from the same schemas that `vigilward schema` prints."""

from collections.abc import Iterator
from typing import Any

from schemas.documents import MESSAGES, document, refusals_table

HEAD = """# The wire contract

Made from the schemas by `python -m schemas.contract_page`; a test holds this page to them. `vigilward schema NAME`
prints a message's JSON Schema (2020-12), `vigilward schema vitals` the vitals with units, ranges and codes.

- Readings, patient records and actions are sent to Vigilward; alerts, statuses, trends and rejections are sent by it;
  control records are what workers write into the log (`forwarded`). A rejection's fields are headers.
- Every topic of a patient is keyed by `patient_id`, partitioned by murmur2.
- What is sent by Vigilward never lacks a field; what has no value is null. Unknown fields in what is sent to it are
  counted and left aside.
- Codes are added, never renamed. Before 0.2.0 some fields had other names (`schemas.renamed`); actions, alerts and
  statuses under those are still read.
"""


def page() -> str:
    """The page."""
    lines = [HEAD]
    lists: dict[str, dict[str, Any]] = {}
    for name in MESSAGES:
        schema = document(name)
        lists |= {key: value for key, value in schema.get("$defs", {}).items() if "enum" in value}
        lines += [f"## {name}", "", _first(schema), "", *_fields(schema)]
        for part, inner in sorted(schema.get("$defs", {}).items()):
            if "properties" in inner:
                lines += [f"**{part}** in {name}: {_first(inner)}", "", *_fields(inner)]
    lines += ["## Closed lists", ""]
    lines += [f"- **{key}**: {', '.join(f'`{one}`' for one in value['enum'])}" for key, value in sorted(lists.items())]
    lines += ["", "## Refusals", ""]
    lines += [f"- `{row['code']}` ({row['takes']}): {row['remedy']}" for row in refusals_table()]
    return "\n".join(lines) + "\n"


def _first(schema: dict[str, Any]) -> str:
    return " ".join(schema.get("description", "").split("\n\n")[0].split())


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        yield f"- `{name}`: {_type(field)}{'' if name in required else ', optional'}"
    yield ""


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return field["$ref"].rsplit("/", 1)[1]
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type(one) for one in field["anyOf"]))
    if "enum" in field:
        return "one of " + ", ".join(f"`{one}`" for one in field["enum"]) if len(field["enum"]) < 6 else "a closed list"
    if "const" in field:
        return f"`{field['const']}`"
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("format") == "date-time":
        return "time (RFC 3339, UTC)"
    named = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    return named.get(str(field.get("type")), str(field.get("type", "any")))


if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
