"""Whether a challenger may take over: better by a stated margin on other patients, and by the word of two people."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np

from detectors.risk import Crossing, Head, HeadWeights
from detectors.rules import Rules, read_rules
from streams.lab.evaluation.definitions import Array
from streams.lab.evaluation.measures import auroc
from streams.lab.learning.examples import Seen
from streams.lab.learning.learn import rows_of
from streams.lab.learning.weights import Weights, digest, into_rules

REPLICATES: Final = 200
LEAST_EVENTS: Final = 20  # patients with the event below which nothing is decided
SEED: Final = 7


class NotPromoted(ValueError):
    """Why the weights in force stay in force."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Duel:
    """Both heads on the same hours of the same patients: row AUROC, and the difference with its lower bound (2.5 % of
    patient bootstrap replicates).
    """

    champion: float
    challenger: float
    low: float
    patients: int
    events: int

    @property
    def gain(self) -> float:
        """How much better the challenger is."""
        return self.challenger - self.champion


def duel(champion: HeadWeights, challenger: HeadWeights, seen: Sequence[Seen], told: Sequence[Array]) -> Duel:
    """Lets both predict; the patients are drawn anew each time, for the hours of one patient resemble each other."""
    heads = Head(champion), Head(challenger)
    by_patient: list[tuple[Array, Array]] = []
    for one, answer in zip(seen, told, strict=True):
        rows = list(rows_of(one))
        known = [all(head.knows_enough(x) for head in heads) for x in rows]
        kept = [row for row, enough in enumerate(known) if enough and answer[row] == answer[row]]
        if kept:
            odds = np.array([[head.log_odds(rows[row]) for head in heads] for row in kept])
            by_patient.append((odds, answer[kept]))
    events = sum(bool(y.any()) for _, y in by_patient)
    if events < LEAST_EVENTS:
        raise NotPromoted(f"{events} patients with the event decide nothing; it takes {LEAST_EVENTS}")
    whole = _aurocs(by_patient)
    chance, gains = Random(SEED), []
    for _ in range(REPLICATES):
        drawn = _aurocs(chance.choices(by_patient, k=len(by_patient)))
        gains.append(drawn[1] - drawn[0])
    return Duel(*whole, float(np.nanquantile(gains, 0.025)), len(by_patient), events)


def _aurocs(patients: Sequence[tuple[Array, Array]]) -> tuple[float, float]:
    odds, y = np.concatenate([one for one, _ in patients]), np.concatenate([one for _, one in patients])
    areas = (auroc(column, y) for column in odds.T)
    champion, challenger = (np.nan if area is None else area for area in areas)
    return champion, challenger


def promoted(
    rules: bytes,
    challenger: Weights,
    seen: Sequence[Seen],
    told: Sequence[Array],
    *,
    margin: float,
    author: str,
    approver: str,
    version: str,
) -> tuple[bytes, Duel]:
    """The rules with the challenger's weights, and the duel that it won. Raises NotPromoted.

    The thresholds move so that the head asks for someone in the same share of these hours as before: another scale of
    log-odds must not become another burden. The rules take effect as a control record, like any others.
    """
    known, head = read_rules(rules), challenger.model.head
    champion = next((one for one in known.risk.heads if one.head == head), None)
    if champion is None:
        raise NotPromoted(f"the rules have no head `{head}` to be challenged")
    if author.strip().casefold() == approver.strip().casefold():
        raise NotPromoted("who wants the weights cannot be the one who approves them")
    if version == known.version:
        raise NotPromoted(f"version {version} is in force: other rules need another version")
    taught = set(challenger.patients)
    if overlap := sum(digest(one.patient) in taught for one in seen):
        raise NotPromoted(f"{overlap} of the patients that should decide are among those it was learned from")
    result = duel(champion, challenger.model, seen, told)
    if not result.low > margin:
        raise NotPromoted(
            f"AUROC {result.challenger:.3f} against {result.champion:.3f} in force: the gain is {result.gain:+.3f}, at "
            f"least {result.low:+.3f}; asked for is more than {margin:+.3f}"
        )
    crossings = _moved(known, champion, challenger.model, seen)
    written = into_rules(rules, [challenger.model], crossings)
    for field, value in (("version", version), ("author", author), ("approver", approver)):
        written = _with(written, field, value)
    read_rules(written)
    return written, result


def _moved(rules: Rules, champion: HeadWeights, challenger: HeadWeights, seen: Sequence[Seen]) -> dict[str, Crossing]:
    before, after = Head(champion), Head(challenger)
    rows = [row for one in seen for row in rows_of(one) if before.knows_enough(row) and after.knows_enough(row)]
    old, new = (np.sort([head.log_odds(row) for row in rows]) for head in (before, after))
    found = {}
    for crossing in rules.risk.crossings:
        if crossing.head == challenger.head:
            enter, leave = (_same_share(old, new, at) for at in (crossing.enter, crossing.leave))
            found[crossing.head] = Crossing(crossing.head, enter, min(enter, leave))
    return found


def _same_share(old: Array, new: Array, at: float) -> float:
    share = np.searchsorted(old, at) / len(old)
    return round(float(np.quantile(new, share)), 2)


def _with(rules: bytes, field: str, value: str) -> bytes:
    """The rules with one of the fields at their head changed, the rest to the byte as it was."""
    told = json.loads(rules)[field]
    for ascii_ in (True, False):  # a name with an umlaut may stand there either way
        line = f'"{field}": {json.dumps(told, ensure_ascii=ascii_)}'.encode()
        if line in rules:
            return rules.replace(line, f'"{field}": {json.dumps(value, ensure_ascii=ascii_)}'.encode(), 1)
    raise NotPromoted(f"the rules do not say `{field}` in one line")
