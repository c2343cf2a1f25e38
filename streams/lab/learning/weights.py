"""Learned weights as a file: the numbers, where they come from, under which licence, and by whose patients."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from detectors.risk import NONE, Crossing, HeadWeights, faults
from streams.lab.learning.recipes import HEADS

SALT: Final = "vigilward training patients"
DIGITS: Final = 12  # hexadecimal, of a patient's digest


class WeightsError(ValueError):
    """A weights file that cannot be used, and why."""

    exit_code = 2


class Weights(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One head and its origin. `patients` are salted digests of those it was learned from; `figures` are measured on
    patients of the same set from whom nothing was learned.
    """

    weights: Annotated[int, Meta(ge=1, le=1)] = 1
    learned_by: str
    seed: int
    source: str
    licence: str
    citation: str
    changes: str
    model: HeadWeights
    figures: dict[str, int | float]
    patients: tuple[str, ...]

    def learned_from(self, patient: str) -> bool:
        """Whether a patient is among those that it was learned from."""
        return digest(patient) in self.patients


def digest(patient: str) -> str:
    """A patient's salted digest: enough to find an overlap, nothing to find a patient by.

    >>> digest("p-7f3a") == digest("p-7f3a") != digest("p-7f3b"), len(digest("p-7f3a"))
    (True, 12)
    """
    return hashlib.sha256(f"{SALT}\0{patient}".encode()).hexdigest()[:DIGITS]


def read_weights(value: bytes) -> Weights:
    """The weights in a file's bytes; WeightsError where they cannot be used."""
    try:
        weights = msgspec.json.decode(value, type=Weights)
    except msgspec.MsgspecError as error:
        raise WeightsError(f"weights cannot be read: {error}") from error
    for fault in faults(msgspec.structs.replace(NONE, heads=(weights.model,))):
        raise WeightsError(f"weights cannot be used: {fault.says}")
    return weights


def write_weights(weights: Weights) -> bytes:
    """The file: one line a table, so that two versions can be laid side by side."""
    plain = msgspec.to_builtins(weights)
    model = plain.pop("model")
    patients = plain.pop("patients")
    head = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in plain.items()]
    rows = [", ".join(json.dumps(one) for one in patients[at : at + 8]) for at in range(0, len(patients), 8)]
    parts = [*head, f'  "model": {model_lines(model, "  ")}', '  "patients": [\n    ' + ",\n    ".join(rows) + "\n  ]"]
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def model_lines(model: Mapping[str, object], indent: str) -> str:
    """A head's numbers as they stand in a weights file and in the rules: one line a table."""
    parts = []
    for name, value in model.items():
        if name == "tables":
            tables = [json.dumps(table) for table in value]  # type: ignore[attr-defined]
            parts.append(f'{indent}  "tables": [\n{indent}    ' + f",\n{indent}    ".join(tables) + f"\n{indent}  ]")
        else:
            parts.append(f"{indent}  {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + f"\n{indent}}}"


def packaged_weights() -> dict[str, Weights]:
    """The weights that ship with the product, by head."""
    folder = files("detectors").joinpath("data/weights")
    return {head: read_weights(folder.joinpath(f"{head}.json").read_bytes()) for head in HEADS}


def into_rules(rules: bytes, models: Iterable[HeadWeights], crossings: Mapping[str, Crossing] | None = None) -> bytes:
    """A rules file with other numbers for some heads (and thresholds); all else stays as it was, to the byte.

    The risk section is the last of the file, so that people read the rules first and the numbers after them.
    """
    told = json.loads(rules)
    risk = told.pop("risk", None)
    if risk is None:
        raise WeightsError("the rules have no `risk` section that says when a head asks for someone")
    new = {model.head: msgspec.to_builtins(model) for model in models}
    heads = {head["head"]: head for head in risk.pop("heads")} | new
    for crossing in risk["crossings"]:
        if crossings and crossing["head"] in crossings:
            crossing.update(msgspec.to_builtins(crossings[crossing["head"]]))
    text = rules.decode()
    at = text.rindex('"risk"')
    above = text[:at].rstrip()
    lines = [f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in risk.items()]
    body = ",\n      ".join(model_lines(head, "      ") for head in heads.values())
    lines.append(f'    "heads": [\n      {body}\n    ]')
    written = above + '\n  "risk": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    assert json.loads(written) == told | {"risk": risk | {"heads": json.loads(json.dumps(list(heads.values())))}}
    return written.encode()
