"""The golden report of the bundled sepsis recordings; `python -m tests.lab.golden` writes it anew."""

import json
from pathlib import Path

from streams.lab.evaluation.evaluate import evaluate
from streams.recordings.samples import folder

FILE = Path(__file__).with_name("golden_sepsis2019.json")
REPLICATES = 200


def figures() -> dict:
    """Every figure, as it would be printed. The rules' name and hash are left out, which stand for themselves, and the
    causes, which name a folder of this machine.
    """
    told = json.loads(
        json.dumps(evaluate(folder("sepsis2019"), replicates=REPLICATES, workers=1).told, allow_nan=False)
    )
    for part in (told, told["unseen"] or {}):
        part.pop("rules", None)
        part.pop("causes", None)
    return told


if __name__ == "__main__":
    FILE.write_text(json.dumps(figures(), indent=1) + "\n", encoding="utf-8")
