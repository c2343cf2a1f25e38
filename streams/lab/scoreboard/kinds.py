"""The kinds of the scoreboard, as they stand in `kinds.toml`: each way to die quietly, its opposite, and the well."""

import tomllib
from importlib.resources import files
from typing import Final

import msgspec

from streams.lab.scoreboard.patient import Kind


class _File(msgspec.Struct, forbid_unknown_fields=True):
    kind: list[Kind]


def _read() -> dict[str, Kind]:
    text = files("streams.lab.scoreboard").joinpath("kinds.toml").read_text(encoding="utf-8")
    return {kind.name: kind for kind in msgspec.convert(tomllib.loads(text), _File, strict=False).kind}


KINDS: Final = _read()
