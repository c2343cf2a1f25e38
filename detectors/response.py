"""What NEWS2 asks of the ward: how often to observe, and who comes."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from detectors.news2 import RED, News2, Part


class Trigger(StrEnum):
    """The rows of the chart, in rising order of urgency."""

    NONE = "0"
    LOW = "1-4"
    RED = "3 in one item"
    URGENT = "5-6"
    EMERGENCY = "7 or more"


@dataclass(frozen=True, slots=True)
class Response:
    """One row: what triggers it, the clinical risk, how often to observe, and what to do.

    `frequency_minutes` is the longest time between two sets of observations; 0 is continuous monitoring.
    """

    trigger: Trigger
    risk: str
    frequency: str
    frequency_minutes: int
    advice: str


# Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017: frequencies and responses Chart
# 4, risks Chart 2 (a 3 in one item is "low-medium", not "high"). The words are ours.
CHART_4: Final = MappingProxyType(
    {
        row.trigger: row
        for row in (
            Response(
                Trigger.NONE,
                "low",
                "at least every 12 hours",
                720,
                "Continue routine observations.",
            ),
            Response(
                Trigger.LOW,
                "low",
                "at least every 4 to 6 hours",
                360,
                "Tell the registered nurse, who assesses the patient and decides whether to observe more often "
                "or to escalate care.",
            ),
            Response(
                Trigger.RED,
                "low-medium",
                "at least every hour",
                60,
                "The registered nurse tells the medical team, who review the patient and decide whether to "
                "escalate care.",
            ),
            Response(
                Trigger.URGENT,
                "medium",
                "at least every hour",
                60,
                "The registered nurse tells the medical team immediately. Urgent assessment by a clinician or team "
                "competent in acute illness; care in a place with monitoring.",
            ),
            Response(
                Trigger.EMERGENCY,
                "high",
                "continuously",
                0,
                "The registered nurse tells the medical team immediately, at least at specialist registrar level. "
                "Emergency assessment by a team with critical-care and advanced airway skills; consider level 2 or 3 "
                "care.",
            ),
        )
    }
)

URGENT_FROM: Final = 5  # Chart 4: "5 or more, urgent response threshold"
EMERGENCY_FROM: Final = 7  # Chart 4: "7 or more, emergency response threshold"


_NONE, _LOW, _RED, _URGENT, _EMERGENCY = (CHART_4[trigger] for trigger in Trigger)  # bound once: asked at every status


def response(score: int, red: Collection[Part] | bool) -> Response:
    """The row for a score and its red items; give the certain ones: `score_min` and `red`.

    The higher row wins: a 3 in one item matters below 5. `ValueError` for a score below 0.

    Examples
    --------
    >>> response(0, ()).frequency, response(3, [Part.RESP_RATE]).risk, response(3, ()).risk, response(7, ()).risk
    ('at least every 12 hours', 'low-medium', 'low', 'high')

    References
    ----------
    Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017, Charts 2 and 4.
    """
    if score < 0:
        raise ValueError(f"a NEWS2 of {score!r} does not exist; the least is 0")
    if score >= EMERGENCY_FROM:
        return _EMERGENCY
    if score >= URGENT_FROM:
        return _URGENT
    if red:
        return _RED
    return _LOW if score else _NONE


def observation_due(score: News2) -> tuple[Part, ...]:
    """The uncertain items, if knowing them could ask for a higher response than the certain points do; else nothing.

    A score with items missing is no low score: this is what has to be looked at before it is trusted. It is shown, and
    never asks for someone by itself.

    Examples
    --------
    >>> from detectors.news2 import news2
    >>> [str(part) for part in observation_due(news2(18, 97, 124, 72, None, None, "A", False))]
    ['temperature']
    >>> observation_due(news2(30, 85, 80, 140, None, None, "A", False))       # 7 or more already
    ()
    """
    could_be_red = any(most == RED for _, _, most in score.parts)
    if response(score.score_max, could_be_red) is response(score.score_min, score.red):
        return ()
    return tuple(part for part, least, most in score.parts if least != most)
