"""Builds the board's page where Node.js is there; without it everything else works, and the board says how to get it.

    python3 deploy/make/page.py
    python3 deploy/make/page.py --lock     # resolve the lock file anew

What is needed comes from the npm registry by the lock file's hashes, into ignored folders. A stamp of the sources makes
a second call do nothing.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "streams" / "board" / "page"
LOCK = PAGE / "package-lock.json"
STAMP = PAGE / "dist" / "made-from"
ADDRESSES = frozenset({"resolved", "funding", "deprecated"})  # what npm writes beside version and hash, for readers
OLDEST_NODE = 18
WAY_OUT = "install Node.js 18 or newer with npm (on Debian: apt-get install nodejs npm), then `make setup`"


def fingerprint() -> str:
    """What the page is made from, as one hash."""
    seen = hashlib.sha256()
    for path in sorted(path for path in PAGE.rglob("*") if path.is_file()):
        inside = path.relative_to(PAGE)
        if inside.parts[0] not in ("node_modules", "dist"):
            seen.update(f"{inside}\0".encode() + path.read_bytes())
    return seen.hexdigest()


def is_current() -> bool:
    """Whether the page that is there was made from these sources."""
    return STAMP.is_file() and STAMP.read_text() == fingerprint()


def lacks() -> str | None:
    """Why the page cannot be built here; None when it can."""
    if not (PAGE / "package.json").is_file():
        return "this checkout has no page"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return f"the board's page is not built: {WAY_OUT}"
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.", said)
    if found is None or int(found[1]) < OLDEST_NODE:
        return f"the board's page is not built, {said.strip() or 'this Node.js'} is too old: {WAY_OUT}"
    return None


def npm(*words: str) -> None:
    """One call of npm in the page's folder. Raises CalledProcessError."""
    quiet = {**os.environ, "npm_config_loglevel": "error", "npm_config_update_notifier": "false"}
    subprocess.run(("npm", *words), cwd=PAGE, check=True, stdout=sys.stderr, env=quiet)


def build() -> None:
    """Fetch what the lock names, then bundle. Raises CalledProcessError."""
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    npm("run", "--silent", "build")
    STAMP.write_text(fingerprint())


def lock() -> str | None:
    """Resolve the lock file from package.json; gives the reason if this machine cannot. Raises CalledProcessError."""
    reason = lacks()
    if reason is None:
        npm("update", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund")
        LOCK.write_text(without_addresses(LOCK.read_text()))
    return reason


def without_addresses(text: str) -> str:
    """A lock file of npm's with versions and hashes alone: where packages come from is the affair of the machine.

    >>> without_addresses('{"packages": {"a": {"version": "1", "funding": {"url": "https://a.example"}}}}').split()
    ['{', '"packages":', '{', '"a":', '{', '"version":', '"1"', '}', '}', '}']
    """
    said = json.loads(text)
    for package in said["packages"].values():
        for name in ADDRESSES & package.keys():
            del package[name]
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def set_up() -> str | None:
    """Build the page if need be; gives the reason if it cannot be built here."""
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / "page.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if is_current():
            return None
        reason = lacks()
        if reason is not None:
            return reason
        began = time.monotonic()
        try:
            build()
        except subprocess.CalledProcessError as error:
            return f"the board's page was not built: {' '.join(error.cmd)} failed with {error.returncode}"
        print(f"the board's page is ready after {time.monotonic() - began:.0f} s", file=sys.stderr)
    return None


def main() -> int:
    """0 also without Node.js: the page is the only thing that needs it. A lock that cannot be resolved is 3."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--lock", action="store_true", help="resolve the lock file anew")
    if words.parse_args().lock:
        try:
            reason = lock()
        except subprocess.CalledProcessError as error:
            reason = f"the page's lock was not resolved: {' '.join(error.cmd)} failed with {error.returncode}"
        if reason is not None:
            print(reason, file=sys.stderr)
        return 0 if reason is None else 3
    reason = set_up()
    if reason is not None:
        print(reason, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
