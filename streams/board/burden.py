"""How much the ward is asked for: every alert that called for someone within a day, against the budget.

Displayed only. It is never a gate: one noisy bed may not mute another.
"""

from collections import Counter
from typing import Any, Final

from schemas.times import DAY_MS
from streams.board.projection import Projection

CALLS: Final = frozenset({"raised", "worsened", "returned", "escalated"})


def calls(projection: Projection, since: int) -> Counter[str]:
    """How often someone was called for, by patient, from that moment (ms) on."""
    counted: Counter[str] = Counter()
    for story in projection.stories.values():
        counted[story.patient] += sum(
            1 for one in story.revisions if one["interrupts"] and one["state"] in CALLS and one["at_ms"] >= since
        )
    return counted


def burden(projection: Projection, now: int) -> dict[str, Any]:
    """The ward's calls within the last day, what its rules call bearable for these beds, and the noisiest bed's."""
    counted = calls(projection, now - DAY_MS)
    total = sum(counted.values())
    assigned = [bed.facts for bed in projection.beds.values() if bed.facts.assigned]
    worst = max(counted.values(), default=0)
    return {
        "calls": total,
        "budget": round(sum(facts.calls_bearable or 0.0 for facts in assigned), 1),
        "beds": len(assigned),
        "noisiest": worst,
    }
