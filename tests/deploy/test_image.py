"""The image, as far as it can be judged without building it: its recipe, and the package that goes into it."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
OURS = ("schemas", "detectors", "streams")
PAGE = "streams/board/page/dist/index.html"
BESIDE = (PAGE, "streams/board/page/node_modules/preact/index.js", "streams/board/__pycache__/board.pyc")
"""What lies beside the tracked files where a page has been built; only the page belongs into the package."""


BASE = r"(python:3\.11\.\d+-slim-\w+|node:22\.\d+\.\d+-\w+-slim)( AS \w+)?$"


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    parsed = DockerfileParser(str(DOCKERFILE), cache_content=True)
    return [(step["instruction"], step["value"]) for step in parsed.structure if step["instruction"] != "COMMENT"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as the image installs it: from what is tracked, with a page built beside it."""
    folder, source = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("source")
    for name in (".gitignore", "pyproject.toml", "LICENSE", "deploy/make/wheel.py"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    for name in BESIDE:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("made here")
    hatchling = str(Path(sys.executable).parent / "hatchling")
    subprocess.run([hatchling, "build", "-t", "wheel", "-d", str(folder)], cwd=source, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def tracked() -> list[str]:
    said = subprocess.run(["git", "ls-files", *OURS], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return said.split()


def last(steps: list[tuple[str, str]], instruction: str) -> str:
    return [value for name, value in steps if name == instruction][-1]


def test_the_linter_of_dockerfiles_has_nothing_to_say():
    hadolint = str(Path(sys.executable).parent / "hadolint")
    said = subprocess.run([hadolint, str(DOCKERFILE)], capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout) == (0, "")


def test_every_base_is_slim_and_has_a_version(steps: list[tuple[str, str]]):
    bases = [value for name, value in steps if name == "FROM"]

    assert bases
    assert all(re.match(BASE, base) for base in bases)


def test_nobody_runs_as_root(steps: list[tuple[str, str]]):
    assert last(steps, "USER") == "10001"
    assert [name for name, _ in steps].index("USER") > max(
        number for number, (name, _) in enumerate(steps) if name in ("FROM", "COPY", "RUN")
    )


def test_packages_come_from_the_lock_by_hash(steps: list[tuple[str, str]]):
    installs = [value for name, value in steps if name == "RUN" and "requirements/" in value]

    assert "requirements/run.txt" in " ".join(installs)
    assert all(value.count("--require-hashes") == value.count("-r requirements/") for value in installs)


def test_what_is_copied_exists_and_is_let_into_the_build(steps: list[tuple[str, str]]):
    let_in = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text().split()
    copied = [
        source for name, value in steps if name == "COPY" and "--from" not in value for source in value.split()[:-1]
    ]

    assert {"schemas", "detectors", "streams", "pyproject.toml"} <= set(copied)
    assert all((ROOT / source).exists() for source in copied)
    parts = {source: ["/".join(source.split("/")[: n + 1]) for n in range(source.count("/") + 1)] for source in copied}
    assert [source for source, one in parts.items() if not {f"!{part}" for part in one} & set(let_in)] == []


def test_the_image_is_the_command(steps: list[tuple[str, str]]):
    assert last(steps, "ENTRYPOINT") == '["vigilward"]'


def test_the_package_holds_every_tracked_file_of_ours_and_nothing_else(wheel: Path):
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if not name.startswith("vigilward-")}

    assert inside == {*tracked(), PAGE}


def test_the_page_is_built_by_its_lock_and_goes_into_the_package(steps: list[tuple[str, str]]):
    words = [f"{name} {value}" for name, value in steps]
    built, installed = (
        next(n for n, one in enumerate(words) if part in one) for part in ("npm run", "hatchling build")
    )

    assert any("package-lock.json" in one for one in words[:built])
    assert "RUN npm ci --ignore-scripts" in words[:built]
    assert "COPY --from=page /page/dist streams/board/page/dist" in words[built:installed]
    assert PAGE.startswith("streams/board/page/dist")


def test_the_package_names_its_command_and_its_licence(wheel: Path):
    inside = zipfile.ZipFile(wheel)
    metadata = inside.read("vigilward-0.2.0.dist-info/METADATA").decode()

    assert "vigilward = streams.commands:main" in inside.read("vigilward-0.2.0.dist-info/entry_points.txt").decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
