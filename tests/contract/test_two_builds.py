"""The hot core as plain Python and as machine code: the same bytes said and kept; never a build of other sources."""

import ast
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.make import native
from detectors import compiled
from tests.bench.same_bytes import CHILD, long_log, recorded_logs, ward_logs

ROOT = Path(__file__).parents[2]
WHICH = "from detectors import compiled, vigil; print(compiled.CORE, compiled.PLAIN_BECAUSE); "
KINDS = r"""
import importlib, json, msgspec
from detectors import compiled
found = {}
for module in compiled.MODULES:
    loaded = importlib.import_module(module)
    for name, kind in vars(loaded).items():
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module:
            shape = kind.__struct_config__
            settings = {one: getattr(shape, one) for one in dir(shape) if not one.startswith("_")}
            fields = [(one, repr(default)) for one, default in zip(kind.__struct_fields__, [""] * 99)]
            found[f"{module}.{name}"] = [repr(sorted(settings.items())), fields, repr(kind.__struct_defaults__)]
print(json.dumps(found))
"""
KEPT = r"""
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from tests.streams.worker.state_store.test_kept_versions import FILES, SECONDS, loaded, records
for file in FILES:
    part, digest = loaded(file), hashlib.sha256()
    said = part.run(records(SECONDS, SECONDS + 300, part.next_offset))
    digest.update(repr([tuple(one) for one in said]).encode())
    digest.update(repr([part.state(patient) for patient in sorted(part.watches)]).encode())
    print(file.name, len(said), digest.hexdigest())
"""


def process(core: str, *words: str, root: Path = ROOT) -> subprocess.Popen[str]:
    """A process of its own on one of the two builds; each has other hashes of strings."""
    changed = {compiled.SWITCH: "1" if core == "compiled" else "0", "PYTHONHASHSEED": "1" if core == "plain" else "2"}
    changed["PYTHONPATH"] = str(root)
    return subprocess.Popen(
        [sys.executable, *words], cwd=root, env=os.environ | changed, stdout=subprocess.PIPE, text=True
    )


def said_by(core: str, *words: str, root: Path = ROOT) -> str:
    child = process(core, *words, root=root)
    said = child.communicate()[0]
    assert child.returncode == 0
    return said


def on_both(*words: str) -> tuple[list[str], list[str]]:
    """What a script says on the plain build and on the compiled one, at the same time."""
    with process("plain", *words) as plain, process("compiled", *words) as fast:
        children = [plain, fast]
        try:
            said = [child.communicate()[0].splitlines() for child in children]
        finally:  # broken off, it leaves nobody behind
            for child in children:
                child.kill()
    assert [child.returncode for child in children] == [0, 0]
    return said[0], said[1]


def test_what_was_compiled_of_these_sources_runs_and_the_switch_keeps_to_the_plain_build():
    core, _, because = said_by("compiled", "-c", WHICH).strip().partition(" ")

    assert (core == "compiled") is (because == "")
    assert said_by("plain", "-c", WHICH) == f"plain {compiled.SWITCH}=0\n"
    if os.environ.get("CI") == "true":  # `make test` compiles before; elsewhere an edit may have been later
        assert (core == "compiled") is (native.lacks() == ""), because


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All bundled recordings, minutes in both clocks and hours in one; generated wards; an hour with mishaps.
    `tests.bench.same_bytes . --plain` has more of each.
    """
    file = tmp_path_factory.mktemp("logs") / "logs.pickle"
    recorded = [(*one[:5], 2, one[6]) for one in recorded_logs() if one[1] == "arrival" or "bidmc" in one[0]]
    file.write_bytes(pickle.dumps([*recorded, long_log(3), *ward_logs(30)]))
    return file


@pytest.mark.timeout(900)
def test_both_builds_say_and_keep_the_same_bytes(logs: Path):
    plain, fast = on_both("-c", CHILD, str(ROOT), str(logs))

    assert len(plain) > 30 and len(set(plain)) == len(plain)
    assert plain == fast


def test_both_builds_go_on_alike_from_states_that_older_versions_kept():
    plain, fast = on_both("-c", KEPT, str(ROOT))

    assert len(plain) >= 2 and all(int(line.split()[1]) > 10 for line in plain)
    assert plain == fast


def test_every_struct_is_laid_out_alike_in_both_builds():
    plain, fast = (json.loads(one[0]) for one in on_both("-c", KINDS))

    assert len(plain) > 5 and "detectors.vigil.window.Decided" in plain
    assert plain == fast


def test_no_struct_of_a_compiled_module_has_keywords_that_its_compiler_would_drop():
    for module in compiled.MODULES:
        for node in ast.walk(ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text())):
            if isinstance(node, ast.ClassDef):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                kept = {"frozen"} if bases & {"Fixed", "FixedAsList", "LeafAsList"} else set()
                assert {word.arg for word in node.keywords} <= kept, f"{module}.{node.name}: see detectors/shapes.py"


# ---- a build of other sources


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The pure core alone, with this checkout's builds beside it."""
    for name in ("schemas", "detectors"):
        for path in (ROOT / name).rglob("*"):
            if path.suffix in (".py", ".json") and path.is_file():
                target = tmp_path / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    (tmp_path / ".cache").mkdir()
    if (ROOT / ".cache" / "compiled").is_dir():
        (tmp_path / ".cache" / "compiled").symlink_to(ROOT / ".cache" / "compiled")
    return tmp_path


