"""Single files of river, without the packages around them.

`import river.drift`, `river.anomaly` or `river.tree` bring data sets and tests that are not used here, and with them
scikit-learn, scipy.stats and pandas: 2.0 to 2.4 s of processor time at the start of every process (river 0.26, measured
with -X importtime), longer than all else together; a worker that was killed is back that much later.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

_SPEC: Final = find_spec("river")
assert _SPEC is not None
assert _SPEC.submodule_search_locations
_RIVER: Final = Path(_SPEC.submodule_search_locations[0])


def part_of_river(name: str) -> Any:
    """The module `river.NAME` ("drift.page_hinkley"), and of the packages on its way only the files that it asks for.

    What was imported before is used and left as it is; nothing else stays among the imported modules, so that a later
    `import river.drift` is the whole package. Raises ModuleNotFoundError if this river has no such file.
    """
    before = {word: module for word, module in sys.modules.items() if word.startswith("river.")}
    for package in ("anomaly", "drift", "tree"):
        if f"river.{package}" not in before:
            bare = ModuleType(f"river.{package}")
            bare.__path__ = [str(_RIVER / package)]
            sys.modules[f"river.{package}"] = bare
    try:
        return import_module(f"river.{name}")
    finally:
        for word in [word for word in sys.modules if word.startswith(("river.anomaly", "river.drift", "river.tree"))]:
            if word not in before:
                del sys.modules[word]
