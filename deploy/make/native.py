"""Compiles the hot core by mypyc, where a C compiler and Python's headers are; says in one line where they are not.

    .venv/bin/python deploy/make/native.py --strict    # `make compile`: a failure is one
    .venv/bin/python deploy/make/native.py             # `make test`: without a compiler it goes on

What it makes lies in `.cache/compiled/FINGERPRINT/` (see `detectors/compiled.py`) and is complete or absent. Nothing
depends on it: without it the same sources run as they are.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # called as a file

from detectors import compiled

ROOT = compiled.ROOT
BUILDS = compiled.PLACES[0]
KEPT = 6
"""Builds of earlier sources that stay: a process that runs one may still load from it, and sources come back."""
CONFIG = ROOT / "deploy" / "make" / "native.ini"
TRANSLATE = r"""
import json, sys
from mypyc.build import mypycify
sources, where, config, python = json.loads(sys.argv[1]), *sys.argv[2:]
made = mypycify(
    [f"--config-file={config}", f"--cache-dir={where}/types", f"--python-executable={python}", *sources],
    opt_level="1", debug_level="0", group_name="vigilward", multi_file=True, target_dir=where,
)
with open(f"{where}/made.json", "w") as file:
    json.dump([[one.name, one.sources, one.include_dirs, one.extra_compile_args] for one in made], file)
"""


class CannotCompile(Exception):
    """Why this machine runs the sources as they are."""


def lacks() -> str:
    """What is missing here for compiling, in words; nothing where all is there."""
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(os.environ.get("CC", compiler)) is None and shutil.which("cc") is None:
        return "there is no C compiler; on Debian: apt-get install gcc libc6-dev"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "Python's headers are missing; on Debian: apt-get install python3-dev"
    return ""


def compiler() -> list[str]:
    """The words that call it: $CC, or what Python itself was compiled with, or `cc`."""
    wanted = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    return wanted if shutil.which(wanted[0]) else ["cc"]


def make(tell: Callable[[str], None], against: str = sys.executable) -> Path:
    """Compiles the sources as they are now, for the packages that the Python `against` sees; gives the folder of the
    build. Raises CannotCompile.
    """
    if reason := lacks():
        raise CannotCompile(reason)
    name = compiled.fingerprint()
    BUILDS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=BUILDS) as folder:
        whole = Path(folder) / "whole"
        _translate_and_compile(Path(folder), whole, tell, against)
        if compiled.fingerprint() != name:
            raise CannotCompile("the sources changed meanwhile")
        _try(whole, name, Path(folder), against)
        target = BUILDS / name
        shutil.rmtree(target, ignore_errors=True)
        whole.rename(target)
    _forget_old(target)
    return target


def _translate_and_compile(folder: Path, whole: Path, tell: Callable[[str], None], against: str) -> None:
    sources = [f"{module.replace('.', '/')}.py" for module in compiled.MODULES]
    tell(f"compiling {len(sources)} modules (half a minute; VIGILWARD_COMPILED=0 does without)")
    words = [sys.executable, "-c", TRANSLATE, json.dumps(sources), str(folder), str(CONFIG), against]
    _run(words, "mypyc")
    made = json.loads((folder / "made.json").read_text())
    config = sysconfig.get_config_vars()
    flags = shlex.split(f"{config.get('CCSHARED') or '-fPIC'} {config.get('BASECFLAGS') or ''}")
    flags += ["-O1", "-DNDEBUG", "-fwrapv", "-w"]
    jobs = [
        (name, source, [*compiler(), *flags, *extra, *(f"-I{place}" for place in (*include, _headers()))])
        for name, files, include, extra in made
        for source in files
    ]
    objects: dict[str, list[str]] = {name: [] for name, *_ in made}
    done = 0

    def one(job: tuple[str, str, list[str]]) -> tuple[str, str]:
        name, source, words = job
        target = f"{folder / name}-{Path(source).stem}.o"
        _run([*words, "-c", source, "-o", target], "the C compiler")
        return name, target

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        # the longest first: two processors end together
        for name, target in pool.map(one, sorted(jobs, key=lambda job: -Path(job[1]).stat().st_size)):
            objects[name].append(target)
            done += 1
            if sys.stderr.isatty():
                print(f"\r  {done} of {len(jobs)} files", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    linker = shlex.split(config.get("LDSHARED") or "cc -shared")
    linker = linker if shutil.which(linker[0]) else ["cc", "-shared"]
    for name, files in objects.items():
        library = whole / compiled.file_of(name)
        library.parent.mkdir(parents=True, exist_ok=True)
        _run([*linker, *files, "-o", str(library)], "the linker")
    for library in whole.rglob("*.so"):
        subprocess.run(["strip", "--strip-unneeded", str(library)], check=False, capture_output=True)


def _headers() -> str:
    return sysconfig.get_path("include")


def _run(words: list[str], who: str) -> None:
    """One step. Raises CannotCompile with the end of what it said."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CFLAGS", "LDFLAGS")}
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=clean)
    if ended.returncode:
        said = [line for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
        errors = [line for line in said if "error" in line] or said
        raise CannotCompile(f"{who} failed ({ended.returncode}): {' | '.join(errors[-3:])[:600]}")


def _try(whole: Path, name: str, folder: Path, against: str) -> None:
    """Loads all of it in a process of its own: what cannot be loaded is never put where it would be."""
    (folder / "try").mkdir()
    (folder / "try" / name).symlink_to(whole)
    script = (
        "import sys, pathlib, importlib; from detectors import compiled; "
        "compiled.PLACES = (pathlib.Path(sys.argv[1]),); compiled.BUILD, why = compiled.find(); "
        "assert compiled.BUILD, why; compiled.install(); "
        "[importlib.import_module(one) for one in compiled.MODULES]"
    )
    _run([against, "-c", script, str(folder / "try")], "loading what was compiled")


def _forget_old(newest: Path) -> None:
    others = [path for path in BUILDS.iterdir() if path.is_dir() and path != newest]
    for path in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def set_up(tell: Callable[[str], None], against: str = sys.executable) -> str:
    """Compile, or leave it alone where that was done; gives the reason where the plain build stays, in words."""
    if os.environ.get(compiled.SWITCH, "1") == "0":
        return f"{compiled.SWITCH}=0"
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / "compiled.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # two `make` at once: the second waits, then finds it made
        if compiled.find()[0] is not None:
            return ""
        began = time.monotonic()
        try:
            make(tell, against)
        except CannotCompile as reason:
            tell(f"the hot core runs as plain Python, with the same answers: {reason}")
            return str(reason)
        tell(f"the hot core is compiled after {time.monotonic() - began:.0f} s")
        return ""


def main() -> int:
    """Compile; 0 unless `--strict` asks for a failure to be told as one."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--strict", action="store_true", help="1 where the plain build stays")
    words.add_argument("--against", default=sys.executable, help="the Python whose packages the core is used with")
    asked = words.parse_args()
    because = set_up(lambda line: print(line, file=sys.stderr, flush=True), asked.against)
    return 1 if because and asked.strict else 0


if __name__ == "__main__":
    sys.exit(main())
