"""Makes the environment that everything runs in: `.venv`, from nothing but Python and the lock files.

    python3 deploy/make/environment.py            # what the command needs
    python3 deploy/make/environment.py --dev      # and what its tests need
    python3 deploy/make/environment.py --lock     # resolve the lock files anew

A stamp inside the environment names what it was made from (the interpreter, the lock, pyproject.toml), so that a
second call does nothing. Only hashed, pinned packages are installed.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
BIN = VENV / "bin"
LOCKS = ROOT / "requirements"
OLDEST = (3, 11)
PACKAGES = ("schemas", "detectors", "streams")
FIRST_ANSWERS = (
    "streams.commands.rules",
    "streams.config.settings",
    "streams.lab.evaluation.answered",
    "streams.lab.evaluation.evaluate",
    "streams.lab.explain.explain",
    "streams.lab.learning.learn",
    "streams.recorded.replay",
)
"""Modules that import what most commands do."""
# Called by the environment's own Python, it must be made anew by the one that made it.
INTERPRETER = getattr(sys, "_base_executable", sys.executable)


class CannotSetUp(Exception):
    """The environment cannot be made here; the text says what is missing and the way out."""


def lock_of(dev: bool) -> Path:
    """The lock file of the command alone, or of the command and its tests."""
    return LOCKS / ("dev.txt" if dev else "run.txt")


def fingerprint(dev: bool) -> str:
    """What the environment is made from, as one hash: another interpreter, lock or package table makes another."""
    seen = hashlib.sha256(sys.version.encode())
    for path in (lock_of(dev), LOCKS / "build.txt", ROOT / "pyproject.toml"):
        seen.update(path.read_bytes())
    return seen.hexdigest()


def is_current(dev: bool) -> bool:
    """Whether the environment already is what was asked for. One with the tests' needs serves the command too."""
    if not (BIN / "vigilward").exists():
        return False
    wanted = [True] if dev else [False, True]
    return any(_stamp(kind).is_file() and _stamp(kind).read_text() == fingerprint(kind) for kind in wanted)


def _stamp(dev: bool) -> Path:
    return VENV / ("made-from-dev" if dev else "made-from-run")


def run(*words: str | Path) -> None:
    """Run one step; its output goes to standard error, where it cannot mix with a command's answer."""
    subprocess.run([str(word) for word in words], check=True, cwd=ROOT, stdout=sys.stderr, env=clean_surroundings())


def clean_surroundings() -> dict[str, str]:
    """The caller's environment variables without other people's Python settings, which would leak into ours."""
    # A folder of wheels that someone keeps on a machine may not decide what is installed: the lock does.
    foreign = {"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PIP_FIND_LINKS", "UV_FIND_LINKS"}
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return kept | {"VIRTUAL_ENV": str(VENV), "UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1"}


def make_venv() -> None:
    """An empty environment with the installer in it; the interpreter is the one that runs this."""
    if VENV.exists():
        shutil.rmtree(VENV)
    try:
        run(INTERPRETER, "-m", "venv", VENV)
    except subprocess.CalledProcessError as error:
        raise CannotSetUp(
            "this Python cannot make virtual environments; on Debian: apt-get install python3-venv"
        ) from error
    run(BIN / "python", "-m", "pip", "install", "-q", "--require-hashes", "-r", LOCKS / "build.txt")


def install(dev: bool) -> None:
    """Everything of the lock, then the checkout itself, editable."""
    uv = BIN / "uv"
    for wanted in (LOCKS / "build.txt", lock_of(dev)):
        run(uv, "pip", "install", "-q", "--require-hashes", "--no-deps", "-r", wanted)
    run(uv, "pip", "install", "-q", "--no-deps", "--no-build-isolation", "-e", ROOT)
    compile_bytecode()
    _stamp(dev).write_text(fingerprint(dev))


def compile_bytecode() -> None:
    """Compiles our packages and what the command imports, so that already its first answer is quick."""
    run(BIN / "python", "-m", "compileall", "-q", "-x", "node_modules", *PACKAGES)
    # typer imports some of itself only where it answers a mistake
    also = "compileall.compile_dir(os.path.dirname(typer.__file__), quiet=2)"
    run(BIN / "python", "-c", f"import compileall, os, typer, {', '.join(FIRST_ANSWERS)}; {also}")


def set_up(dev: bool) -> None:
    """Make the environment, or leave it alone when it is current."""
    if sys.version_info < OLDEST:
        raise CannotSetUp(f"Python {'.'.join(map(str, OLDEST))} or newer is needed; this is {sys.version.split()[0]}")
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / "environment.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # two `make` at once: the second waits, then finds it current
        if is_current(dev):
            return
        began = time.monotonic()
        print(f"making {VENV.name} from {lock_of(dev).relative_to(ROOT)}", file=sys.stderr)
        if not _is_usable():
            make_venv()
        install(dev)
        print(f"{VENV.name} is ready after {time.monotonic() - began:.0f} s", file=sys.stderr)


def _is_usable() -> bool:
    """Whether an environment of this very interpreter is there, so that a changed lock only changes what differs."""
    python, uv = BIN / "python", BIN / "uv"
    return python.exists() and python.resolve() == Path(INTERPRETER).resolve() and uv.exists()


def lock() -> None:
    """Resolve the lock files from pyproject.toml: versions and hashes, no addresses; Linux, Python 3.11 to 3.13."""
    compile_ = [
        *(BIN / "uv", "pip", "compile", "-q", "--universal", "--python-version", "3.11", "--generate-hashes"),
        *("--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header", "--upgrade"),
    ]
    run(*compile_, LOCKS / "build.in", "-o", LOCKS / "build.txt")
    run(*compile_, "-c", LOCKS / "build.txt", "pyproject.toml", "-o", LOCKS / "run.txt")
    both = ("-c", LOCKS / "run.txt", "-c", LOCKS / "build.txt")
    run(*compile_, "--extra", "dev", *both, "pyproject.toml", "-o", LOCKS / "dev.txt")


def main() -> int:
    """Set up or lock, as asked; 3 when this machine cannot."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--dev", action="store_true", help="with what the tests need")
    words.add_argument("--lock", action="store_true", help="resolve the lock files anew")
    asked = words.parse_args()
    try:
        if asked.lock:
            lock()
        else:
            set_up(asked.dev)
    except CannotSetUp as error:
        print(f"cannot set up: {error}", file=sys.stderr)
        return 3
    except subprocess.CalledProcessError as error:
        print(f"cannot set up: {' '.join(error.cmd)} failed with {error.returncode}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
