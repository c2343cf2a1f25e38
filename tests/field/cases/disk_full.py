"""A broker whose disk is full is told, and once there is room again the ward goes on with nothing lost."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.field.claims import Claim
from tests.field.installation import Field
from tests.field.judged import Ward

SIZE_MB = 400


def run(field: Field) -> Iterator[Claim]:
    """The broker's data lie on a small file system of their own; mounting one needs the right to."""
    disk = field.folder / "disk"
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(disk)], check=True)
    try:
        place = field.folder / "kafka" / "broker-1"
        place.mkdir(parents=True)
        (place / "data").symlink_to(disk / "data")
        (disk / "data").mkdir()
        cluster = field.broker(log_index_size_max_bytes="102400")
        with Ward.of(field) as ward:
            time.sleep(10)
            fill(disk / "ballast")
            yield ward.told("the disk is full", "broker", 30.0)
            time.sleep(10)
            (disk / "ballast").unlink()
            (broker,) = cluster.brokers
            broker.stop()
            broker.start()
            yield ward.quiet("there is room again", 90.0)
            time.sleep(5)
            yield from ward.verdict()
            cluster.stop()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def fill(path: Path) -> None:
    """Takes all room that there is."""
    with path.open("wb") as ballast:
        try:
            while True:
                ballast.write(bytes(1_048_576))
                ballast.flush()
        except OSError:
            pass
