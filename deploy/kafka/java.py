"""How Java is started for the broker: a small heap, and its classes prepared once so that it starts in half the time.

Without the prepared classes a start costs 5 s of processor time, with them and the quick compiler 2 s (Java 17): tests
that kill and restart brokers spend most of their time there.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy.kafka.jars import CACHE, jars

LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")


class JavaMissing(Exception):
    """There is no java; the text says how to get it."""


def program() -> str:
    """Where java lies. Raises JavaMissing."""
    java = shutil.which("java")
    if java is None:
        raise JavaMissing("java is not installed; on Debian: apt-get install openjdk-17-jre-headless")
    return java


def archive_for(java: str, libs: Path) -> Path:
    """Where the prepared classes of these jars lie for this very java: another one could not use them."""
    real = Path(java).resolve()
    seen = f"{real}{real.stat().st_size}{real.stat().st_mtime_ns}"
    return CACHE / f"{libs.name}-{hashlib.sha256(seen.encode()).hexdigest()[:12]}.jsa"


def command(heap_mb: int, for_load: bool, *options: str) -> list[str]:
    """The command line before the class name.

    `for_load` compiles thoroughly: slower to start, more records a second; without it only the quick compiler runs.
    """
    libs = jars()
    quick = [] if for_load else ["-XX:TieredStopAtLevel=1"]
    heap = ["-Xms128m", f"-Xmx{heap_mb}m", "-XX:+UseSerialGC"]
    log = f"-Dlog4j2.configurationFile={LOG_SETTINGS}"
    return [program(), *heap, *quick, *options, "-cp", f"{libs}/*", log]


def prepared(heap_mb: int, for_load: bool, run_once: Callable[[list[str], Path], None]) -> list[str]:
    """The command line with prepared classes; prepares them, once for all, by a run of `run_once(command, folder)`."""
    archive = archive_for(program(), jars())
    with archive.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not archive.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                fresh = Path(folder, "classes.jsa")
                run_once(command(heap_mb, False, f"-XX:ArchiveClassesAtExit={fresh}"), Path(folder))
                if fresh.exists():  # it is only missed, not needed
                    fresh.rename(archive)
    options = [f"-XX:SharedArchiveFile={archive}", "-Xlog:cds=off"] if archive.exists() else []
    return command(heap_mb, for_load, *options)
