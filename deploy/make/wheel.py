"""What hatchling asks while it builds the wheel: whether the compiled core comes along.

It does where `.cache/compiled` holds a build of these very sources (`native.py` makes it); the wheel is then of this
Python and this kind of machine, else of any. The plain sources are in both: another Python runs them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledCore(BuildHookInterface):
    """Adds the build to a wheel; an editable install takes it from where it lies."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before anything is packed."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from detectors import compiled
        finally:
            sys.path.remove(self.root)
        if Path(compiled.ROOT) != Path(self.root).resolve() or compiled.BUILD is None:
            return
        inside = f"detectors/built/{compiled.BUILD.name}"
        for module in (*compiled.MODULES, compiled.GROUP):
            name = compiled.file_of(module)
            build_data["force_include"][str(compiled.BUILD / name)] = f"{inside}/{name}"
        build_data["pure_python"], build_data["infer_tag"] = False, True
