"""From nothing to a running command: locks that say everything, a Makefile that passes on what it is told."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.make import environment, page

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)\s*(?:;\s*(.*?))?\s*\\$", re.MULTILINE)


def pins(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for package, version, _ in PINNED.findall((LOCKS / name).read_text()):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


def made(*words: str) -> str:
    """What make would run, without running it."""
    shown = subprocess.run(["make", "-n", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return shown.stdout


@pytest.mark.parametrize("lock", ["build.txt", "run.txt", "dev.txt"])
def test_a_lock_has_a_version_and_hashes_for_everything_and_no_addresses(lock: str):
    text = (LOCKS / lock).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())

    assert all(re.match(r"[a-z0-9._-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert not re.search(r"^\s*--(index-url|extra-index-url|find-links)", text, re.MULTILINE)


def test_the_pages_lock_keeps_versions_and_hashes_and_no_address():
    """npm writes beside them who would like to be funded, and where it found them."""
    written = {
        "version": "1.0.0",
        "resolved": "https://a.example/one.tgz",
        "integrity": "sha512-x",
        "funding": [{"url": "https://b.example"}],
        "deprecated": "see https://c.example",
        "dependencies": {"two": "2.0.0"},
    }
    text = json.dumps({"lockfileVersion": 3, "packages": {"": {"name": "page"}, "node_modules/one": written}})

    kept = json.loads(page.without_addresses(text))

    assert kept == {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "page"},
            "node_modules/one": {"version": "1.0.0", "integrity": "sha512-x", "dependencies": {"two": "2.0.0"}},
        },
    }


def test_every_package_of_the_page_has_its_hash():
    packages = json.loads((page.PAGE / "package-lock.json").read_text())["packages"]

    assert {
        name for name, said in packages.items() if name and not said.get("integrity", "").startswith("sha512-")
    } == set()
    assert {"node_modules/preact", "node_modules/htm", "node_modules/uplot"} <= packages.keys()


def test_make_lock_resolves_the_pages_lock_too():
    assert "page.py --lock" in made("lock")


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("run.txt", PROJECT["dependencies"]),
        ("dev.txt", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]),
    ],
)
def test_the_lock_holds_what_the_package_asks_for(lock: str, wanted: list[str]):
    locked = pins(lock)
    unmet = [
        line
        for line in wanted
        if not (versions := locked.get(canonicalize_name(Requirement(line).name), set()))
        or not all(Requirement(line).specifier.contains(version) for version in versions)
    ]

    assert unmet == []


def test_the_tests_run_on_the_very_packages_that_the_command_runs_on():
    run, dev = pins("run.txt"), pins("dev.txt")

    assert {name: versions for name, versions in run.items() if dev.get(name) != versions} == {}


def test_the_build_uses_the_locked_builder():
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]

    assert required == [f"hatchling=={version}" for version in pins("build.txt")["hatchling"]]


def test_make_demo_passes_on_how_long_and_in_which_form():
    assert made("demo", "FOR=60s", "JSON=1").splitlines()[-1] == ".venv/bin/vigilward demo --for 60s --json"


def test_make_demo_alone_runs_until_it_is_stopped():
    assert made("demo").splitlines()[-1].strip() == ".venv/bin/vigilward demo"


def test_setting_up_says_nothing_on_standard_output():
    """Otherwise the last line of `make demo JSON=1` could be ours instead of the answer."""
    assert "1>&2" in made("setup")
    assert subprocess.run(["make", "setup-dev"], cwd=ROOT, capture_output=True, check=True).stdout == b""


@pytest.mark.parametrize("target", ["setup", "demo", "test", "check", "format", "lock", "clean"])
def test_make_alone_lists_every_target(target: str):
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert re.search(rf"^  make {target}\b", shown, re.MULTILINE)


def test_the_last_line_of_a_demo_is_its_answer():
    """The very first thing a newcomer runs, and what a script reads of it."""
    told = subprocess.run(["make", "demo", "FOR=5s", "JSON=1"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stderr[-2000:]
    answer = json.loads(told.stdout.splitlines()[-1])
    assert {"readings", "accepted", "rejected", "alerts_raised", "patients", "seconds"} <= set(answer)
    assert answer["accepted"] > 0


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Locks of our own, and an environment that was made from them."""
    for path in LOCKS.glob("*.txt"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(environment, "LOCKS", tmp_path)
    monkeypatch.setattr(environment, "VENV", tmp_path / "venv")
    monkeypatch.setattr(environment, "BIN", tmp_path / "venv" / "bin")
    environment.BIN.mkdir(parents=True)
    (environment.BIN / "vigilward").touch()
    return tmp_path


def stamp(dev: bool) -> None:
    name = "made-from-dev" if dev else "made-from-run"
    (environment.VENV / name).write_text(environment.fingerprint(dev))


def test_an_environment_made_from_these_locks_is_left_alone(locks: Path):
    stamp(dev=False)

    assert environment.is_current(dev=False)
    assert not environment.is_current(dev=True)


def test_an_environment_with_the_tests_needs_serves_the_command_too(locks: Path):
    stamp(dev=True)

    assert environment.is_current(dev=True)
    assert environment.is_current(dev=False)


@pytest.mark.parametrize("changed", ["run.txt", "build.txt"])
def test_a_changed_lock_makes_the_environment_anew(locks: Path, changed: str):
    stamp(dev=False)
    with (locks / changed).open("a") as lock:
        lock.write("\n")

    assert not environment.is_current(dev=False)


def test_an_environment_without_the_command_is_not_one(locks: Path):
    stamp(dev=False)
    (environment.BIN / "vigilward").unlink()

    assert not environment.is_current(dev=False)


def test_a_folder_of_wheels_on_this_machine_decides_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PIP_FIND_LINKS", "/somewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")

    assert not {"PIP_FIND_LINKS", "PYTHONPATH"} & set(environment.clean_surroundings())


def git(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)


def behaviour_of(commit: str) -> int:
    shown = git("show", f"{commit}:streams/log/behaviour.py")
    assert shown.returncode == 0, f"{commit} has no behaviour number: {shown.stderr}"
    return int(re.findall(r"^BEHAVIOUR: Final = (\d+)$", shown.stdout, re.MULTILINE)[0])


@pytest.mark.parametrize("file", ["Makefile", "tests/chaos/upgrade.py"])
def test_the_builds_of_make_upgrade_are_of_this_history_and_the_first_has_this_behaviour(file):
    text = (ROOT / file).read_text()
    same = re.findall(r"(?:^SAME_BEHAVIOUR \?= |--from )([0-9a-f]{7,40})\b", text, re.MULTILINE)
    first = re.findall(r"(?:^FIRST_BUILD \?= |--drain )([0-9a-f]{7,40})\b", text, re.MULTILINE)

    assert git("rev-parse", "--is-shallow-repository").stdout.strip() == "false", (
        "this checkout lacks history: git fetch --unshallow"
    )
    assert len(same) == len(first) == 1
    for commit in (*same, *first):
        assert git("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0, f"{commit} is no ancestor of HEAD"
    assert behaviour_of(same[0]) == behaviour_of("HEAD"), "name a later commit: the behaviour number rose since"


UNCOMPILED = """
import sys
from importlib.util import cache_from_source
from pathlib import Path
sys.argv = ["vigilward", *sys.argv[1:]]
from streams.commands import main
try:
    main()
finally:
    files = [getattr(one, "__file__", None) or "" for one in sys.modules.values()]
    ours = [one for one in files if one.endswith(".py") and ("site-packages" in one or "streams" in one)]
    print(len(ours), [one for one in ours if not Path(cache_from_source(one)).is_file()])
"""


@pytest.fixture(scope="module")
def compiled() -> None:
    """The environment that runs this, compiled as setting up does."""
    environment.compile_bytecode()


@pytest.mark.parametrize(
    "words",
    [("evaluate", "{at}/nowhere"), ("explain", "--in", "{at}", "--patient", "nobody", "--at", "2h")],
    ids=lambda words: words[0],
)
def test_what_a_first_mistake_imports_is_compiled_when_the_environment_is_made(words, compiled, tmp_path):
    (tmp_path / "vitals.csv").write_text("patient_id,time_s,signal,value,unit\n7,0,HR,80,bpm\n")
    program = [sys.executable, "-c", UNCOMPILED, *(word.format(at=tmp_path) for word in words)]
    surroundings = environment.clean_surroundings() | {"PYTHONDONTWRITEBYTECODE": "1"}
    told = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, env=surroundings, check=False)
    count, missing = told.stdout.strip().split(" ", 1)

    assert int(count) > 100, told.stderr
    assert missing == "[]"


def test_setting_up_compiles_what_it_installed(locks: Path, monkeypatch: pytest.MonkeyPatch):
    done: list[str] = []
    monkeypatch.setattr(environment, "run", lambda *words: done.append(" ".join(map(str, words))))
    environment.install(dev=False)

    assert "compileall" in done[-2] and "streams.lab.evaluation.evaluate" in done[-1]
