"""Learns every shipped head anew from the recorded sets, and puts the numbers into the packaged rules."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import detectors
from streams.lab.learning.examples import Seen, watch_folder
from streams.lab.learning.learn import learn
from streams.lab.learning.recipes import HEADS
from streams.lab.learning.weights import into_rules, write_weights

DATA: Final = Path(detectors.__file__).parent / "data"


class NoSuchSet(FileNotFoundError):
    """A recorded set that is not there."""

    exit_code = 3


def learned_anew(sets: Path, into: Path = DATA) -> None:
    """Writes `weights/HEAD.json` and `rules.json` into a folder; the same sets give the same bytes.

    Each set is watched once for all heads that are learned from it. The thresholds stay as the rules say.
    """
    missing = [recipe.folder for recipe in HEADS.values() if not (sets / recipe.folder).is_dir()]
    if missing:
        raise NoSuchSet(f"{sets} lacks the recorded sets {', '.join(sorted(set(missing)))}")
    watched: dict[str, Sequence[Seen]] = {}
    models = []
    for head, recipe in HEADS.items():
        folder = sets / recipe.folder
        if recipe.folder not in watched:
            watched[recipe.folder] = watch_folder(folder)
        weights = learn(recipe, [(folder, watched[recipe.folder])])
        target = into / "weights" / f"{head}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(write_weights(weights))
        models.append(weights.model)
        sys.stdout.write(f"{target}: {weights.figures}\n")
        sys.stdout.flush()
    rules = into / "rules.json"
    rules.write_bytes(into_rules(rules.read_bytes(), models))


if __name__ == "__main__":
    learned_anew(Path(sys.argv[1]))