EDITED = "from detectors.vigil import vigil; print(vigil.window_shift('p'), vigil.__file__)"


def test_an_edited_source_runs_as_it_is_written_and_not_as_it_was_compiled(checkout: Path):
    here = said_by("compiled", "-c", WHICH, root=checkout).split()[0]
    file = checkout / "detectors" / "vigil" / "vigil.py"
    before = said_by("compiled", "-c", EDITED, root=checkout).split()
    text = file.read_text()
    file.write_text(text.replace('"""Milliseconds by which', 'return -7\n    """Milliseconds by which'))

    after = said_by("compiled", "-c", EDITED, root=checkout).split()
    which = said_by("compiled", "-c", WHICH, root=checkout)
    file.write_text(text)

    assert here == compiled.CORE or f"{compiled.SWITCH}=0" == compiled.PLAIN_BECAUSE
    assert int(before[0]) >= 0
    assert after[0] == "-7" and after[1] == before[1] == str(file)
    assert which.startswith("plain ")
    assert said_by("compiled", "-c", WHICH, root=checkout).split()[0] == here  # the sources are back, and so is it


def test_a_source_that_others_were_compiled_against_counts_too(checkout: Path):
    file = checkout / "schemas" / "times.py"
    file.write_text(file.read_text().replace("60_000", "61_000", 1))

    assert said_by("compiled", "-c", WHICH, root=checkout).startswith("plain ")


def test_a_build_that_is_not_whole_is_no_build(checkout: Path):
    builds = checkout / ".cache" / "compiled"
    builds.unlink(missing_ok=True)
    (builds / compiled.fingerprint(checkout)).mkdir(parents=True)

    assert said_by("compiled", "-c", WHICH, root=checkout).startswith("plain what has been compiled")


# ---- making one


def test_without_a_compiler_setup_goes_on_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setattr(native.compiled, "find", lambda: (None, "nothing has been compiled"))
    monkeypatch.delenv(compiled.SWITCH, raising=False)
    told: list[str] = []

    because = native.set_up(told.append)

    assert "C compiler" in because and len(told) == 1 and "plain Python" in told[0]


def test_a_compiler_that_fails_leaves_nothing_half_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(native, "BUILDS", tmp_path / "compiled")
    monkeypatch.setattr(native, "TRANSLATE", "import sys; sys.exit('error: no such thing')")
    monkeypatch.setattr(native, "lacks", lambda: "")
    monkeypatch.setattr(native.compiled, "find", lambda: (None, "nothing has been compiled"))
    monkeypatch.delenv(compiled.SWITCH, raising=False)
    told: list[str] = []

    because = native.set_up(told.append)

    assert "mypyc failed (1): error: no such thing" in because
    assert list((tmp_path / "compiled").iterdir()) == []
