"""The clinical rules as data: limits, persistence, which detectors are armed; named, versioned and hashed.

The rules are a file with an author and an approver, passed in; this module only reads its bytes.
"""

import hashlib
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from detectors.calling import Calling, faults
from detectors.intake_rules import IntakeRules
from detectors.risk import NONE as NO_HEADS
from detectors.risk import RiskRules
from detectors.risk import faults as risk_faults
from detectors.rule_fault import Code, Fault
from detectors.watch_rules import WatchRules
from schemas.vitals import Vital

Count = Annotated[int, Meta(ge=1, le=1_000)]
Positive = Annotated[float, Meta(gt=0)]


class RulesError(ValueError):
    """Rules that cannot be armed, and why."""


class PersistenceRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How many decided windows in a row it takes, by what is asked: high, medium, worse by two, learned, clear; red
    for a red score.
    """

    high: Count
    medium: Count
    worse: Count
    red: Count
    learned: Count
    clear: Count


class BaselineRules(Struct, frozen=True, forbid_unknown_fields=True):
    """What is usual: how slowly it is forgotten (hours), when it has an opinion, and how far is far (in spreads)."""

    half_life_h: Positive
    anchor_half_life_h: Positive
    warmup_values: Count
    warmup_minutes: Positive
    prior_weight: Positive
    enter: Positive
    leave: Positive
    drift: Positive


class LevelShiftRules(Struct, frozen=True, forbid_unknown_fields=True):
    """A lasting change of the residual: Page-Hinkley over blocks of `block_minutes`."""

    block_minutes: Positive
    min_blocks: Count
    delta: Positive
    threshold: Positive
    enter: Positive
    leave: Positive


class TrendRules(Struct, frozen=True, forbid_unknown_fields=True):
    """A slope: half-lives of the two means (minutes), how far they must lie apart (in floors), and how soon a limit
    is met.
    """

    fast_minutes: Positive
    slow_minutes: Positive
    spot_factor: Positive
    enter: Positive
    leave: Positive
    horizon_minutes: Positive


class TechnicalRules(Struct, frozen=True, forbid_unknown_fields=True):
    """When the measuring itself is in question, in windows (minutes where the name says so)."""

    sensor_off: Count
    check_patient: Count
    hold: Count
    flat_line: Count
    disagreeing: Count
    never_seen_minutes: Positive
    late_minutes: Positive


class Extreme(Struct, frozen=True, forbid_unknown_fields=True):
    """A value at or beyond which a red score interrupts at once."""

    low: float | None = None
    high: float | None = None


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """One set of rules. `floors` are the smallest spreads, in the vital's unit, that count as the patient's own."""

    name: Annotated[str, Meta(min_length=1)]
    version: Annotated[str, Meta(min_length=1)]
    author: str
    approver: str | None
    armed: frozenset[str]
    stream: PersistenceRules
    spot: PersistenceRules
    wearable_resp_rate_red: Count
    cuff_red_minutes: Positive
    extreme: dict[Vital, Extreme]
    floors: dict[Vital, Positive]
    baseline: BaselineRules
    level_shift: LevelShiftRules
    trend: TrendRules
    technical: TechnicalRules
    calling: Calling
    forget_discharged_hours: Positive
    forget_unadmitted_hours: Positive | None = None  # None: whoever was never admitted is never forgotten
    risk: RiskRules = NO_HEADS
    intake: IntakeRules | None = None  # None: what comes late is left aside, as before there were such rules
    watch: WatchRules | None = None  # None: as it was before there were such rules
    sha256: str = ""


OF_ONE_VITAL = ("baseline", "level_shift", "trend")
LEARNED = frozenset({*OF_ONE_VITAL, "risk"})
KNOWN_DETECTORS = frozenset({"news2", "red_score", "technical", "personal_limit"}) | LEARNED
PROTOCOL = frozenset({"news2", "red_score", "technical"})


def read_rules(data: bytes) -> Rules:
    """The rules in a file's bytes, named by their SHA-256.

    Raises RulesError where they cannot be read, name an unknown detector, disarm what is watched by protocol, or let an
    alert go unanswered.
    """
    try:
        rules = msgspec.json.decode(data, type=Rules)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RulesError(f"rules cannot be read: {error}") from error
    for fault in unarmable(rules):
        raise RulesError(f"rules cannot be armed: {fault.says}")
    return msgspec.structs.replace(rules, sha256=hashlib.sha256(data).hexdigest())


def unarmable(rules: Rules) -> Iterator[Fault]:
    """Everything for which rules that can be read may still not be armed."""
    for name in sorted(rules.armed - KNOWN_DETECTORS):
        known = ", ".join(sorted(KNOWN_DETECTORS))
        yield Fault(
            Code.UNKNOWN_DETECTOR, "armed", f"they arm unknown detectors: {name}; known: {known}", f"take out `{name}`"
        )
    for name in sorted(PROTOCOL - rules.armed):
        yield Fault(Code.PROTOCOL, "armed", f"they may not disarm {name}: it is watched by protocol", f"add `{name}`")
    for name in OF_ONE_VITAL:
        part = getattr(rules, name)
        begins = min(part.enter, rules.baseline.drift) if name == "baseline" else part.enter  # either begins one
        if part.leave > begins:
            yield Fault(
                Code.ENDS_ABOVE_BEGIN,
                f"{name}.leave",
                f"a finding of `{name}` would end at {part.leave:g}, above {begins:g} where it begins",
                f"write at most {begins:g}",
            )
    yield from faults(rules.calling)
    yield from risk_faults(rules.risk)
