"""Fetches the jars of Apache Kafka's broker once, and accepts them only if each is the very file that was listed.

    python deploy/kafka/jars.py            # fetch into the cache, and say where
    python deploy/kafka/jars.py --list     # after a change of pom.xml: write the list anew

Maven names the jars (pom.xml), `jars.sha256` their bytes. The cache lies in `.cache/kafka`, one folder a list.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
POM = HERE / "pom.xml"
LIST = HERE / "jars.sha256"
CACHE = HERE.parents[1] / ".cache" / "kafka"


class WrongJars(Exception):
    """The folder does not hold exactly the listed jars; the text names the first that differs."""


class CannotFetch(Exception):
    """Maven is missing or failed; the text is what it said."""


def listed(text: str) -> dict[str, str]:
    """File name -> SHA-256 from a list in sha256sum's form.

    >>> listed("ab12  kafka-clients-4.4.0.jar\\n")
    {'kafka-clients-4.4.0.jar': 'ab12'}
    """
    return {name: digest for digest, name in (line.split() for line in text.splitlines() if line.strip())}


def digests(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of every file in the folder, by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def verify(folder: Path, wanted: dict[str, str]) -> None:
    """Refuse a folder with a jar missing, a jar too many, or a jar of other bytes."""
    found = digests(folder)
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            raise WrongJars(f"{name} is missing in {folder}; remove the folder to fetch it anew")
        if name not in wanted:
            raise WrongJars(f"{name} in {folder} is not in {LIST.name}; after a change of pom.xml: jars.py --list")
        if found[name] != wanted[name]:
            raise WrongJars(f"{name} in {folder} has the SHA-256 {found[name]}, listed is {wanted[name]}")


def fetch(folder: Path, pom: Path = POM) -> None:
    """Copy what a pom.xml names, and what that needs, into the folder; tried twice, for what a network loses."""
    maven = shutil.which("mvn")
    if maven is None:
        raise CannotFetch("mvn is not installed; on Debian: apt-get install maven")
    words = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    for _ in range(2):
        ended = subprocess.run(words, capture_output=True, text=True, check=False)
        if not ended.returncode:
            return
    raise CannotFetch(f"{' '.join(words)} ended with {ended.returncode}: {ended.stdout}{ended.stderr}")


def jars(cache: Path = CACHE) -> Path:
    """The folder with the verified jars; fetched if it is not there yet (about 5 s), verified each time (0.1 s)."""
    text = LIST.read_text()
    folder = cache / f"libs-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache) as fresh:
                fetch(Path(fresh, "libs"))
                verify(Path(fresh, "libs"), listed(text))
                Path(fresh, "libs").rename(folder)
                return folder
    verify(folder, listed(text))
    return folder


def write_list() -> None:
    """Write `jars.sha256` from what Maven fetches now."""
    with tempfile.TemporaryDirectory() as fresh:
        fetch(Path(fresh, "libs"))
        lines = [f"{digest}  {name}\n" for name, digest in digests(Path(fresh, "libs")).items()]
    LIST.write_text("".join(lines))


def main() -> int:
    """Fetch, or list anew; 3 when this machine cannot."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--list", action="store_true", help="write jars.sha256 anew")
    try:
        if words.parse_args().list:
            write_list()
        else:
            print(jars())
    except (CannotFetch, WrongJars) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
