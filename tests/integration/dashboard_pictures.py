"""A whole ward for some minutes under a real Prometheus, and each dashboard drawn from its answers.

python -m tests.integration.dashboard_pictures --minutes 6 --into deploy/pictures
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deploy.kafka.broker import Cluster
from tests.integration.staging import ROOT, Stage
from tests.integration.whole_ward import WholeWard

NUDGE_EVERY_S = 4.0


def main() -> int:
    """Run, draw; 1 where a panel has nothing to show."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--minutes", type=float, default=6)
    words.add_argument("--into", type=Path, default=ROOT / "deploy" / "pictures")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as made, Cluster(Path(made) / "kafka") as kafka:
        stage = Stage(kafka.bootstrap, "pictures.", partitions=4, mode="demo").make_topics()
        with WholeWard(stage, Path(made) / "ward", canary_every_s=30) as ward:
            ward.scraped()
            began = time.monotonic()
            while (passed := time.monotonic() - began) < 60 * asked.minutes:
                ward.nudge(ill=passed > 20 * (ward.ill + 1))
                time.sleep(NUDGE_EVERY_S)
            url = ward.prometheus.url.removesuffix("/api/v1")
            tool = [sys.executable, "deploy/grafana/pictures.py", "--prometheus", url, "--minutes", str(asked.minutes)]
            return subprocess.run([*tool, "--into", str(asked.into)], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
