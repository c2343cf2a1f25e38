"""What a report was made with."""

import platform
import re
import subprocess
from importlib.metadata import version

from deploy.make.environment import ROOT

PARTS = ("faust-streaming", "aiokafka", "confluent-kafka", "river", "msgspec")


def versions() -> str:
    """Of the source, of Python, of Kafka, of what moves the data.

    >>> versions().startswith("vigilward ")
    True
    """
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    (kafka,) = re.findall(r"kafka_2.13</artifactId>\s*<version>([^<]+)", (ROOT / "deploy/kafka/pom.xml").read_text())
    source = asked.stdout.strip() or "no repository"
    parts = [
        f"Python {platform.python_version()}",
        f"Apache Kafka {kafka}",
        *(f"{name} {version(name)}" for name in PARTS),
    ]
    return f"vigilward {version('vigilward')} ({source}), {', '.join(parts)}"
