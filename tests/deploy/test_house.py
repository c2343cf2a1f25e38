"""The house keeps its own rules: form, imports, names, words."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("schemas", "detectors", "streams")
LONGEST_FILE = 400

# Put together here, so that this file does not hold what it forbids.
UNFINISHED = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "(?<!ask )(?<!asks )(?<!asked )for " + "now", "simpli" + "fied")
REGISTRIES = tuple(
    re.escape(host)
    for host in (
        "py" + "pi.org",
        "files.python" + "hosted.org",
        "registry." + "npmjs.org",
        "repo.maven." + "apache.org",
        "repo1." + "maven.org",
        "deb." + "debian.org",
        "crates" + ".io",
        "proxy." + "golang.org",
    )
)
MACHINES = tuple(
    rf"(?<![\w.-]){path}" for path in ("/wo" + "rk/", "/ro" + "ot/", "/opt/" + "wheels", "/ho" + "me/", "/Us" + "ers/")
)
ADDRESSES = (r"\w://",)
SECRETS = (
    "BEGIN " + r"(?:RSA |EC |OPENSSH )?PRIVATE KEY",
    "AKIA" + r"[0-9A-Z]{16}",
    "gh" + r"[pousr]_[A-Za-z0-9]{30,}",
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            found.append((path, content.decode()))
    return found


def places_of(words: tuple[str, ...], texts: list[tuple[Path, str]]) -> list[str]:
    wanted = re.compile("|".join(words))
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path, text in texts
        for number, line in enumerate(text.splitlines(), 1)
        if wanted.search(line)
    ]


def run(*words: str) -> None:
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{' '.join(words[:4])}\n{ended.stdout}{ended.stderr}"


def program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def test_the_linter_has_nothing_to_say():
    run(program("ruff"), "check", "--no-cache", "--output-format=concise", *map(str, tracked("*.py")))


def test_all_code_is_in_the_houses_form():
    run(program("ruff"), "format", "--no-cache", "--check", *map(str, tracked("*.py")))


def test_imports_go_one_way_and_opinions_stay_pure():
    run(program("lint-imports"), "--no-cache")


def test_the_types_agree():
    run(program("mypy"))


@pytest.mark.parametrize("name", OURS)
def test_our_import_names_are_ours_alone(name: str):
    """They are common words: another distribution of that name would silently win or lose."""
    owners = set(metadata.packages_distributions().get(name, []))
    others = {
        distribution.name
        for distribution in metadata.distributions()
        for file in distribution.files or []
        if file.parts and file.parts[0] in (name, f"{name}.py")
    }

    assert (owners | others) <= {"vigilward"}


def test_no_file_is_longer_than_can_be_read_at_once():
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in tracked("*.py")}

    assert {path: lines for path, lines in long.items() if lines > LONGEST_FILE} == {}


def test_nothing_is_left_for_later():
    assert places_of(tuple(rf"\b{word}\b" for word in UNFINISHED), texts()) == []


def test_no_file_names_a_registry_or_a_place_on_someones_machine():
    assert places_of((*REGISTRIES, *MACHINES), texts()) == []


def test_no_lock_says_where_packages_come_from():
    """Versions and hashes are enough; the address is the affair of the machine that installs."""
    locks = [
        (path, text) for path, text in texts() if path.name == "package-lock.json" or path.parent.name == "requirements"
    ]
    names = {path.name for path, _ in locks}

    assert {"package-lock.json", "build.txt", "run.txt", "dev.txt"} <= names
    assert places_of(ADDRESSES, locks) == []


def test_no_file_holds_a_key_or_a_token():
    assert places_of(SECRETS, texts()) == []


def test_every_planted_offence_is_found():
    planted = [
        (
            ROOT / "x.py",
            f"# {UNFINISHED[0]}: later\nindex = 'https://{'py' + 'pi.org'}/simple'\npath = '{'/wo' + 'rk/'}x'\n",
        )
    ]

    assert len(places_of(UNFINISHED, planted)) == 1
    assert len(places_of((*REGISTRIES, *MACHINES), planted)) == 2
    assert len(places_of(ADDRESSES, planted)) == 1


def test_tests_are_no_packages():
    """A folder of tests that can be imported would shadow, or be shadowed by, what it tests."""
    assert tracked("tests/**/__init__.py") == []


def test_every_folder_of_the_house_says_what_lives_in_it():
    folders = [ROOT / name for name in (*OURS, "deploy", "tests") if (ROOT / name).is_dir()]

    assert [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "README.md").is_file()] == []
