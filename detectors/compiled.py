"""One source, two builds: the hot core as plain Python, or the same files compiled to machine code by mypyc.

`make compile` compiles the modules of `MODULES` where this machine can, into a folder named by the hash of what they
were made from (`fingerprint`). They are taken instead of the plain files only while that hash is still the sources':
whoever edits a file runs what is written there, not what was. Both builds give the same bytes
(`tests/contract/test_two_builds.py`); `VIGILWARD_COMPILED=0` keeps to the plain one.

Needs nothing but Python's own library: it runs before there is an environment, and at the start of every process.
"""

import os
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

MODULES: Final = (
    "detectors.additive",
    "detectors.alertness",
    "detectors.baseline",
    "detectors.oxygen",
    "detectors.pulse",
    "detectors.response",
    "detectors.risk_memory",
    "detectors.trend",
    "detectors.vigil.asking",
    "detectors.vigil.assessment",
    "detectors.vigil.device_clock",
    "detectors.vigil.extremes",
    "detectors.vigil.intake",
    "detectors.vigil.intake_by_age",
    "detectors.vigil.looks",
    "detectors.vigil.loss",
    "detectors.vigil.ranks",
    "detectors.vigil.red",
    "detectors.vigil.register",
    "detectors.vigil.report",
    "detectors.vigil.risk_forecast",
    "detectors.vigil.silence",
    "detectors.vigil.status",
    "detectors.vigil.technical",
    "detectors.vigil.timing",
    "detectors.vigil.track",
    "detectors.vigil.trends",
    "detectors.vigil.vigil",
    "detectors.vigil.window",
    "detectors.vigil.windows",
)
"""What is compiled, as one group: calls inside it are calls of C. Closed under nothing: the others stay plain."""

GROUP: Final = "vigilward__mypyc"
"""The library that holds the code of all of them; each module is a thin one that points into it."""

ROOT: Final = Path(__file__).resolve().parents[1]
PLACES: Final = (ROOT / ".cache" / "compiled", Path(__file__).resolve().parent / "built")
"""Where a build lies, in a folder of its fingerprint: beside a checkout, and inside an installed package."""

SUFFIX: Final = EXTENSION_SUFFIXES[0]
SWITCH: Final = "VIGILWARD_COMPILED"


def fingerprint(root: Path = ROOT) -> str:
    """What the compiled modules are made from: every source of theirs and of what they were compiled against, and the
    kind of interpreter; 32 hexadecimal digits.
    """
    seen = sha256(SUFFIX.encode())
    for path in sorted(path for name in ("schemas", "detectors") for path in (root / name).rglob("*.py")):
        content = path.read_bytes()
        seen.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        seen.update(content)
    return seen.hexdigest()[:32]


def file_of(module: str) -> str:
    """Where a module's library lies in a build.

    >>> file_of("detectors.vigil.vigil").removesuffix(SUFFIX)
    'detectors/vigil/vigil'
    """
    return module.replace(".", "/") + SUFFIX


def find() -> tuple[Path | None, str]:
    """The build that these very sources have been compiled to; None where there is none, with the reason in words."""
    if os.environ.get(SWITCH, "1") == "0":
        return None, f"{SWITCH}=0"
    places = [place for place in PLACES if place.is_dir()]
    if not places:
        return None, "nothing has been compiled"
    name = fingerprint()
    for place in places:
        if all((place / name / file_of(module)).is_file() for module in (*MODULES, GROUP)):
            return place / name, ""
    return None, "what has been compiled is of other sources, or of another Python"


def _source_of(module: str) -> str:
    return str(ROOT / f"{module.replace('.', '/')}.py")


class _Library(ExtensionFileLoader):
    """Loads a module of a build under the name and the place of its source."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself."""
        alone = spec_from_file_location(spec.name, self.path, loader=ExtensionFileLoader(spec.name, self.path))
        assert alone is not None
        return super().create_module(alone)

    def exec_module(self, module: ModuleType) -> None:
        """Its code, and that of others of the group, has run; who asks where it is from is told of the source."""
        super().exec_module(module)
        for name in MODULES:  # the group imports its own modules by itself
            if (loaded := sys.modules.get(name)) is not None:
                loaded.__file__ = _source_of(name)


class _Finder(MetaPathFinder):
    """Finds the modules of one build before Python finds their sources."""

    def __init__(self, build: Path) -> None:
        self._build = build
        self._names = frozenset((*MODULES, GROUP))

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's place in the build, or nothing of a name that is not in it."""
        if name not in self._names:
            return None
        library = self._build / file_of(name)
        source = _source_of(name) if name != GROUP else library
        return spec_from_file_location(name, source, loader=_Library(name, str(library)))


BUILD, PLAIN_BECAUSE = find()
"""The build that this process runs, and why it runs none."""


CORE: Final = "plain" if BUILD is None else "compiled"
"""The same in one word, for people and for metrics."""


def install() -> None:
    """Lets every later import take the compiled modules; does nothing where the plain ones run."""
    if BUILD is not None and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder(BUILD))
