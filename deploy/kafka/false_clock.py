"""A wall clock that is set at will, for brokers alone: what do their clocks' jumps do?

One class of Kafka's asks the system for the time (`org.apache.kafka.common.utils.SystemTime`, Kafka 4.4); ours stands
before it on the class path. Monotonic time stays true, as it does where an administrator or a time server sets a
machine's clock. (libfaketime 0.9.10 under Java 17 holds waits up as well: no broker under it was usable within 90 s.)
"""

import subprocess
from pathlib import Path
from typing import Final

from deploy.kafka.jars import jars

SOURCE: Final = Path(__file__).with_name("SystemTime.java")


class FalseClock:
    """How far brokers are ahead of true time. Needs a Java compiler."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds what it needs; one that is made here."""
        self._file = folder / "ahead"
        self._classes = folder / "classes"
        self._classes.mkdir(parents=True)
        self.set(0)
        subprocess.run(["javac", "-cp", f"{jars()}/*", "-d", self._classes, SOURCE], check=True)

    def set(self, ahead_s: float) -> None:
        """From now on ahead by so many seconds; behind where it is negative."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(round(ahead_s * 1_000)))
        fresh.replace(self._file)

    def before(self, java: list[str]) -> list[str]:
        """The command line that starts Java, with this clock in the place of the system's."""
        program, *words = java
        at = words.index("-cp") + 1
        words[at] = f"{self._classes}:{words[at]}"
        return [program, f"-Dvigilward.clock={self._file}", *words]
